"""Day logs and handovers of watches."""

from __future__ import annotations

import datetime as dt
from operator import itemgetter
from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_journals import (
    DayLogSchema,
    HandoverPageSchema,
    HandoverSchema,
    NewHandoverSchema,
    TakeSchema,
    WatchArguments,
    WatchPreviewSchema,
)
from gridserver.base.clock import local_now
from gridserver.journals import daylog, handovers

blueprint = Blueprint(
    "journals", __name__, url_prefix="/api/v1", description="What is derived from the rows."
)

_ONE = "/handovers/<int(max=9223372036854775807):handover_id>"


class DayLogArguments(ma.Schema):
    officer = ma.fields.String(
        metadata={"description": "Service number; without it one's own day."}
    )
    date = ma.fields.Date(
        metadata={"description": "A day of the bureau's calendar; default: today."}
    )


@blueprint.route("/day-log")
class DayLog(MethodView):
    @blueprint.arguments(DayLogArguments, location="query")
    @blueprint.response(200, DayLogSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Show what an officer did on a day. A look at somebody else's is in the ledger."""
        with context.transaction() as session:
            date = arguments.get("date") or local_now(session).date()
            return daylog.log_of(session, context.principal(), arguments.get("officer"), date)


@blueprint.route("/handovers/preview")
class HandoverPreview(MethodView):
    @blueprint.arguments(WatchArguments, location="query")
    @blueprint.response(200, WatchPreviewSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Show what a room's watch would hand over now, and of which time, without storing it."""
        with context.transaction() as session:
            return handovers.preview(session, context.principal(), *_watch(arguments))


@blueprint.route("/handovers")
class Handovers(MethodView):
    @blueprint.arguments(context.PageArguments, location="query")
    @blueprint.response(200, HandoverPageSchema)
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the handovers that one may see, newest first, without their reports."""
        limit = arguments["limit"]
        before = context.decode_number_cursor(arguments.get("cursor"))
        with context.transaction() as session:
            found = handovers.page(session, context.principal(), before=before, limit=limit + 1)
        items, following = context.cut(found, limit, itemgetter("id"))
        return {"items": items, "next": following}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(NewHandoverSchema)
    @blueprint.response(201, HandoverSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Hand a watch over, with its report as it stands. Somebody else takes it."""

        def work(session: Session) -> dict[str, Any]:
            actor, remark = context.principal(), body.get("remark")
            return handovers.give(session, actor, *_watch(body), remark)

        with context.transaction() as session:
            said = NewHandoverSchema().dump(body)
            document = idempotency.succeed_once(session, said, lambda: work(session))
        response = idempotency.created(document)
        response.headers["Location"] = f"/api/v1/handovers/{document['id']}"
        return response


@blueprint.route(_ONE)
class Handover(MethodView):
    @blueprint.etag
    @blueprint.response(200, HandoverSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, handover_id: int) -> dict[str, Any]:
        """Show a handover with its report as it stood."""
        with context.transaction() as session:
            return handovers.one(session, context.principal(), handover_id)


@blueprint.route(f"{_ONE}/take")
class Taking(MethodView):
    @blueprint.arguments(TakeSchema)
    @blueprint.response(200, HandoverSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], handover_id: int) -> dict[str, Any]:
        """Take a watch over. Who gave it can't."""
        with context.transaction() as session:
            actor = context.principal()
            return handovers.take(session, actor, handover_id, body.get("remark"))


def _watch(said: dict[str, Any]) -> tuple[str, dt.datetime | None, dt.datetime | None]:
    """Return the unit and the times that a request names."""
    return said["unit"], said.get("since"), said.get("until")
