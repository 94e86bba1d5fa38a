"""Changes of the bureau's tables, tried on past incidents."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes import PersonSchema, moment
from gridserver.api.tables import RowChangeSchema
from gridserver.dispatch import dry_run
from gridserver.dispatch.norms import ROUTES, RUNGS
from gridserver.dispatch.tables import changes
from gridserver.dispatch.tables.changes import Change

#: Incidents that a dry run lists; all are counted.
_MOST_SHOWN = 500

blueprint = Blueprint(
    "dry_run",
    __name__,
    url_prefix="/api/v1/dispatch/tables/dry-run",
    description="Changes of the tables, tried on past incidents.",
)


class AnyChangeSchema(RowChangeSchema):
    table = ma.fields.String(required=True)


class DryRunAskedSchema(ma.Schema):
    changes = ma.fields.List(
        ma.fields.Nested(AnyChangeSchema),
        required=True,
        validate=ma.validate.Length(1, changes.MOST),
    )
    days = ma.fields.Integer(
        strict=True, load_default=30, validate=ma.validate.Range(1, dry_run.MOST_DAYS)
    )


class OutcomeSchema(ma.Schema):
    route = ma.fields.String(required=True, validate=ma.validate.OneOf(ROUTES))
    unit = ma.fields.String(required=True, allow_none=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(RUNGS))
    who = ma.fields.Nested(PersonSchema, required=True)
    sign_within_s = ma.fields.Integer(required=True)


DiffersSchema = ma.Schema.from_dict(
    {
        "incident": ma.fields.Integer(required=True),
        "number": ma.fields.Integer(required=True),
        "category": ma.fields.String(required=True),
        "reported_at": moment(),
        "from": ma.fields.Nested(OutcomeSchema, required=True),
        "to": ma.fields.Nested(OutcomeSchema, required=True),
    },
    name="DiffersSchema",
)


class DifferenceCountsSchema(ma.Schema):
    route = ma.fields.Integer(required=True)
    first_step = ma.fields.Integer(required=True)
    sign_within_s = ma.fields.Integer(required=True)


class DryRunSchema(ma.Schema):
    since = moment()
    incidents = ma.fields.Integer(required=True, metadata={"description": "Looked at."})
    all_of_them = ma.fields.Boolean(
        required=True,
        metadata={"description": "False: there were more than can be looked at; the latest were."},
    )
    differ = ma.fields.Integer(
        required=True, metadata={"description": "How many would have gone another way."}
    )
    counts = ma.fields.Nested(DifferenceCountsSchema, required=True)
    items = ma.fields.List(
        ma.fields.Nested(DiffersSchema),
        required=True,
        metadata={"description": f"The latest {_MOST_SHOWN} of them."},
    )


@blueprint.route("")
class DryRun(MethodView):
    @blueprint.arguments(DryRunAskedSchema)
    @blueprint.response(200, DryRunSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Try changes on the incidents of the last days: which would have gone another way.

        Nothing is changed. Each decision is computed twice from its stored facts, by the tables of
        today without the changes and with them.
        """
        given = [Change(said["table"], said["key"], said["values"]) for said in body["changes"]]
        with context.transaction() as session:
            found = dry_run.dry_run(session, context.principal(), given, body["days"])
        return dry_run.document(found, _MOST_SHOWN)
