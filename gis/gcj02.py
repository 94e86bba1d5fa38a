"""GCJ-02 and BD-09, the shifted coordinates of map services in China, to WGS84 and back.

GCJ-02 has no published definition. The forward formula is the one that has been in open use since
2010 (eviltransform, gcoord, PRCoords and others agree on it); it reproduces the services' shift to
well under a metre. Neither formula has a closed inverse: both are inverted by iterating the
forward one, for the usual one-step inverse errs by up to 4.8 m.

All functions take and return degrees (lon, lat) as float64 arrays of one shape.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Degrees = NDArray[np.float64]
Shift = Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]

AREA_OF_USE = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north: the box outside which the services do not shift."""

TOLERANCE_DEG = 1e-10
"""The inverse stops when the forward formula returns its input to this, some 10 micrometres."""

_MAX_STEPS = 12  # the map contracts by a factor of about 1,000 a step: 4 or 5 are enough
_SEMI_MAJOR_AXIS_M = 6378245.0  # Krassowsky 1940
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD_ANGLE = np.pi * 3000.0 / 180.0


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift WGS84 degrees to GCJ-02; meant for points within `AREA_OF_USE`."""
    east, north = _shift_m(lon - 105.0, lat - 35.0)
    phi = np.radians(lat)
    w2 = 1.0 - _ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    w = np.sqrt(w2)
    meridian_m = _SEMI_MAJOR_AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / (w2 * w)
    parallel_m = _SEMI_MAJOR_AXIS_M / w * np.cos(phi)
    return lon + np.degrees(east / parallel_m), lat + np.degrees(north / meridian_m)


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Undo `wgs84_to_gcj02` to `TOLERANCE_DEG`."""
    return _invert(wgs84_to_gcj02, lon, lat)


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift GCJ-02 degrees to BD-09, the coordinates of Baidu's maps."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_ANGLE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_ANGLE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Undo `gcj02_to_bd09` to `TOLERANCE_DEG`."""
    return _invert(gcj02_to_bd09, lon, lat)


def bd09_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """BD-09 through GCJ-02 to WGS84."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _shift_m(x: Degrees, y: Degrees) -> tuple[Degrees, Degrees]:
    """The shift east and north in metres at `x`, `y` degrees from 105 E, 35 N."""
    root = np.sqrt(np.abs(x))
    common = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y / 30.0 * np.pi)) * 2.0 / 3.0
    return east, north


def _invert(forward: Shift, lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Find the point that `forward` takes to (lon, lat), by fixed-point iteration."""
    guess_lon, guess_lat = lon, lat
    for _ in range(_MAX_STEPS):
        shifted_lon, shifted_lat = forward(guess_lon, guess_lat)
        miss_lon, miss_lat = lon - shifted_lon, lat - shifted_lat
        guess_lon, guess_lat = guess_lon + miss_lon, guess_lat + miss_lat
        if not np.any(np.maximum(np.abs(miss_lon), np.abs(miss_lat)) > TOLERANCE_DEG):
            break
    return guess_lon, guess_lat
