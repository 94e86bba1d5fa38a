"""Where officers on duty were in a past period: for playback.

What is kept is of officers on duty only, for 30 days (`position_days`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.force.models import Officer, PositionRecord
from gridserver.force.position_days import RETENTION
from gridserver.org.models import Unit
from gridserver.org.queries import within

#: A day and a night: who needs longer says why once more.
LONGEST = dt.timedelta(hours=24)
#: Positions in one answer; more are thinned out.
MOST_POSITIONS = 60_000
_STEPS_S = (10, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True)
class Fix:
    """A position: degrees, EPSG:4326; `accuracy_m` a radius in metres."""

    at: dt.datetime
    lon: float
    lat: float
    accuracy_m: float | None


@dataclass(frozen=True)
class Track:
    """Where one officer was, oldest first."""

    officer_id: int
    username: str
    display_name: str
    fixes: tuple[Fix, ...]


@dataclass(frozen=True)
class Tracks:
    """The officers who were on duty and seen, by number, with at most one position each `step`."""

    step: dt.timedelta
    tracks: tuple[Track, ...]


def check_kept(session: Session, start: dt.datetime, end: dt.datetime) -> None:
    """Raise `Invalid` unless positions may be asked for: ``track.too_long``, ``track.gone``."""
    if end - start > LONGEST:
        raise Invalid(
            "track.too_long",
            f"Positions are shown for at most {LONGEST // dt.timedelta(hours=1)} hours at once: "
            "choose a shorter period, or leave them out.",
            field="to",
        )
    if start < now(session) - RETENTION:
        raise Invalid(
            "track.gone",
            f"Positions are kept for {RETENTION.days} days: choose a later `from`, or leave them "
            "out.",
            field="from",
        )


def tracks(session: Session, paths: Iterable[str], start: dt.datetime, end: dt.datetime) -> Tracks:
    """Return where the officers of the units at and below `paths` were, from `start` to before
    `end`. The step is the finest that keeps within `MOST_POSITIONS`.

    Raises
    ------
    Invalid
        As `check_kept` does.
    """
    check_kept(session, start, end)
    officers = select(Officer.id).join(Unit, Unit.id == Officer.unit_id).where(within(paths))
    during = (
        PositionRecord.at >= start,
        PositionRecord.at < end,
        PositionRecord.officer_id.in_(officers),
    )
    seen = session.scalar(select(func.count(PositionRecord.officer_id.distinct())).where(*during))
    step = _step(end - start, seen or 0)
    slot = func.floor(func.extract("epoch", PositionRecord.at) / step.total_seconds())
    thinned = (
        select(
            PositionRecord.officer_id,
            PositionRecord.at,
            ST_X(PositionRecord.point).label("lon"),
            ST_Y(PositionRecord.point).label("lat"),
            PositionRecord.accuracy_m,
        )
        .ext(distinct_on(PositionRecord.officer_id, slot))
        .where(*during)
        .order_by(PositionRecord.officer_id, slot, PositionRecord.at)
    )
    fixes: dict[int, list[Fix]] = {}
    for officer_id, *fix in session.execute(thinned):
        fixes.setdefault(officer_id, []).append(Fix(*fix))
    return Tracks(step, _named(session, fixes))


def _step(period: dt.timedelta, officers: int) -> dt.timedelta:
    """Return the finest step of which all officers together have few enough."""
    least = period.total_seconds() * officers / MOST_POSITIONS
    fine_enough = (step for step in _STEPS_S if step >= least)
    return dt.timedelta(seconds=next(fine_enough, _STEPS_S[-1]))


def _named(session: Session, fixes: dict[int, list[Fix]]) -> tuple[Track, ...]:
    people = session.execute(
        select(Officer.id, Account.username, Account.display_name)
        .join(Account, Account.id == Officer.account_id)
        .where(Officer.id.in_(fixes))
        .order_by(Officer.service_number)
    )
    return tuple(Track(*person, tuple(fixes[person.id])) for person in people)
