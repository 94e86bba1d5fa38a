"""The days of the history of positions: a partition each, made ahead and dropped as a whole.

Dropping a table takes milliseconds and leaves nothing behind; deleting as many rows would take
minutes and leave the space to the vacuum (PostgreSQL 15, section 5.11).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridserver.base.clock import now

#: How long it is known where an officer was (guardrails.md).
RETENTION = dt.timedelta(days=30)
#: What a terminal kept while it was away may be this old.
_LATEST_COMERS = dt.timedelta(days=4)
#: Days made ahead, so that none is missing while nobody looks.
_AHEAD = dt.timedelta(days=2)

_PARENT = "position_record"
_NAME = re.compile(_PARENT + r"_(\d{8})")
_DAY = dt.timedelta(days=1)

#: Taken by who makes or drops partitions, so that two processes don't make the same one.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('position_record'))")
# The owner's functions: the application's role makes and drops no other table.
_MAKE = text("SELECT make_position_day(:day)")
_DROP = text("SELECT drop_position_day(:day)")
_EXISTING = text(
    "SELECT relid::regclass::text FROM pg_partition_tree('position_record') WHERE level = 1"
)


@dataclass(frozen=True)
class Kept:
    """The time for which positions can be kept, from `start` to before `end`."""

    start: dt.datetime
    end: dt.datetime


def ensure(session: Session) -> Kept:
    """Make the partitions that are missing around now, and return the time that they cover."""
    today = _midnight(now(session))
    first, last = today - _LATEST_COMERS, today + _AHEAD
    days = [first + _DAY * n for n in range((last - first).days + 1)]
    if not {_name(day) for day in days} <= _existing(session):
        session.execute(_LOCK)
        for day in days:
            _make(session, day)
    return Kept(first, last + _DAY)


def drop_old(session: Session, limit: int, retention: dt.timedelta = RETENTION) -> int:
    """Drop the days that are over for longer than `retention`, and make the coming ones; a chore.

    Returns how many were dropped, at most `limit`.
    """
    ensure(session)
    oldest = _name(_midnight(now(session) - retention))
    # The names' order is the days' order.
    over = sorted(name for name in _existing(session) if name < oldest)[:limit]
    if over:
        session.execute(_LOCK)
    for name in over:
        session.execute(_DROP, {"day": _day(name)})
    return len(over)


def is_partition(table: str) -> bool:
    """Say whether a table is a day of the history, which no model describes."""
    return _NAME.fullmatch(table) is not None


def _existing(session: Session) -> set[str]:
    return {name for name in session.scalars(_EXISTING) if is_partition(name)}


def _make(session: Session, day: dt.datetime) -> None:
    session.execute(_MAKE, {"day": day.date()})


def _name(day: dt.datetime) -> str:
    return f"{_PARENT}_{day:%Y%m%d}"


def _day(name: str) -> dt.date:
    return dt.datetime.strptime(name.rsplit("_", 1)[1], "%Y%m%d").replace(tzinfo=dt.UTC).date()


def _midnight(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
