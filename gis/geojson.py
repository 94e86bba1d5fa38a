"""GeoJSON (RFC 7946, and the ``crs`` member of its 2008 forerunner), checked before GEOS sees it.

A file from outside is an attack until it is shown to be none: nested collections crash GEOS,
``json`` takes NaN, and NumPy takes text for numbers. Here type, depth, count and number are
checked on the parsed JSON, and polygons are built from arrays only.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import WGS84, Crs, parse_crs
from gis.errors import CrsError, FileError, GeometryError
from gis.features import Features, Limits, geometry_error

_SHORTEST_RING = 4
Ring = NDArray[np.float64]


def parse_geojson(data: bytes, limits: Limits | None = None) -> Features:
    """Read a FeatureCollection, or one Feature, of polygons.

    Parameters
    ----------
    data
        The file's bytes: UTF-8, with or without a byte order mark.
    limits
        Default `Limits`.

    Raises
    ------
    FileError
        ``file.too_large``, ``file.too_many_features``, ``file.too_many_vertices``,
        ``file.not_geojson``, ``file.nested_too_deep``.
    GeometryError
        ``geometry.type``, ``geometry.null``, ``geometry.coordinates``, ``geometry.not_finite``,
        ``geometry.short_ring``: of the first feature that is refused.
    CrsError
        Of a ``crs`` member that can't be followed.
    """
    limits = limits or Limits()
    limits.check_bytes(len(data))
    document = _load(data)
    features = _features(document)
    limits.check_features(len(features))
    properties = [_properties(feature, row) for row, feature in enumerate(features)]
    fields = list(dict.fromkeys(field for values in properties for field in values))
    return Features(
        fields,
        {field: [values.get(field) for values in properties] for field in fields},
        _geometries(features, limits),
        _crs(document),
    )


def _load(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except GeometryError:
        raise
    except RecursionError as error:
        raise FileError(
            "file.nested_too_deep", "The JSON is nested too deep for a GeoJSON file.", "file"
        ) from error
    except ValueError as error:
        raise _not_geojson(f"it is not JSON in UTF-8 ({error})") from error
    if not isinstance(document, dict):
        raise _not_geojson("it is not a JSON object")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise GeometryError(
        "geometry.not_finite", f"The file holds {name}, which is no JSON number.", "file"
    )


def _not_geojson(reason: str) -> FileError:
    return FileError(
        "file.not_geojson",
        f"The file can't be read as GeoJSON: {reason}; export it again as GeoJSON or GeoPackage.",
        "file",
        {"reason": reason},
    )


def _features(document: dict[str, Any]) -> list[dict[str, Any]]:
    if document.get("type") == "Feature":
        return [document]
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise _not_geojson("it is no FeatureCollection")
    for row, feature in enumerate(features):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise _not_geojson(f"item {row + 1} of its features is no Feature")
    return features


def _properties(feature: dict[str, Any], row: int) -> dict[str, Any]:
    properties = feature.get("properties")
    if properties is None:
        return {}
    if not isinstance(properties, dict):
        raise _not_geojson(f"the properties of feature {row + 1} are no object")
    return properties


def _crs(document: dict[str, Any]) -> Crs | None:
    if "crs" not in document:
        return WGS84
    member = document["crs"]
    if member is None:  # "no CRS can be assumed" (GeoJSON 2008, section 3)
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise CrsError(
            "crs.unknown",
            "The crs member of the GeoJSON names no CRS; state the CRS yourself.",
            "crs",
        )
    return parse_crs(name)


def _geometries(features: Sequence[dict[str, Any]], limits: Limits) -> NDArray[np.object_]:
    geoms = np.empty(len(features), dtype=object)
    vertices = 0
    for row, feature in enumerate(features):
        polygons = [
            [_ring(ring, row) for ring in _list(rings, row)]
            for rings in _polygons(feature.get("geometry"), row)
        ]
        vertices += sum(len(ring) for polygon in polygons for ring in polygon)
        limits.check_vertices(vertices)
        geoms[row] = _build(polygons, row)
    return geoms


def _polygons(geometry: Any, row: int) -> Iterator[Any]:
    """The coordinates of each polygon of a Polygon or MultiPolygon."""
    if geometry is None:
        raise geometry_error("null", row, "it has no geometry; give it one or leave it out.")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        reason = f"a geometry of type {kind!r:.40} is not taken; give Polygon or MultiPolygon."
        raise geometry_error("type", row, reason)
    coordinates = _list(geometry.get("coordinates"), row)
    if not coordinates:
        raise geometry_error("null", row, "its geometry is empty; give it one or leave it out.")
    yield from [coordinates] if kind == "Polygon" else coordinates


def _list(value: Any, row: int) -> list[Any]:
    if not isinstance(value, list):
        raise _bad_coordinates(row)
    return value


def _bad_coordinates(row: int) -> GeometryError:
    reason = "its coordinates are not rings of [longitude, latitude] as RFC 7946 has them."
    return geometry_error("coordinates", row, reason)


def _ring(positions: Any, row: int) -> Ring:
    try:
        ring = np.array([position[:2] for position in _list(positions, row)])
    except (TypeError, ValueError, KeyError) as error:  # no list, or lists of several lengths
        raise _bad_coordinates(row) from error
    if len(ring) == 0:
        raise geometry_error("short_ring", row, "a ring is empty.")
    if ring.ndim != 2 or ring.shape[1] != 2 or ring.dtype.kind not in "iuf":
        raise _bad_coordinates(row)
    if not np.isfinite(ring).all():
        raise geometry_error("not_finite", row, "a coordinate is too large for a number.")
    if not (ring[0] == ring[-1]).all():
        ring = np.vstack((ring, ring[:1]))
    if len(ring) < _SHORTEST_RING:
        raise geometry_error("short_ring", row, "a ring has fewer than four positions.")
    return ring.astype(np.float64)


def _build(polygons: list[list[Ring]], row: int) -> shapely.Polygon | shapely.MultiPolygon:
    if not all(polygons):
        raise _bad_coordinates(row)
    parts = [shapely.Polygon(shell, holes) for shell, *holes in polygons]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
