"""Reporting incidents, and reading them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.api import context, idempotency, problems
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes_dispatch import ExplanationSchema, IncidentSchema, PreviewSchema
from gridserver.base.clock import now
from gridserver.delivery.once import run_once
from gridserver.dispatch import cards, explaining, looking, service
from gridserver.incidents import queries as incidents
from gridserver.incidents.categories import BROAD_CLASSES
from gridserver.incidents.rules import read_place, read_priority, read_report

blueprint = Blueprint(
    "incidents", __name__, url_prefix="/api/v1", description="What was reported, and where."
)


_UNDECIDED: dict[str, Any] = {"route": None, "hours": None, "decision": [], "notes": []}


class ReportedPlaceSchema(ma.Schema):
    """A place in any CRS that is stated, and what is known of what happened there."""

    lon = ma.fields.Float(
        required=True,
        allow_nan=True,
        metadata={"description": "Longitude; in a projected CRS the easting."},
    )
    lat = ma.fields.Float(
        required=True,
        allow_nan=True,
        metadata={"description": "Latitude; in a projected CRS the northing."},
    )
    crs = ma.fields.String(
        load_default="EPSG:4326", metadata={"description": "EPSG:n, gcj02 or bd09."}
    )
    accuracy_m = ma.fields.Float(
        allow_none=True,
        allow_nan=True,
        metadata={"description": "Radius of the circle that holds the true place."},
    )
    priority = ma.fields.Integer(
        strict=True,
        allow_none=True,
        metadata={"description": "1 (at once) to 4; default: the category's."},
    )
    reported_at = Moment(
        allow_none=True, metadata={"description": "Chooses the grid in force; default: now."}
    )


class PreviewArguments(ReportedPlaceSchema):
    category = ma.fields.String(
        allow_none=True,
        metadata={"description": "Without it the answer is about the place, and decides nothing."},
    )


class IncidentReportSchema(ReportedPlaceSchema):
    """A report. `source` and `external_id` together are unique."""

    category = ma.fields.String(required=True)

    source = ma.fields.String(required=True, metadata={"description": "Who reports, e.g. 110."})
    external_id = ma.fields.String(
        required=True, metadata={"description": "The source's own name for it."}
    )
    address = ma.fields.String(allow_none=True)
    description = ma.fields.String(allow_none=True)
    occurred_at = Moment(allow_none=True)
    duplicate_of = ma.fields.Integer(
        strict=True,
        allow_none=True,
        validate=ma.validate.Range(1, 2**63 - 1),
        metadata={
            "description": "The id of a task about the same event: it is linked to the one that "
            "stands for it, and nobody else is sent."
        },
    )


class DecisionArguments(ma.Schema):
    revision = ma.fields.Integer(
        validate=ma.validate.Range(1, 32767),
        metadata={"description": "Which decision on the incident; default: the last."},
    )


class CategorySchema(ma.Schema):
    code = ma.fields.String(required=True)
    parent = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "The category above it."}
    )
    broad_class = ma.fields.String(required=True, validate=ma.validate.OneOf(BROAD_CLASSES))
    name = ma.fields.String(required=True, metadata={"description": "In the reader's language."})
    name_zh = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True)
    priority = ma.fields.Integer(required=True)


class CategoryPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(CategorySchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


@blueprint.route("/categories")
class Categories(MethodView):
    @blueprint.response(200, CategoryPageSchema)
    def get(self) -> dict[str, Any]:
        """List the kinds of incidents, in the bureau's order."""
        english = context.language() == "en"
        with context.transaction() as session:
            found = incidents.categories(session, now(session))
        items = [
            {
                "code": category.code,
                "parent": category.parent,
                "broad_class": category.broad_class,
                "name": category.name_en if english else category.name_zh,
                "name_zh": category.name_zh,
                "name_en": category.name_en,
                "priority": category.priority,
            }
            for category in found
        ]
        return {"items": items, "next": None}


@blueprint.route("/incidents")
class Incidents(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(IncidentReportSchema)
    @blueprint.response(201, IncidentSchema)
    @blueprint.alt_response(200, schema=IncidentSchema, description="It was reported before.")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Report an incident: it is located, given to its owner, and answered with the reasons."""
        key = headers.get("key")
        with context.transaction() as session:
            if key is None:
                return _reported(_report(session, body))
            outcome = run_once(
                session,
                context.principal(),
                idempotency.command_id(key),
                request.get_json(),
                lambda: _report(session, body),
            )
        if outcome.status != 200:
            return problems.of_command(outcome)
        return _reported(outcome.body)


@blueprint.route("/incidents/preview")
class IncidentPreview(MethodView):
    @blueprint.arguments(PreviewArguments)
    @blueprint.response(200, PreviewSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say who would get a report, and why, without reporting anything."""
        language = context.language()
        with context.transaction() as session:
            seen = service.preview(
                session,
                context.principal(),
                read_place(body),
                category=body.get("category"),
                priority=read_priority(body.get("priority")),
                reported_at=body.get("reported_at"),
            )
        lon, lat = seen.point
        return {
            "lon": lon,
            "lat": lat,
            **cards.place_card(seen.place),
            **(cards.decision_card(seen.decision, language) if seen.decision else _UNDECIDED),
            "related": [cards.suggested(each) for each in seen.related],
        }


@blueprint.route("/incidents/<int(max=9223372036854775807):incident_id>")
class Incident(MethodView):
    @blueprint.etag
    @blueprint.response(200, IncidentSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, incident_id: int) -> dict[str, Any]:
        """Show one incident. The look is recorded."""
        with context.transaction() as session:
            found = looking.at_incident(session, context.principal(), incident_id)
        return cards.incident_detail(found, context.language())


@blueprint.route("/incidents/<int(max=9223372036854775807):incident_id>/decision")
class IncidentDecision(MethodView):
    @blueprint.arguments(DecisionArguments, location="query")
    @blueprint.response(200, ExplanationSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any], incident_id: int) -> dict[str, Any]:
        """Explain a decision: the facts in words, what followed, and whether it still would. The
        look is recorded."""
        actor = context.principal()
        with context.transaction() as session:
            looking.at_incident(session, actor, incident_id)
            found = explaining.explain(session, actor, incident_id, arguments.get("revision"))
        return explaining.document(found, context.language())


def _report(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    language = context.language()
    taken = service.take_report(
        session,
        context.principal(),
        read_report(body),
        duplicate_of=body.get("duplicate_of"),
        language=language,
    )
    incident = cards.incident_detail(taken.dossier, language)
    return {"created": taken.created, "incident": incident}


def _reported(report: dict[str, Any]) -> Response:
    response = jsonify(report["incident"])
    response.status_code = 201 if report["created"] else 200
    response.headers["Location"] = f"/api/v1/incidents/{report['incident']['id']}"
    return response
