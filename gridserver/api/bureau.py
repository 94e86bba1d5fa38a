"""What a client needs to know of the bureau before it draws anything."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.base.clock import now
from gridserver.delivery import queries as delivery
from gridserver.grids import queries as grids
from gridserver.org import queries as org

blueprint = Blueprint(
    "bureau", __name__, url_prefix="/api/v1/bureau", description="The bureau as a whole."
)


class BureauSchema(ma.Schema):
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    timezone = ma.fields.String(required=True)
    bbox = ma.fields.List(
        ma.fields.Float(),
        required=True,
        allow_none=True,
        metadata={"description": "West, south, east, north of the grid in force, EPSG:4326."},
    )
    illustrative = ma.fields.Boolean(
        required=True, metadata={"description": "The cells are made up, as in the demo county."}
    )
    grid_version = ma.fields.String(required=True, allow_none=True)
    epoch = ma.fields.UUID(required=True)


@blueprint.route("")
class Bureau(MethodView):
    @blueprint.response(200, BureauSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self) -> dict[str, Any]:
        """Describe the bureau and the grid in force."""
        with context.transaction() as session:
            unit = org.bureau(session)
            version = grids.find_version_in_force(session, now(session))
            return {
                "code": unit.code,
                "name": unit.name,
                "name_en": unit.name_en,
                "timezone": context.settings().timezone.key,
                "bbox": grids.bounds(session, version.id) if version else None,
                "illustrative": bool(version and version.source.get("illustrative")),
                "grid_version": version.name if version else None,
                "epoch": delivery.epoch(session),
            }
