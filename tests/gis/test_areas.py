"""Areas against PROJ's, on edges so short that a geodesic and a straight line are the same."""

import numpy as np
import pytest
import shapely

from gis.areas import area_m2, areas_m2
from gis.crs import geodesic_area_m2
from gis.testing import grid, square, with_gap


@pytest.mark.parametrize("lat", [-60.0, 0.0, 29.1, 75.0])
def test_as_geodesics_on_short_edges(lat: float) -> None:
    shape = shapely.Point(118.4, lat).buffer(0.05, quad_segs=2)
    dense = shapely.segmentize(shape, 0.00005)
    assert area_m2(shape) == pytest.approx(geodesic_area_m2(dense), rel=1e-9)


def test_holes_are_taken_off_and_parts_added_whichever_way_they_run() -> None:
    framed = with_gap(0.5)[4].geom
    hole = square(1.25, 1.25, 0.5, 0.5)
    assert area_m2(framed) == pytest.approx(area_m2(square(1, 1)) - area_m2(hole))
    two = shapely.MultiPolygon([square(0, 0).reverse(), square(4, 0)])
    assert area_m2(two) == pytest.approx(2 * area_m2(square(0, 0)))


def test_a_vertex_in_the_middle_of_an_edge_moves_nothing() -> None:
    whole = square(0, 0)
    dense = shapely.segmentize(whole, whole.length / 64)
    assert area_m2(dense) == pytest.approx(area_m2(whole), abs=1e-4)
    assert abs(geodesic_area_m2(dense) - geodesic_area_m2(whole)) < 0.1  # its two errors cancel


def test_cells_add_up_to_their_union() -> None:
    cells = grid(4, 4, 5)
    parts = areas_m2(cell.geom for cell in cells)
    whole = area_m2(shapely.union_all([cell.geom for cell in cells]))
    assert np.sum(parts) == pytest.approx(whole, rel=1e-12)


def test_nothing() -> None:
    assert areas_m2([]).shape == (0,)
    assert area_m2(shapely.Polygon()) == 0.0
