"""The codes of a draft's cells: new serials for all of them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from gridserver.access.rules import require
from gridserver.api import context, grids_editing
from gridserver.api.blueprint import Blueprint
from gridserver.api.grids_editing import ChangeHeadersSchema, EditResultSchema
from gridserver.grids import queries, renumbering

blueprint = Blueprint(
    "grids_codes",
    __name__,
    url_prefix="/api/v1/grid/versions/<name>",
    description="Codes of drafts.",
)

NewCodeSchema = ma.Schema.from_dict(
    {"from": ma.fields.String(required=True), "to": ma.fields.String(required=True)},
    name="NewCodeSchema",
)


class RenumberingSchema(ma.Schema):
    """What a renumbering would do; cells that keep their code are only counted."""

    revision = ma.fields.Integer(required=True)
    items = ma.fields.List(ma.fields.Nested(NewCodeSchema), required=True)
    unchanged = ma.fields.Integer(required=True)


@blueprint.route("/renumbering")
class Renumbering(MethodView):
    @blueprint.response(200, RenumberingSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, name: str) -> dict[str, Any]:
        """Say which code each cell would get: serials from west to east and north to south."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            version = queries.version(session, name)
            found = renumbering.preview(session, version)
        items = [{"from": old, "to": new} for old, new in found.items() if old != new]
        return {
            "revision": version.revision,
            "items": items,
            "unchanged": len(found) - len(items),
        }

    @blueprint.arguments(ChangeHeadersSchema, location="headers")
    @blueprint.response(200, EditResultSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(412, "PRECONDITION_FAILED")
    @blueprint.alt_response(428, "PRECONDITION_REQUIRED")
    def post(self, headers: dict[str, Any], name: str) -> Response:
        """Give the cells of a draft these codes, as one change that can be undone."""
        return grids_editing.change(name, {}, renumbering.renumber)
