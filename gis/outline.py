"""Cells against the outline of the bureau, in a metric plane."""

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


def outside(
    cells: NDArray[np.object_], outline: BaseGeometry, least_m2: float
) -> Iterator[tuple[int, BaseGeometry]]:
    """Yield the row of each cell that reaches over the outline by more than `least_m2`, and where.

    Parameters
    ----------
    cells, outline
        Valid polygons, in metres.
    """
    shapely.prepare(outline)
    crossing = np.flatnonzero(~shapely.contains_properly(outline, cells))
    parts = shapely.difference(cells[crossing], outline)
    for i in np.flatnonzero(shapely.area(parts) > least_m2):
        yield int(crossing[i]), parts[i]


def uncovered(union: BaseGeometry, outline: BaseGeometry, least_m2: float) -> list[BaseGeometry]:
    """Return the pieces of the outline over `least_m2` that no cell covers.

    Holes in the union are gaps between cells and are left out here.

    Parameters
    ----------
    union, outline
        Valid polygons, in metres.
    """
    shells = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(union)))
    pieces = shapely.get_parts(shapely.difference(outline, shapely.union_all(shells)))
    return list(pieces[shapely.area(pieces) > least_m2])
