"""Patterns of duty: who serves when, whatever the clocks do. And the days of China's calendar."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridserver.base.errors import Invalid
from gridserver.force import holidays, pattern
from gridserver.force.calendar import Day, by_weekday
from gridserver.force.pattern import Hours, Pattern, Stretch

SHANGHAI, CHICAGO = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Chicago")
MONDAY = dt.date(2026, 3, 9)


def at(hour: int, minute: int = 0) -> dt.time:
    return dt.time(hour, minute)


def span(start: int, end: int) -> Hours:
    return Hours(at(start), at(end % 24))


#: 集约值班: four shifts around the clock, four crews of two.
POOL = Pattern(
    cycle=((span(0, 6),), (span(6, 12),), (span(12, 18),), (span(18, 24),)),
    crews=(("1", "2"), ("3", "4"), ("5", "6"), ("7", "8")),
    starts_on=MONDAY,
)
#: Nights in turn: one of three each night, from the evening to the morning.
NIGHTS = Pattern(
    cycle=((Hours(at(17, 30), at(8, 30)),), (), ()),
    crews=(("1",), ("2",), ("3",)),
    starts_on=MONDAY,
)


def never(_: dt.date) -> bool:
    raise AssertionError("the calendar isn't asked")


def made(turns: Pattern, first: dt.date, last: dt.date, zone: ZoneInfo = SHANGHAI) -> list[Stretch]:
    return list(pattern.stretches(turns, first, last, zone, never))


class TestStretches:
    def test_four_crews_keep_watch_around_the_clock(self) -> None:
        stretches = sorted(made(POOL, MONDAY, MONDAY + dt.timedelta(days=27)))
        serving = defaultdict(set)
        for stretch in stretches:
            serving[stretch.start, stretch.end].add(stretch.officer)
        turns = sorted(serving)
        assert turns[0][0] == dt.datetime(2026, 3, 8, 16, tzinfo=dt.UTC)
        assert all(former[1] == later[0] for former, later in pairwise(turns))
        assert turns[-1][1] - turns[0][0] == dt.timedelta(days=28)
        assert Counter(map(frozenset, serving.values())) == {
            frozenset(crew): 28 for crew in POOL.crews
        }

    def test_the_first_crew_has_the_cycles_first_day_and_each_next_one_is_a_step_on(self) -> None:
        first = {s.officer: s.start.astimezone(SHANGHAI).hour for s in made(POOL, MONDAY, MONDAY)}
        assert first == {"1": 0, "2": 0, "3": 6, "4": 6, "5": 12, "6": 12, "7": 18, "8": 18}
        together = made(replace(POOL, crew_step=0), MONDAY, MONDAY)
        assert {s.start.astimezone(SHANGHAI).hour for s in together} == {0}

    def test_a_night_ends_on_the_next_day(self) -> None:
        nights = made(NIGHTS, MONDAY, MONDAY + dt.timedelta(days=2))
        assert [n.officer for n in nights] == ["1", "3", "2"]
        assert nights[0].end - nights[0].start == dt.timedelta(hours=15)
        assert nights[0].end.astimezone(SHANGHAI).date() == MONDAY + dt.timedelta(days=1)

    def test_nothing_is_made_before_it_starts(self) -> None:
        assert made(POOL, MONDAY - dt.timedelta(days=9), MONDAY - dt.timedelta(days=1)) == []

    def test_asks_the_calendar_for_working_and_resting_days(self) -> None:
        def is_working(date: dt.date) -> bool:
            return date.day != 10

        days = {
            on_days: {
                stretch.start.astimezone(SHANGHAI).day
                for stretch in pattern.stretches(
                    replace(POOL, on_days=on_days),
                    MONDAY,
                    MONDAY + dt.timedelta(days=2),
                    SHANGHAI,
                    is_working,
                )
            }
            for on_days in ("every", "working", "resting")
        }
        assert days == {"every": {9, 10, 11}, "working": {9, 11}, "resting": {10}}

    @pytest.mark.parametrize(
        ("date", "length"),
        [
            (dt.date(2026, 3, 8), 5),  # put forward at 2: an hour less
            (dt.date(2026, 11, 1), 7),  # put back at 2: an hour more
            (dt.date(2026, 3, 9), 6),
        ],
    )
    def test_a_stretch_is_as_long_as_the_clocks_make_it(self, date: dt.date, length: int) -> None:
        start, end = pattern.interval(date, span(0, 6), CHICAGO)
        assert end - start == dt.timedelta(hours=length)

    def test_a_stretch_in_the_hour_that_is_skipped_does_not_exist(self) -> None:
        turns = replace(POOL, cycle=((span(2, 3),),), crews=(("1",),))
        spring = dt.date(2026, 3, 8)
        turns = replace(turns, starts_on=spring)
        assert made(turns, spring, spring, CHICAGO) == []
        assert len(made(turns, spring, spring, SHANGHAI)) == 1

    @given(
        first=st.dates(dt.date(2020, 1, 1), dt.date(2035, 1, 1)),
        cuts=st.sets(st.integers(0, 23), min_size=2, max_size=6),
        zone=st.sampled_from(
            [SHANGHAI, CHICAGO, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")]
        ),
    )
    def test_hours_that_fill_the_day_leave_no_minute_out(
        self, first: dt.date, cuts: set[int], zone: ZoneInfo
    ) -> None:
        bounds = sorted(cuts)
        hours = tuple(span(a, b) for a, b in pairwise([*bounds, bounds[0]]))
        turns = Pattern((hours,), (("1",),), first)
        stretches = sorted(made(turns, first, first + dt.timedelta(days=6), zone))
        assert all(former.end == later.start for former, later in pairwise(stretches))
        days = stretches[-1].end.astimezone(zone) - stretches[0].start.astimezone(zone)
        assert days == dt.timedelta(days=7)


class TestCheck:
    def test_good_patterns_pass(self) -> None:
        for turns in (POOL, NIGHTS):
            pattern.check(turns)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"cycle": ()}, "cycle"),
            ({"cycle": ((),) * 57}, "cycle"),
            ({"cycle": ((span(0, 1), span(0, 1)),)}, "cycle"),
            ({"cycle": ((span(8, 18), span(17, 20)),)}, "cycle"),
            ({"cycle": ((Hours(at(17), at(9)),),)}, None),
            ({"cycle": ((Hours(at(17), at(9)), span(8, 12)),)}, "cycle"),
            ({"cycle": ((Hours(at(0), at(0)),), (span(0, 6),))}, None),
            ({"cycle": ((), (Hours(at(20), at(8)),)), "crew_step": -1}, "crew_step"),
            ({"cycle": ((span(6, 8),), (Hours(at(20), at(7)),))}, "cycle"),
            ({"cycle": tuple((span(n, n + 1),) for n in range(7)) * 9}, "cycle"),
            ({"crews": ()}, "crews"),
            ({"crews": (("1",), ())}, "crews"),
            ({"crews": (("1",), ("1",))}, "crews"),
            ({"on_days": "sundays"}, "on_days"),
        ],
    )
    def test_refuses_what_nobody_could_keep(
        self, change: dict[str, object], field: str | None
    ) -> None:
        turns = replace(POOL, **change)
        if field is None:
            pattern.check(turns)
            return
        with pytest.raises(Invalid) as refusal:
            pattern.check(turns)
        assert (refusal.value.code, refusal.value.field) == ("pattern.bad", field)


class TestHolidays:
    def test_knows_the_holidays_and_the_days_shifted_for_them(self) -> None:
        days = {day.date: day for day in holidays.of_year(2026) or ()}
        assert days[dt.date(2026, 2, 17)] == Day(
            dt.date(2026, 2, 17), "holiday", "春节", "Spring Festival", "library"
        )
        worked = days[dt.date(2026, 2, 14)]
        assert (worked.kind, worked.name_zh, worked.is_working) == ("working", "春节", True)
        assert dt.date(2026, 3, 7) not in days

    def test_says_where_it_knows_nothing(self) -> None:
        assert holidays.of_year(2100) is None

    def test_else_the_weekday_speaks(self) -> None:
        kinds = [by_weekday(MONDAY + dt.timedelta(days=n)).kind for n in range(7)]
        assert kinds == ["working"] * 5 + ["rest"] * 2
