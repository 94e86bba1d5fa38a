"""What each verb does to a task and its parties, once it was found to fit and to be allowed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.access import queries as access_queries
from gridserver.access import service as access
from gridserver.access.rules import Principal
from gridserver.attachments import service as attachments
from gridserver.base.errors import Invalid, NotFound
from gridserver.dispatch import duplicates, handover, help, offers, queries, referral
from gridserver.dispatch.commands import COUNTS
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.models import HandOver, Offer, Task, TaskLink
from gridserver.dispatch.rules import REASSIGNED, Because, Person, Step
from gridserver.dispatch.telling import Change


@dataclass(frozen=True)
class Act:
    """A verb on its way: who says it to what, with which (checked) data, and when."""

    session: Session
    actor: Principal
    dossier: Dossier
    data: dict[str, Any]
    at: dt.datetime

    @property
    def task(self) -> Task:
        return self.dossier.task


def carry_out(act: Act, verb: str) -> Change:
    """Move the task on by `verb`, with all that the verb does to the parties.

    The caller holds the task's row lock and has found the verb to fit.
    """
    task = act.task
    after = TASK.transitions[task.state, verb]
    change = _EFFECTS.get(verb, _nothing_more)(act)
    touch(task, after, act.at)
    act.session.flush()
    return change


def touch(task: Task, state: str, at: dt.datetime) -> None:
    """Put `task` in `state` and count the change."""
    task.state = state
    task.version += 1
    task.updated_at = at
    if state in _ENDED and task.ended_at is None:
        task.ended_at = at


#: `link` fits every state, so an ended task is one that nothing moves on.
_ENDED = TASK.final


def _nothing_more(_act: Act) -> Change:
    return Change()


def _sign(act: Act) -> Change:
    mine = [o for o in act.dossier.open_offers if o.recipient == act.actor.account_id]
    others = [o for o in act.dossier.open_offers if o.recipient != act.actor.account_id]
    offers.end(mine, "signed", act.at)
    act.task.assignee_account_id = act.actor.account_id
    return Change(
        withdrawn=dict.fromkeys(offers.end(others, "superseded", act.at), "signed_by_other")
    )


def _report(act: Act) -> Change:
    act.task.outcome, act.task.feedback = act.data["outcome"], act.data["text"]
    for count in COUNTS:
        setattr(act.task, count, act.data.get(count))
    attachments.link(act.session, act.actor, "task", act.task.id, act.data.get("attachments", ()))
    return Change()


def _return(act: Act) -> Change:
    withdrawn = _take_away(act, "returned", "returned")
    room = offers.first_room(act.dossier, without=act.actor.account_id)
    why = {"by": act.actor.display_name, "reason": act.data["reason"]}
    step = replace(room, because=Because(f"{room.kind}.returned", why))
    return Change(offered=_begin_round(act, step), withdrawn=withdrawn)


def _reassign(act: Act) -> Change:
    if unit := act.data.get("unit"):
        first = referral.refer(act.session, act.dossier, unit)
        withdrawn = _take_away(act, "withdrawn", "reassigned")
        return Change(offered=_begin_round(act, first), withdrawn=withdrawn)
    person = _assignable(act)
    withdrawn = _take_away(act, "withdrawn", "reassigned")
    step = Step(
        step=0,
        kind=REASSIGNED,
        who=person,
        because=Because("reassigned.by_room", {"by": act.actor.display_name}),
        sign_within_s=act.dossier.facts.norms.sign_within_s(act.dossier.incident.priority),
    )
    made = _begin_round(act, offers.numbered_on(act.dossier, step))
    return Change(offered=made, withdrawn=withdrawn)


def _cancel(act: Act) -> Change:
    return Change(withdrawn=_end_for_all(act, "cancelled"))


def _hand_over(act: Act) -> Change:
    act.dossier.hand_over = HandOver(
        task_id=act.task.id,
        agency=act.data["agency"],
        message=act.data["text"],
        at=act.at,
        account_id=act.actor.account_id,
    )
    act.session.add(act.dossier.hand_over)
    _name_actor(act)
    handover.send(act.session, act.dossier, act.data)
    return Change(withdrawn=_end_for_all(act, "handed_over"))


def _answer(act: Act) -> Change:
    over = act.session.get_one(HandOver, act.task.id)
    over.answer, over.answered_at = act.data["text"], act.at
    over.answer_account_id = act.actor.account_id
    _name_actor(act)
    return Change()


def _call_support(act: Act) -> Change:
    rooms = act.dossier.facts.station_room or act.dossier.facts.bureau_room
    incident = act.dossier.incident
    near = help.nearby(act.session, (incident.lon, incident.lat))
    noted = {"units": [help.brief(unit) for unit in near]} if near else {}
    return Change(called=[room.account_id for room in rooms], noted=noted)


def _link(act: Act) -> Change:
    kind = act.data["kind"]
    to = linkable(act.session, act.actor, act.data["to"], "data.to")
    if kind == "duplicate":
        to = duplicates.main_of(act.session, to.task.id)
    if to.task.id == act.task.id:
        raise Invalid("task.link_to_itself", "data.to: give another task.", field="data.to")
    made = insert(TaskLink).values(task_id=act.task.id, to_task_id=to.task.id, kind=kind, at=act.at)
    act.session.execute(
        made.on_conflict_do_update(index_elements=["task_id", "to_task_id"], set_={"kind": kind})
    )
    return Change(
        noted={"to": to.task.id, "number": to.incident.number},
        absorbed_by=to if kind == "duplicate" and duplicates.ends(act.task, to) else None,
    )


def linkable(session: Session, actor: Principal, to: int, field: str) -> Dossier:
    """Return the task that a link is to lead to. Raises `Invalid` (``task.bad_data``) naming
    `field` where there is none, and as `queries.task_for`."""
    try:
        return queries.task_for(session, actor, to)
    except NotFound as error:
        raise Invalid("task.bad_data", f"{field}: {error.message}", field=field) from error


_EFFECTS: Mapping[str, Callable[[Act], Change]] = {
    "sign": _sign,
    "report": _report,
    "return": _return,
    "reassign": _reassign,
    "cancel": _cancel,
    "hand_over": _hand_over,
    "answer": _answer,
    "call_support": _call_support,
    "link": _link,
}


def _name_actor(act: Act) -> None:
    """Have the actor's name at hand for the cards that show it."""
    actor = act.actor
    act.dossier.people[actor.account_id] = Person(
        actor.account_id, actor.username, actor.display_name
    )


def _take_away(act: Act, outcome: str, reason: str) -> dict[int, str]:
    """End everyone's part; return who is told that, and why."""
    return dict.fromkeys(offers.take_away(act.dossier, outcome, act.at), reason)


def _end_for_all(act: Act, reason: str) -> dict[int, str]:
    """End the open offers. The assignee stays on record, and is told too."""
    told = offers.end(act.dossier.open_offers, "withdrawn", act.at)
    if act.task.assignee_account_id is not None:
        told.append(act.task.assignee_account_id)
    return dict.fromkeys(told, reason)


def _begin_round(act: Act, step: Step) -> list[Offer]:
    made = offers.begin(act.dossier, step, act.dossier.round + 1, act.at)
    offers.store(act.session, made)
    return made


def _assignable(act: Act) -> Person:
    """Return whom the task may be given to: an officer or a command room in the actor's scope."""
    username = act.data["to"]
    try:
        account = access.account_by_username(act.session, username)
    except NotFound as error:
        raise _not_assignable(f"there is no account {username!r}.") from error
    if account.disabled_at is not None:
        raise _not_assignable(f"the account {username} is disabled.")
    grants = access_queries.principal_of(act.session, account.id).grants
    workers = [grant for grant in grants if grant.role in {"officer", "command"}]
    if not workers:
        raise _not_assignable(f"{username} is neither an officer nor a command room.")
    if not any(act.actor.may("task.command", grant.unit_path) for grant in workers):
        raise _not_assignable(
            f"{username} belongs to a unit outside your scope; ask the bureau's command room."
        )
    return Person(account.id, account.username, account.display_name)


def _not_assignable(why: str) -> Invalid:
    return Invalid("task.not_assignable", f"data.to: {why}", field="data.to")
