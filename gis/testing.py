"""Sample coverages with known faults, and asserts about coverages, for tests.

All samples lie around Kaihua's county town (118.4 E, 29.1 N), in EPSG:4326.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.coverage import faults
from gis.features import Cell, as_array

WEST, SOUTH = 118.4, 29.1
STEP = 1 / 128
"""Width of a sample's square in degrees: a power of two, so that sums of steps are exact."""


def square(column: float, row: float, columns: float = 1.0, rows: float = 1.0) -> shapely.Polygon:
    """Return a rectangle of so many steps, its lower left corner at (column, row)."""
    west, south = WEST + STEP * column, SOUTH + STEP * row
    return shapely.box(west, south, west + STEP * columns, south + STEP * rows)


def grid(columns: int = 3, rows: int = 3, vertices_per_side: int = 1) -> list[Cell]:
    """Return a valid coverage of squares with codes ``r00c00``, row by row from the south.

    More vertices on a side make the sides wavy; neighbours share each of them.
    """
    wave = _wave(vertices_per_side)
    return [
        Cell(f"r{row:02}c{column:02}", _wavy_square(column, row, wave), f"cell {row}-{column}")
        for row in range(rows)
        for column in range(columns)
    ]


def with_gap(size: float = 0.5) -> list[Cell]:
    """Return a grid of 3 x 3 with a square hole of `size` steps in its middle cell."""
    margin = (1.0 - size) / 2.0
    whole = grid()
    hole = square(1 + margin, 1 + margin, size, size)
    middle = whole[4]
    framed = shapely.Polygon(square(1, 1).exterior, [hole.exterior])
    return [*whole[:4], replace(middle, geom=framed), *whole[5:]]


def with_sliver_and_enclave() -> list[Cell]:
    """Return two squares, ``1`` with a slit of 0.4 m and ``2`` with a hole of 16 ha."""
    slit, hole = square(0.5, 0.25, 0.0005, 0.5), square(1.25, 0.25, 0.5, 0.5)
    return [
        Cell("1", shapely.Polygon(square(0, 0).exterior, [slit.exterior])),
        Cell("2", shapely.Polygon(square(1, 0).exterior, [hole.exterior])),
    ]


def with_overlap(share: float = 0.25) -> list[Cell]:
    """Return two squares of which the left, ``1``, covers `share` of the right, ``2``."""
    return [Cell("1", square(0, 0, 1 + share)), Cell("2", square(1, 0))]


def with_bowtie() -> list[Cell]:
    """Return a valid square ``1`` and beside it a self-crossing polygon ``2``."""
    corners = shapely.get_coordinates(square(2, 0))[:4]
    return [Cell("1", square(0, 0)), Cell("2", shapely.Polygon(corners[[0, 2, 1, 3]]))]


def with_t_junction() -> list[Cell]:
    """Return ``1`` with two smaller cells above it that meet where ``1`` has no vertex."""
    return [Cell("1", square(0, 0, 2)), Cell("2", square(0, 1)), Cell("3", square(1, 1))]


def star(points: int) -> shapely.Polygon:
    """Return a self-crossing star of an odd number of points: hard on whoever repairs it."""
    angles = np.arange(points) * (points // 2) * 2.0 * np.pi / points
    corners = np.column_stack((WEST + STEP * np.cos(angles), SOUTH + STEP * np.sin(angles)))
    return shapely.Polygon(corners)


def union(cells: Sequence[Cell]) -> BaseGeometry:
    """Return the ground that cells of a valid coverage have together."""
    return shapely.coverage_union_all(as_array(cell.geom for cell in cells))


def assert_valid_coverage(cells: Sequence[Cell], outline: BaseGeometry | None = None) -> None:
    """Assert that nothing is wrong with the cells, and say what is."""
    found = faults(cells, outline)
    if found:
        raise AssertionError("\n".join(fault.text for fault in found))


def assert_same_ground(
    cells: Sequence[Cell], others: Sequence[Cell], tolerance: float = 0.0
) -> None:
    """Assert that two sets of cells have the same codes on the same ground, in whatever order.

    Parameters
    ----------
    tolerance
        How far apart vertices may lie, in degrees.
    """
    ours, theirs = ({cell.code: cell.geom for cell in side} for side in (cells, others))
    if ours.keys() != theirs.keys():
        raise AssertionError(f"codes on one side only: {sorted(ours.keys() ^ theirs.keys())}")
    moved = [code for code in ours if not _same(ours[code], theirs[code], tolerance)]
    if moved:
        raise AssertionError(f"cells that differ: {moved}")


def _same(one: BaseGeometry, other: BaseGeometry, tolerance: float) -> bool:
    # A file format may have made a polygon a multipolygon of one.
    first, second = (shapely.MultiPolygon(list(shapely.get_parts(g))) for g in (one, other))
    return bool(shapely.equals_exact(first, second, tolerance, normalize=True))


def _wave(vertices: int) -> NDArray[np.float64]:
    """Points from (0, 0) to (1, 0), the last left out, along one period of a sine."""
    along = np.arange(vertices) / vertices
    return np.column_stack((along, 0.125 * np.sin(2.0 * np.pi * along)))


def _wavy_square(column: int, row: int, wave: NDArray[np.float64]) -> shapely.Polygon:
    # A side is always reckoned from its lower left end, so that both neighbours get the same bits.
    def corner(right: int, up: int) -> NDArray[np.float64]:
        return np.array([WEST + STEP * (column + right), SOUTH + STEP * (row + up)])

    eastward, northward = STEP * wave, STEP * wave[:, ::-1]
    bottom, right = corner(0, 0) + eastward, corner(1, 0) + northward
    top, left = corner(0, 1) + eastward, corner(0, 0) + northward
    back = [corner(1, 1)], top[:0:-1], [corner(0, 1)], left[:0:-1]
    return shapely.Polygon(np.vstack([bottom, right, *back]))
