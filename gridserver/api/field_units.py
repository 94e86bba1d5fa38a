"""Field units: patrol cars, armed response and special police, and who of them could help."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from gis.crs import WGS84, to_wgs84
from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes import UnitRefSchema
from gridserver.api.shapes_force import ID, PlaceSchema, RosterOfficerSchema
from gridserver.dispatch import help, queries, texts
from gridserver.dispatch.help import Help, Near
from gridserver.dispatch.rules.help import how_far, passed_over
from gridserver.force import units
from gridserver.force.rules import FIELD_UNIT_KINDS
from gridserver.force.units import MOST_CREW, Standing, UnitDraft

blueprint = Blueprint(
    "field_units",
    __name__,
    url_prefix="/api/v1",
    description="Patrol cars, armed response, special police: where they are, who could help.",
)


class FieldUnitDraftSchema(ma.Schema):
    name = ma.fields.String(required=True)
    name_en = ma.fields.String(allow_none=True, load_default=None)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(FIELD_UNIT_KINDS))
    unit = ma.fields.String(required=True, metadata={"description": "Whose it is: a unit's code."})
    in_service = ma.fields.Boolean(load_default=True)


class NewFieldUnitSchema(FieldUnitDraftSchema):
    code = ma.fields.String(required=True)


class LaidDownSchema(ma.Schema):
    """What is laid down of a field unit; where it is changes by the minute and stands beside."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(FIELD_UNIT_KINDS))
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    in_service = ma.fields.Boolean(required=True)


class CrewSchema(ma.Schema):
    crew = ma.fields.List(ma.fields.Nested(RosterOfficerSchema), required=True)


class FieldUnitSchema(LaidDownSchema, CrewSchema):
    """A field unit as it stands now. Its position is the newest of its crew's."""

    position = ma.fields.Nested(PlaceSchema, required=True, allow_none=True)


class FieldUnitsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(FieldUnitSchema), required=True)


class NewCrewSchema(ma.Schema):
    """Who rides with a unit from now on, by service number; whoever else did ends now."""

    crew = ma.fields.List(
        ma.fields.String(), required=True, validate=ma.validate.Length(max=MOST_CREW)
    )


class PointArguments(ma.Schema):
    lon = ma.fields.Float(required=True, metadata={"description": "Degrees, EPSG:4326."})
    lat = ma.fields.Float(required=True, metadata={"description": "Degrees, EPSG:4326."})


class NearSchema(ma.Schema):
    """A field unit as seen from a place."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(FIELD_UNIT_KINDS))
    minutes = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "By road; null: not known."}
    )
    distance_m = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "As the crow flies."}
    )
    position = ma.fields.Nested(PlaceSchema, required=True, allow_none=True)
    why_not = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "out_of_service, no_crew, no_position, stale_position or busy; null of "
            "those proposed, and where others of the tier are nearer."
        },
    )
    text = ma.fields.String(required=True, metadata={"description": "In the reader's language."})


class HelpSchema(ma.Schema):
    by_road = ma.fields.Boolean(
        required=True,
        metadata={"description": "False: no road network is loaded; all is by distance."},
    )
    proposed = ma.fields.List(ma.fields.Nested(NearSchema), required=True)
    passed_over = ma.fields.List(ma.fields.Nested(NearSchema), required=True)


@blueprint.route("/field-units")
class FieldUnits(MethodView):
    @blueprint.response(200, FieldUnitsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """List the field units that one may see, with their crews and where they are, by code."""
        with context.transaction() as session:
            return {"items": units.field_units(session, context.principal())}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(NewFieldUnitSchema)
    @blueprint.response(201, FieldUnitSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Add a field unit, without a crew."""
        with context.transaction() as session:
            actor = context.principal()

            def add() -> dict[str, Any]:
                draft = dict(body)
                code = draft.pop("code")
                units.add_field_unit(session, actor, code, UnitDraft(**draft))
                return FieldUnitSchema().dump(units.field_unit(session, actor, code))

            document = idempotency.succeed_once(session, body, add)
        response = idempotency.created(document)
        response.headers["Location"] = f"/api/v1/field-units/{document['code']}"
        return response


@blueprint.route("/nearest-units")
class NearestUnits(MethodView):
    @blueprint.arguments(PointArguments, location="query")
    @blueprint.response(200, HelpSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Say which field units could help at a place: tier by tier, the nearest first, by minutes
        of road where a network is loaded and else by distance; and why not the others."""
        lon, lat = to_wgs84(arguments["lon"], arguments["lat"], WGS84, field="lon/lat")
        with context.transaction() as session:
            return _shown(help.nearest(session, context.principal(), (float(lon), float(lat))))


@blueprint.route(f"/tasks/{ID.format('task_id')}/units")
class UnitsForTask(MethodView):
    @blueprint.response(200, HelpSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, task_id: int) -> dict[str, Any]:
        """Say which field units could help with a task now."""
        with context.transaction() as session:
            actor = context.principal()
            incident = queries.task_for(session, actor, task_id).incident
            return _shown(help.nearest(session, actor, (incident.lon, incident.lat)))


@blueprint.route("/field-units/<code>")
class OneFieldUnit(MethodView):
    @blueprint.etag
    @blueprint.response(200, LaidDownSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, code: str) -> Standing:
        """Show what is laid down of a field unit."""
        with context.transaction() as session:
            return units.field_unit(session, context.principal(), code)

    @blueprint.etag
    @blueprint.arguments(FieldUnitDraftSchema)
    @blueprint.response(200, LaidDownSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def put(self, body: dict[str, Any], code: str) -> Standing:
        """Change what is laid down of a field unit."""
        with context.transaction() as session:
            actor = context.principal()
            units.lock_field_unit(session, code)
            blueprint.check_etag(units.field_unit(session, actor, code), LaidDownSchema)
            units.change_field_unit(session, actor, code, UnitDraft(**body))
            return units.field_unit(session, actor, code)


@blueprint.route("/field-units/<code>/crew")
class Crew(MethodView):
    @blueprint.etag
    @blueprint.response(200, CrewSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, code: str) -> Standing:
        """Show who rides with a field unit now."""
        with context.transaction() as session:
            return units.field_unit(session, context.principal(), code)

    @blueprint.etag
    @blueprint.arguments(NewCrewSchema)
    @blueprint.response(200, CrewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def put(self, body: dict[str, Any], code: str) -> Standing:
        """Have others ride with a field unit from now on."""
        with context.transaction() as session:
            actor = context.principal()
            units.lock_field_unit(session, code)
            blueprint.check_etag(units.field_unit(session, actor, code), CrewSchema)
            units.set_crew(session, actor, code, body["crew"])
            return units.field_unit(session, actor, code)


def _shown(found: Help) -> dict[str, Any]:
    language = context.language()
    return {
        "by_road": found.by_road,
        "proposed": [_near(near, language, is_proposed=True) for near in found.proposed],
        "passed_over": [_near(near, language, is_proposed=False) for near in found.passed_over],
    }


def _near(near: Near, language: str, *, is_proposed: bool) -> dict[str, Any]:
    unit = near.unit
    said = how_far(unit) if is_proposed else passed_over(unit, near.why_not)
    return {
        "code": unit.code,
        "name": unit.name,
        "name_en": unit.name_en,
        "kind": unit.kind,
        "minutes": unit.minutes,
        "distance_m": unit.distance_m,
        "position": near.position,
        "why_not": near.why_not,
        "text": texts.say(said.code, said.params, language),
    }
