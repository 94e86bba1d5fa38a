"""The demo county's duty: who serves when, and who is on leave. Pure.

Each crew works by day, the groups that own cells at weekends too. One in six of a crew (at least
one) has the night, works the day before and rests on the day after. By day every cell therefore has
its primary or its backup on duty; by night two thirds of them have, and the others go to the
station's command room, which never closes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from random import Random
from zoneinfo import ZoneInfo

from gridserver.demo.people import SEED, Crew
from gridserver.demo.units import Function
from gridserver.force.tables import AbsenceRow, ShiftRow

DAYS_BEFORE = 31
DAYS_AFTER = 60
NIGHT = "pool"

_DAY_STARTS = dt.time(8, 30)
_DAY_ENDS = dt.time(17, 30)
_NIGHT_SHARE = 6
_SATURDAY = 5
_DUTY: dict[Function, str] = {
    "community": "community",
    "leader": "leader",
    "room": "room",
    "case": "case",
    "traffic": "traffic",
    "headquarters": "headquarters",
}
_LEAVE_SHARE = 0.3
_LEAVE_DAYS = (2, 8)
#: The first group takes no leave: the documentation's walk-through uses it.
_STAYS = 1


def shifts(crews: Sequence[Crew], today: dt.date, zone: ZoneInfo) -> Iterator[ShiftRow]:
    """Return the shifts from a month before `today` to two months after it, in UTC."""
    for index, crew in enumerate(crews):
        for offset in range(-DAYS_BEFORE, DAYS_AFTER + 1):
            yield from _day(crew, index, today + dt.timedelta(days=offset), zone)


def absences(crews: Sequence[Crew], today: dt.date, zone: ZoneInfo) -> Iterator[AbsenceRow]:
    """Return leaves of a few days each, spread over the roster's time."""
    rng = Random(SEED)  # noqa: S311 (a fixed county, no secret)
    for crew in crews[_STAYS:]:
        for number in crew.numbers:
            if rng.random() < _LEAVE_SHARE:
                first = today + dt.timedelta(days=rng.randint(-DAYS_BEFORE, DAYS_AFTER))
                last = first + dt.timedelta(days=rng.randint(*_LEAVE_DAYS))
                yield AbsenceRow(
                    number, "leave", _at(first, dt.time(), zone), _at(last, dt.time(), zone)
                )


def night_crew(members: Sequence[str], index: int, day: dt.date) -> tuple[str, ...]:
    """Return who of the crew has the night that begins on `day`."""
    size = max(1, len(members) // _NIGHT_SHARE)
    turns = -(-len(members) // size)
    first = (day.toordinal() + index) % turns * size
    return tuple(members[first : first + size])


def _day(crew: Crew, index: int, day: dt.date, zone: ZoneInfo) -> Iterator[ShiftRow]:
    tonight = night_crew(crew.numbers, index, day)
    resting = night_crew(crew.numbers, index, day - dt.timedelta(days=1))
    off = day.weekday() >= _SATURDAY and crew.post.function != "community"
    start, end = _at(day, _DAY_STARTS, zone), _at(day, _DAY_ENDS, zone)
    next_morning = _at(day + dt.timedelta(days=1), _DAY_STARTS, zone)
    for number in crew.numbers:
        if number in tonight or not (off or number in resting):
            yield ShiftRow(number, _DUTY[crew.post.function], start, end)
        if number in tonight:
            yield ShiftRow(number, NIGHT, end, next_morning)


def _at(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, time, zone).astimezone(dt.UTC)
