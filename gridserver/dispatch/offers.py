"""Whom to tell next, and the offers that tell them."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Offer
from gridserver.dispatch.rules import REASSIGNED, ROOMS, Because, Person, Step, unsigned

_PASSED_OVER = Because("passed_over.unreachable", {})


def next_step(dossier: Dossier) -> Step | None:
    """Return the step to be told next in the present round, or None after the last.

    The first round climbs the decision's ladder, and so does one begun by a decision made anew.
    Another, begun by a return or a reassignment, has only the command rooms behind it.
    """
    made = [offer for offer in dossier.offers if offer.round == dossier.round]
    told = {offer.recipient for offer in made}
    climbs = _climbs(dossier.round, [offer.kind for offer in made])
    for step in _ladder(dossier, climbs):
        if step.who.account_id not in told:
            return step if climbs else _follow_up(dossier, step)
    return None


def first_room(dossier: Dossier, *, without: int | None) -> Step:
    """Return the step of the first command room that is not the account `without`; the last room
    where there is no other."""
    rooms = _ladder(dossier, climbs=False)
    others = [step for step in rooms if step.who.account_id != without]
    chosen = others[0] if others else rooms[-1]
    return numbered_on(dossier, replace(chosen, passed_over=()))


def numbered_on(dossier: Dossier, step: Step) -> Step:
    """Return `step` with the number after all that the task's ladder and offers have."""
    last = max([len(dossier.steps), *(offer.step for offer in dossier.offers)])
    return replace(step, step=last + 1)


def _follow_up(dossier: Dossier, step: Step) -> Step:
    at_once = step.tell == "at_once"
    because = step.because if at_once else unsigned(dossier.facts.place, step.kind)
    return numbered_on(dossier, replace(step, because=because, passed_over=()))


def begin(dossier: Dossier, step: Step, round_: int, at: dt.datetime) -> list[Offer]:
    """Return the offers that begin a round, added to the dossier: that of `step` and, where all are
    told at once, those of the steps behind it; before each, whom it passed over, ended already."""
    before = len(dossier.offers)
    _make(dossier, step, round_, at)
    while (behind := next_step(dossier)) is not None and behind.tell == "at_once":
        _make(dossier, behind, round_, at)
    return dossier.offers[before:]


def climb(dossier: Dossier, at: dt.datetime, is_silent: Callable[[int], bool]) -> list[Offer]:
    """Return the offers that the next step makes, added to the dossier; none after the last.

    Parameters
    ----------
    is_silent : callable of (account_id)
        Says of an officer whether none of their devices can be reached now: they are passed over.
    """
    before = len(dossier.offers)
    silent: list[Person] = []
    while (step := next_step(dossier)) is not None:
        if step.kind in ROOMS or not is_silent(step.who.account_id):
            _make(dossier, _naming(step, silent), dossier.round, at)
            break
        silent.append(step.who)
        _pass_over(dossier, step, step.who, dossier.round, at)
    return dossier.offers[before:]


def store(session: Session, made: Sequence[Offer]) -> None:
    """Store offers that were made."""
    session.add_all(made)
    session.flush()


_KEEP_RECEIPTS = text(
    """
    UPDATE offer SET received_at = r.at
    FROM jsonb_to_recordset(CAST(:received AS jsonb)) AS r(id uuid, at timestamptz)
    WHERE offer.message_id = r.id
    """
)


def keep_receipts(session: Session, received: Mapping[uuid.UUID, dt.datetime]) -> None:
    """Keep with the offers when a device had the message of each: the messages are about to go."""
    rows = [{"id": str(id_), "at": at.isoformat()} for id_, at in received.items()]
    session.execute(_KEEP_RECEIPTS, {"received": json.dumps(rows)})


def _make(dossier: Dossier, step: Step, round_: int, told_at: dt.datetime) -> None:
    """Add the offer of `step`, after those of whom it passed over. Who is on the last step has no
    deadline: nobody comes after them."""
    for who in step.passed_over:
        _pass_over(dossier, step, who, round_, told_at)
    offer = _offer(dossier, step, step.who, step.because, round_, told_at)
    if next_step(dossier) is not None:
        offer.deadline = told_at + dt.timedelta(seconds=step.sign_within_s)


def _pass_over(dossier: Dossier, step: Step, who: Person, round_: int, at: dt.datetime) -> None:
    """Add the offer of somebody who was passed over at or before `step`: it tells them later."""
    end([_offer(dossier, step, who, _PASSED_OVER, round_, at)], "passed_over", at)


def _offer(
    dossier: Dossier, step: Step, who: Person, because: Because, round_: int, at: dt.datetime
) -> Offer:
    offer = Offer(
        task_id=dossier.task.id,
        round=round_,
        step=step.step,
        kind=step.kind,
        recipient=who.account_id,
        because=because.to_json(),
        message_id=uuid.uuid4(),
        told_at=at,
        sign_within_s=step.sign_within_s,
    )
    dossier.offers.append(offer)
    dossier.people[who.account_id] = who
    return offer


def _naming(step: Step, silent: Sequence[Person]) -> Step:
    """Return `step` with a reason that names those who can't be reached, too."""
    if not silent:
        return step
    named = [*step.because.params.get("unreachable", []), *(who.display_name for who in silent)]
    because = Because(step.because.code, step.because.params | {"unreachable": named})
    return replace(step, because=because)


def end(offers: Sequence[Offer], outcome: str, at: dt.datetime) -> list[int]:
    """End `offers` with `outcome`; return their recipients."""
    for offer in offers:
        offer.outcome, offer.ended_at = outcome, at
    return [offer.recipient for offer in offers]


def take_away(dossier: Dossier, outcome: str, at: dt.datetime) -> list[int]:
    """End the open offers and the assignee's part; return whose they were."""
    task = dossier.task
    held = [
        offer
        for offer in dossier.offers
        if offer.outcome is None
        or (offer.outcome == "signed" and offer.recipient == task.assignee_account_id)
    ]
    task.assignee_account_id = None
    return end(held, outcome, at)


def _climbs(round_: int, kinds: Iterable[str]) -> bool:
    """Say whether a round goes up the whole ladder. Its officers are told in no other; where it has
    none, its rooms are all there is to climb."""
    return round_ == 1 or any(kind not in (*ROOMS, REASSIGNED) for kind in kinds)


def _ladder(dossier: Dossier, climbs: bool) -> list[Step]:
    return [step for step in dossier.steps if climbs or step.kind in ROOMS]
