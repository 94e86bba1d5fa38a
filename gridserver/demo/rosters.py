"""The demo county's duty: the patterns of each station and of headquarters, who is on leave. Pure.

Every officer of a team goes through three days: one in the pooled duty group (集约值班: a quarter
of the day, in the smallest stations half of it), one of staggered hours (错时), one of ordinary
hours. So of each group of three one is in the pool, and on a working day two do their own work; on
rest days and holidays one of them has community hours. The command rooms, the leaders and the
specialist units are there around the clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from gridserver.demo.people import SEED, Crew
from gridserver.demo.units import BUREAU, GROUP, Station
from gridserver.force.pattern import Hours, Pattern, Stretch, stretches
from gridserver.force.patterns import PatternDraft
from gridserver.force.tables import AbsenceRow, LeaderRow, PostRow

DAYS_BEFORE = 31
DAYS_AFTER = 60
#: All cycles are counted from this Monday, so that the same day always has the same crew.
STARTS_ON = dt.date(2025, 1, 6)

_LEAVE_SHARE = 0.3
_LEAVE_DAYS = (2, 8)
_REASONS = {"leave": 7, "training": 2, "court": 1}
#: The first group takes no leave: the documentation's walk-through uses it.
_STAYS = 1

Cycle = tuple[tuple[Hours, ...], ...]
Crews = tuple[tuple[str, ...], ...]


def _hours(text: str) -> tuple[Hours, ...]:
    return tuple(Hours(*map(dt.time.fromisoformat, each.split("-"))) for each in text.split())


_DAY, _LATE, _REST_DAY = _hours("08:30-17:30"), _hours("10:30-19:30"), _hours("09:00-18:00")
_LONG_DAY = _hours("07:30-19:30")
_WHOLE_DAY = _hours("08:30-08:30")
_QUARTERS = ("00:00-06:00", "06:00-12:00", "12:00-18:00", "18:00-00:00")
_HALVES = ("08:00-20:00", "20:00-08:00")
_PATROL = "330824-PATROL"
#: The watched posts (7×24), on either side of the county town.
_WATCHED = (
    PostRow("330824-P1", "城东警务站", _PATROL, watched=True, lon=118.4215, lat=29.1395),
    PostRow("330824-P2", "城西警务站", _PATROL, watched=True, lon=118.4085, lat=29.1355),
)
#: Officers of a watch.
_WATCH = 5
#: From so many on, a station's pool turns in quarters.
_LARGE = 12


def plans(crews: Sequence[Crew]) -> list[PatternDraft]:
    """Return the patterns of all units, station by station and then headquarters."""
    stations = dict.fromkeys(crew.post.unit[:8] for crew in crews if "-" in crew.post.unit)
    found = [plan for code in stations if code.isdigit() for plan in _station(code, crews)]
    return [*found, *_headquarters({crew.post.unit: crew for crew in crews})]


def shifts(
    plan: PatternDraft, today: dt.date, zone: ZoneInfo, is_working: Callable[[dt.date], bool]
) -> Iterator[Stretch]:
    """Return a pattern's shifts from a month before `today` to two months after it, in UTC."""
    first, last = first_day(today), today + dt.timedelta(days=DAYS_AFTER)
    return stretches(plan.turns, first, last, zone, is_working)


def first_day(today: dt.date) -> dt.date:
    """Return the date on which the rosters begin."""
    return today - dt.timedelta(days=DAYS_BEFORE)


def absences(crews: Sequence[Crew], today: dt.date, zone: ZoneInfo) -> Iterator[AbsenceRow]:
    """Return absences of a few days each, spread over the roster's time; the next of the crew
    stands in."""
    rng = Random(SEED)  # noqa: S311 (a fixed county, no secret)
    for crew in crews[_STAYS:]:
        for number, other in pairwise([*crew.numbers, crew.numbers[0]]):
            if rng.random() < _LEAVE_SHARE:
                first = today + dt.timedelta(days=rng.randint(-DAYS_BEFORE, DAYS_AFTER))
                last = first + dt.timedelta(days=rng.randint(*_LEAVE_DAYS))
                (reason,) = rng.choices(list(_REASONS), list(_REASONS.values()))
                start, end = (dt.datetime.combine(day, dt.time(), zone) for day in (first, last))
                yield AbsenceRow(
                    number, reason, start.astimezone(dt.UTC), end.astimezone(dt.UTC), other
                )


def leaders(crews: Sequence[Crew], since: dt.datetime) -> Iterator[LeaderRow]:
    """Return who leads what: the first leader the station, its deputies a team or an area each."""
    for crew in crews:
        if crew.post.function == "leader":
            head, *deputies = crew.numbers
            yield LeaderRow(crew.post.unit, head, since)
            if crew.post.unit != BUREAU.code:
                for n, unit in enumerate(_led_units(crew.post.unit, crews)):
                    yield LeaderRow(unit, deputies[n % len(deputies)], since)


def posts(stations: Sequence[Station]) -> tuple[PostRow, ...]:
    """Return the police posts of the county town, which the patrol police watch around the clock,
    and a community post at each station."""
    at_stations = (
        PostRow(
            f"{station.code}-P",
            f"{station.name.removesuffix('派出所')}社区警务工作站",
            station.code,
            watched=False,
            lon=station.lon,
            lat=station.lat,
        )
        for station in stations
    )
    return (*_WATCHED, *at_stations)


def _led_units(station: str, crews: Sequence[Crew]) -> list[str]:
    """Return the community teams of a station; its police areas where it has no teams."""
    groups = [c.post.unit for c in crews if c.post.unit.startswith(f"{station}-") and _is_group(c)]
    return list(dict.fromkeys(u.rpartition("-")[0] if u.count("-") > 1 else u for u in groups))


def _is_group(crew: Crew) -> bool:
    return crew.post.function == "community"


def _station(code: str, crews: Sequence[Crew]) -> Iterator[PatternDraft]:
    groups = [c.numbers for c in crews if c.post.unit.startswith(f"{code}-") and _is_group(c)]
    of = {c.post.function: c.numbers for c in crews if c.post.unit[:8] == code}
    case, traffic, leading = of.get("case", ()), of.get("traffic", ()), of["leader"]
    pool = _pool(groups, case, traffic)
    community = tuple(tuple(group[n] for group in groups) for n in range(GROUP))
    yield _plan(code, "集约值班", "pool", _pool_cycle(len(pool)), pool)
    yield _plan(code, "社区勤务", "community", ((), _LATE, _DAY), community, on_days="working")
    yield _plan(code, "社区节假日", "community", ((), _REST_DAY, ()), community, on_days="resting")
    yield _plan(code, "社区带队", "community", (_DAY,), (leading[1:],), on_days="working")
    if case:
        teams = _thirds(case, pool)
        yield _plan(code, "办案勤务", "case", ((), _DAY, _DAY), teams, on_days="working")
    if traffic:
        yield _plan(code, "交通勤务", "traffic", ((), _LONG_DAY, _LONG_DAY), _thirds(traffic, pool))
    yield _watch(code, "值班领导", "leader", leading)
    yield _watch(code, "指挥室值班", "room", of["room"])


def _headquarters(of: dict[str, Crew]) -> Iterator[PatternDraft]:
    def numbers(unit: str) -> tuple[str, ...]:
        return of[f"{BUREAU.code}{unit}"].numbers

    bureau, leading, legal = BUREAU.code, numbers(""), numbers("-LEGAL")
    yield _watch(bureau, "局值班领导", "leader", leading)
    office = (leading + legal,)
    yield _plan(bureau, "机关勤务", "headquarters", (_DAY,), office, on_days="working")
    command = _dealt(numbers("-COMMAND"), 4)
    yield _plan(bureau, "指挥中心值班", "room", (_WHOLE_DAY, (), (), ()), command)
    patrol = numbers("-PATROL")
    for unit, name, duty, members in (
        ("CRIMINAL", "刑侦值班", "specialist", numbers("-CRIMINAL")),
        ("TRAFFIC", "交警值班", "traffic", numbers("-TRAFFIC")),
        ("PATROL", "巡特警值班", "specialist", patrol[_WATCH * len(_WATCHED) :]),
    ):
        quarters = _pool_cycle(8)
        yield _plan(f"{bureau}-{unit}", name, duty, quarters, _dealt(members, 8))
    for n, post in enumerate(_WATCHED):
        watch = patrol[n * _WATCH : (n + 1) * _WATCH]
        yield _watch(post.unit, f"{post.name}值守", "post", watch, post.code)


def _pool(groups: Sequence[Sequence[str]], case: Sequence[str], traffic: Sequence[str]) -> Crews:
    """Deal a station's officers into the crews of its pool.

    The crews of one day are three apart; the members of a group stand in crews that are one apart,
    so that each day has one of them.
    """
    others = (*case, *traffic)
    count = _LARGE if len(groups) * GROUP + len(others) >= _LARGE else _LARGE // 2
    crews: list[list[str]] = [[] for _ in range(count)]
    for n, group in enumerate(groups):
        for member, number in enumerate(group):
            crews[(member + GROUP * n) % count].append(number)
    for number in others:
        min(crews, key=len).append(number)
    return tuple(tuple(crew) for crew in crews)


def _pool_cycle(crews: int) -> Cycle:
    """Return a cycle in which so many crews keep watch around the clock, each day four of them (or
    two, where there are but six)."""
    slots = _HALVES if crews == _LARGE // 2 else _QUARTERS
    apart = crews // len(slots)
    return tuple(_hours(slots[day // apart]) if day % apart == 0 else () for day in range(crews))


def _thirds(numbers: Sequence[str], pool: Crews) -> Crews:
    """Return officers by the day of three on which the pool has them."""
    turn = {number: n % GROUP for n, crew in enumerate(pool) for number in crew}
    thirds = (tuple(each for each in numbers if turn[each] == n) for n in range(GROUP))
    return tuple(third for third in thirds if third)  # two officers have no third


def _dealt(numbers: Sequence[str], count: int) -> Crews:
    return tuple(tuple(numbers[n::count]) for n in range(count))


def _watch(
    unit: str, name: str, duty: str, numbers: Sequence[str], post: str | None = None
) -> PatternDraft:
    """Return a watch of a whole day in turn, from half past eight to half past eight."""
    cycle = (_WHOLE_DAY, *((),) * (len(numbers) - 1))
    return _plan(unit, name, duty, cycle, tuple((each,) for each in numbers), post=post)


def _plan(
    unit: str,
    name: str,
    duty: str,
    cycle: Cycle,
    crews: Crews,
    *,
    on_days: str = "every",
    post: str | None = None,
) -> PatternDraft:
    return PatternDraft(name, unit, duty, Pattern(cycle, crews, STARTS_ON, on_days=on_days), post)
