"""Areas of what is straight in degrees, and the ground that polygons have together."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis import testing
from gis.dissolve import dissolved
from gis.features import as_array
from gis.measure import areas_m2, winding_areas_m2
from tests.gis.test_repair import area_m2, jittered

BOX = shapely.box(118, 29, 119, 30)


def test_a_box_of_a_degree_is_as_large_as_its_parallels_enclose() -> None:
    # Not what PROJ's geodesics enclose, which bulge towards the pole along a parallel.
    geodesic, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(BOX)
    (size,) = areas_m2(BOX)
    assert size == pytest.approx(area_m2(BOX), rel=1e-6)
    assert abs(size - geodesic) > 50_000


@given(st.floats(0.001, 0.999), st.sampled_from([(0, 1), (1, 2), (2, 3), (3, 0)]))
def test_a_vertex_on_an_edge_moves_no_ground(share: float, side: tuple[int, int]) -> None:
    corners = shapely.get_coordinates(BOX)[:4]
    start, end = (corners[i] for i in side)
    with_vertex = np.insert(corners, side[0] + 1, start + share * (end - start), axis=0)
    assert areas_m2(shapely.Polygon(with_vertex)) == pytest.approx(areas_m2(BOX), abs=1.0)


def test_what_two_cells_share_is_lost_by_one_and_gained_by_the_other() -> None:
    cells = as_array(cell.geom for cell in testing.grid(4, 4, 9))
    whole = areas_m2(shapely.coverage_union_all(cells))[0]
    assert areas_m2(cells).sum() == pytest.approx(whole, abs=1e-4)


def test_holes_are_taken_off_and_turning_does_not_matter() -> None:
    hole = shapely.box(118.25, 29.25, 118.5, 29.5)
    framed = shapely.Polygon(BOX.exterior, [hole.exterior])
    frame, box, inner = areas_m2([framed, BOX, hole])
    assert frame == pytest.approx(box - inner)
    assert areas_m2(framed.reverse()) == pytest.approx([frame])
    (winding,) = winding_areas_m2([hole.exterior])
    assert abs(winding) == pytest.approx(inner)
    assert winding_areas_m2([hole.exterior.reverse()]) == pytest.approx([-winding])


def test_nothing_has_no_area() -> None:
    assert areas_m2(as_array([])).tolist() == []
    assert areas_m2(as_array([shapely.Polygon(), BOX]))[0] == 0.0


@given(st.integers(0, 10_000), st.sampled_from([1.0, 0.7]), st.sampled_from([0.0, 0.01, 5.0]))
def test_dissolved_ground_is_that_of_a_plain_union(seed: int, keep: float, shake_m: float) -> None:
    cells = jittered(3, seed, keep, shake_m)
    geoms = as_array(cell.geom for cell in cells if cell.geom.is_valid)
    ground = dissolved(geoms)
    assert ground.is_valid
    assert ground.symmetric_difference(shapely.union_all(geoms)).area < 1e-14
