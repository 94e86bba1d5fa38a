"""The ground that several cells have, found by the edges that the coverage check calls at fault."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

_LEAST_NOTICED_M2 = 0.1  # what rounding may add up to when areas are compared


@dataclass(frozen=True)
class Shared:
    """Pairs of cells by their rows, lower first (n, 2), and what each pair shares."""

    pairs: NDArray[np.intp]
    ground: NDArray[np.object_]

    def over(self, least_m2: float) -> Iterator[tuple[int, int, BaseGeometry]]:
        """Yield the pairs that share more than this, and the ground."""
        for row in np.flatnonzero(shapely.area(self.ground) > least_m2):
            yield int(self.pairs[row, 0]), int(self.pairs[row, 1]), self.ground[row]


def overlaps(
    cells: NDArray[np.object_], edges: NDArray[np.object_], union_m2: float, least_m2: float
) -> Shared:
    """Find the pairs of cells that share an area.

    Where cells overlap, an edge of one is at fault within the other, as a rule. What no edge tells
    of (a cell deep within another whose own edges all match its neighbours') is missing from the
    areas when they are added up; all pairs that meet are looked at then.

    Parameters
    ----------
    cells
        Valid polygons, in metres.
    edges
        Their edges at fault, by `shapely.coverage_invalid_edges`.
    union_m2
        Area of their union.
    least_m2
        What all together may share without its being looked for.
    """
    found = _shared(cells, _crossed(cells, edges))
    several_times_m2 = float(shapely.area(cells).sum()) - union_m2
    shared_m2 = float(shapely.area(found.ground).sum())
    # Equal sums prove it only where no ground is counted for more than one pair.
    parts = shapely.get_parts(found.ground)  # lines and points, too, that the pairs share
    once_m2 = float(shapely.union_all(parts[shapely.area(parts) > 0.0]).area)
    apart = abs(once_m2 - shared_m2) <= _LEAST_NOTICED_M2
    least_m2 = max(least_m2, _LEAST_NOTICED_M2)
    if apart and abs(several_times_m2 - shared_m2) <= least_m2:
        return found
    return _shared(cells, _meeting(cells))


def _crossed(cells: NDArray[np.object_], edges: NDArray[np.object_]) -> NDArray[np.intp]:
    """Pairs of which one has an edge at fault that runs within the other, or along it."""
    at_fault = np.flatnonzero(~shapely.is_empty(edges))
    first, second = shapely.STRtree(cells).query(edges[at_fault], predicate="intersects")
    first = at_fault[first]
    other = first != second
    first, second = first[other], second[other]
    runs = shapely.length(shapely.intersection(edges[first], cells[second])) > 0.0
    return _pairs(first[runs], second[runs])


def _meeting(cells: NDArray[np.object_]) -> NDArray[np.intp]:
    """Pairs whose interiors meet."""
    pairs = _pairs(*shapely.STRtree(cells).query(cells, predicate="intersects"))
    shapely.prepare(cells)  # to touch is asked more quickly than what is shared
    touch = shapely.touches(cells[pairs[:, 0]], cells[pairs[:, 1]])
    return pairs[~touch]


def _pairs(first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.intp]:
    pairs = np.sort(np.column_stack((first, second)), axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def _shared(cells: NDArray[np.object_], pairs: NDArray[np.intp]) -> Shared:
    ground = shapely.intersection(cells[pairs[:, 0]], cells[pairs[:, 1]])
    return Shared(pairs, np.asarray(ground, dtype=object))
