"""Coordinate reference systems of the OGC API (Part 2): longitude first, or latitude first.

All three have the same numbers here (see `gis.crs`), in another order.
"""

from __future__ import annotations

from typing import Any

import shapely
from werkzeug.exceptions import BadRequest

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_LATITUDE_FIRST = (
    "http://www.opengis.net/def/crs/EPSG/0/4326",
    "http://www.opengis.net/def/crs/EPSG/0/4490",
)
KNOWN = (CRS84, *_LATITUDE_FIRST)

Bounds = tuple[float, float, float, float]


def named(uri: str | None, parameter: str) -> str:
    """Return a CRS that is known; `CRS84` where none is named. Raises `BadRequest`."""
    given = (uri or CRS84).strip("<>")
    if given not in KNOWN:
        raise BadRequest(f"{parameter}: {given!r} is not served; give one of {', '.join(KNOWN)}.")
    return given


def ordered(geom: Any, uri: str) -> Any:
    """Return a geometry in longitude, latitude in the order of a CRS, or the other way round."""
    if uri == CRS84:
        return geom
    return shapely.set_coordinates(geom, shapely.get_coordinates(geom)[:, ::-1])


def bounds(text: str | None, uri: str) -> Bounds | None:
    """Return the box that a bbox parameter says, west first. Raises `BadRequest`."""
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BadRequest("bbox: give four numbers, with commas between them.") from error
    if len(numbers) == 6:  # with heights, which no cell has
        numbers = numbers[:2] + numbers[3:5]
    if len(numbers) != 4 or not all(abs(number) <= 1e6 for number in numbers):
        raise BadRequest("bbox: give four numbers, with commas between them.")
    west, south, east, north = numbers
    if uri != CRS84:
        west, south, east, north = south, west, north, east
    if south > north:
        raise BadRequest("bbox: the lower corner comes first.")
    if west > east:
        raise BadRequest("bbox: no cell lies across the antimeridian; give west before east.")
    return west, south, east, north
