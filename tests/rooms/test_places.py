"""Times by road, by pgRouting, on a small network and on a town's streets."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from pathlib import Path
from random import Random

import numpy as np
import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from gis.roads import Roads, read_roads
from gridserver.base.errors import Conflict
from gridserver.places import service
from gridserver.places.queries import has_routing, minutes_to

SQUARE = 0.01
WEST, SOUTH = 118.4, 29.1


def place(x: float, y: float) -> tuple[float, float]:
    return WEST + SQUARE * x, SOUTH + SQUARE * y


def square() -> Roads:
    """A square of four streets of ten minutes; the southern one runs eastwards only."""
    corners = [place(0, 0), place(1, 0), place(1, 1), place(0, 1)]
    lines = [shapely.LineString([corners[n], corners[(n + 1) % 4]]) for n in range(4)]
    return Roads(
        np.array(lines, dtype=object),
        np.full(4, 10.0),
        np.array([np.nan, 10.0, 10.0, 10.0]),
        np.arange(4),
        np.array([1, 2, 3, 0]),
    )


@pytest.fixture
def network(session: Session) -> None:
    service.set_roads(session, None, square())


def test_along_a_street_from_where_the_unit_stands(session: Session, network: None) -> None:
    there = place(0.9, 0)
    assert minutes_to(session, there, [place(0.4, 0)]) == pytest.approx((5.0,), abs=1e-3)


def test_a_one_way_street_is_driven_around(session: Session, network: None) -> None:
    there = place(0.4, 0)
    assert minutes_to(session, there, [place(0.9, 0)]) == pytest.approx((35.0,), abs=1e-3)


def test_several_at_once_in_their_order(session: Session, network: None) -> None:
    there = place(1, 0.5)
    near, far, at_it = place(1, 0), place(0, 1), there
    found = minutes_to(session, there, [far, near, at_it, near])
    assert found == pytest.approx((15.0, 5.0, 0.0, 5.0), abs=1e-3)


def test_who_is_far_from_a_road_has_no_time(session: Session, network: None) -> None:
    beside = place(0.5, 0.25)  # 277 m north of the southern street
    middle = place(0.5, 0.5)
    found = minutes_to(session, place(1, 0.5), [beside, middle])
    assert found[0] == pytest.approx(10.0, abs=0.1)
    assert found[1] is None
    assert minutes_to(session, middle, [beside, place(0, 0)]) == (None, None)
    assert minutes_to(session, middle, []) == ()


def test_where_no_road_leads_there_is_no_time(session: Session) -> None:
    roads = square()
    alone = Roads(*(getattr(roads, name)[:1] for name in vars(roads)))
    service.set_roads(session, None, alone)
    assert minutes_to(session, place(0.4, 0), [place(0.9, 0)]) == (None,)


def test_without_a_network_there_are_no_times(session: Session) -> None:
    assert not has_routing(session)
    assert minutes_to(session, place(1, 0), [place(0, 0)]) == (None,)


def test_without_pgrouting_there_are_no_times(session: Session, network: None) -> None:
    assert has_routing(session)
    # As a database has it that another hand made: the catalogue doesn't list the extension.
    session.execute(text("CREATE TEMP VIEW pg_extension AS SELECT ''::name AS extname"))
    session.execute(text("SET LOCAL search_path = pg_temp, public, pg_catalog"))
    assert not has_routing(session)
    assert minutes_to(session, place(1, 0), [place(0, 0)]) == (None,)


def test_a_network_is_replaced_only_where_that_is_said(session: Session, network: None) -> None:
    with pytest.raises(Conflict) as refused:
        service.set_roads(session, None, square())
    assert refused.value.code == "roads.exist"
    service.set_roads(session, None, square(), replace=True)
    assert session.scalar(text("SELECT count(*) FROM road_edge")) == 4


# -- a town's streets ------------------------------------------------------------------------------


def dijkstra(roads: Roads, goal: int) -> dict[int, float]:
    """Return the minutes from each junction to `goal`: an independent computation."""
    into: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for a, b, there, back in zip(
        roads.source.tolist(),
        roads.target.tolist(),
        roads.minutes.tolist(),
        roads.reverse_minutes.tolist(),
        strict=True,
    ):
        for start, end, minutes in ((a, b, there), (b, a, back)):
            if not math.isnan(minutes):
                into[end].append((start, minutes))
    best, queue = {goal: 0.0}, [(0.0, goal)]
    while queue:
        so_far, junction = heapq.heappop(queue)
        if so_far > best[junction]:
            continue
        for start, minutes in into[junction]:
            if so_far + minutes < best.get(start, math.inf):
                best[start] = so_far + minutes
                heapq.heappush(queue, (best[start], start))
    return best


def test_carrollton_as_an_independent_computation_has_it(
    session: Session, shared_data: Path
) -> None:
    file = shared_data / "us_carrollton_tx" / "streets.geojson.gz"
    roads = read_roads(file, minutes_field="minutes")
    service.set_roads(session, None, roads)
    where = {
        junction: tuple(shapely.get_coordinates(line)[0].tolist())
        for junction, line in zip(roads.source.tolist(), roads.lines, strict=True)
    }
    chance = Random(4)
    goal, *starts = chance.sample(sorted(where), 41)
    expected = dijkstra(roads, goal)
    found = minutes_to(session, where[goal], [where[start] for start in starts])
    assert sum(minutes is not None for minutes in found) > 35
    for start, minutes in zip(starts, found, strict=True):
        assert minutes == pytest.approx(expected.get(start), abs=1e-4)
