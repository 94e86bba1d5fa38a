"""Near the bureau's border the bureau next door is named, with whom to call there."""

from __future__ import annotations

import pytest
import shapely
from sqlalchemy import event

from gridserver.dispatch import border
from gridserver.dispatch.tables import queries as tables
from gridserver.dispatch.tables import service as changes
from gridserver.dispatch.tables.changes import Change
from gridserver.grids import service as grids
from gridserver.grids.queries import Neighbour
from tests.county import SIDE, SOUTH, WEST
from tests.rooms.dispatching import a_report, take

#: 100 m of longitude at the county's southern edge, nearly.
HUNDRED_M = 0.001028
EAST, NORTH = WEST + 2 * SIDE, SOUTH + 2 * SIDE
MIDDLE = SOUTH + SIDE


@pytest.fixture
def around(session, county):
    """A bureau to the west, one to the north-east, and a liaison at the first."""
    grids.set_neighbours(
        session,
        None,
        [
            Neighbour("330822", "常山县", "Changshan", shapely.box(WEST - 1, SOUTH, WEST, NORTH)),
            Neighbour("330127", "淳安县", "Chun'an", shapely.box(EAST, MIDDLE, EAST + 1, NORTH)),
        ],
    )
    contact = {"name": "常山县公安局", "contact": "指挥中心 0570-5021110"}
    given = [Change("liaison", {"code": "330822"}, contact)]
    changes.change(session, county.principal("admin"), given, why="协作机制")
    return county


def found(session, county, lon, lat=MIDDLE, within_m=300.0):
    book = tables.book(session)
    return border.find(session, book, county.version_id, lon, lat, within_m)


def test_the_liaison_of_the_nearest_bureau_is_named(session, around):
    near = found(session, around, WEST + HUNDRED_M)
    assert (near.name, near.contact) == ("常山县公安局", "指挥中心 0570-5021110")
    assert near.distance_m == pytest.approx(100.0, abs=0.5)


def test_the_distance_set_decides(session, around):
    place = WEST + 3 * HUNDRED_M
    distance_m = found(session, around, place, within_m=400.0).distance_m
    assert found(session, around, place, within_m=distance_m) is not None
    assert found(session, around, place, within_m=distance_m - 0.01) is None
    assert found(session, around, WEST + SIDE, within_m=300.0) is None


def test_a_bureau_without_a_liaison_is_named_without(session, around):
    near = found(session, around, EAST - HUNDRED_M, NORTH - SIDE / 2)
    assert (near.name, near.name_en, near.contact) == ("淳安县", "Chun'an", None)


def test_beyond_the_border_it_is_the_bureau_whose_ground_it_is(session, around):
    assert found(session, around, WEST - HUNDRED_M).name == "常山县公安局"


def test_where_nobody_is_known_next_door_nobody_is_named(session, around):
    assert found(session, around, EAST - HUNDRED_M, SOUTH + SIDE / 2) is None
    grids.set_neighbours(session, None, [])
    assert found(session, around, WEST + HUNDRED_M) is None
    book = tables.book(session)
    assert border.find(session, book, None, WEST, MIDDLE, 300.0) is None


def test_it_is_asked_of_the_database_once(session, around):
    found(session, around, WEST + HUNDRED_M)
    asked: list[str] = []
    book = tables.book(session)
    listener = (session.connection(), "before_cursor_execute", lambda *s: asked.append(s[2]))
    event.listen(*listener)
    border.find(session, book, around.version_id, WEST + HUNDRED_M, MIDDLE, 300.0)
    event.remove(*listener)
    assert asked == []


def test_an_incident_near_the_border_says_so(session, around):
    dossier = take(session, around, a_report(at=(WEST + HUNDRED_M, SOUTH + SIDE / 2)))
    assert dossier.facts.border.name == "常山县公安局"
    assert "border.liaison" in [note.code for note in dossier.decision.notes]
    dossier = take(session, around, a_report())
    assert dossier.facts.border is None
