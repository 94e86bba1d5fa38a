"""Who is meant by an audience."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access.models import Account, RoleGrant
from gridserver.base.clock import SetClock, now
from gridserver.base.errors import Invalid
from gridserver.force import audiences, units
from gridserver.force.audiences import Audience
from gridserver.force.models import Absence, Shift
from gridserver.force.units import UnitDraft
from tests.county import CELLS, TEAMS, County, add_teams
from tests.rooms.ordering import NORTH, SOUTH

BUREAU, SOUTHERN = "330824", "330824.33082401"
CELL_CODES = [code for code, _ in CELLS.values()]
TEAM, CASE = "330824101", "330824103"


@pytest.fixture
def county(session: Session, county: County) -> County:
    add_teams(session, county)
    units.add_field_unit(session, None, "car-1", UnitDraft("一号车", "patrol_car", "33082401"))
    units.set_crew(session, None, "car-1", ["330824001", "330824103"])
    return county


def meant(session: Session, audience: Audience, path: str = BUREAU) -> list[str]:
    """Return the usernames, in order."""
    found = audiences.members(session, audience, path)
    return sorted(row.username for row in session.execute(found))


def test_everyone_is_who_is_below_the_unit_that_speaks(session: Session, county: County) -> None:
    everyone = Audience(everyone=True)
    south = [*SOUTH, *(f"3308241{n:02}" for n in range(1, 6))]
    assert meant(session, everyone, SOUTHERN) == south
    assert meant(session, everyone) == sorted([*south, *NORTH])


@pytest.mark.parametrize(
    ("audience", "people"),
    [
        (Audience(units=["33082402"]), NORTH),
        (Audience(units=["33082401-S1"]), ["330824001", "330824002", TEAM, "330824102"]),
        (Audience(cells=[CELL_CODES[0]]), SOUTH[:2]),
        (Audience(cells=CELL_CODES[:2]), SOUTH),
        (Audience(field_units=["car-1"]), ["330824001", CASE]),
        (Audience(officers=[CASE]), [CASE]),
        (Audience(cells=CELL_CODES[:1], field_units=["car-1"]), [*SOUTH[:2], CASE]),
    ],
)
def test_a_part_names_people(
    session: Session, county: County, audience: Audience, people: Sequence[str]
) -> None:
    assert meant(session, audience) == sorted(people)


def test_a_unit_whose_code_begins_alike_is_not_below(session: Session, county: County) -> None:
    assert CASE in meant(session, Audience(units=["33082401-C"]))
    assert meant(session, Audience(units=["33082401-S1-1"])) == [*SOUTH[:2], TEAM]


def test_only_who_is_on_duty(session: Session, county: County) -> None:
    away = Range(now(session), now(session) + dt.timedelta(hours=1))
    session.add(Absence(officer_id=county.officers["330824001"], reason="sick", during=away))
    session.execute(sa.delete(Shift).where(Shift.officer_id == county.officers["330824002"]))
    on_duty = Audience(cells=CELL_CODES[:2], on_duty=True)
    assert meant(session, on_duty) == SOUTH[2:]


def test_who_stands_in_for_one_on_duty(session: Session, county: County) -> None:
    """Not for one who is off duty, and not who is away as well."""
    first, second, third, fourth = (county.officers[number] for number in SOUTH[:4])
    away = Range(now(session), now(session) + dt.timedelta(hours=1))
    off_duty = Shift.officer_id.in_((second, third, fourth))
    session.execute(sa.delete(Shift).where(off_duty))
    on_duty = Audience(cells=CELL_CODES[:2], on_duty=True)
    session.add(Absence(officer_id=first, stand_in_id=third, reason="sick", during=away))
    session.add(Absence(officer_id=second, stand_in_id=fourth, reason="sick", during=away))
    session.flush()
    assert meant(session, on_duty) == [SOUTH[2]]
    session.add(Absence(officer_id=third, reason="court", during=away))
    session.flush()
    assert meant(session, on_duty) == []


def test_nobody_without_an_inbox(session: Session, county: County) -> None:
    disabled = sa.update(Account).where(Account.username == "330824001")
    session.execute(disabled.values(disabled_at=now(session)))
    without = RoleGrant.account_id == county.accounts["330824002"]
    session.execute(sa.delete(RoleGrant).where(without))
    assert meant(session, Audience(cells=CELL_CODES[:2])) == SOUTH[2:]


def test_the_owners_of_now(session: Session, county: County, clock: SetClock) -> None:
    clock.advance(dt.timedelta(days=-30))
    assert meant(session, Audience(everyone=True, on_duty=True)) == []
    with pytest.raises(Invalid, match="is not there"):
        meant(session, Audience(cells=CELL_CODES[:1]))


@pytest.mark.parametrize(
    ("audience", "field"),
    [
        (Audience(units=["33082402"]), "units"),
        (Audience(units=["330824"]), "units"),
        (Audience(cells=[CELL_CODES[2]]), "cells"),
        (Audience(cells=["330824009001001"]), "cells"),
        (Audience(field_units=["car-9"]), "field_units"),
        (Audience(officers=["330824005"]), "officers"),
        (Audience(officers=["room-33082401"]), "officers"),
    ],
)
def test_nobody_beyond_the_unit_that_speaks(
    session: Session, county: County, audience: Audience, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        meant(session, audience, SOUTHERN)
    assert (refusal.value.code, refusal.value.field) == ("audience.unknown", f"audience.{field}")


def test_an_audience_of_nothing(session: Session, county: County) -> None:
    with pytest.raises(Invalid) as refusal:
        meant(session, Audience(on_duty=True))
    assert refusal.value.code == "audience.empty"
    with pytest.raises(Invalid) as refusal:
        meant(session, Audience(officers=["330824001"] * 1_001))
    assert refusal.value.code == "audience.too_many"


def test_each_comes_exactly_once_however_they_are_named(session: Session, county: County) -> None:
    codes = ["330824", "33082401", "33082402", *(team[0] for team in TEAMS)]
    officers = sorted(county.officers)
    by_part = {
        **{("units", code): set(meant(session, Audience(units=[code]))) for code in codes},
        **{("cells", code): set(meant(session, Audience(cells=[code]))) for code in CELL_CODES},
        **{("officers", number): {number} for number in officers},
        ("field_units", "car-1"): {"330824001", CASE},
    }

    @settings(max_examples=60)
    @given(st.lists(st.sampled_from(sorted(by_part)), min_size=1, max_size=8))
    def check(parts: list[tuple[str, str]]) -> None:
        named: dict[str, list[str]] = {}
        for kind, name in parts:
            named.setdefault(kind, []).append(name)
        expected = set().union(*(by_part[part] for part in parts))
        assert meant(session, Audience(**named)) == sorted(expected)

    check()
