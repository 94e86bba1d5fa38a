"""Calls counted by cell and by squares of the ground."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from gridserver.base.errors import Invalid
from gridserver.incidents import density
from gridserver.incidents.density import Calls, CellCalls
from tests.conftest import MORNING
from tests.county import CELLS, County, centre
from tests.rooms.dispatching import a_report, take

DAY = dt.timedelta(days=1)
SOUTH, NORTH = CELLS[0, 0][0], CELLS[0, 1][0]


@pytest.fixture
def reported(session: Session, county: County) -> County:
    """Three calls in one cell, one of them a crime, and one in the other station's."""
    for category in ("dispute", "dispute", "criminal"):
        take(session, county, a_report(category=category))
    take(session, county, a_report(centre(0, 1), category="help", priority=1))
    return county


def calls(**fields) -> Calls:
    return Calls(MORNING - DAY, MORNING + DAY, ("330824",), **fields)


def test_cells_with_their_commonest_class(session: Session, reported: County) -> None:
    assert density.by_cell(session, calls()) == [
        CellCalls(SOUTH, 3, "dispute", 2),
        CellCalls(NORTH, 1, "help", 1),
    ]


@pytest.mark.parametrize(
    ("narrowed", "count"),
    [
        ({"category": "criminal"}, 1),
        ({"priority": 1}, 1),
        ({"cell": SOUTH}, 3),
        ({"source": "110"}, 4),
        ({"source": "12345"}, 0),
    ],
)
def test_what_narrows_the_count(
    session: Session, reported: County, narrowed: dict, count: int
) -> None:
    assert sum(each.calls for each in density.by_cell(session, calls(**narrowed))) == count
    assert density.heat(session, calls(**narrowed)).calls == count


def test_a_station_counts_its_own_alone(session: Session, reported: County) -> None:
    own = Calls(MORNING - DAY, MORNING + DAY, ("330824.33082402",))
    assert [each.cell for each in density.by_cell(session, own)] == [NORTH]
    assert density.heat(session, own).calls == 1
    nobody = Calls(MORNING - DAY, MORNING + DAY, ())
    assert density.heat(session, nobody).squares == ()


def test_the_period_begins_with_its_first_moment(session: Session, reported: County) -> None:
    after = Calls(MORNING + DAY, MORNING + 2 * DAY, ("330824",))
    upto = Calls(MORNING - DAY, MORNING, ("330824",))
    from_then = Calls(MORNING, MORNING + DAY, ("330824",))
    assert [density.heat(session, each).calls for each in (after, upto, from_then)] == [0, 0, 4]


def test_squares_hold_their_calls(session: Session, reported: County) -> None:
    heat = density.heat(session, calls())
    assert [square.calls for square in heat.squares] == [3, 1]
    for square, place in zip(heat.squares, (centre(0, 0), centre(0, 1)), strict=True):
        assert abs(square.lon - place[0]) <= heat.side_deg / 2 + 1e-6
        assert abs(square.lat - place[1]) <= heat.side_deg / 2 + 1e-6


def test_too_many_squares_become_wider_ones(
    session: Session, reported: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(density, "MOST_SQUARES", 1)
    heat = density.heat(session, calls())
    assert (len(heat.squares), heat.calls) == (1, 4)
    assert heat.side_deg > 0.001


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_period_that_is_none_is_refused(days: int) -> None:
    with pytest.raises(Invalid, match="days apart") as refusal:
        Calls(MORNING, MORNING + days * DAY, ())
    assert refusal.value.code == "density.bad_period"
