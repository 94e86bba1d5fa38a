"""The faults of a version on a map, what would mend them, and holes that are not ours."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from gridserver.access.rules import require
from gridserver.api import context, geojson, grids_editing, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.grids_editing import ChangeHeadersSchema, EditResultSchema
from gridserver.api.moments import Moment
from gridserver.grids import (
    drafts,
    exclusions,
    inspection,
    proposing,
    queries,
    repairs,
    reports,
    service,
    surveys,
)
from gridserver.grids.models import Exclusion

_MOST_PROPOSALS = 10_000

blueprint = Blueprint(
    "grids_repair",
    __name__,
    url_prefix="/api/v1/grid/versions/<name>",
    description="Faults and repairs of drafts.",
)


class ProposalArguments(ma.Schema):
    fault = ma.fields.List(
        ma.fields.String(), metadata={"description": "Only for these faults; may be repeated."}
    )


MoveSchema = ma.Schema.from_dict(
    {
        "from": ma.fields.String(
            required=True, allow_none=True, metadata={"description": "A cell; null: nobody."}
        ),
        "to": ma.fields.String(
            required=True, allow_none=True, metadata={"description": "A cell; null: nobody."}
        ),
        "area_m2": ma.fields.Float(required=True),
    },
    name="MoveSchema",
)


class ProposalSchema(ma.Schema):
    """One way to mend a fault, or several faults that can't be told apart."""

    id = ma.fields.String(required=True)
    faults = ma.fields.List(ma.fields.String(), required=True)
    kind = ma.fields.String(required=True)
    code = ma.fields.String(required=True, metadata={"description": "Stable, for translations."})
    params = ma.fields.Dict(required=True, metadata={"description": "The values in `text`."})
    text = ma.fields.String(required=True)
    moves = ma.fields.List(
        ma.fields.Nested(MoveSchema),
        required=True,
        metadata={"description": "All the ground that would change hands."},
    )
    area_m2 = ma.fields.Float(required=True)
    needs_person = ma.fields.Boolean(
        required=True, metadata={"description": "Never carried out unless it is named."}
    )
    cells = ma.fields.List(ma.fields.String(), required=True)
    geometry = ma.fields.Dict(
        required=True, allow_none=True, metadata={"description": "Where, as GeoJSON."}
    )


class ProposalsSchema(ma.Schema):
    revision = ma.fields.Integer(required=True)
    items = ma.fields.List(ma.fields.Nested(ProposalSchema), required=True)


class RepairsSchema(ma.Schema):
    """Which repairs to carry out: these proposals, or the first of every fault that is small."""

    proposals = ma.fields.List(ma.fields.String(), validate=ma.validate.Length(1, _MOST_PROPOSALS))
    under_m2 = ma.fields.Float(
        validate=ma.validate.Range(min=0.0, min_inclusive=False),
        metadata={"description": "The first proposal of each fault that moves less than this."},
    )

    @ma.validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ma.ValidationError("Give either proposals or under_m2.", "proposals")


class NewExclusionSchema(ma.Schema):
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    why = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))


class ExclusionSchema(NewExclusionSchema):
    id = ma.fields.Integer(required=True)
    by = ma.fields.String(required=True, allow_none=True)
    at = Moment(required=True)


class ExclusionsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(ExclusionSchema), required=True)


@blueprint.route("/faults")
class Faults(MethodView):
    @blueprint.response(200, geojson.FeatureCollectionSchema, content_type=geojson.MEDIA_TYPE)
    @blueprint.alt_response(304, "NOT_MODIFIED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, name: str) -> Response:
        """Look for a version's faults as it is now, each as a feature with an id."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            asked = surveys.faults(session, name)
        found, language = asked.find().items(), context.language()
        return geojson.respond(
            geojson.collection(
                geojson.feature(
                    {"id": id_, **reports.properties(fault, language)}, fault.geometry, id_
                )
                for id_, fault in found
            )
        )


@blueprint.route("/proposals")
class Proposals(MethodView):
    @blueprint.arguments(ProposalArguments, location="query")
    @blueprint.response(200, ProposalsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any], name: str) -> dict[str, Any]:
        """Say what would mend the faults and what each would move; of a fault the best first."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            asked = surveys.survey(session, name)
        found = proposing.documents(asked.find(), arguments.get("fault"), context.language())
        return {"revision": asked.revision, "items": found}


@blueprint.route("/repairs")
class Repairs(MethodView):
    @blueprint.arguments(ChangeHeadersSchema, location="headers")
    @blueprint.arguments(RepairsSchema)
    @blueprint.response(200, EditResultSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(412, "PRECONDITION_FAILED")
    @blueprint.alt_response(428, "PRECONDITION_REQUIRED")
    def post(self, headers: dict[str, Any], body: dict[str, Any], name: str) -> Any:
        """Carry out repairs as one change, which can be undone: all of them, or none."""
        revision = grids_editing.expected_revision()
        said = body | {"revision": revision}
        # Working them out may take seconds, so it holds no lock; `keep` asks for the revision anew.
        with context.transaction() as session:
            actor = context.principal()
            if answer := idempotency.answered_before(session, said):
                return answer, _etag(answer)
            version = drafts.locked_draft(session, actor, name, revision)
            ground = inspection.ground(session, version)
        if "under_m2" in body:
            mended = inspection.carry_out_small(ground, body["under_m2"])
        else:
            mended = inspection.carry_out(ground, body["proposals"])

        def keep() -> dict[str, Any]:
            changed = repairs.keep(session, actor, name, revision, ground, mended)
            result = grids_editing.result(session, changed)
            service.check(session, actor, name)
            return result

        with context.database().transaction() as session:
            answer = idempotency.succeed_once(session, said, keep)
        return answer, _etag(answer)


@blueprint.route("/exclusions")
class Exclusions(MethodView):
    @blueprint.response(200, ExclusionsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, name: str) -> dict[str, Any]:
        """List the holes of a version that were declared not the bureau's, and by whom."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            found = exclusions.of(session, queries.version(session, name))
        return {"items": [_exclusion(made, by) for made, by in found]}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(NewExclusionSchema)
    @blueprint.response(201, ExclusionSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any], name: str) -> Response:
        """Declare the hole of a draft around a point not the bureau's; it is no fault then."""

        def declare() -> dict[str, Any]:
            actor = context.principal()
            made = exclusions.declare(session, actor, name, **body)
            return ExclusionSchema().dump(_exclusion(made, actor.display_name))

        with context.transaction() as session:
            document = idempotency.succeed_once(session, body, declare)
        return idempotency.created(document)


@blueprint.route("/exclusions/<int:exclusion_id>")
class DeclaredExclusion(MethodView):
    @blueprint.response(200, ExclusionSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, name: str, exclusion_id: int) -> dict[str, Any]:
        """Show one."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            return _exclusion(*exclusions.find(session, name, exclusion_id))

    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def delete(self, name: str, exclusion_id: int) -> None:
        """Take it back: the hole is a fault again."""
        with context.transaction() as session:
            exclusions.withdraw(session, context.principal(), name, exclusion_id)


def _etag(result: dict[str, Any]) -> dict[str, str]:
    return {"ETag": f'"{result["revision"]}"'}


def _exclusion(made: Exclusion, by: str | None) -> dict[str, Any]:
    return {
        "id": made.id,
        "lon": made.lon,
        "lat": made.lat,
        "why": made.why,
        "by": by,
        "at": made.at,
    }
