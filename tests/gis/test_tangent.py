"""The plane in metres that keeps straight what is straight in degrees."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.tangent import TangentPlane, metres_per_degree

GEOD = pyproj.Geod(ellps="WGS84")


@pytest.mark.parametrize("lat", [-60.0, 0.0, 29.1, 53.5, 85.0])
def test_a_degree_has_the_length_it_has_on_the_ellipsoid(lat: float) -> None:
    east, north = metres_per_degree(lat)
    _, _, along_parallel = GEOD.inv(118.4, lat, 118.401, lat)
    _, _, along_meridian = GEOD.inv(118.4, lat - 0.0005, 118.4, lat + 0.0005)
    assert east * 0.001 == pytest.approx(along_parallel, rel=1e-7)
    assert north * 0.001 == pytest.approx(along_meridian, rel=1e-7)


@pytest.mark.parametrize("lat", [-90.0, 90.0])
def test_at_a_pole_a_degree_still_has_a_length(lat: float) -> None:
    assert min(metres_per_degree(lat)) > 0.0


@given(st.floats(-5_000, 5_000), st.floats(-5_000, 5_000))
def test_lengths_within_five_kilometres_are_true(east: float, north: float) -> None:
    plane = TangentPlane(118.4, 29.1)
    there = plane.to_degrees(shapely.Point(east, north))
    _, _, metres = GEOD.inv(118.4, 29.1, there.x, there.y)
    assert np.hypot(east, north) == pytest.approx(metres, rel=1e-3, abs=1e-6)


def test_what_is_straight_stays_straight_and_comes_back() -> None:
    plane = TangentPlane(118.4, 29.1)
    line = shapely.LineString([(118.0, 29.0), (118.5, 29.0), (119.0, 29.0)])
    start, middle, end = shapely.get_coordinates(plane.to_metres(line))
    assert start[1] == middle[1] == end[1]
    back = plane.to_degrees(plane.to_metres(np.array([line, None])))
    assert back[0].equals_exact(line, 1e-13)
    assert back[1] is None
