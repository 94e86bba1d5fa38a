"""JSON from outside, and the rings in it, checked before GEOS sees them.

A file from outside is an attack until it is shown to be none: nested collections crash GEOS,
``json`` takes NaN, and NumPy takes text for numbers. Here depth, type and number are checked on
the parsed JSON, and rings are built from arrays only.
"""

import json
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gis.errors import FileError, GeometryError
from gis.features import Limits, geometry_error

Ring = NDArray[np.float64]

_SHORTEST_RING = 4


def load_json(data: bytes, limits: Limits) -> dict[str, Any]:
    """Return the JSON object in `data`: UTF-8, with or without a byte order mark.

    Raises
    ------
    FileError
        ``file.too_large``, ``file.not_geojson``, ``file.nested_too_deep``.
    GeometryError
        ``geometry.not_finite``: the file holds NaN or Infinity, which are no JSON numbers.
    """
    limits.check_bytes(len(data))
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except GeometryError:
        raise
    except RecursionError as error:
        raise FileError(
            "file.nested_too_deep", "The JSON is nested too deep for a GeoJSON file.", "file"
        ) from error
    except ValueError as error:
        raise not_geojson(f"it is not JSON in UTF-8 ({error})") from error
    if not isinstance(document, dict):
        raise not_geojson("it is not a JSON object")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise GeometryError(
        "geometry.not_finite", f"The file holds {name}, which is no JSON number.", "file"
    )


def not_geojson(reason: str) -> FileError:
    """Return the refusal of a document of which no features can be had."""
    return FileError(
        "file.not_geojson",
        f"The file can't be read as GeoJSON: {reason}; export it again as GeoJSON or GeoPackage.",
        "file",
        {"reason": reason},
    )


def as_list(value: Any, row: int) -> list[Any]:
    """Return `value` of feature `row`, which must be a list: ``geometry.coordinates``."""
    if not isinstance(value, list):
        raise bad_coordinates(row)
    return value


def bad_coordinates(row: int) -> GeometryError:
    """Return the refusal of what is no list of rings."""
    reason = "its coordinates are not rings of [longitude, latitude] as RFC 7946 has them."
    return geometry_error("coordinates", row, reason)


def as_ring(positions: Any, row: int) -> Ring:
    """Return the x and y of a ring of feature `row`, closed.

    Raises
    ------
    GeometryError
        ``geometry.coordinates``, ``geometry.not_finite``, ``geometry.short_ring``.
    """
    try:
        ring = np.array([position[:2] for position in as_list(positions, row)])
    except (TypeError, ValueError, KeyError) as error:  # no list, or lists of several lengths
        raise bad_coordinates(row) from error
    if len(ring) == 0:
        raise geometry_error("short_ring", row, "a ring is empty.")
    if ring.ndim != 2 or ring.shape[1] != 2 or ring.dtype.kind not in "iuf":
        raise bad_coordinates(row)
    if not np.isfinite(ring).all():
        raise geometry_error("not_finite", row, "a coordinate is too large for a number.")
    if not (ring[0] == ring[-1]).all():
        ring = np.vstack((ring, ring[:1]))
    if len(ring) < _SHORTEST_RING:
        raise geometry_error("short_ring", row, "a ring has fewer than four positions.")
    return ring.astype(np.float64)
