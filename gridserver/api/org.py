"""The bureau's units."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView
from geoalchemy2.shape import to_shape

from gridserver.access.rules import require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.base.clock import now
from gridserver.grids import queries as grids
from gridserver.org import queries as org
from gridserver.org.models import KINDS, Unit

blueprint = Blueprint(
    "units", __name__, url_prefix="/api/v1/units", description="The bureau's units."
)


class UnitSchema(ma.Schema):
    code = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    parent = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Code of the unit above."}
    )
    mode = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "How a station works."}
    )
    lon = ma.fields.Float(required=True, allow_none=True)
    lat = ma.fields.Float(required=True, allow_none=True)
    cells = ma.fields.Integer(
        required=True, metadata={"description": "A station's cells in the grid in force."}
    )


class UnitPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(UnitSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class UnitArguments(context.PageArguments):
    kind = ma.fields.String(validate=ma.validate.OneOf(KINDS))


@blueprint.route("")
class Units(MethodView):
    @blueprint.arguments(UnitArguments, location="query")
    @blueprint.response(200, UnitPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the units, each below the one it belongs to."""
        limit = arguments["limit"]
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            found = org.units(
                session,
                arguments.get("kind"),
                after=context.decode_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
            version = grids.find_version_in_force(session, now(session))
            cells = grids.cells_by_station(session, version.id) if version else {}
        shown, following = context.cut(found, limit, lambda unit: unit.path)
        items = [_describe(unit, cells.get(unit.code, 0)) for unit in shown]
        return {"items": items, "next": following}


def _describe(unit: Unit, cells: int) -> dict[str, Any]:
    lon, lat = (None, None) if unit.location is None else to_shape(unit.location).coords[0]
    above = unit.path.split(".")[:-1]
    return {
        "code": unit.code,
        "kind": unit.kind,
        "name": unit.name,
        "name_en": unit.name_en,
        "parent": above[-1] if above else None,
        "mode": unit.mode,
        "lon": lon,
        "lat": lat,
        "cells": cells,
    }
