"""GeoJSON (RFC 7946, and the ``crs`` member of its 2008 forerunner), checked before GEOS sees it.

Type, depth, count and number are checked on the parsed JSON, and polygons are built from arrays
only; nothing but Polygon and MultiPolygon gets past.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import WGS84, Crs, parse_crs
from gis.errors import CrsError
from gis.features import Features, Limits, geometry_error
from gis.jsonrings import as_list, as_ring, bad_coordinates, not_geojson


def parse_geojson(document: dict[str, Any], limits: Limits) -> Features:
    """Read a FeatureCollection, or one Feature, of polygons.

    Parameters
    ----------
    document
        From `gis.jsonrings.load_json`.

    Raises
    ------
    FileError
        ``file.too_many_features``, ``file.too_many_vertices``, ``file.not_geojson``.
    GeometryError
        ``geometry.type``, ``geometry.null``, ``geometry.coordinates``, ``geometry.not_finite``,
        ``geometry.short_ring``: of the first feature that is refused.
    CrsError
        Of a ``crs`` member that can't be followed.
    """
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


def _features(document: dict[str, Any]) -> list[dict[str, Any]]:
    if document.get("type") == "Feature":
        return [document]
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise not_geojson("it is no FeatureCollection")
    for row, feature in enumerate(features):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise not_geojson(f"item {row + 1} of its features is no Feature")
    return features


def _properties(feature: dict[str, Any], row: int) -> dict[str, Any]:
    properties = feature.get("properties")
    if properties is None:
        return {}
    if not isinstance(properties, dict):
        raise not_geojson(f"the properties of feature {row + 1} are no object")
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
        polygons = [as_list(rings, row) for rings in _polygons(feature.get("geometry"), row)]
        vertices += sum(len(as_list(ring, row)) for rings in polygons for ring in rings)
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
    coordinates = as_list(geometry.get("coordinates"), row)
    if not coordinates:
        raise geometry_error("null", row, "its geometry is empty; give it one or leave it out.")
    yield from [coordinates] if kind == "Polygon" else coordinates


def _build(polygons: list[list[Any]], row: int) -> shapely.Polygon | shapely.MultiPolygon:
    if not all(polygons):
        raise bad_coordinates(row)
    rings = [[as_ring(ring, row) for ring in polygon] for polygon in polygons]
    parts = [shapely.Polygon(shell, holes) for shell, *holes in rings]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
