"""GeoJSON (RFC 7946) as answers: geometry goes from Shapely to text without a detour."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import marshmallow as ma
import shapely
from flask import Response, request

MEDIA_TYPE = "application/geo+json"


class FeatureSchema(ma.Schema):
    """One feature; its geometry in EPSG:4326, longitude first."""

    type = ma.fields.String(required=True, validate=ma.validate.Equal("Feature"))
    id = ma.fields.String()
    geometry = ma.fields.Dict(required=True, allow_none=True)
    properties = ma.fields.Dict(required=True)


class FeatureCollectionSchema(ma.Schema):
    """Features; their geometry in EPSG:4326, longitude first."""

    type = ma.fields.String(required=True, validate=ma.validate.Equal("FeatureCollection"))
    features = ma.fields.List(ma.fields.Nested(FeatureSchema), required=True)


def feature(
    properties: dict[str, Any], geom: shapely.Geometry | None, id_: str | None = None
) -> str:
    """Return a feature as text. Outer rings run counterclockwise; coordinates keep every bit."""
    geometry = "null" if geom is None else shapely.to_geojson(shapely.orient_polygons(geom))
    said = json.dumps(properties, ensure_ascii=False)
    named = "" if id_ is None else f'"id":{json.dumps(id_, ensure_ascii=False)},'
    return f'{{"type":"Feature",{named}"properties":{said},"geometry":{geometry}}}'


def collection(features: Iterable[str]) -> str:
    """Return a feature collection of what `feature` made."""
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'


def respond(text: str) -> Response:
    """Return GeoJSON as a response that a client may keep and must ask about (ETag)."""
    response = Response(text, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
