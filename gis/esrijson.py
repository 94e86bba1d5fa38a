"""Esri JSON: what ArcGIS services answer with, checked before GEOS sees it.

A feature set is as Esri's "Common Data Types" describe it: attributes beside the geometry, polygons
as one flat list of rings of which the clockwise ones are shells and the others their holes.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import Crs, crs_from_wkt, parse_crs
from gis.errors import CrsError
from gis.features import Features, Limits, as_array, geometry_error
from gis.jsonrings import Ring, as_list, as_ring, not_geojson

_WEB_MERCATOR_OF_ESRI = (102100, 102113, 900913)
_WEB_MERCATOR = 3857


def is_esri_json(document: dict[str, Any]) -> bool:
    """Return whether a JSON object is a feature set of Esri's, and no GeoJSON."""
    return "type" not in document and "features" in document


def parse_esri_json(document: dict[str, Any], limits: Limits) -> Features:
    """Read a feature set of polygons.

    Parameters
    ----------
    document
        From `gis.jsonrings.load_json`.

    Raises
    ------
    FileError
        ``file.not_geojson``, ``file.too_many_features``, ``file.too_many_vertices``.
    GeometryError
        ``geometry.type``, ``geometry.curves``, ``geometry.null``, ``geometry.coordinates``,
        ``geometry.not_finite``, ``geometry.short_ring``: of the first feature that is refused.
    CrsError
        Of a ``spatialReference`` that can't be followed.
    """
    features = _features(document)
    limits.check_features(len(features))
    attributes = [_attributes(feature, row) for row, feature in enumerate(features)]
    fields = list(dict.fromkeys(field for values in attributes for field in values))
    return Features(
        fields,
        {field: [values.get(field) for values in attributes] for field in fields},
        _geometries(features, limits),
        _crs(document, features),
    )


def _features(document: dict[str, Any]) -> list[dict[str, Any]]:
    features = document["features"]
    if not isinstance(features, list) or not all(isinstance(item, dict) for item in features):
        raise not_geojson("its features are no list of objects")
    return features


def _attributes(feature: dict[str, Any], row: int) -> dict[str, Any]:
    attributes = feature.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise not_geojson(f"the attributes of feature {row + 1} are no object")
    return attributes


def _crs(document: dict[str, Any], features: Sequence[dict[str, Any]]) -> Crs | None:
    """What the set, or else its first geometry, says; None where neither does."""
    reference = document.get("spatialReference")
    if reference is None and features:
        reference = features[0]["geometry"].get("spatialReference")
    if reference is None:
        return None
    members = reference if isinstance(reference, dict) else {}
    wkid = members.get("latestWkid", members.get("wkid"))
    if isinstance(wkid, int) and not isinstance(wkid, bool):
        return parse_crs(f"EPSG:{_WEB_MERCATOR if wkid in _WEB_MERCATOR_OF_ESRI else wkid}")
    if isinstance(members.get("wkt"), str):
        return crs_from_wkt(members["wkt"])
    raise CrsError(
        "crs.unknown",
        "The spatialReference of the file names no CRS; state the CRS yourself.",
        "crs",
    )


def _geometries(features: Sequence[dict[str, Any]], limits: Limits) -> NDArray[np.object_]:
    geoms = np.empty(len(features), dtype=object)
    vertices = 0
    for row, feature in enumerate(features):
        rings = _rings(feature.get("geometry"), row)
        vertices += sum(len(as_list(ring, row)) for ring in rings)
        limits.check_vertices(vertices)
        parts = list(_polygons([as_ring(ring, row) for ring in rings]))
        geoms[row] = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return geoms


def _rings(geometry: Any, row: int) -> list[Any]:
    if geometry is None:
        raise geometry_error("null", row, "it has no geometry; give it one or leave it out.")
    if not isinstance(geometry, dict) or not {"rings", "curveRings"} & geometry.keys():
        raise geometry_error("type", row, "its geometry has no rings; give a polygon.")
    if "curveRings" in geometry:
        reason = "its boundary has true curves; densify it and export it again."
        raise geometry_error("curves", row, reason)
    rings = as_list(geometry["rings"], row)
    if not rings:
        raise geometry_error("null", row, "its geometry is empty; give it one or leave it out.")
    return rings


def _polygons(rings: Sequence[Ring]) -> Iterator[shapely.Polygon]:
    """Shells with their holes: a hole belongs to the smallest shell around it.

    A ring that turns like a hole but lies in no shell is taken as a shell, for some programs don't
    mind the direction.
    """
    lines = as_array(shapely.LinearRing(ring) for ring in rings)
    turns_as_hole = shapely.is_ccw(lines)
    filled = as_array(shapely.Polygon(line) for line in lines)
    shells = np.flatnonzero(~turns_as_hole)
    inside, around = shapely.STRtree(filled[shells]).query(
        shapely.point_on_surface(filled[turns_as_hole]), predicate="intersects"
    )
    holes = np.flatnonzero(turns_as_hole)
    area = shapely.area(filled)
    shell_of: dict[int, int] = {}
    for hole, shell in zip(holes[inside].tolist(), shells[around].tolist(), strict=True):
        # An island that covers the hole's inner point is smaller than the hole.
        known = area[shell_of[hole]] if hole in shell_of else np.inf
        if area[hole] < area[shell] < known:
            shell_of[hole] = shell
    holes_of: dict[int, list[Ring]] = {}
    for hole, shell in shell_of.items():
        holes_of.setdefault(shell, []).append(rings[hole])
    for row in range(len(rings)):
        if row not in shell_of:
            yield shapely.Polygon(rings[row], holes_of.get(row))
