"""Areas on the ellipsoid of polygons whose edges are straight in degrees.

That is what cells are (see `gis.tangent`). `gis.crs.geodesic_area_m2` takes the edges for
geodesics: on an edge of 800 m along a parallel at 29 N that is 3 m² to one side, and a vertex set
in its middle would seem to move ground. Here areas add up: what one cell loses its neighbour gains.
"""

from collections.abc import Iterable

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.features import as_array

_ELLIPSOID = pyproj.Geod(ellps="WGS84")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)


def areas_m2(geoms: Iterable[BaseGeometry]) -> NDArray[np.float64]:
    """Return the areas of polygons and multipolygons in EPSG:4326 on the WGS84 ellipsoid, in m².

    The integral of the authalic latitude's function q (Snyder 1987, eq. 3-12) along the edges, by
    four-point Gauss quadrature: to a few mm² for edges of up to a degree. A polygon must not cross
    the antimeridian.
    """
    oriented = as_array(shapely.orient_polygons(geom) for geom in geoms)
    parts, owner = shapely.get_parts(oriented, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    degrees, ring = shapely.get_coordinates(rings, return_index=True)
    if not len(degrees):
        return np.zeros(len(oriented))
    lon, lat = np.radians(degrees.T)
    in_ring = ring[:-1] == ring[1:]
    share = (_NODES[:, None] + 1.0) / 2.0
    lats = lat[:-1] + share * (lat[1:] - lat[:-1])
    # Differences from one latitude: the small areas of cells would drown in the rounding of q.
    heights = _WEIGHTS @ (_q(lats) - _q(lat[:1])) / 2.0
    below = np.where(in_ring, (lon[1:] - lon[:-1]) * heights, 0.0)
    sums = np.bincount(owner[part[ring[:-1]]], weights=-below, minlength=len(oriented))
    return np.asarray(sums * (_ELLIPSOID.a**2 / 2.0), dtype=np.float64)


def area_m2(geom: BaseGeometry) -> float:
    """Return the area of one polygon or multipolygon, as `areas_m2`."""
    return float(areas_m2([geom])[0])


def _q(lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice the area from the equator to a latitude, over a radian of longitude, for a = 1 m."""
    e = np.sqrt(_ELLIPSOID.es)
    sine = np.sin(lat)
    q: NDArray[np.float64] = (1.0 - e**2) * (
        sine / (1.0 - (e * sine) ** 2) + np.arctanh(e * sine) / e
    )
    return q
