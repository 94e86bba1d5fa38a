"""The boundaries of cells as linework: each stretch once, cut where three or more meet."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.arcs.planar import Coords


def linework(geoms: NDArray[np.object_], outline: BaseGeometry | None = None) -> list[Coords]:
    """Return the maximal polylines between points where other than two stretches meet.

    A boundary without such a point is one closed polyline. Where the polygons match vertex for
    vertex (`shapely.coverage_is_valid`), the coordinates are theirs, bit for bit; points that a
    ring repeats are dropped. Where they don't, GEOS nodes the boundaries (OverlayNG): vertices are
    added where lines cross or touch, and lines that all but coincide may be joined.

    Parameters
    ----------
    geoms
        Valid polygons, in EPSG:4326.
    outline
        A further boundary, valid too.
    """
    if outline is None and shapely.coverage_is_valid(geoms):
        noded: Any = shapely.multilinestrings(_distinct_segments(geoms))
    else:
        noded = shapely.union_all(shapely.boundary([*geoms, *([outline] if outline else [])]))
    lines = shapely.get_parts(shapely.line_merge(noded))
    return [shapely.get_coordinates(line) for line in lines]


def _distinct_segments(geoms: NDArray[np.object_]) -> NDArray[np.object_]:
    """Every segment of the boundaries once, whichever ways the rings run through it."""
    xy, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(geoms)), return_index=True
    )
    starts, ends = xy[:-1], xy[1:]
    kept = (ring[:-1] == ring[1:]) & (starts != ends).any(axis=1)
    starts, ends = starts[kept], ends[kept]
    swapped = (starts[:, 0] > ends[:, 0]) | (
        (starts[:, 0] == ends[:, 0]) & (starts[:, 1] > ends[:, 1])
    )
    lower = np.where(swapped[:, None], ends, starts)
    upper = np.where(swapped[:, None], starts, ends)
    distinct = np.unique(np.hstack([lower, upper]), axis=0)
    return np.asarray(shapely.linestrings(distinct.reshape(-1, 2, 2)), dtype=object)
