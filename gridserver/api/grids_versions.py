"""Grid versions beside each other: what differs."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.access.rules import require
from gridserver.api import context, geojson
from gridserver.api.blueprint import Blueprint
from gridserver.grids import comparing

blueprint = Blueprint(
    "grids_versions", __name__, url_prefix="/api/v1/grid", description="Versions compared."
)

DiffArguments = ma.Schema.from_dict(
    {
        "from": ma.fields.String(required=True, metadata={"description": "A version's name."}),
        "to": ma.fields.String(required=True, metadata={"description": "A version's name."}),
    },
    name="DiffArgumentsSchema",
)

DifferenceSchema = ma.Schema.from_dict(
    {
        "kind": ma.fields.String(
            required=True,
            metadata={"description": "added, removed, renamed, transfer, gained or lost."},
        ),
        "from": ma.fields.String(required=True, allow_none=True),
        "to": ma.fields.String(required=True, allow_none=True),
        "area_m2": ma.fields.Float(required=True),
        "code": ma.fields.String(
            required=True, metadata={"description": "Stable, for translations of `text`."}
        ),
        "params": ma.fields.Dict(required=True, metadata={"description": "The values in `text`."}),
        "text": ma.fields.String(required=True),
    },
    name="DifferenceSchema",
)

DiffSchema = ma.Schema.from_dict(
    {
        "from": ma.fields.String(required=True),
        "to": ma.fields.String(required=True),
        "items": ma.fields.List(ma.fields.Nested(DifferenceSchema), required=True),
        "area_m2": ma.fields.Float(
            required=True, metadata={"description": "Ground that changes hands."}
        ),
        "moved": ma.fields.List(
            ma.fields.String(),
            required=True,
            metadata={"description": "Cells of both whose ground is another."},
        ),
        "unchanged": ma.fields.List(ma.fields.String(), required=True),
        "geojson": ma.fields.Nested(geojson.FeatureCollectionSchema, required=True),
    },
    name="DiffSchema",
)


@blueprint.route("/diff")
class GridDiff(MethodView):
    @blueprint.arguments(DiffArguments, location="query")
    @blueprint.response(200, DiffSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Say what differs between two versions: codes, and ground that changes hands."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            found = comparing.compare(session, arguments["from"], arguments["to"])
        return found.document() | {"geojson": found.geojson()}
