"""OGC API Features at /ogc/: Core, GeoJSON, and CRS by reference (OGC 17-069r4, 18-058r1). What
changes a draft is in `ogc_editing`.

It has an API description of its own, so that GDAL and QGIS find what they look for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import shapely
from flask import Blueprint, Response, request, url_for
from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound

from gis.features import Cell
from gridserver.access.rules import require
from gridserver.api import context, geojson, ogc_crs, ogc_description
from gridserver.api.ogc_collections import Collection, collection, collections, describe
from gridserver.api.ogc_collections import link as link_to
from gridserver.grids import feature_editing, features
from gridserver.org import queries as org

blueprint = Blueprint("ogc", __name__, url_prefix="/ogc")

_JSON = "application/json"
_DEFAULT_LIMIT, _LARGEST_LIMIT = 100, 1000
_PAGING = ("f", "limit", "offset", "bbox", "bbox-crs", "crs", "datetime")


@blueprint.get("/")
def landing() -> dict[str, Any]:
    """Say where to go on."""
    return {
        "title": "gridserver",
        "description": "The police grid: the cells in force, the stations, and drafts.",
        "links": [
            link_to(_url("landing"), "self", _JSON, "This document"),
            link_to(
                _url("description"),
                "service-desc",
                "application/vnd.oai.openapi+json;version=3.0",
                "The API description",
            ),
            link_to(_url("conformance"), "conformance", _JSON, "What it conforms to"),
            link_to(_url("list_collections"), "data", _JSON, "The collections"),
        ],
    }


@blueprint.get("/conformance")
def conformance() -> dict[str, Any]:
    """Name the conformance classes."""
    return {"conformsTo": list(ogc_description.CONFORMS_TO)}


@blueprint.get("/api")
def description() -> Response:
    """Describe this API in OpenAPI 3.0."""
    with context.transaction() as session:
        require(context.principal(), "grid.read")
        found = list(collections(session, context.principal()))
    document = ogc_description.describe(_url("landing"), found)
    return Response(
        json.dumps(document), content_type="application/vnd.oai.openapi+json;version=3.0"
    )


@blueprint.get("/collections")
def list_collections() -> dict[str, Any]:
    """List the collections."""
    with context.transaction() as session:
        require(context.principal(), "grid.read")
        found = [describe(session, each) for each in collections(session, context.principal())]
    return {
        "links": [link_to(_url("list_collections"), "self", _JSON, "This document")],
        "crs": list(ogc_crs.KNOWN),
        "collections": found,
    }


@blueprint.get("/collections/<collection>", endpoint="collection")
def one_collection(collection: str) -> dict[str, Any]:
    """Describe a collection."""
    with context.transaction() as session:
        require(context.principal(), "grid.read")
        return describe(session, _collection(session, collection))


@blueprint.get("/collections/<collection>/items", provide_automatic_options=False)
def items(collection: str) -> Response:
    """Give a page of a collection's features."""
    crs = ogc_crs.named(request.args.get("crs"), "crs")
    box = ogc_crs.named(request.args.get("bbox-crs"), "bbox-crs")
    offset = _whole("offset", 0, 0, 10**9)
    limit = min(_whole("limit", _DEFAULT_LIMIT, 1, 10**9), _LARGEST_LIMIT)
    bbox = ogc_crs.bounds(request.args.get("bbox"), box)
    with context.transaction() as session:
        require(context.principal(), "grid.read")
        found = _collection(session, collection)
        equal = _equal(found)
        if found.version is None:
            stations = _stations(session, bbox, equal)
            matched, shown = len(stations), stations[offset : offset + limit]
        else:
            page = features.page(
                session, found.version.id, bbox=bbox, equal=equal, offset=offset, limit=limit
            )
            matched, shown = page.matched, [feature(cell, crs) for cell in page.cells]
            _note(session, found, page.cells)
    return _respond(_collection_text(found, shown, matched, offset, limit), crs)


@blueprint.get("/collections/<collection>/items/<path:code>", provide_automatic_options=False)
def item(collection: str, code: str) -> Response:
    """Give one feature."""
    crs = ogc_crs.named(request.args.get("crs"), "crs")
    with context.transaction() as session:
        require(context.principal(), "grid.read")
        found = _collection(session, collection)
        if found.version is None:
            stations = _stations(session, None, {"code": code})
            if not stations:
                raise NotFound(f"There is no station {code!r}.")
            return _respond(stations[0], crs)
        cell = features.one(session, found.version.id, code)
        _note(session, found, [cell])
    response = _respond(feature(cell, crs), crs)
    response.set_etag(features.tag(cell))
    response.make_conditional(request)
    return response


def feature(cell: Cell, crs: str) -> str:
    """Return a cell as a feature whose id is its code."""
    properties = {"code": cell.code, "name": cell.name, "station": cell.station}
    return geojson.feature(properties, ogc_crs.ordered(cell.geom, crs), cell.code)


def _note(session: Session, found: Collection, cells: Sequence[Cell]) -> None:
    if found.version is not None and found.editable:
        session_id = context.principal().session_id
        feature_editing.note_reading(session, session_id, found.version.id, cells)


def _collection(session: Session, id_: str) -> Collection:
    return collection(session, context.principal(), id_, request.args.get("datetime"))


def _stations(
    session: Session, bbox: ogc_crs.Bounds | None, equal: dict[str, str]
) -> Sequence[str]:
    crs = ogc_crs.named(request.args.get("crs"), "crs")
    found = []
    for unit in org.units(session, "station"):
        place = None if unit.location is None else to_shape(unit.location)
        inside = bbox is None or (place is not None and shapely.box(*bbox).covers(place))
        properties = {"code": unit.code, "name": unit.name, "name_en": unit.name_en}
        if inside and equal.items() <= properties.items():
            placed = place and ogc_crs.ordered(place, crs)
            found.append(geojson.feature(properties, placed, unit.code))
    return found


def _equal(found: Collection) -> dict[str, str]:
    """Return the properties that are asked for. Raises `BadRequest` for one that there is not."""
    known = ogc_description.properties(found)
    asked = {name: value for name, value in request.args.items() if name not in _PAGING}
    if any("\0" in value for value in asked.values()):
        raise BadRequest("U+0000 is no character of a text.")
    if unknown := sorted(set(asked) - set(known)):
        raise BadRequest(
            f"There is no parameter {unknown[0]!r}; give {', '.join([*_PAGING, *known])}."
        )
    return asked


def _whole(name: str, default: int, least: int, most: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise BadRequest(f"{name}: give a whole number from {least} on.")
    return int(text)


def _collection_text(
    found: Collection, shown: Sequence[str], matched: int, offset: int, limit: int
) -> str:
    links = [link_to(request.url, "self", geojson.MEDIA_TYPE, "This page")]
    for rel, start in (("next", offset + limit), ("prev", offset - limit)):
        if 0 <= start < matched or (rel == "prev" and offset > 0):
            asked: dict[str, Any] = request.args.to_dict()
            asked |= {"offset": max(start, 0), "limit": limit}
            href = url_for("ogc.items", collection=found.id, _external=True, **asked)
            links.append(link_to(href, rel, geojson.MEDIA_TYPE, f"The {rel} page"))
    head = {
        "type": "FeatureCollection",
        "numberMatched": matched,
        "numberReturned": len(shown),
        "links": links,
    }
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "features":[{",".join(shown)}]}}'


def _respond(text: str, crs: str) -> Response:
    response = Response(text, content_type=geojson.MEDIA_TYPE)
    response.headers["Content-Crs"] = f"<{crs}>"
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _url(endpoint: str) -> str:
    return url_for(f"ogc.{endpoint}", _external=True)
