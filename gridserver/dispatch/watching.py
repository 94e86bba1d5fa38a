"""What a command room must not overlook among the tasks: one query each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Interval, and_, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import AccountRef
from gridserver.base.clock import now
from gridserver.dispatch import dossier as dossiers
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.lifecycle import WORKING
from gridserver.dispatch.models import Offer, Task, TaskEvent
from gridserver.incidents import queries as incidents


@dataclass(frozen=True)
class Unsigned:
    """A task that nobody signed, and when the last time to sign ran out."""

    dossier: Dossier
    since: dt.datetime


@dataclass(frozen=True)
class SupportCall:
    """A task under way whose officer called for support: when, who, and what they said."""

    dossier: Dossier
    since: dt.datetime
    by: AccountRef | None
    text: str | None


def unsigned_past_the_ladder(session: Session, paths: Collection[str]) -> list[Unsigned]:
    """Return the tasks below `paths` that nobody signed though all on the ladder were told and the
    last one's time is over."""
    since = func.max(Offer.told_at + Offer.sign_within_s * cast("1 second", Interval))
    query = (
        select(Task, since)
        .join(Offer, and_(Offer.task_id == Task.id, Offer.outcome.is_(None)))
        .where(Task.state == "assigned", Task.ended_at.is_(None), _within(paths))
        .group_by(Task.id)
        # Whoever has a deadline has somebody after them: only the last step has none.
        .having(since <= now(session), func.bool_or(Offer.deadline.is_(None)))
        .order_by(Task.id)
    )
    rows = session.execute(query).all()
    loaded = dossiers.load(session, [task for task, _ in rows])
    return [Unsigned(each, row[1]) for each, row in zip(loaded, rows, strict=True)]


def calls_for_support(session: Session, paths: Collection[str]) -> list[SupportCall]:
    """Return the tasks under way below `paths` whose officer called for support, by the last
    call."""
    query = (
        select(Task, TaskEvent)
        .join(TaskEvent, TaskEvent.task_id == Task.id)
        .where(TaskEvent.verb == "call_support", TaskEvent.late.is_(False))
        .where(Task.state.in_(WORKING), Task.ended_at.is_(None), _within(paths))
        .ext(distinct_on(Task.id))
        .order_by(Task.id, TaskEvent.id.desc())
    )
    rows = session.execute(query).all()
    loaded = dossiers.load(session, [task for task, _ in rows])
    by = {event.actor_account_id for _, event in rows if event.actor_account_id is not None}
    people = access.account_refs(session, by)
    return [
        SupportCall(
            dossier, event.at, people.get(event.actor_account_id or 0), event.data.get("text")
        )
        for dossier, (_, event) in zip(loaded, rows, strict=True)
    ]


def _within(paths: Collection[str]) -> ColumnElement[bool]:
    return Task.incident_id.in_(incidents.ids_within(paths))
