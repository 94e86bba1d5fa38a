"""Norms read from the database, and kept in memory until a row changes."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import Range

from gridserver.base.errors import Invalid
from gridserver.dispatch.norms import default_norms
from gridserver.dispatch.tables import queries as tables
from gridserver.dispatch.tables.book import mode_of
from gridserver.dispatch.tables.models import Mobilisation, RouteRow
from gridserver.incidents.categories import BROAD_CLASSES
from tests.conftest import MORNING

STATION = "33082401"
PRIORITIES = dict(zip(BROAD_CLASSES, (2, 2, 3, 3, 3, 3, 4, 4), strict=True))


@pytest.mark.parametrize("broad_class", BROAD_CLASSES)
@pytest.mark.parametrize("mode", [None, "two_teams_one_room", "two_rooms_many_areas"])
def test_the_migrations_lay_down_the_defaults(county, session, broad_class, mode):
    found = tables.norms(tables.book(session), MORNING, broad_class, STATION, mode)
    assert found == default_norms(broad_class, mode, priority=PRIORITIES[broad_class])


def test_one_round_trip_until_something_changes(county, session):
    tables.norms(tables.book(session), MORNING, "dispute", STATION)
    asked: list[str] = []
    connection = session.connection()
    listener = (connection, "before_cursor_execute", lambda *said: asked.append(said[2]))
    event.listen(*listener)
    tables.norms(tables.book(session), MORNING, "criminal", STATION)
    assert len(asked) == 1
    event.remove(*listener)


def a_route(**fields):
    beginning = {"scope": STATION, "category": "dispute", "kind": "command", "at": MORNING}
    return RouteRow(**beginning, valid=Range(None, None), **fields)


def test_what_was_undone_never_was(county, session):
    before = tables.norms(tables.book(session), MORNING, "dispute", STATION)
    with pytest.raises(ZeroDivisionError), session.begin_nested():
        session.add(a_route())
        session.flush()
        assert (
            tables.norms(tables.book(session), MORNING, "dispute", STATION).route.kind == "command"
        )
        raise ZeroDivisionError
    assert tables.norms(tables.book(session), MORNING, "dispute", STATION) == before


def test_a_renamed_unit_is_called_by_its_new_name(county, session):
    session.add(
        Mobilisation(
            unit=STATION, ordered_by="所长", why="搜救", valid=Range(MORNING, None), at=MORNING
        )
    )
    session.flush()
    assert mode_of(tables.book(session), MORNING, STATION).unit_name == "南所"
    session.execute(sa.text("UPDATE unit SET name = '城南所' WHERE code = :c"), {"c": STATION})
    assert mode_of(tables.book(session), MORNING, STATION).unit_name == "城南所"
    assert (
        mode_of(tables.book(session), MORNING - dt.timedelta(seconds=1), STATION).name == "normal"
    )


def test_one_row_per_key_and_moment(county, session):
    session.add(a_route())
    session.flush()
    with pytest.raises(sa.exc.IntegrityError, match="ex_route_in_force"), session.begin_nested():
        session.add(a_route())
        session.flush()
    session.add(a_route(withdrawn_at=MORNING))
    session.flush()


def test_an_unknown_category_is_refused(county, session):
    with pytest.raises(Invalid) as refusal:
        tables.norms(tables.book(session), MORNING, "murder", STATION)
    assert (refusal.value.code, refusal.value.field) == ("incident.unknown_category", "category")
