"""Vector tiles of the grid in force, and the TileJSON that describes them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request, url_for
from flask.views import MethodView
from werkzeug.http import quote_etag

from gridserver import __version__
from gridserver.access.rules import require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.base.clock import now
from gridserver.grids import queries, tiles
from gridserver.grids.models import GridVersion

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"

blueprint = Blueprint(
    "tiles", __name__, url_prefix="/tiles", description="The grid in force as vector tiles."
)


class LayerSchema(ma.Schema):
    id = ma.fields.String(required=True)
    description = ma.fields.String(required=True)
    fields_ = ma.fields.Dict(required=True, data_key="fields", attribute="fields")


class TileJsonSchema(ma.Schema):
    """TileJSON 3.0.0."""

    tilejson = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    version = ma.fields.String(required=True)
    scheme = ma.fields.String(required=True)
    tiles = ma.fields.List(ma.fields.String(), required=True)
    minzoom = ma.fields.Integer(required=True)
    maxzoom = ma.fields.Integer(required=True)
    bounds = ma.fields.List(ma.fields.Float(), required=True)
    vector_layers = ma.fields.List(ma.fields.Nested(LayerSchema), required=True)


#: A day: as long as a session, so that whoever signs in anew asks anew.
_KEPT = "max-age=86400, immutable"

_LAYERS = [
    {
        "id": "cells",
        "description": "The cells.",
        "fields": {"code": "String", "name": "String", "station": "String"},
    },
    {
        "id": "labels",
        "description": "A point on each cell, in one tile only.",
        "fields": {"code": "String", "name": "String"},
    },
]


@blueprint.route("/grid.json")
class TileJson(MethodView):
    @blueprint.response(200, TileJsonSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self) -> dict[str, Any]:
        """Describe the tiles of the grid in force."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            version = queries.version_in_force(session, now(session))
            bounds = queries.bounds(session, version.id)
        # The version in the address: a map asks anew when another grid takes force.
        template = url_for("tiles.GridTile", z=0, x=1, y=2, v=_edition(version), _external=True)
        return {
            "tilejson": "3.0.0",
            "name": f"Grid {version.name}",
            "version": f"1.0.{version.id}",
            "scheme": "xyz",
            "tiles": [template.replace("/0/1/2.mvt", "/{z}/{x}/{y}.mvt")],
            "minzoom": 0,
            "maxzoom": tiles.LAST_USEFUL_ZOOM,
            "bounds": bounds,
            "vector_layers": _LAYERS,
        }


@blueprint.route("/grid/<int:z>/<int:x>/<int:y>.mvt")
class GridTile(MethodView):
    @blueprint.response(200, content_type=MEDIA_TYPE)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(204, description="No cell is near this tile.")
    @blueprint.alt_response(304, "NOT_MODIFIED")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, z: int, x: int, y: int) -> Response:
        """Give a tile (MVT 2.1) with the layers `cells` and `labels`."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            tiles.check_address(z, x, y)
            version = queries.version_in_force(session, now(session))
            etag = _etag(version, z, x, y)
            fixed = request.args.get("v") == _edition(version)
            if request.if_none_match.contains(etag):
                return _respond(b"", 304, etag, fixed)
            content = tiles.tile(session, version.id, z, x, y)
        return _respond(content, 200 if content else 204, etag, fixed)


def _edition(version: GridVersion) -> str:
    """Name all that a tile's contents depend on beside its address: published cells never change,
    but what a tile holds of them may, with the software."""
    return f"{__version__}-{version.id}"


def _etag(version: GridVersion, z: int, x: int, y: int) -> str:
    return f"{_edition(version)}-{z}-{x}-{y}"


def _respond(content: bytes, status: int, etag: str, fixed: bool) -> Response:
    """Answer with a tile; `fixed`: the address names the edition, so it never holds another."""
    response = Response(content, status, content_type=MEDIA_TYPE)
    response.headers["ETag"] = quote_etag(etag)
    response.headers["Cache-Control"] = f"private, {_KEPT if fixed else 'no-cache'}"
    return response
