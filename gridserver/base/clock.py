"""The clock: the only door through which the present moment enters.

A transaction carries its clock and the bureau's time zone in ``session.info``, so that a service
asks `now(session)` or `local_now(session)` and a test, the demo county or a replay can set them.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session


class Clock(Protocol):
    """Anything that tells the moment."""

    def now(self) -> dt.datetime:
        """Return the present moment, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


class SetClock:
    """A clock that shows what it was set to, for tests and for the demo's past incidents."""

    def __init__(self, at: dt.datetime) -> None:
        self.set(at)

    def now(self) -> dt.datetime:
        return self._at

    def set(self, at: dt.datetime) -> None:
        """Set the clock. Raises `ValueError` for a moment without an offset."""
        if at.tzinfo is None:
            raise ValueError("a clock needs a moment with an offset")
        self._at = at.astimezone(dt.UTC)

    def advance(self, by: dt.timedelta) -> None:
        """Move the clock on."""
        self._at += by


def now(session: Session) -> dt.datetime:
    """Return the present moment by the clock of this transaction, in UTC."""
    clock: Clock = session.info["clock"]
    return clock.now()


def zone(session: Session) -> ZoneInfo:
    """Return the bureau's time zone: hours of duty and days are meant in it."""
    found: ZoneInfo = session.info["zone"]
    return found


def local_now(session: Session) -> dt.datetime:
    """Return the present moment by the bureau's own clocks on the wall, with its offset."""
    return now(session).astimezone(zone(session))
