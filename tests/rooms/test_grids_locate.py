"""Which cell holds a point: the database's answer is the one of `gis.locator`, always."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.orm import Session

from gis import testing
from gis.crs import WGS84
from gis.errors import GisError
from gis.features import Layer
from gis.locator import Locator
from gridserver.grids import queries, service
from tests.conftest import MORNING
from tests.county import CELLS, SIDE, SOUTH, WEST, County, centre, make_county

SW, SE, NW, NE = (CELLS[at][0] for at in ((0, 0), (1, 0), (0, 1), (1, 1)))
MIDDLE = (WEST + SIDE, SOUTH + SIDE)

#: Corners, edges, a little beside them, and whatever else.
offsets = st.one_of(
    st.sampled_from([0.0, SIDE, 2 * SIDE, -1e-12, SIDE + 1e-12, SIDE - 1e-9, 2 * SIDE + 2e-4]),
    st.floats(-0.001, 0.021, allow_nan=False),
)
accuracies = st.one_of(st.none(), st.sampled_from([0.0, 5.0, 50.0, 3_000.0]))
#: Of a degree: 40 m in each direction, and a little.
nearby = st.one_of(st.sampled_from([0.0, 2e-6, -2e-6]), st.floats(-4e-4, 4e-4))
#: Two squares with a slit and an enclave, and an outline that reaches beyond their eastern side.
HOLED = testing.with_sliver_and_enclave()
EAST = testing.square(0, 0, 2.02, 1)
corners = st.sampled_from(
    [(float(x), float(y)) for cell in HOLED for x, y in shapely.get_coordinates(cell.geom)]
)


@pytest.fixture
def county(session: Session) -> County:
    return make_county(session)


@pytest.fixture
def locator(session: Session, county: County) -> Locator:
    return queries.locator(session, county.version_id)


in_one_transaction = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)


@in_one_transaction
@given(x=offsets, y=offsets, accuracy_m=accuracies)
def test_locate_is_the_locator_in_memory(
    session: Session, locator: Locator, x: float, y: float, accuracy_m: float | None
) -> None:
    assert_all_say_the_same(session, locator, WEST + x, SOUTH + y, accuracy_m)


@pytest.mark.parametrize("outline", [None, EAST])
def test_so_it_is_around_holes_and_the_border(
    session: Session, county: County, outline: shapely.Polygon | None
) -> None:
    layer = Layer(tuple(HOLED), WGS84)
    version = service.import_draft(session, None, layer, name="v2", outline=outline, source={})
    draft = queries.locator(session, version.id)
    service.publish(session, None, "v2")
    published = queries.locator(session, version.id)

    @in_one_transaction
    @given(corner=corners, east=nearby, north=nearby, accuracy_m=accuracies)
    def around(
        corner: tuple[float, float], east: float, north: float, accuracy_m: float | None
    ) -> None:
        lon, lat = corner[0] + east, corner[1] + north
        assert draft.locate(lon, lat, accuracy_m) == published.locate(lon, lat, accuracy_m)
        assert_all_say_the_same(session, published, lon, lat, accuracy_m)

    around()


def assert_all_say_the_same(
    session: Session, locator: Locator, lon: float, lat: float, accuracy_m: float | None
) -> None:
    found = queries.locate(session, lon, lat, MORNING, accuracy_m)
    expected = locator.locate(lon, lat, accuracy_m)
    assert (found.cell_code, found.method, found.neighbours, found.distance_m) == (
        expected.code,
        expected.method,
        expected.neighbours,
        expected.distance_m,
    )
    if accuracy_m is None:
        codes, methods = locator.locate_many([lon], [lat])
        assert (codes[0], methods[0]) == (found.cell_code, found.method)


def test_on_wavy_boundaries_too(session: Session, county: County) -> None:
    """Points on edges and corners, where naive arithmetic puts some on the wrong side."""
    cells = testing.grid(3, 3, vertices_per_side=9)
    layer = Layer(tuple(cells), WGS84)
    version = service.import_draft(session, None, layer, name="v2", source={})
    service.publish(session, None, "v2")
    locator = queries.locator(session, version.id)
    corners = np.vstack([shapely.get_coordinates(cell.geom)[:-1] for cell in cells])
    following = np.roll(corners, -1, axis=0)
    points = np.vstack([corners, corners + (following - corners) / 3.0])
    codes, methods = locator.locate_many(*points.T)
    assert {"covers", "boundary"} <= set(methods)
    for (lon, lat), code, method in zip(points, codes, methods, strict=True):
        found = queries.locate(session, lon, lat, MORNING)
        assert (found.cell_code, found.method) == (code, method)


def test_inside_a_cell(session: Session, county: County) -> None:
    found = queries.locate(session, *centre(1, 0), MORNING)
    assert found == queries.Location(
        SE, "村10", "33082401", county.version_id, "v1", "covers", (), 0.0
    )


def test_shared_edge_goes_to_the_lower_code(session: Session, county: County) -> None:
    found = queries.locate(session, WEST + SIDE, SOUTH + SIDE / 2, MORNING)
    assert (found.cell_code, found.method, found.neighbours) == (SW, "boundary", (SE,))


def test_corner_names_all_neighbours(session: Session, county: County) -> None:
    found = queries.locate(session, *MIDDLE, MORNING)
    assert (found.cell_code, found.method) == (SW, "boundary")
    assert found.neighbours == (SE, NW, NE)


def test_accuracy_gives_the_greatest_share_and_the_runner_up(
    session: Session, county: County
) -> None:
    lon, _ = centre(1, 0)
    found = queries.locate(session, lon, SOUTH + SIDE + 1e-5, MORNING, 40.0)
    assert (found.cell_code, found.method, found.neighbours[0]) == (NE, "largest_share", SE)


def test_just_outside_is_nobodys(session: Session, county: County) -> None:
    found = queries.locate(session, WEST - 0.00001, SOUTH + SIDE / 2, MORNING)
    assert (found.cell_code, found.method, found.version_name) == (None, "outside", "v1")


def test_in_a_gap_is_the_nearest_and_in_an_enclave_nobodys(
    session: Session, county: County
) -> None:
    service.import_draft(session, None, Layer(tuple(HOLED), WGS84), name="v2", source={})
    service.publish(session, None, "v2")
    slit, hole = (shapely.Polygon(cell.geom.interiors[0]) for cell in HOLED)
    found = queries.locate(session, slit.centroid.x, slit.centroid.y, MORNING)
    assert (found.cell_code, found.method) == ("1", "nearest")
    assert found.distance_m == pytest.approx(0.19, abs=0.01)
    found = queries.locate(session, hole.bounds[0] + 1e-5, hole.centroid.y, MORNING)
    assert (found.cell_code, found.method) == (None, "outside")


def test_on_the_outline_but_in_no_cell_is_the_nearest(session: Session, county: County) -> None:
    layer = Layer(tuple(HOLED), WGS84)
    service.import_draft(session, None, layer, name="v2", outline=EAST, source={})
    service.publish(session, None, "v2")
    _, south, east, north = EAST.bounds
    found = queries.locate(session, east, (south + north) / 2, MORNING)
    assert (found.cell_code, found.method) == ("2", "nearest")
    assert found.distance_m == pytest.approx(15.2, abs=0.1)
    beyond = queries.locate(session, east + 1e-9, (south + north) / 2, MORNING)
    assert (beyond.cell_code, beyond.method) == (None, "outside")


def test_far_outside_is_nobodys(session: Session, county: County) -> None:
    found = queries.locate(session, 120.0, 30.0, MORNING)
    assert (found.cell_code, found.station_code, found.method) == (None, None, "outside")
    assert found.version_name == "v1"


def test_before_the_first_grid_everything_is_outside(session: Session, county: County) -> None:
    found = queries.locate(session, *centre(0, 0), MORNING - dt.timedelta(days=30))
    assert (found.method, found.version_id, found.version_name) == ("outside", None, None)


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (float("nan"), 29.1, "coordinates.not_finite"),
        (29.1, 118.4, "coordinates.swapped"),
        (518.4, 29.1, "coordinates.out_of_range"),
    ],
)
def test_impossible_coordinates_are_refused(
    session: Session, lon: float, lat: float, code: str
) -> None:
    with pytest.raises(GisError) as refusal:
        queries.locate(session, lon, lat, MORNING)
    assert refusal.value.code == code


@pytest.mark.parametrize("accuracy_m", [-1.0, float("nan"), float("inf")])
def test_impossible_accuracy_is_refused(
    session: Session, county: County, accuracy_m: float
) -> None:
    with pytest.raises(GisError) as refusal:
        queries.locate(session, *centre(0, 0), MORNING, accuracy_m)
    assert refusal.value.code == "locate.accuracy"


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """Collect the statements that are sent."""
    said: list[str] = []

    def listen(_conn, _cursor, statement, *_rest) -> None:
        said.append(statement)

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", listen)
    yield said
    event.remove(engine, "before_cursor_execute", listen)


@pytest.mark.parametrize(
    ("lon", "lat", "trips"),
    [
        pytest.param(*centre(0, 0), 1, id="in a cell"),
        pytest.param(*MIDDLE, 1, id="on a boundary"),
        pytest.param(120.0, 30.0, 1, id="far outside"),
        pytest.param(WEST - 0.00001, SOUTH + SIDE / 2, 2, id="beside a cell"),
    ],
)
def test_round_trips(session: Session, county: County, lon: float, lat: float, trips: int) -> None:
    with counted(session) as said:
        queries.locate(session, lon, lat, MORNING)
    assert len(said) == trips
