"""What kind of day a day is: working, rest, or a public holiday."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

_SATURDAY = 5


@dataclass(frozen=True)
class Day:
    """A day of the calendar.

    `kind` is ``working``, ``rest`` or ``holiday``; the names are those of the holiday, or of the
    one for which a working day was shifted. `source` is ``library``, ``bureau``, or ``weekday``
    where nothing but the weekday speaks for it.
    """

    date: dt.date
    kind: str
    name_zh: str | None = None
    name_en: str | None = None
    source: str = "weekday"

    @property
    def is_working(self) -> bool:
        """Whether each team does its own work on this day (专职)."""
        return self.kind == "working"


def by_weekday(date: dt.date) -> Day:
    """Return what the weekday alone says: Saturdays and Sundays are rest days."""
    return Day(date, "rest" if date.weekday() >= _SATURDAY else "working")


def day(known: Mapping[dt.date, Day], date: dt.date) -> Day:
    """Return the day as it is `known`, else as the weekday says."""
    return known.get(date) or by_weekday(date)
