"""Whom to tell next, and the offers that tell them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy.orm import Session

from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Offer
from gridserver.dispatch.rules import ROOMS, Step, unsigned


def next_step(dossier: Dossier) -> Step | None:
    """Return the step to be told next in the present round, or None after the last.

    The first round climbs the decision's ladder. A later one, begun by a return or a
    reassignment, has only the command rooms behind it.
    """
    told = {offer.recipient for offer in dossier.offers if offer.round == dossier.round}
    for step in _ladder(dossier, dossier.round):
        if step.who.account_id not in told:
            return step if dossier.round == 1 else _follow_up(dossier, step)
    return None


def first_room(dossier: Dossier, *, without: int | None) -> Step:
    """Return the step of the first command room that is not the account `without`; the last room
    where there is no other."""
    rooms = _ladder(dossier, dossier.round + 1)
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
    told = {o.recipient for o in dossier.offers if o.round == round_} | {step.who.account_id}
    is_last = all(s.who.account_id in told for s in _ladder(dossier, round_))
    within = dt.timedelta(seconds=step.sign_within_s)
    offer = Offer(
        task_id=dossier.task.id,
        round=round_,
        step=step.step,
        kind=step.kind,
        recipient=step.who.account_id,
        because=asdict(step.because),
        message_id=uuid.uuid4(),
        told_at=told_at,
        deadline=None if is_last else told_at + within,
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


def _ladder(dossier: Dossier, round_: int) -> list[Step]:
    return [step for step in dossier.steps if round_ == 1 or step.kind in ROOMS]
