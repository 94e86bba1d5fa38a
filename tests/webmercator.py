"""Places of the XYZ scheme of Web Mercator tiles (EPSG:3857)."""

from __future__ import annotations

import math


def holding(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    """Return z, x, y of the tile that holds a place (EPSG:4326)."""
    x = (lon + 180.0) / 360.0 * 2**z
    y = (1.0 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2.0 * 2**z
    return z, int(x), int(y)
