"""Areas on the ellipsoid of what is straight in degrees.

A cell's edges are straight in longitude and latitude: so PostGIS and RFC 7946 have them. Geodesics
between the same vertices enclose another area, by hundreds of m2 along an edge of three kilometres,
and a vertex added on the edge would seem to move ground. Measured as here, the area of a ring is a
sum over its edges that no vertex on them changes, so that what one cell gains another loses, to
rounding.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_SEMI_MAJOR_AXIS_M = 6_378_137.0  # WGS84
_ECCENTRICITY = 0.0818191908426215
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(3)


def areas_m2(geoms: Any) -> Numbers:
    """Return the area of each polygon or multipolygon in EPSG:4326 on the WGS84 ellipsoid, in m2.

    Of an invalid ring it is what the ring winds around, less what it winds around backwards.
    """
    wound = shapely.orient_polygons(np.atleast_1d(geoms))
    parts, owner = shapely.get_parts(wound, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    return _sums(owner[part], winding_areas_m2(rings), len(wound))


def winding_areas_m2(rings: Any) -> Numbers:
    """Return the area within each closed ring, in m2: positive when it turns counterclockwise."""
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    along = ring[:-1] == ring[1:]
    start, step = xy[:-1][along], np.diff(xy, axis=0)[along]
    if not len(start):
        return np.zeros(len(rings))
    middle = _authalic(np.radians(xy[:, 1].mean()))  # taken off, for the sake of the last digits
    mean_height = sum(
        weight
        / 2.0
        * (_authalic(np.radians(start[:, 1] + (node + 1.0) / 2.0 * step[:, 1])) - middle)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True)
    )
    under_edge = np.radians(step[:, 0]) * mean_height * _SEMI_MAJOR_AXIS_M**2 / 2.0
    return -_sums(ring[:-1][along], under_edge, len(rings))


def _sums(groups: NDArray[np.intp], values: Numbers, count: int) -> Numbers:
    return np.bincount(groups, values, minlength=count).astype(np.float64)


def _authalic(latitude: Any) -> Any:
    """Snyder (1987), Map Projections: A Working Manual, 3-12: ``q``, in which area is even."""
    e, sine = _ECCENTRICITY, np.sin(latitude)
    return (1.0 - e**2) * (sine / (1.0 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
