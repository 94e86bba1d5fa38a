"""The bureau's tables: what they hold now, what they held, and changes from a moment on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask.views import MethodView
from flask_smorest.exceptions import PreconditionRequired
from sqlalchemy.orm import Session
from werkzeug.routing import BaseConverter

from gridserver.access.rules import require
from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes import PersonSchema
from gridserver.base.clock import now
from gridserver.base.errors import Stale
from gridserver.dispatch.tables import changes, queries, service
from gridserver.dispatch.tables.changes import Change
from gridserver.dispatch.tables.columns import PARAMETERS, TABLES, from_text

blueprint = Blueprint(
    "tables",
    __name__,
    url_prefix="/api/v1/dispatch/tables",
    description="Categories, routes, ladders, limits and other numbers of the bureau.",
)


class TableConverter(BaseConverter):
    """A table's name; what else stands in its place has methods of its own."""

    regex = "(?!dry-run$)[^/]+"


@blueprint.record_once
def _know_tables(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["table"] = TableConverter


class ColumnSchema(ma.Schema):
    name = ma.fields.String(required=True)
    kind = ma.fields.String(
        required=True,
        metadata={
            "description": "scope: bureau, a mode or a station's code; category; unit; choice; "
            "choices: several in order; integer; number; text; time: HH:MM; value: as the "
            "parameter of that name takes."
        },
    )
    choices = ma.fields.List(ma.fields.String(), required=True)
    least = ma.fields.Float(required=True, allow_none=True)
    most = ma.fields.Float(required=True, allow_none=True)
    measure = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "s, m or nothing."}
    )
    nullable = ma.fields.Boolean(required=True)


class TableSchema(ma.Schema):
    name = ma.fields.String(required=True)
    key = ma.fields.List(
        ma.fields.Nested(ColumnSchema),
        required=True,
        metadata={"description": "What names a row; one holds for each at any moment."},
    )
    values = ma.fields.List(ma.fields.Nested(ColumnSchema), required=True)


class TablesSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(TableSchema), required=True)
    parameters = ma.fields.List(
        ma.fields.Nested(ColumnSchema),
        required=True,
        metadata={"description": "What the value of each row of `parameter` takes."},
    )


class TableRowSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    key = ma.fields.Dict(ma.fields.String(), required=True)
    values = ma.fields.Dict(ma.fields.String(), required=True)
    valid_from = Moment(
        required=True, allow_none=True, metadata={"description": "null: from ever."}
    )
    valid_to = Moment(
        required=True, allow_none=True, metadata={"description": "null: until further notice."}
    )
    why = ma.fields.String(required=True, allow_none=True)
    by = ma.fields.Nested(
        PersonSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: the installation began with it."},
    )
    at = Moment(required=True, metadata={"description": "When it was written."})
    withdrawn_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "Taken back, or replaced, before it ever held."},
    )


class TablePageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(TableRowSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class TableArguments(context.PageArguments):
    at = Moment(metadata={"description": "Rows that hold at this moment or later; default: now."})


class HistoryArguments(context.PageArguments):
    key = ma.fields.String(
        metadata={"description": "Only the rows of this key: its values in order, with / between."}
    )


class RowChangeSchema(ma.Schema):
    key = ma.fields.Dict(ma.fields.String(), required=True)
    values = ma.fields.Dict(
        ma.fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "null: nothing any more; what is less particular then counts."},
    )


class ChangesSchema(ma.Schema):
    changes = ma.fields.List(
        ma.fields.Nested(RowChangeSchema),
        required=True,
        validate=ma.validate.Length(1, changes.MOST),
    )
    why = ma.fields.String(required=True)
    since = Moment(
        data_key="from", allow_none=True, metadata={"description": "Now or later; default: now."}
    )


class IfMatchSchema(idempotency.IdempotencySchema):
    if_match = ma.fields.String(
        data_key="If-Match", metadata={"description": "The ETag of the table as it was seen."}
    )


class ChangedSchema(ma.Schema):
    changed = ma.fields.Integer(
        required=True, metadata={"description": "How many rows say something else now."}
    )


class WhyArguments(ma.Schema):
    why = ma.fields.String(required=True)


@blueprint.route("")
class Tables(MethodView):
    @blueprint.response(200, TablesSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """List the tables, with what their columns take."""
        with context.transaction():
            require(context.principal(), "norms.read")
        return {"items": list(TABLES.values()), "parameters": list(PARAMETERS.values())}


@blueprint.route("/<table:table>")
class Table(MethodView):
    @blueprint.arguments(TableArguments, location="query")
    @blueprint.response(200, TablePageSchema, headers={"ETag": {"schema": {"type": "string"}}})
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any], table: str) -> Response:
        """List the rows of a table that hold, and those that are planned, by key.

        The ETag is what a change of the table takes for If-Match.
        """
        skipped = context.decode_number_cursor(arguments.get("cursor")) or 0
        shown = skipped + arguments["limit"]
        with context.transaction() as session:
            require(context.principal(), "norms.read")
            at = arguments.get("at") or now(session)
            found = queries.rows(session, table, at)
            tag = queries.tag(session, table)
        return _page(found[skipped:shown], shown if len(found) > shown else None, tag)


@blueprint.route("/<table:table>/history")
class TableHistory(MethodView):
    @blueprint.arguments(HistoryArguments, location="query")
    @blueprint.response(200, TablePageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any], table: str) -> Response:
        """List all that a table ever said, the last written first: who, when and why."""
        limit = arguments["limit"]
        with context.transaction() as session:
            require(context.principal(), "norms.read")
            found = queries.history(
                session,
                table,
                _key(table, arguments.get("key")),
                before=context.decode_number_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        return _page(found[:limit], found[limit - 1].id if len(found) > limit else None)


@blueprint.route("/<table:table>/changes")
class TableChanges(MethodView):
    @blueprint.arguments(IfMatchSchema, location="headers")
    @blueprint.arguments(ChangesSchema)
    @blueprint.response(200, ChangedSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(412, "PRECONDITION_FAILED")
    @blueprint.alt_response(428, "PRECONDITION_REQUIRED")
    def post(self, headers: dict[str, Any], body: dict[str, Any], table: str) -> Response:
        """Have rows of a table say something else from a moment on: all of them, or none."""
        given = [Change(table, said["key"], said["values"]) for said in body["changes"]]

        def work() -> dict[str, Any]:
            _check_seen(session, table)
            actor = context.principal()
            made = service.change(session, actor, given, why=body["why"], since=body.get("since"))
            return {"changed": len(made)}

        with context.transaction() as session:
            done = idempotency.succeed_once(session, request.get_json(), work)
            tag = queries.tag(session, table)
        response = jsonify(done)
        response.set_etag(tag)
        return response


@blueprint.route("/<table:table>/rows/<int(max=9223372036854775807):row_id>")
class PlannedRow(MethodView):
    @blueprint.arguments(IfMatchSchema, location="headers")
    @blueprint.arguments(WhyArguments, location="query")
    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(412, "PRECONDITION_FAILED")
    @blueprint.alt_response(428, "PRECONDITION_REQUIRED")
    def delete(
        self, headers: dict[str, Any], arguments: dict[str, Any], table: str, row_id: int
    ) -> None:
        """Take back a change that is still to come: what holds before it goes on."""
        with context.transaction() as session:
            _check_seen(session, table)
            actor = context.principal()
            service.take_back(session, actor, table, row_id, why=arguments["why"])


def _check_seen(session: Session, table: str) -> None:
    """Lock the tables, and refuse a change of a state that is no longer the table's."""
    service.lock(session, context.principal())
    present = queries.tag(session, table)
    if not request.if_match:
        raise PreconditionRequired
    if present not in context.if_match():
        raise Stale(
            "norms.stale", "Somebody changed the table meanwhile: load it again.", field="If-Match"
        )


def _key(table: str, said: str | None) -> dict[str, Any]:
    if said is None:
        return {}
    columns = changes.table_called(table).key
    texts = said.split("/", len(columns) - 1)
    return {
        column.name: from_text(column, text) for column, text in zip(columns, texts, strict=False)
    }


def _page(
    found: Sequence[queries.TableRow], following: int | None, tag: str | None = None
) -> Response:
    cursor = None if following is None else context.encode_cursor(following)
    response = jsonify(TablePageSchema().dump({"items": found, "next": cursor}))
    if tag is not None:
        response.set_etag(tag)
    return response
