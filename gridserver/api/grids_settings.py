"""The bureau's settings of its grid."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.access.rules import require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.grids import codes, settings
from gridserver.grids.settings import LIMITS, GridSettings

blueprint = Blueprint(
    "grids_settings", __name__, url_prefix="/api/v1/grid", description="The grid's settings."
)


def _number(name: str, description: str) -> ma.fields.Float:
    return ma.fields.Float(
        required=True,
        validate=ma.validate.Range(*LIMITS[name]),
        metadata={"description": description},
    )


class GridSettingsSchema(ma.Schema):
    code_scheme = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(codes.SCHEMES),
        metadata={"description": "digits_15: 6+3+3+3; digits_20: 6+6+3+3+2; free: by a pattern."},
    )
    code_pattern = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "For free codes: 9 a digit, A a capital, ? anything, * at the end: "
            "any number of anything."
        },
    )
    tolerance_m = _number("tolerance_m", "A narrower hole is a sliver; boundaries nearer match.")
    min_area_m2 = _number("min_area_m2", "Overlaps and holes up to this are rounding.")
    enclave_m2 = _number("enclave_m2", "Holes from this on don't block.")
    min_cell_m2 = _number("min_cell_m2", "A smaller cell is a fault.")
    snap_m = _number("snap_m", "How far from the boundary a splitting line may end.")


@blueprint.route("/settings")
class Settings(MethodView):
    @blueprint.etag
    @blueprint.response(200, GridSettingsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self) -> GridSettings:
        """Show the settings; the defaults where the bureau decided nothing."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            return settings.present(session)

    @blueprint.etag
    @blueprint.arguments(GridSettingsSchema)
    @blueprint.response(200, GridSettingsSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def put(self, body: dict[str, Any]) -> GridSettings:
        """Set the settings: they hold for what is checked and edited from now on."""
        with context.transaction() as session:
            actor = context.principal()
            blueprint.check_etag(settings.locked(session, actor), GridSettingsSchema)
            return settings.put(session, actor, GridSettings(**body))
