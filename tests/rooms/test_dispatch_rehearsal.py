"""Rehearsals: past incidents on a grid that is yet to come."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.features import Cell
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Forbidden, Invalid, NotFound
from gridserver.dispatch.rehearsal import Load, Rehearsal, document, rehearse
from tests.county import SIDE, SOUTH, WEST, County, centre
from tests.rooms.dispatching import a_report, take
from tests.rooms.redrawing import NE, NW, SE, SW, draft, with_boundary_at

#: Three quarters into the south-western cell, from west to east.
EASTERN_QUARTER = (WEST + SIDE * 0.75, SOUTH + SIDE * 0.5)


@pytest.fixture
def incidents(session: Session, county: County) -> list[int]:
    """In the south-western cell's middle, in its eastern quarter, in the north-eastern cell, and
    in no cell."""
    places = [centre(0, 0), EASTERN_QUARTER, centre(1, 1), (WEST - 1.0, SOUTH)]
    return [take(session, county, a_report(place)).incident.id for place in places]


def by_username(found: Rehearsal) -> dict[str, Load]:
    return {person.username: load for person, load in found.officers.items()}


def test_who_would_answer(session: Session, county: County, incidents: list[int]) -> None:
    draft(session, "v2", with_boundary_at(0.6))
    found = rehearse(session, county.principal("gis"), "v2", 30)
    assert (found.before, found.after, found.incidents) == ("v1", "v2", 4)
    (moved,) = found.moved
    assert moved.incident.id == incidents[1]
    assert (moved.before.cell, moved.after.cell) == (SW, SE)
    assert (moved.before.owner.username, moved.after.owner.username) == ("330824001", "330824003")
    assert found.cells == {SW: Load(2, 1), SE: Load(0, 1), NW: Load(0, 0), NE: Load(1, 1)}
    assert by_username(found) == {
        "330824001": Load(2, 1),
        "330824003": Load(0, 1),
        "330824005": Load(0, 0),
        "330824007": Load(1, 1),
    }
    assert found.unowned == Load(1, 1)


def test_a_new_code_has_no_owner_yet(
    session: Session, county: County, incidents: list[int]
) -> None:
    renamed = [Cell("new", c.geom) if c.code == SW else c for c in with_boundary_at(1.0)]
    draft(session, "v2", renamed)
    found = rehearse(session, county.principal("gis"), "v2", 30)
    assert [moved.incident.id for moved in found.moved] == incidents[:2]
    assert {moved.after.owner for moved in found.moved} == {None}
    assert found.unowned == Load(1, 3)
    assert found.cells["new"] == Load(0, 2)
    assert document(found)["moved"][0]["to"] == {"cell": "new", "owner": None}


def test_where_nobody_owns_the_cells_stand_for_their_rooms(
    session: Session, county: County, incidents: list[int]
) -> None:
    draft(session, "v2", [Cell("all", with_boundary_at(2.0)[0].geom)])
    found = rehearse(session, county.principal("gis"), "v2", 30)
    assert [moved.after.cell for moved in found.moved] == ["all", "all", None]


def test_an_uncertain_place_is_decided_by_its_circle(session: Session, county: County) -> None:
    at = (WEST + SIDE * 0.95, SOUTH + SIDE * 0.5)
    take(session, county, a_report(at, accuracy_m=200.0))
    draft(session, "v2", with_boundary_at(0.9))
    (moved,) = rehearse(session, None, "v2", 1).moved
    assert (moved.before.cell, moved.after.cell) == (SW, SE)


def test_only_the_days_asked_for(
    session: Session, county: County, incidents: list[int], clock: SetClock
) -> None:
    clock.advance(dt.timedelta(days=3))
    assert rehearse(session, None, "v1", 2).incidents == 0
    assert rehearse(session, None, "v1", 4).incidents == len(incidents)


def test_nothing_changes_but_the_ledger(
    session: Session, county: County, incidents: list[int]
) -> None:
    draft(session, "v2", with_boundary_at(0.6))
    rehearse(session, county.principal("gis"), "v2", 7)
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.tag, entry.subject_id) == ("grid:rehearse", "v2")
    assert entry.actor_account_id == county.accounts["gis"]
    assert entry.data == {"days": 7, "incidents": 4}


def test_refusals(session: Session, county: County) -> None:
    with pytest.raises(Forbidden):
        rehearse(session, county.principal("command"), "v1", 7)
    with pytest.raises(NotFound):
        rehearse(session, county.principal("gis"), "no", 7)
    for days in (0, 367):
        with pytest.raises(Invalid) as refusal:
            rehearse(session, county.principal("gis"), "v1", days)
        assert refusal.value.field == "days"
