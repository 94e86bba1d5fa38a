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
from gridserver.force import merging
from gridserver.force.tables import OwnershipRow, Tables

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = dt.date(2026, 3, 10)
SINCE = dt.datetime(2026, 2, 1, tzinfo=ZONE)
HOUR = dt.timedelta(hours=1)


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
        rosters=tuple(rosters.shifts(crews, TODAY, ZONE)),
        absences=tuple(rosters.absences(crews, TODAY, ZONE)),
    )


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


def test_somebody_of_every_crew_is_on_duty_at_any_hour(crews: list[Crew], tables: Tables) -> None:
    covered: dict[str, set[int]] = defaultdict(set)
    first = dt.datetime.combine(TODAY - dt.timedelta(days=30), dt.time(), ZONE)
    hours = range((30 + rosters.DAYS_AFTER) * 24)
    for shift in tables.rosters:
        start = -(-(shift.start - first) // HOUR)
        covered[shift.service_number].update(range(start, -(-(shift.end - first) // HOUR)))
    for crew in crews:
        if crew.post.function == "community":
            serving = set().union(*(covered[number] for number in crew.numbers))
            assert serving >= set(hours)


def test_by_day_every_cell_has_an_owner_on_duty(tables: Tables) -> None:
    on_duty: dict[int, set[str]] = defaultdict(set)
    for day in range(-20, rosters.DAYS_AFTER):
        noon = dt.datetime.combine(TODAY + dt.timedelta(days=day), dt.time(12), ZONE)
        on_duty[day] = {s.service_number for s in tables.rosters if s.start <= noon < s.end}
    owners = defaultdict(set)
    for row in tables.ownership:
        owners[row.cell].add(row.service_number)
    for serving in on_duty.values():
        assert all(who & serving for who in owners.values())


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
