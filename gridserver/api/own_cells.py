"""The cells of whoever asks, and the ground around them that a handheld keeps for a valley."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.access.rules import require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.base.clock import now
from gridserver.force.owned import owned_cells
from gridserver.grids import queries as grids
from gridserver.grids.surroundings import bounds_with_neighbours

blueprint = Blueprint(
    "own_cells", __name__, url_prefix="/api/v1/force", description="The reader's own cells."
)


class OwnedCellSchema(ma.Schema):
    code = ma.fields.String(required=True)
    role = ma.fields.String(required=True, metadata={"description": "primary or backup"})


class OwnCellsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(OwnedCellSchema), required=True)
    bounds = ma.fields.List(
        ma.fields.Float(),
        required=True,
        allow_none=True,
        metadata={
            "description": "West, south, east, north of these cells and of all that touch them, "
            "in the grid in force, EPSG:4326."
        },
    )


@blueprint.route("/my-cells")
class OwnCells(MethodView):
    @blueprint.response(200, OwnCellsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """Tell an officer which cells are theirs, and how far these and their neighbours reach."""
        with context.transaction() as session:
            principal = context.principal()
            require(principal, "grid.read")
            at = now(session)
            own = owned_cells(session, principal.account_id, at)
            version = grids.find_version_in_force(session, at)
            codes = [each.code for each in own]
            bounds = bounds_with_neighbours(session, version.id, codes) if version else None
        return {"items": own, "bounds": bounds}
