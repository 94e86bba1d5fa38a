"""Staffing norms, and where the stations depart from them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes import UnitRefSchema
from gridserver.api.shapes_dispatch import BecauseSchema
from gridserver.dispatch import staffing, texts

blueprint = Blueprint(
    "staffing",
    __name__,
    url_prefix="/api/v1/dispatch/norms",
    description="Staffing norms: shown, and forbidding nothing.",
)


class StaffingNormsSchema(ma.Schema):
    households_per_officer = ma.fields.Integer(required=True)
    people_per_officer = ma.fields.Integer(required=True)
    community_share = ma.fields.Float(required=True)
    two_teams_from = ma.fields.Integer(required=True)
    two_teams_from_with_auxiliaries = ma.fields.Integer(required=True)


class StaffedStationSchema(ma.Schema):
    station = ma.fields.Nested(UnitRefSchema, required=True)
    mode = ma.fields.String(required=True, allow_none=True)
    officers = ma.fields.Integer(required=True)
    auxiliaries = ma.fields.Integer(required=True)
    community_officers = ma.fields.Integer(
        required=True, metadata={"description": "In a group, or in a team that has groups."}
    )
    cells = ma.fields.Integer(required=True)
    cells_uncounted = ma.fields.Integer(
        required=True, metadata={"description": "Cells whose households nobody has counted."}
    )
    departures = ma.fields.List(ma.fields.Nested(BecauseSchema), required=True)


class DeparturesSchema(ma.Schema):
    norms = ma.fields.Nested(StaffingNormsSchema, required=True)
    items = ma.fields.List(ma.fields.Nested(StaffedStationSchema), required=True)


@blueprint.route("/departures")
class Departures(MethodView):
    @blueprint.response(200, DeparturesSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self) -> dict[str, Any]:
        """List the stations that one may see, with where each departs from a staffing norm."""
        language = context.language()
        with context.transaction() as session:
            norms, found = staffing.stations(session, context.principal())
        return {"norms": norms, "items": [_shown(station, language) for station in found]}


def _shown(station: staffing.Station, language: str) -> dict[str, Any]:
    return {
        "station": {"code": station.code, "name": station.name},
        "mode": station.mode,
        "officers": station.strength.officers,
        "auxiliaries": station.strength.auxiliaries,
        "community_officers": station.strength.community,
        "cells": station.cells,
        "cells_uncounted": station.uncounted,
        "departures": [
            vars(each) | {"text": texts.say(each.code, each.params, language)}
            for each in station.departures
        ],
    }
