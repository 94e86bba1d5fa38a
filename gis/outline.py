"""The ground of a bureau: what its cells enclose, and its cells against its outline."""

from collections.abc import Iterable, Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.crs import geodesic_area_m2
from gis.features import as_array

ENCLAVE_M2 = 50_000.0
"""From this area on a hole between cells is an enclave and no gap.

Most are water or other towns' ground (Hamtramck and Highland Park in Detroit, Culver City in Los
Angeles).
"""


def ground(geoms: Iterable[BaseGeometry]) -> BaseGeometry:
    """Return the ground of a bureau without an outline: all its cells, and the gaps they enclose.

    Enclaves (see `ENCLAVE_M2`) are left out, and so are the parts of cells with an invalid ring:
    what such a ring encloses is a guess.

    Parameters
    ----------
    geoms
        Polygons and multipolygons in EPSG:4326.

    Returns
    -------
    Polygon or MultiPolygon, valid, in EPSG:4326; an empty collection where no part is valid.
    """
    parts = shapely.get_parts(as_array(geoms))
    union = shapely.union_all(parts[shapely.is_valid(parts)])
    gaps = [hole for hole in holes(union) if geodesic_area_m2(hole) < ENCLAVE_M2]
    return shapely.union_all([union, *gaps]) if gaps else union


def holes(union: BaseGeometry) -> NDArray[np.object_]:
    """Return the holes in a valid union of cells, less any cells that lie in them like islands."""
    parts = shapely.get_parts(union)
    found = as_array(shapely.Polygon(ring) for part in parts for ring in part.interiors)
    within, island = shapely.STRtree(parts).query(found, predicate="contains")
    for hole in np.unique(within):
        islands = shapely.union_all(parts[island[within == hole]])
        found[hole] = shapely.difference(found[hole], islands)
    return found


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
