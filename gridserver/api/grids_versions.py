"""Grid versions beside each other: what differs, and what it would mean for past incidents."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.access.rules import require
from gridserver.api import context, geojson
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes import PersonSchema
from gridserver.dispatch import rehearsal
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


class RehearseSchema(ma.Schema):
    days = ma.fields.Integer(
        load_default=30,
        strict=True,
        validate=ma.validate.Range(1, rehearsal.MOST_DAYS),
        metadata={"description": "How far back."},
    )


class AnswerSchema(ma.Schema):
    """A place's cell, and its primary owner."""

    cell = ma.fields.String(required=True, allow_none=True)
    owner = ma.fields.Nested(PersonSchema, required=True, allow_none=True)


MovedIncidentSchema = ma.Schema.from_dict(
    {
        "incident": ma.fields.Integer(required=True),
        "number": ma.fields.Integer(required=True),
        "lon": ma.fields.Float(required=True),
        "lat": ma.fields.Float(required=True),
        "from": ma.fields.Nested(AnswerSchema, required=True),
        "to": ma.fields.Nested(AnswerSchema, required=True),
    },
    name="MovedIncidentSchema",
)


class LoadSchema(ma.Schema):
    """How many incidents, in the grid in force and in the rehearsed one."""

    before = ma.fields.Integer(required=True)
    after = ma.fields.Integer(required=True)


class CellLoadSchema(LoadSchema):
    code = ma.fields.String(required=True)


class OfficerLoadSchema(LoadSchema):
    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)


RehearsalSchema = ma.Schema.from_dict(
    {
        "from": ma.fields.String(required=True, metadata={"description": "The version in force."}),
        "to": ma.fields.String(required=True),
        "since": ma.fields.String(required=True, metadata={"format": "date-time"}),
        "incidents": ma.fields.Integer(required=True),
        "moved": ma.fields.List(ma.fields.Nested(MovedIncidentSchema), required=True),
        "cells": ma.fields.List(ma.fields.Nested(CellLoadSchema), required=True),
        "officers": ma.fields.List(ma.fields.Nested(OfficerLoadSchema), required=True),
        "unowned": ma.fields.Nested(
            LoadSchema,
            required=True,
            metadata={"description": "In no cell, or in one without a primary owner."},
        ),
    },
    name="RehearsalSchema",
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
        language = context.language()
        return found.document(language) | {"geojson": found.geojson(language)}


@blueprint.route("/versions/<name>/rehearsal")
class RehearsalView(MethodView):
    @blueprint.arguments(RehearseSchema)
    @blueprint.response(200, RehearsalSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, body: dict[str, Any], name: str) -> dict[str, Any]:
        """Ask who would have answered for the incidents of the last days; changes nothing."""
        with context.transaction() as session:
            found = rehearsal.rehearse(session, context.principal(), name, body["days"])
        return rehearsal.document(found)
