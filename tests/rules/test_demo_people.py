"""The demo county's made-up force: complete, sound, and always somebody on duty. No database."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter, defaultdict
from random import Random
from zoneinfo import ZoneInfo

import pytest

from gridserver.demo import people, play, rosters, units
from gridserver.demo.county import DemoCell, read_cells
from gridserver.demo.people import Crew
from gridserver.force import merging, pattern
from gridserver.force.calendar import by_weekday
from gridserver.force.pattern import Stretch
from gridserver.force.patterns import PatternDraft
from gridserver.force.tables import OwnershipRow, Tables

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = dt.date(2026, 3, 10)
SINCE = dt.datetime(2026, 2, 1, tzinfo=ZONE)
HOUR = dt.timedelta(hours=1)
#: The rosters' first moment, and the end of the last day on which a shift begins.
BEGINS = dt.datetime.combine(rosters.first_day(TODAY), dt.time(), ZONE)
ENDS = dt.datetime.combine(TODAY + dt.timedelta(days=rosters.DAYS_AFTER + 1), dt.time(), ZONE)

Served = list[tuple[PatternDraft, Stretch]]


def is_working(date: dt.date) -> bool:
    return by_weekday(date).is_working


@pytest.fixture(scope="module")
def cells() -> list[DemoCell]:
    return read_cells()


@pytest.fixture(scope="module")
def crews() -> list[Crew]:
    return people.crews(units.posts(units.read_stations()))


@pytest.fixture(scope="module")
def owned(cells: list[DemoCell], crews: list[Crew]) -> list[OwnershipRow]:
    return list(people.ownership(units.read_stations(), cells, crews, SINCE))


@pytest.fixture(scope="module")
def tables(cells: list[DemoCell], crews: list[Crew], owned: list[OwnershipRow]) -> Tables:
    stations = units.read_stations()
    officers = [member for crew in crews for member in crew.members]
    return Tables(
        units=units.unit_rows(stations),
        officers=(*officers, *people.auxiliaries(stations, cells)),
        ownership=tuple(owned),
        absences=tuple(rosters.absences(crews, TODAY, ZONE)),
        leaders=tuple(rosters.leaders(crews, SINCE)),
        posts=rosters.posts(stations),
    )


@pytest.fixture(scope="module")
def plans(crews: list[Crew]) -> list[PatternDraft]:
    return rosters.plans(crews)


@pytest.fixture(scope="module")
def served(plans: list[PatternDraft]) -> Served:
    return [
        (plan, stretch)
        for plan in plans
        for stretch in rosters.shifts(plan, TODAY, ZONE, is_working)
    ]


def test_an_import_finds_no_fault(tables: Tables) -> None:
    assert merging.check(Tables(), tables) == []


def test_the_county_has_its_numbers(tables: Tables) -> None:
    kinds = Counter(unit.kind for unit in tables.units)
    assert (kinds["bureau"], kinds["station"]) == (1, 9)
    modes = Counter(unit.mode for unit in tables.units if unit.kind == "station")
    assert modes == {"two_teams_one_room": 3, "two_rooms_many_areas": 6}
    numbers = [o.service_number for o in tables.officers if o.kind == "officer"]
    assert numbers == [str(330824001 + n) for n in range(331)]
    auxiliaries = [o.service_number for o in tables.officers if o.kind == "auxiliary"]
    assert auxiliaries == [f"F330824{n:03}" for n in range(1, people.AUXILIARIES + 1)]


def test_nobody_has_a_made_up_name(tables: Tables) -> None:
    for officer in tables.officers:
        assert officer.name == f"{officer.service_number} {officer.rank or '辅警'}"


def test_large_stations_keep_the_norm_of_community_officers(crews: list[Crew]) -> None:
    strength: dict[str, Counter[str]] = defaultdict(Counter)
    for crew in crews:
        strength[crew.post.unit[:8]][crew.post.function] += len(crew.members)
    large = 0
    for station in units.read_stations():
        counts = strength[station.code]
        if counts.total() >= 25:
            large += 1
            assert counts["community"] >= 0.4 * counts.total()
            assert station.mode == "two_teams_one_room"
    assert large == 3


def test_every_cell_has_a_primary_and_a_backup_of_one_group(
    cells: list[DemoCell], crews: list[Crew], owned: list[OwnershipRow]
) -> None:
    group_of = {number: crew.post.unit for crew in crews for number in crew.numbers}
    roles: dict[str, dict[str, str]] = defaultdict(dict)
    for row in owned:
        roles[row.cell][row.role] = row.service_number
    assert set(roles) == {cell.code for cell in cells}
    for cell in cells:
        primary, backup = roles[cell.code]["primary"], roles[cell.code]["backup"]
        assert primary != backup
        assert group_of[primary] == group_of[backup]
        assert group_of[primary].startswith(cell.station)


def test_every_officer_of_a_group_owns_a_cell(crews: list[Crew], owned: list[OwnershipRow]) -> None:
    primaries = {row.service_number for row in owned if row.role == "primary"}
    of_groups = {n for crew in crews if crew.post.function == "community" for n in crew.numbers}
    assert primaries == of_groups


class TestRosters:
    STATIONS = tuple(station.code for station in units.read_stations())

    def test_every_pattern_can_be_kept_and_is_the_units_own(
        self, crews: list[Crew], plans: list[PatternDraft], tables: Tables
    ) -> None:
        unit_of = {number: crew.post.unit for crew in crews for number in crew.numbers}
        known = {unit.code for unit in tables.units}
        for plan in plans:
            pattern.check(plan.turns)
            assert plan.unit in known
            members = {number for crew in plan.turns.crews for number in crew}
            assert all(unit_of[number].startswith(plan.unit) for number in members)
        assert len({(plan.unit, plan.name) for plan in plans}) == len(plans)

    def test_everybody_has_duty(self, crews: list[Crew], served: Served) -> None:
        on_a_roster = {stretch.officer for _, stretch in served}
        assert on_a_roster == {number for crew in crews for number in crew.numbers}

    @pytest.mark.parametrize(
        ("duty", "serving"),
        [
            ("pool", STATIONS),
            ("leader", (*STATIONS, "330824")),
            ("room", (*STATIONS, "330824")),
            ("specialist", ("330824-CRIMINAL", "330824-PATROL")),
            ("traffic", ("330824-TRAFFIC",)),
            ("post", ("330824-PATROL",)),
        ],
    )
    def test_these_are_kept_around_the_clock(
        self, served: Served, duty: str, serving: tuple[str, ...]
    ) -> None:
        for unit in serving:
            mine = sorted(s for plan, s in served if (plan.unit, plan.duty) == (unit, duty))
            covered = mine[0].end
            for stretch in mine:
                assert stretch.start <= covered
                covered = max(covered, stretch.end)
            assert mine[0].start < BEGINS + dt.timedelta(hours=9)
            assert covered >= ENDS

    def test_the_pool_turns_in_quarters_and_takes_one_of_each_group(
        self, crews: list[Crew], served: Served
    ) -> None:
        group_of = {
            number: crew.post.unit
            for crew in crews
            if crew.post.function == "community"
            for number in crew.numbers
        }
        for station in units.read_stations():
            pool = [s for plan, s in served if (plan.unit, plan.duty) == (station.code, "pool")]
            is_small = units.STRENGTH[station.code].groups == 2
            assert {s.end - s.start for s in pool} == {12 * HOUR if is_small else 6 * HOUR}
            days: dict[dt.date, Counter[str]] = defaultdict(Counter)
            for stretch in pool:
                if stretch.officer in group_of:
                    day = stretch.start.astimezone(ZONE).date()
                    days[day][group_of[stretch.officer]] += 1
            groups = units.group_codes(station)
            assert all(counts == dict.fromkeys(groups, 1) for counts in days.values())

    def test_on_a_working_day_every_cell_has_an_owner_on_community_duty(
        self, owned: list[OwnershipRow], served: Served
    ) -> None:
        owners = defaultdict(set)
        for row in owned:
            owners[row.cell].add(row.service_number)
        community = [stretch for plan, stretch in served if plan.duty == "community"]
        for offset in range(-rosters.DAYS_BEFORE, rosters.DAYS_AFTER):
            date = TODAY + dt.timedelta(days=offset)
            noon = dt.datetime.combine(date, dt.time(12), ZONE)
            serving = {s.officer for s in community if s.start <= noon < s.end}
            assert serving
            if is_working(date):
                assert all(who & serving for who in owners.values())

    def test_every_team_and_area_has_a_leader(self, tables: Tables) -> None:
        led = {row.unit for row in tables.leaders}
        for station in units.read_stations():
            assert station.code in led
            for group in units.group_codes(station):
                assert {group, group.rpartition("-")[0]} & led

    def test_the_watched_posts_have_their_watch(
        self, tables: Tables, plans: list[PatternDraft]
    ) -> None:
        watched = {post.code for post in tables.posts if post.watched}
        assert watched == {plan.post for plan in plans if plan.post}


def test_the_same_day_gives_the_same_county(crews: list[Crew], tables: Tables) -> None:
    assert crews == people.crews(units.posts(units.read_stations()))
    assert tables.absences == tuple(rosters.absences(crews, TODAY, ZONE))


def test_the_first_group_takes_no_leave(crews: list[Crew], tables: Tables) -> None:
    away = {row.service_number for row in tables.absences}
    assert 40 < len(away) < 160
    assert not away & set(crews[0].numbers)


class TestDrive:
    START, END = (118.30, 29.00), (118.40, 29.10)

    def test_ends_where_it_should(self) -> None:
        places = list(play.path(Random(1), self.START, self.END, 20))
        assert len(places) == 20
        assert places[-1] == self.END

    def test_winds_but_not_far_and_does_not_jump(self) -> None:
        whole = play.distance_m(self.START, self.END)
        places = [self.START, *play.path(Random(1), self.START, self.END, 50)]
        legs = [play.distance_m(a, b) for a, b in itertools.pairwise(places)]
        assert whole < sum(legs) < 1.6 * whole
        assert max(legs) < 4 * whole / 50

    def test_starts_within_some_kilometres(self) -> None:
        for seed in range(50):
            assert 1_000 < play.distance_m(play.near(Random(seed), self.END), self.END) < 6_500
