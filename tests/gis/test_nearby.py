"""Lines near a point: distances against the ellipsoid, and order."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gis.nearby import Lines

GEOD = Geod(ellps="WGS84")
WEST, SOUTH = 118.4, 29.1
SQUARE = shapely.box(WEST, SOUTH, WEST + 0.1, SOUTH + 0.1)
BESIDE = shapely.box(WEST + 0.1, SOUTH, WEST + 0.2, SOUTH + 0.1)


@given(
    lon=st.floats(WEST - 0.05, WEST + 0.15),
    lat=st.floats(SOUTH - 0.05, SOUTH + 0.15),
)
def test_the_distance_is_that_on_the_ellipsoid(lon, lat):
    nearest = shapely.shortest_line(shapely.Point(lon, lat), shapely.boundary(SQUARE))
    # Along the meridian or the parallel, whichever is nearer in metres, not in degrees.
    metres = min(
        GEOD.line_length(*zip((lon, lat), end, strict=True))
        for end in [
            nearest.coords[1],
            (min(max(lon, WEST), WEST + 0.1), SOUTH),
            (min(max(lon, WEST), WEST + 0.1), SOUTH + 0.1),
            (WEST, min(max(lat, SOUTH), SOUTH + 0.1)),
            (WEST + 0.1, min(max(lat, SOUTH), SOUTH + 0.1)),
        ]
    )
    found = Lines([SQUARE]).near(lon, lat, 20_000.0)
    assert found[0][1] == pytest.approx(metres, rel=2e-3, abs=0.01)


def test_what_is_farther_is_not_named():
    lines = Lines([SQUARE])
    (near,) = lines.near(WEST + 0.001, SOUTH + 0.05, 1000.0)
    assert near == (0, pytest.approx(97.3, abs=0.2))
    assert lines.near(WEST + 0.001, SOUTH + 0.05, near[1]) == [near]
    assert lines.near(WEST + 0.001, SOUTH + 0.05, near[1] - 0.01) == []


def test_the_nearest_comes_first_and_of_equal_ones_the_earlier():
    lines = Lines([BESIDE, SQUARE])
    on_both = lines.near(WEST + 0.1, SOUTH + 0.05, 10.0)
    assert [index for index, _ in on_both] == [0, 1]
    in_the_square = lines.near(WEST + 0.002, SOUTH + 0.05, 20_000.0)
    assert [index for index, _ in in_the_square] == [1, 0]


def test_nothing_is_near_no_lines():
    assert Lines([]).near(WEST, SOUTH, 1000.0) == []
