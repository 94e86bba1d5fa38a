"""What officers carry: counted, in the order of their numbers, and every look kept."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from gridserver.access.rules import Principal
from gridserver.audit.models import AuditEntry
from gridserver.base.errors import Forbidden, Invalid
from gridserver.dispatch.tables import service
from gridserver.dispatch.tables.changes import Change
from gridserver.force.models import Absence, Ownership, Shift
from gridserver.indicators import load, unowned
from tests.conftest import MORNING
from tests.rooms.called import NORTH, NW, SOUTH, SW, add_call

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
PERIOD = (MORNING - DAY, MORNING + DAY)
FIRST, SECOND = "330824001", "330824002"


@pytest.fixture
def command(county) -> Principal:
    return county.principal("command")


def of(session, actor, number=FIRST, period=PERIOD, **asked):
    found = load.officers(session, actor, *period, **asked)
    return next(each for each in found if each.service_number == number)


def test_tasks_signed_and_at_work(session, county, command):
    for hours, way in (
        (1, {"signed": 60}),
        (2, {"signed": 60, "departed": 90, "arrived": 120, "reported": 180}),
        (3, {"signed": 60, "closed": 99}),
        (25, {"signed": 60}),
        (4, {}),
    ):
        add_call(session, county, MORNING - hours * HOUR, way)
    found = of(session, command)
    assert (found.signed, found.open) == (3, 2)
    for figure, count in (("signed", 3), ("open", 2)):
        total, rows = load.rows(session, command, FIRST, figure, *PERIOD, limit=9)
        assert total == len(rows) == count


def test_hours_on_duty_up_to_now_each_once_and_not_while_away(session, county, command):
    officer = county.officers[FIRST]
    session.add(  # within the shift that the county gives everybody
        Shift(
            officer_id=officer,
            unit_id=county.units[SOUTH],
            duty="pool",
            during=Range(MORNING - 5 * HOUR, MORNING + 5 * HOUR),
        )
    )
    session.add(
        Absence(
            officer_id=officer, reason="leave", during=Range(MORNING - 3 * HOUR, MORNING - HOUR)
        )
    )
    session.flush()
    assert of(session, command).hours == pytest.approx(22)
    assert of(session, command, SECOND).hours == pytest.approx(24)
    assert of(session, command, period=(MORNING + HOUR, MORNING + DAY)).hours == 0


def test_by_service_number_unless_the_bureau_ranks(session, county, command):
    add_call(session, county, MORNING - HOUR, {"signed": 60}, officer=SECOND)
    numbers = [each.service_number for each in load.officers(session, command, *PERIOD)]
    assert numbers == sorted(numbers)
    with pytest.raises(Forbidden) as refusal:
        load.officers(session, command, *PERIOD, order="signed")
    assert refusal.value.code == "figures.no_ranking"
    change = Change("parameter", {"name": "officers_ranked"}, {"value": "on"})
    service.change(session, county.principal("admin"), [change], why="局务会决定")
    ranked = load.officers(session, command, *PERIOD, order="signed")
    assert [each.service_number for each in ranked][:2] == [SECOND, FIRST]


def test_a_room_sees_its_own_officers_only(session, county):
    room = county.principal(f"room-{SOUTH}")
    assert {each.unit for each in load.officers(session, room, *PERIOD)} == {SOUTH}
    with pytest.raises(Forbidden):
        load.officers(session, room, *PERIOD, station=NORTH)
    with pytest.raises(Forbidden):
        load.rows(session, room, "330824005", "signed", *PERIOD, limit=9)
    with pytest.raises(Forbidden):
        load.officers(session, county.principal(FIRST), *PERIOD)


def test_officers_see_their_own(session, county, command):
    add_call(session, county, MORNING - HOUR, {"signed": 60})
    assert load.own(session, county.principal(FIRST), *PERIOD) == of(session, command)
    with pytest.raises(Forbidden):
        load.own(session, command, *PERIOD)


def test_every_look_at_officers_is_kept(session, county, command):
    load.officers(session, command, *PERIOD, station=SOUTH)
    load.rows(session, command, FIRST, "signed", *PERIOD, limit=9)
    kept = session.execute(
        select(AuditEntry.tag, AuditEntry.subject_id)
        .where(AuditEntry.tag.startswith("figures:"))
        .order_by(AuditEntry.id)
    ).all()
    assert kept == [("figures:load", SOUTH), ("figures:officer", FIRST)]


def test_what_can_not_be_asked(session, county, command):
    with pytest.raises(Invalid):
        load.officers(session, command, MORNING, MORNING)
    with pytest.raises(Invalid):
        load.rows(session, command, "nobody", "signed", *PERIOD, limit=9)


# --- cells without an owner


def end(session, county, cell, at):
    row = session.query(Ownership).filter_by(cell_code=cell, role="primary").one()
    row.valid = Range(row.valid.lower, at)
    session.flush()
    return row.officer_id


def test_cells_without_an_owner_now_and_ahead(session, county, command):
    assert unowned.cells(session, command)[1] == []
    end(session, county, NW, MORNING - HOUR)
    officer = end(session, county, SW, MORNING + 3 * DAY)
    session.add(
        Ownership(
            cell_code=SW, officer_id=officer, role="primary", valid=Range(MORNING + 5 * DAY, None)
        )
    )
    session.flush()
    at, found = unowned.cells(session, command)
    assert at == MORNING
    assert [(c.code, c.station, c.since, c.until) for c in found] == [
        (NW, NORTH, MORNING, None),
        (SW, SOUTH, MORNING + 3 * DAY, MORNING + 5 * DAY),
    ]
    assert [c.code for c in unowned.cells(session, county.principal(f"room-{SOUTH}"))[1]] == [SW]
    assert [c.code for c in unowned.cells(session, command, NORTH)[1]] == [NW]
    with pytest.raises(Forbidden):
        unowned.cells(session, county.principal(f"room-{SOUTH}"), NORTH)
