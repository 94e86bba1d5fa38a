"""OGC API Features Part 4 (OGC 20-002r1): cells of a draft made, changed and removed.

As QGIS sends it: OPTIONS first, to learn whether POST is allowed; then POST, PUT, PATCH and DELETE,
without If-Match and with Content-Crs where the layer's CRS is another.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import MethodNotAllowed

from gis.crs import WGS84, geometry_to_wgs84
from gis.features import Limits
from gis.geojson import parse_geojson
from gis.jsonrings import load_json
from gridserver.access.rules import require
from gridserver.api import context, ogc_crs
from gridserver.api.ogc_collections import Collection, collection
from gridserver.base.errors import Invalid
from gridserver.grids import feature_editing, features
from gridserver.grids.feature_editing import Given
from gridserver.grids.models import GridVersion
from gridserver.org import queries as org

blueprint = Blueprint("ogc_editing", __name__, url_prefix="/ogc")

_READING = ("GET", "HEAD", "OPTIONS")
_ITEMS = "/collections/<collection>/items"
_ITEM = f"{_ITEMS}/<path:code>"
_LIMITS = Limits(max_bytes=2 << 20, max_features=1, max_vertices=200_000)


@blueprint.route(_ITEMS, methods=["OPTIONS"], provide_automatic_options=False)
def items_options(collection: str) -> Response:
    """Say whether cells can be added."""
    return _allowed(collection, "POST")


@blueprint.route(_ITEM, methods=["OPTIONS"], provide_automatic_options=False)
def item_options(collection: str, code: str) -> Response:
    """Say whether a cell can be changed."""
    return _allowed(collection, "PUT", "PATCH", "DELETE")


@blueprint.post(_ITEMS, provide_automatic_options=False)
def create(collection: str) -> Response:
    """Add a cell."""
    with context.transaction() as session:
        version = _editable(session, collection)
        cell = feature_editing.create(session, context.principal(), version, _given())
    response = Response(status=201)
    response.location = url_for("ogc.item", collection=collection, code=cell.code, _external=True)
    response.set_etag(features.tag(cell))
    return response


@blueprint.put(_ITEM, provide_automatic_options=False)
def replace(collection: str, code: str) -> Response:
    """Change a cell to what is sent."""
    return _replace(collection, code, partly=False)


@blueprint.patch(_ITEM, provide_automatic_options=False)
def update(collection: str, code: str) -> Response:
    """Change what is sent of a cell (RFC 7396)."""
    return _replace(collection, code, partly=True)


@blueprint.delete(_ITEM, provide_automatic_options=False)
def delete(collection: str, code: str) -> Response:
    """Remove a cell."""
    with context.transaction() as session:
        version = _editable(session, collection)
        feature_editing.remove(session, context.principal(), version, code, _if_match())
    return Response(status=204)


def _replace(collection: str, code: str, *, partly: bool) -> Response:
    with context.transaction() as session:
        version = _editable(session, collection)
        cell = feature_editing.replace_cell(
            session, context.principal(), version, code, _given(), _if_match(), partly=partly
        )
    response = Response(status=204)
    response.set_etag(features.tag(cell))
    return response


def _allowed(id_: str, *changing: str) -> Response:
    with context.transaction() as session:
        require(context.principal(), "grid.read")
        found = _found(session, id_)
    response = Response(status=200)
    response.headers["Allow"] = ", ".join([*_READING, *(changing if found.editable else ())])
    return response


def _editable(session: Session, id_: str) -> GridVersion:
    """Return the draft behind a collection. Raises `MethodNotAllowed` where that is none."""
    require(context.principal(), "grid.edit", org.bureau(session).path)
    found = _found(session, id_)
    if found.version is None or not found.editable:
        said = "Only a draft can be changed: copy the version, then change the copy."
        raise MethodNotAllowed(list(_READING), said)
    return found.version


def _found(session: Session, id_: str) -> Collection:
    return collection(session, context.principal(), id_, None)


def _if_match() -> list[str] | None:
    if "If-Match" not in request.headers:
        return None
    return ["*"] if request.if_match.star_tag else context.if_match()


def _given() -> Given:
    """Read the feature that was sent, checked before GEOS sees it."""
    document = load_json(request.get_data(), _LIMITS)
    if document.get("type", "Feature") != "Feature":
        raise Invalid("geojson.not_feature", "Send one GeoJSON Feature.", field="type")
    properties = document.get("properties") or {}
    if not isinstance(properties, dict):
        raise Invalid("geojson.properties", "properties: give an object.", field="properties")
    geometry = document.get("geometry")
    return Given(properties, None if geometry is None else _geometry(geometry))


def _geometry(geometry: Any) -> Any:
    crs = ogc_crs.named(request.headers.get("Content-Crs"), "Content-Crs")
    (geom,) = parse_geojson({"type": "Feature", "geometry": geometry}, _LIMITS).geoms
    return geometry_to_wgs84(ogc_crs.ordered(geom, crs), WGS84)
