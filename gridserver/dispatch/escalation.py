"""Telling the next who is due: by the clock, in any number of workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.delivery import queries as delivery
from gridserver.dispatch import dossier as dossiers
from gridserver.dispatch import history, offers, telling, verbs
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Offer, Task
from gridserver.dispatch.rules import ROOMS, is_unreachable
from gridserver.dispatch.telling import Change

_OVERDUE = exists().where(
    Offer.task_id == Task.id,
    Offer.outcome.is_(None),
    Offer.escalated_at.is_(None),
    Offer.deadline <= bindparam("now"),
)
# The limit counts what could be locked: workers at work at once each find tasks of their own.
_DUE = (
    select(Task)
    .where(Task.state == "assigned", Task.ended_at.is_(None), _OVERDUE)
    .order_by(Task.id)
    .limit(bindparam("limit"))
    .with_for_update(key_share=True, skip_locked=True)
    .execution_options(populate_existing=True)
)


def escalate_due(session: Session, limit: int = 100) -> int:
    """Tell the next step of every task whose offer wasn't signed in time; return how many were due.

    Each offer is escalated once, by whichever worker locks its task first; tasks that another
    worker or a command holds are left to the next call. The former holders stay informed and may
    still sign. Officers none of whose devices was seen lately are passed over at once, and told
    later. An offer that a device of its holder had later than it was told gets its later deadline
    instead.
    """
    tasks = session.scalars(_DUE, {"now": now(session), "limit": limit}).all()
    # The offers are read after the locks are held: a worker that was before us may have escalated.
    found = dossiers.load(session, tasks)
    seen = _last_seen(session, found)
    return sum(_escalate(session, dossier, seen) for dossier in found)


def _last_seen(session: Session, found: Sequence[Dossier]) -> Mapping[int, dt.datetime]:
    steps = chain.from_iterable(dossier.steps for dossier in found)
    officers = {step.who.account_id for step in steps if step.kind not in ROOMS}
    return delivery.last_seen(session, officers)


def _escalate(session: Session, dossier: Dossier, seen: Mapping[int, dt.datetime]) -> bool:
    moment = now(session)
    past = [
        offer
        for offer in dossier.open_offers
        if offer.escalated_at is None and offer.deadline is not None and offer.deadline <= moment
    ]
    late = [offer for offer in past if not _prolong(dossier, offer, moment)]
    for offer in late:
        offer.escalated_at = moment

    def is_silent(account_id: int) -> bool:
        at = seen.get(account_id)
        unseen_s = None if at is None else (moment - at).total_seconds()
        return is_unreachable(dossier.facts.norms, unseen_s)

    made = offers.climb(dossier, moment, is_silent) if late else []
    if made:
        _tell(session, dossier, made, moment)
    elif len(late) < len(past):
        verbs.touch(dossier.task, dossier.task.state, moment)
        session.flush()
        telling.announce(session, dossier, Change())
    return bool(past)


def _prolong(dossier: Dossier, offer: Offer, moment: dt.datetime) -> bool:
    """Give an offer the deadline that counts from its receipt, where that is still to come."""
    offer.deadline = dossier.deadline(offer)
    return offer.deadline is not None and offer.deadline > moment


def _tell(session: Session, dossier: Dossier, made: Sequence[Offer], moment: dt.datetime) -> None:
    offers.store(session, made)
    *passed_over, told = made
    state = dossier.task.state
    verbs.touch(dossier.task, state, moment)
    data: dict[str, Any] = {"step": told.step, "to": _username(dossier, told)}
    if passed_over:
        data["passed_over"] = [_username(dossier, offer) for offer in passed_over]
    history.add(
        session, None, dossier.task.id, "escalate", from_state=state, to_state=state, data=data
    )
    audit.record(
        session, None, Tag.TASK_ESCALATE, subject_kind="task", subject_id=dossier.task.id, data=data
    )
    telling.announce(session, dossier, Change(offered=list(made)))


def _username(dossier: Dossier, offer: Offer) -> str:
    return dossier.people[offer.recipient].username
