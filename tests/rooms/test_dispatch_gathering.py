"""The facts of a decision as the rooms below know them, and what is decided on them."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock
from gridserver.delivery import service as delivery
from gridserver.dispatch.models import Decision
from gridserver.dispatch.tables import mobilising
from gridserver.dispatch.tables import service as tables
from gridserver.dispatch.tables.changes import Change
from gridserver.force.models import Absence, CalendarDay, Shift
from gridserver.grids import service as grids
from tests.conftest import MORNING
from tests.county import SIDE, SOUTH, WEST, County, add_teams, centre
from tests.rooms.dispatching import (
    BACKUP,
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    a_report,
    minutes,
    take,
)
from tests.rooms.redrawing import SE, SW, draft, with_boundary_at

GROUP, TEAM_LEADER, CASE, POOL, LEADER = (f"33082410{n}" for n in range(1, 6))
NIGHT = MORNING.replace(hour=23)
NORTH_PRIMARY = "330824005"


@pytest.fixture(autouse=True)
def teams(session: Session, county: County) -> None:
    add_teams(session, county)


def told(session: Session, county: County, **fields: object) -> list[tuple[str, str]]:
    """Return the ladder of a new report in the south-western cell."""
    dossier = take(session, county, a_report(**fields))
    return [(step.kind, step.who.username) for step in dossier.steps]


def end_shifts(session: Session, county: County, *numbers: str) -> None:
    ids = [county.officers[number] for number in numbers]
    for shift in session.scalars(select(Shift).where(Shift.officer_id.in_(ids))):
        session.delete(shift)
    session.flush()


ROOMS = [("station_room", STATION_ROOM), ("bureau_room", BUREAU_ROOM)]


def test_by_day_the_cells_officers_their_group_and_its_leader(
    session: Session, county: County
) -> None:
    during = Range(MORNING, MORNING + minutes(600))
    leader = county.officers[TEAM_LEADER]
    station = county.units["33082401"]
    session.add(Shift(officer_id=leader, unit_id=station, duty="community", during=during))
    session.flush()
    assert told(session, county) == [
        ("primary", PRIMARY),
        ("backup", BACKUP),
        ("group", GROUP),
        ("team_leader", TEAM_LEADER),
        *ROOMS,
    ]


def test_by_day_a_case_is_the_case_teams(session: Session, county: County) -> None:
    assert told(session, county, category="criminal") == [
        ("case_team", CASE),
        ("duty_leader", LEADER),
        *ROOMS,
    ]


def test_at_night_the_duty_group_and_the_leader_on_duty(
    session: Session, county: County, clock: SetClock
) -> None:
    clock.set(NIGHT)
    expected = [("duty_group", POOL), ("duty_leader", LEADER), *ROOMS]
    assert told(session, county) == expected
    assert told(session, county, category="criminal") == expected


def test_a_holiday_is_pooled_whatever_the_weekday(session: Session, county: County) -> None:
    session.merge(
        CalendarDay(
            date=MORNING.date(), kind="holiday", name_zh="春节", name_en="New Year", source="bureau"
        )
    )
    session.flush()
    dossier = take(session, county)
    assert dossier.decision.hours == "pooled"
    (note,) = [n for n in dossier.decision.notes if n.code == "when.holiday"]
    assert note.params["day_name"] == {"zh-CN": "春节", "en": "New Year"}


def test_the_mode_of_the_station_chooses_the_route(session: Session, county: County) -> None:
    """The northern station has two rooms and no case team."""
    dossier = take(session, county, a_report(centre(0, 1), category="criminal"))
    assert dossier.decision.route == "community"
    assert dossier.facts.norms.route.decided_by == "mode"
    assert dossier.steps[0].who.username == NORTH_PRIMARY


def test_who_stands_in_for_an_absent_officer(session: Session, county: County) -> None:
    session.add(
        Absence(
            officer_id=county.officers[PRIMARY],
            reason="training",
            stand_in_id=county.officers[CASE],
            during=Range(MORNING - minutes(60), MORNING + minutes(60)),
        )
    )
    session.flush()
    first = take(session, county).steps[0]
    assert (first.kind, first.who.username) == ("primary", CASE)
    assert first.because.params["stands_in_for"] == PRIMARY


@pytest.mark.parametrize(("silent", "first"), [(14, PRIMARY), (16, BACKUP)])
def test_whose_devices_are_silent_for_too_long_is_passed_over(
    session: Session, county: County, silent: int, first: str
) -> None:
    delivery.record_contacts(session, {county.accounts[PRIMARY]: MORNING - minutes(silent)})
    step = take(session, county).steps[0]
    assert step.who.username == first
    passed_over = [person.username for person in step.passed_over]
    assert passed_over == ([PRIMARY] if first == BACKUP else [])


def test_mobilised_all_are_told_at_once_in_half_the_time(session: Session, county: County) -> None:
    mobilising.order(session, county.principal("command"), "330824", why="防汛")
    dossier = take(session, county, a_report(priority=1))
    assert {(s.tell, s.sign_within_s) for s in dossier.steps} == {("at_once", 30)}
    assert dossier.steps[0].who.username == POOL
    assert dossier.decision.notes[-1].code == "mode.mobilised"


def test_nobody_of_the_route_leaves_it_to_the_cells_officers(
    session: Session, county: County
) -> None:
    end_shifts(session, county, CASE, LEADER)
    dossier = take(session, county, a_report(category="criminal"))
    assert dossier.steps[0].because.code == "primary.fallback"
    assert [step.who.username for step in dossier.steps[:3]] == [PRIMARY, BACKUP, GROUP]


def test_a_grid_published_between_the_report_and_its_late_arrival(
    session: Session, county: County, clock: SetClock
) -> None:
    """The grid is the one of the report; duty is that of the arrival."""
    there = (WEST + SIDE * 0.75, SOUTH + SIDE * 0.5)
    clock.advance(minutes(10))
    draft(session, "v2", with_boundary_at(0.6))
    grids.publish(session, None, "v2")
    clock.set(NIGHT)
    late = take(session, county, a_report(there, reported_at=MORNING))
    fresh = take(session, county, a_report(there))
    assert (late.facts.place.cell, late.facts.place.grid_version) == (SW, "v1")
    assert (fresh.facts.place.cell, fresh.facts.place.grid_version) == (SE, "v2")
    for dossier in (late, fresh):
        assert dossier.facts.when.local == NIGHT
        assert dossier.steps[0].who.username == POOL


def test_a_changed_table_decides_from_its_moment_on(
    session: Session, county: County, clock: SetClock
) -> None:
    key = {"scope": "33082401", "category": "dispute"}
    moved = Change("route", key, {"kind": "command", "unit": None, "agency": None})
    since = MORNING + dt.timedelta(hours=1)
    tables.change(session, None, [moved], why="trial", since=since)
    assert take(session, county).decision.route == "community"
    clock.set(since)
    dossier = take(session, county)
    assert dossier.decision.route == "command"
    assert [step.who.username for step in dossier.steps] == [STATION_ROOM, BUREAU_ROOM]


def test_what_is_said_of_persons_plays_no_part(session: Session, county: County) -> None:
    """Two reports that differ in all that names persons are decided on the same facts."""
    plain = take(session, county, a_report())
    named = take(
        session,
        county,
        a_report(
            source="somebody of note",
            external_id="a name",
            description="张某，某地人，曾上访",
            address="张某家",
        ),
    )
    assert named.facts == plain.facts
    assert named.decision == plain.decision
    stored = session.scalars(select(Decision.facts)).all()
    assert all("张某" not in str(facts) and "somebody" not in str(facts) for facts in stored)
