"""Whom to tell next, and the offers that tell them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Offer
from gridserver.dispatch.rules import REASSIGNED, ROOMS, Step, unsigned


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
    return numbered_on(dossier, others[0] if others else rooms[-1])


def numbered_on(dossier: Dossier, step: Step) -> Step:
    """Return `step` with the number after all that the task's ladder and offers have."""
    last = max([len(dossier.steps), *(offer.step for offer in dossier.offers)])
    return replace(step, step=last + 1)


def _follow_up(dossier: Dossier, step: Step) -> Step:
    because = unsigned(dossier.facts.place, step.kind)
    return numbered_on(dossier, replace(step, because=because))


def make(dossier: Dossier, step: Step, round_: int, told_at: dt.datetime) -> Offer:
    """Return the offer of `step`, added to the dossier. Who is on the last step has no deadline:
    nobody comes after them."""
    made = [offer for offer in dossier.offers if offer.round == round_]
    told = {offer.recipient for offer in made} | {step.who.account_id}
    climbs = _climbs(round_, [*(offer.kind for offer in made), step.kind])
    is_last = all(s.who.account_id in told for s in _ladder(dossier, climbs))
    offer = Offer(
        task_id=dossier.task.id,
        round=round_,
        step=step.step,
        kind=step.kind,
        recipient=step.who.account_id,
        because=step.because.to_json(),
        message_id=uuid.uuid4(),
        told_at=told_at,
        sign_within_s=step.sign_within_s,
        deadline=None if is_last else told_at + dt.timedelta(seconds=step.sign_within_s),
    )
    dossier.offers.append(offer)
    dossier.people[step.who.account_id] = step.who
    return offer


def tell(session: Session, dossier: Dossier, step: Step, round_: int, at: dt.datetime) -> Offer:
    """Make the offer of `step` and store it."""
    offer = make(dossier, step, round_, at)
    session.add(offer)
    session.flush()
    return offer


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
