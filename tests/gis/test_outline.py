"""The ground of a bureau that gave no outline."""

from dataclasses import replace

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.coverage import faults
from gis.crs import geodesic_area_m2
from gis.outline import ENCLAVE_M2, ground
from gis.testing import Cell, grid, square, star, union, with_bowtie, with_gap


def ground_of(cells: list[Cell]) -> shapely.Geometry:
    return ground(cell.geom for cell in cells)


def test_cells_without_gaps_are_their_own_ground() -> None:
    cells = grid(3, 2, vertices_per_side=9)
    assert shapely.equals(ground_of(cells), union(cells))


def test_gaps_are_ground_and_enclaves_are_not() -> None:
    assert shapely.equals(ground_of(with_gap(0.2)), square(0, 0, 3, 3))
    assert shapely.equals(ground_of(with_gap(0.5)), union(with_gap(0.5)))


@given(st.floats(0.27, 0.281))
def test_a_gap_is_ground_where_it_blocks_and_an_enclave_is_neither(size: float) -> None:
    # The cell far away moves the middle of the plane in which faults are found: there, areas are
    # off by 1 in 100.
    cells = [*with_gap(size), Cell("far", square(0, -256))]
    (gap,) = (fault for fault in faults(cells) if fault.kind == "gap")
    filled = ground_of(cells).covers(gap.geometry.centroid)
    assert filled is gap.blocking is (geodesic_area_m2(gap.geometry) < ENCLAVE_M2)


def test_an_island_in_a_gap_is_ground_once() -> None:
    island = square(1.45, 1.45, 0.1, 0.1)
    found = ground_of([*with_gap(0.2), Cell("island", island)])
    assert found.is_valid
    assert shapely.equals(found, square(0, 0, 3, 3))


def test_an_island_counts_against_the_size_of_its_hole() -> None:
    """A ring-shaped gap round an island of cells is small, though its hole is large."""
    found = ground_of([*with_gap(0.5), Cell("island", square(1.26, 1.26, 0.48, 0.48))])
    assert shapely.equals(found, square(0, 0, 3, 3))


def test_a_bay_is_no_gap() -> None:
    bay = square(0, 0, 3, 3).difference(square(1, 2.9, 0.1, 0.1))
    assert shapely.equals(ground([bay]), bay)


def test_invalid_rings_are_left_out() -> None:
    assert shapely.equals(ground_of(with_bowtie()), square(0, 0))
    half = shapely.MultiPolygon([square(5, 5), with_bowtie()[1].geom])
    assert shapely.equals(ground([half]), square(5, 5))
    middle = replace(grid()[4], geom=star(1501))
    assert shapely.equals(ground_of([*grid()[:4], middle]), union(grid()[:4]))


@pytest.mark.parametrize("geoms", [[], [star(5)]])
def test_no_valid_cells_no_ground(geoms: list[shapely.Polygon]) -> None:
    assert ground(geoms).is_empty
