"""Mobilisation: by whom, of what, for how long; and what the command rooms hear of it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from gridserver.audit.models import AuditEntry
from gridserver.base.errors import Conflict, Forbidden, GridserverError, NotFound
from gridserver.dispatch.tables import mobilising, orders, queries
from gridserver.dispatch.tables.book import mode_of
from tests.conftest import MORNING
from tests.rooms.dispatching import feed

BUREAU, STATION, OTHER = "330824", "33082401", "33082402"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def order(session, county):
    """Mobilise a unit as its own command room, or the bureau's."""

    def give(unit=STATION, who=None, **fields):
        who = who or ("command" if unit == BUREAU else f"room-{unit}")
        fields = {"why": "防汛"} | fields
        return mobilising.order(session, county.principal(who), unit, **fields)

    return give


def mode(session, station=STATION, at=MORNING):
    return mode_of(queries.book(session), at, station)


def test_a_station_is_mobilised_until_further_notice(session, order):
    given = order(ordered_by="值班所长")
    assert (given.state, given.valid_from, given.valid_to) == ("in_force", MORNING, None)
    found = mode(session)
    assert (found.name, found.unit, found.unit_name) == ("mobilised", STATION, "南所")
    assert (found.ordered_by, found.why, found.since) == ("值班所长", "防汛", MORNING)
    assert mode(session, OTHER).name == "normal"
    assert queries.norms(queries.book(session), MORNING, "dispute", STATION).sign_within_s(3) == 150


def test_who_enters_an_order_gave_it_unless_it_says_otherwise(order):
    assert order().ordered_by == f"room-{STATION}"


def test_a_mobilised_bureau_mobilises_its_stations(session, order):
    order(BUREAU, until=MORNING + HOUR)
    assert mode(session).unit == BUREAU
    assert mode(session, at=MORNING + HOUR).name == "normal"


def test_a_planned_order_begins_by_itself(session, order, clock):
    assert order(since=MORNING + HOUR).state == "planned"
    assert mode(session).name == "normal"
    clock.advance(HOUR)
    assert mode(session, at=clock.now()).name == "mobilised"
    assert orders.orders(session, is_open=True, limit=9)[0].state == "in_force"


def test_an_order_is_ended_early(session, county, order, clock):
    given = order(until=MORNING + 9 * HOUR)
    clock.advance(HOUR)
    ended = mobilising.end(session, county.principal("command"), given.id)
    assert (ended.state, ended.valid_to) == ("over", clock.now())
    assert ended.ended_by is not None and ended.ended_by.username == "command"
    assert mode(session, at=clock.now()).name == "normal"
    assert mode(session).name == "mobilised"
    assert orders.orders(session, is_open=True, limit=9) == []
    assert [each.id for each in orders.orders(session, is_open=False, limit=9)] == [given.id]


def test_an_order_ended_before_it_began_never_was(session, county, order):
    given = order(since=MORNING + HOUR)
    assert mobilising.end(session, county.principal("admin"), given.id).state == "cancelled"
    assert mode(session, at=MORNING + HOUR).name == "normal"
    order(since=MORNING + HOUR)


def test_what_is_over_is_not_ended_again(session, county, order, clock):
    first, second = order(), order(OTHER, until=MORNING + HOUR)
    clock.advance(HOUR)
    mobilising.end(session, county.principal("command"), first.id)
    for given in (first, second):
        with pytest.raises(Conflict) as refusal:
            mobilising.end(session, county.principal("command"), given.id)
        assert refusal.value.code == "mobilisation.over"
    with pytest.raises(NotFound):
        mobilising.end(session, county.principal("command"), 10**9)


@pytest.mark.parametrize(
    ("who", "unit"),
    [
        (f"room-{STATION}", OTHER),
        (f"room-{STATION}", BUREAU),
        ("330824001", STATION),
        ("gis", BUREAU),
        ("auditor", BUREAU),
    ],
)
def test_only_the_room_or_admin_of_the_unit_mobilises_it(session, county, order, who, unit):
    with pytest.raises(Forbidden):
        order(unit, who=who)
    given = order(unit)
    with pytest.raises(Forbidden):
        mobilising.end(session, county.principal(who), given.id)


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"since": MORNING - HOUR}, "mobilisation.time", "from"),
        ({"until": MORNING}, "mobilisation.time", "to"),
        ({"since": MORNING + 2 * HOUR, "until": MORNING + HOUR}, "mobilisation.time", "to"),
        ({"why": " "}, "input.length", "why"),
        ({"unit": "nowhere", "who": "command"}, "unit.unknown", "unit"),
    ],
)
def test_what_makes_no_sense_is_refused(order, fields, code, field):
    with pytest.raises(GridserverError) as refusal:
        order(**fields)
    assert (refusal.value.code, refusal.value.field) == (code, field)


def test_a_unit_is_mobilised_once_at_a_time(order):
    order(since=MORNING + HOUR, until=MORNING + 2 * HOUR)
    order(until=MORNING + HOUR)
    with pytest.raises(Conflict) as refusal:
        order(since=MORNING + HOUR + HOUR / 2)
    assert refusal.value.code == "mobilisation.overlaps"
    order(since=MORNING + 2 * HOUR)


def test_the_ledger_and_the_command_rooms_hear_of_it(session, county, order):
    given = order(BUREAU)
    mobilising.end(session, county.principal("command"), given.id)
    done = select(AuditEntry).where(AuditEntry.tag.like("mobilisation:%"))
    entries = session.scalars(done.order_by(AuditEntry.id))
    assert [(e.tag, e.subject_id, e.purpose) for e in entries] == [
        ("mobilisation:order", BUREAU, "防汛"),
        ("mobilisation:end", BUREAU, "防汛"),
    ]
    told = [entry for entry in feed(session) if entry.type == "mode.changed"]
    assert [entry.unit_path for entry in told] == 2 * [
        BUREAU,
        f"{BUREAU}.{STATION}",
        f"{BUREAU}.{OTHER}",
    ]
    assert {entry.data["mobilisation"]["state"] for entry in told} == {"in_force", "cancelled"}
