"""Reading tasks and incidents: the loaders that check access, lists and snapshots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.attachments import queries as attachments
from gridserver.base.clock import local_now, now
from gridserver.base.errors import NotFound
from gridserver.dispatch import cards, dossier, handover, history
from gridserver.dispatch.authority import require_view
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.lifecycle import WORKING
from gridserver.dispatch.models import HandOver, Offer, Task
from gridserver.incidents import queries as incidents

#: How long an ended task stays in the command room's snapshot at least; what ended on the bureau's
#: present day stays to its end.
SHOWN_AFTER_END = dt.timedelta(hours=12)


def task_for(session: Session, actor: Principal, task_id: int) -> Dossier:
    """Return a task that `actor` may see.

    Raises
    ------
    NotFound
        ``task.unknown``.
    Forbidden
        ``task.out_of_scope``, ``task.not_yours``.
    """
    found = _one(session, select(Task).where(Task.id == task_id))
    if found is None:
        raise _unknown(task_id)
    require_view(found.standing(actor))
    return found


# Built once: it is asked for every position.
_ON_TASK = select(Task.assignee_account_id).where(
    Task.assignee_account_id.in_(bindparam("accounts", expanding=True)), Task.state.in_(WORKING)
)


def on_task(session: Session, accounts: Collection[int]) -> set[int]:
    """Return those of `accounts` that have a task under way."""
    return set(session.scalars(_ON_TASK, {"accounts": list(accounts)}))


# "No key" update: a link from another task, which only refers to this one, need not wait.
_TO_CHANGE = (
    select(Task)
    .where(Task.id == bindparam("id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def task_for_change(session: Session, task_id: int) -> Dossier:
    """Return a task with its row locked to the end of the transaction, access still unchecked.

    The task's row is what every change of a task locks first. Raises `NotFound` (``task.unknown``).
    """
    task = session.scalar(_TO_CHANGE, {"id": task_id})
    if task is None:
        raise _unknown(task_id)
    return dossier.load(session, [task])[0]


def incident_for(session: Session, actor: Principal | None, incident_id: int) -> Dossier:
    """Return an incident, with its task, that `actor` (None: the command line) may see. Raises as
    `task_for` does, with ``incident.unknown``."""
    found = of_incident(session, incident_id)
    if found is None:
        raise NotFound("incident.unknown", f"There is no incident {incident_id}.")
    if actor is not None:
        require_view(found.standing(actor))
    return found


def of_incident(session: Session, incident_id: int) -> Dossier | None:
    """Return an incident with its task, access unchecked; None where it made none (history)."""
    return _one(session, select(Task).where(Task.incident_id == incident_id))


def tasks_of_incidents(session: Session, incident_ids: Select[int]) -> list[int]:
    """Return the ids of the tasks of incidents, access unchecked, in their order."""
    query = select(Task.id).where(Task.incident_id.in_(incident_ids)).order_by(Task.id)
    return list(session.scalars(query))


def of_tasks(session: Session, task_ids: Collection[int]) -> list[Dossier]:
    """Return tasks by id, access unchecked, in their order."""
    query = select(Task).where(Task.id.in_(task_ids)).order_by(Task.id)
    return dossier.load(session, session.scalars(query).all())


def hand_over_of(session: Session, task_id: int) -> HandOver | None:
    """Return to whom a task was handed over, and what they answered; None where it was not."""
    return session.get(HandOver, task_id)


def detail(session: Session, actor: Principal, found: Dossier, language: str) -> cards.Card:
    """Return a task with its offers, its history and its photos, as `actor` sees it."""
    events = history.of_task(session, found.task.id, found.people)
    belonging = attachments.of_subject(session, "task", found.task.id)
    return cards.task_detail(found, actor, events, language) | {
        "letter": handover.letter(session, found),
        "attachments": [card.to_json() for card in belonging],
    }


def page(
    session: Session,
    actor: Principal,
    *,
    is_open: bool,
    mine: bool = False,
    before: int | None = None,
    limit: int,
) -> list[Dossier]:
    """Return the tasks that `actor` may see, newest first.

    Parameters
    ----------
    is_open : bool
        Only those that haven't ended.
    mine : bool
        Only those that the actor holds an open offer of, or signed for.
    before : int, optional
        The task id to go on after (the list's cursor).
    """
    query = select(Task).order_by(Task.id.desc()).limit(limit)
    query = query.where(held_by(actor.account_id) if mine else visible_to(actor))
    if is_open:
        query = query.where(Task.ended_at.is_(None))
    if before is not None:
        query = query.where(Task.id < before)
    return dossier.load(session, session.scalars(query).all())


def terminal_snapshot_part(session: Session, account_id: int) -> dict[str, Any]:
    """Return ``{tasks: [TaskCard]}``: what the account has to sign or to do now."""
    query = select(Task).where(held_by(account_id), Task.ended_at.is_(None)).order_by(Task.id)
    found = dossier.load(session, session.scalars(query).all())
    return {"tasks": [cards.task_card(each, account_id) for each in found]}


def command_snapshot(session: Session, actor: Principal) -> dict[str, Any]:
    """Return ``{tasks: [TaskCard]}``: the open tasks in the actor's scope, those that another
    agency has not answered for, and those that ended today or within `SHOWN_AFTER_END`."""
    midnight = local_now(session).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    since = min(midnight, now(session) - SHOWN_AFTER_END)
    unanswered = select(HandOver.task_id).where(HandOver.answer.is_(None))
    recent = or_(Task.ended_at.is_(None), Task.ended_at > since, Task.id.in_(unanswered))
    within = Task.incident_id.in_(incidents.ids_within(actor.paths("feed.read")))
    found = session.scalars(select(Task).where(recent, within).order_by(Task.id)).all()
    return {"tasks": [cards.task_card(each) for each in dossier.load(session, found)]}


def _one(session: Session, query: Select[Task]) -> Dossier | None:
    task = session.scalar(query)
    return None if task is None else dossier.load(session, [task])[0]


def held_by(account_id: int | None) -> ColumnElement[bool]:
    """Return the condition that an account signed for a task, or may sign it now."""
    offered = select(Offer.task_id).where(Offer.recipient == account_id, Offer.outcome.is_(None))
    return or_(Task.assignee_account_id == account_id, Task.id.in_(offered))


def visible_to(actor: Principal) -> ColumnElement[bool]:
    """Return the condition that `actor` may see a task: by their scope, or as one who was told."""
    within = Task.incident_id.in_(incidents.ids_within(actor.paths("incident.read")))
    offered = select(Offer.task_id).where(Offer.recipient == actor.account_id)
    return or_(within, Task.id.in_(offered))


def _unknown(task_id: int) -> NotFound:
    return NotFound("task.unknown", f"There is no task {task_id}.")
