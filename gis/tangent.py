"""A plane in metres that keeps straight what is straight in degrees.

Cells are stored in degrees, and their edges are straight there. A map projection bends them: a
vertex on a neighbour's edge of 800 m then lies centimetres beside it. So what touches what is
decided in this plane, a mere scaling of degrees, and a projection only measures.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

_WGS84_SEMI_MAJOR_AXIS_M = 6_378_137.0
_WGS84_ECCENTRICITY_SQUARED = 6.694379990141317e-3
_NEAREST_TO_A_POLE_DEG = 89.9  # at a pole a degree of longitude has no length


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Length of a degree of longitude and of a degree of latitude on the WGS84 ellipsoid."""
    phi = math.radians(max(-_NEAREST_TO_A_POLE_DEG, min(lat, _NEAREST_TO_A_POLE_DEG)))
    w2 = 1.0 - _WGS84_ECCENTRICITY_SQUARED * math.sin(phi) ** 2
    meridian_m = _WGS84_SEMI_MAJOR_AXIS_M * (1.0 - _WGS84_ECCENTRICITY_SQUARED) / w2**1.5
    parallel_m = _WGS84_SEMI_MAJOR_AXIS_M / math.sqrt(w2) * math.cos(phi)
    return math.radians(parallel_m), math.radians(meridian_m)


@dataclass(frozen=True)
class TangentPlane:
    """Metres east and north of (lon, lat), degrees in EPSG:4326.

    Lengths are true at the centre and, at middle latitudes, to 1 in 1,000 within 5 km of it and to
    1 in 100 within 100 km.
    """

    lon: float
    lat: float

    def to_metres(self, geoms: Any) -> Any:
        """Copy geometries, or an array of them, from degrees into the plane."""
        degrees = shapely.get_coordinates(geoms)
        return _with(geoms, (degrees - (self.lon, self.lat)) * metres_per_degree(self.lat))

    def to_degrees(self, geoms: Any) -> Any:
        """Copy geometries, or an array of them, from the plane back into degrees."""
        metres = shapely.get_coordinates(geoms)
        return _with(geoms, metres / metres_per_degree(self.lat) + (self.lon, self.lat))


def _with(geoms: Any, coordinates: Any) -> Any:
    return shapely.set_coordinates(np.array(geoms), coordinates)[()]
