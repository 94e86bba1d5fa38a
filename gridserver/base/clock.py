"""The clock: the only door through which the present moment enters.

A transaction carries its clock in ``session.info``, so that a service asks `now(session)` and a
test, the demo county or a replay can set it.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

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
