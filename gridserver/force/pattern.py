"""A pattern of duty and the stretches that come of it. Pure.

A pattern is a cycle of days, each with its hours, and crews that go through it one behind the
other. Four crews, a step of one day and a cycle of four days with the hours 00–06, 06–12, 12–18 and
18–24 keep watch around the clock: each day each crew has one of the four, and the next one the day
after.

Hours are the bureau's own. Where its clocks are put forward or back, a stretch is as long as it
really is, and what ends at an hour ends as what begins then begins: no minute is lost. A stretch
that lies wholly within an hour that is skipped doesn't exist.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from gridserver.base.errors import Invalid
from gridserver.force.rules import PATTERN_DAYS

#: Eight weeks: longer than any rotation in use.
MOST_DAYS = 56
MOST_HOURS = 6
MOST_CREWS = 40
_DAY = 24 * 60


@dataclass(frozen=True)
class Hours:
    """From `start` to before `end` by the bureau's clocks; an end that isn't later is on the next
    day. The same hour twice is a whole day."""

    start: dt.time
    end: dt.time

    @property
    def past_midnight(self) -> bool:
        """Whether it ends on the next day."""
        return self.end <= self.start


@dataclass(frozen=True)
class Pattern:
    """What is done when, and by whom in turn.

    Attributes
    ----------
    cycle
        Its days, each with its hours; a day without any is free.
    crews
        Service numbers, crew by crew.
    starts_on
        The date on which the first crew has the cycle's first day; nothing is made before it.
    crew_step
        How many days of the cycle each crew is further on than the one before it.
    on_days
        ``every`` day, ``working`` days or ``resting`` days only (rest days and holidays). The
        cycle goes on through the days that are left out.
    """

    cycle: tuple[tuple[Hours, ...], ...]
    crews: tuple[tuple[str, ...], ...]
    starts_on: dt.date
    crew_step: int = 1
    on_days: str = "every"


@dataclass(frozen=True, order=True)
class Stretch:
    """A shift that a pattern asks for, in UTC."""

    start: dt.datetime
    end: dt.datetime
    officer: str


def check(pattern: Pattern) -> None:
    """Raise `Invalid` for a pattern that can't be kept: it names the field and the remedy."""
    if not 1 <= len(pattern.cycle) <= MOST_DAYS:
        raise _wrong("cycle", f"give 1 to {MOST_DAYS} days.")
    if any(len(hours) > MOST_HOURS for hours in pattern.cycle):
        raise _wrong("cycle", f"give at most {MOST_HOURS} stretches a day.")
    if pattern.on_days not in PATTERN_DAYS:
        raise _wrong("on_days", f"one of {', '.join(PATTERN_DAYS)}.")
    if not 0 <= pattern.crew_step < MOST_DAYS:
        raise _wrong("crew_step", f"give 0 to {MOST_DAYS - 1} days.")
    if not 1 <= len(pattern.crews) <= MOST_CREWS or not all(pattern.crews):
        raise _wrong("crews", f"give 1 to {MOST_CREWS} crews, each with an officer.")
    everybody = [number for crew in pattern.crews for number in crew]
    if len(set(everybody)) < len(everybody):
        raise _wrong("crews", "each officer stands in one crew, once.")
    if _overlaps(pattern.cycle):
        raise _wrong("cycle", "hours overlap, perhaps past midnight; nobody is on duty twice.")


def stretches(
    pattern: Pattern,
    first: dt.date,
    last: dt.date,
    zone: ZoneInfo,
    is_working: Callable[[dt.date], bool],
) -> Iterator[Stretch]:
    """Return what begins on the dates from `first` to `last` in the bureau's time."""
    for offset in range((last - first).days + 1):
        date = first + dt.timedelta(days=offset)
        if date < pattern.starts_on or not _applies(pattern.on_days, date, is_working):
            continue
        for index, crew in enumerate(pattern.crews):
            turn = (date - pattern.starts_on).days + index * pattern.crew_step
            for hours in pattern.cycle[turn % len(pattern.cycle)]:
                start, end = interval(date, hours, zone)
                if start < end:
                    yield from (Stretch(start, end, number) for number in crew)


def interval(date: dt.date, hours: Hours, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Return the moments between which the hours that begin on `date` lie, in UTC.

    An hour that the clocks show twice is the first of the two.
    """
    following = date + dt.timedelta(days=1) if hours.past_midnight else date
    return (
        dt.datetime.combine(date, hours.start, zone).astimezone(dt.UTC),
        dt.datetime.combine(following, hours.end, zone).astimezone(dt.UTC),
    )


def _applies(on_days: str, date: dt.date, is_working: Callable[[dt.date], bool]) -> bool:
    return on_days == "every" or is_working(date) == (on_days == "working")


def _overlaps(cycle: Sequence[Sequence[Hours]]) -> bool:
    """Say whether a crew would be on duty twice at once, in minutes of the cycle going round."""
    spans = sorted(
        (day * _DAY + _minute(each.start), (day + each.past_midnight) * _DAY + _minute(each.end))
        for day, hours in enumerate(cycle)
        for each in hours
    )
    if not spans:
        return False
    again = (spans[0][0] + len(cycle) * _DAY, spans[0][1] + len(cycle) * _DAY)
    return any(former[1] > later[0] for former, later in pairwise([*spans, again]))


def _minute(time: dt.time) -> int:
    return time.hour * 60 + time.minute


def _wrong(field: str, text: str) -> Invalid:
    return Invalid("pattern.bad", f"{field}: {text}", field=field)
