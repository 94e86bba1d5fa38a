"""Field capture: what officers saw, and what the deciders say to it."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.api import context, idempotency, problems
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes import (
    AttachmentSchema,
    CellRefSchema,
    PersonSchema,
    UnitRefSchema,
    moment,
)
from gridserver.api.shapes_places import GazetteerEntrySchema, PlaceDraftSchema, created, entered
from gridserver.captures import queries, service
from gridserver.captures.rules import CAPTURE, KINDS
from gridserver.delivery.commands import Command
from gridserver.delivery.once import Outcome
from gridserver.places.rules import read_draft

blueprint = Blueprint(
    "captures", __name__, url_prefix="/api/v1/captures", description="What officers saw."
)

_ONE = "/<int(max=9223372036854775807):capture_id>"


class CaptureDecisionSchema(ma.Schema):
    """What became of it; `by` is null where the server itself made a task of it."""

    at = moment()
    by = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)


class CaptureCardSchema(ma.Schema):
    """A capture as messages and the feed carry it."""

    id = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(CAPTURE.states))
    version = ma.fields.Integer(required=True, metadata={"description": "Counts the changes."})
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    text = ma.fields.String(required=True)
    name = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Of the place; of an address correction the right address."},
    )
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    accuracy_m = ma.fields.Float(required=True, allow_none=True)
    cell = ma.fields.Nested(CellRefSchema, required=True, allow_none=True)
    unit = ma.fields.Nested(
        UnitRefSchema,
        required=True,
        metadata={"description": "Who answers for the place: the cell's station, or the bureau."},
    )
    method = ma.fields.String(
        required=True, metadata={"description": "How the cell was found, as of an incident."}
    )
    officer = ma.fields.Nested(PersonSchema, required=True)
    occurred_at = moment(description="By the officer's clock.")
    clock_offset_s = ma.fields.Float(required=True, allow_none=True)
    received_at = moment()
    decision = ma.fields.Nested(CaptureDecisionSchema, required=True, allow_none=True)
    task = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "The task that it became."}
    )
    updated_at = moment()


class CaptureSchema(CaptureCardSchema):
    """A capture with its photos, and what the reader may do with it now."""

    photos = ma.fields.List(ma.fields.Nested(AttachmentSchema), required=True)
    place = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "Its entry in the gazetteer."}
    )
    allowed = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(("accept", "decline"))), required=True
    )


class CapturePageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(CaptureSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class CaptureArguments(context.PageArguments):
    state = ma.fields.String(load_default="open", validate=ma.validate.OneOf(("open", "all")))
    kind = ma.fields.String(validate=ma.validate.OneOf(KINDS))
    mine = ma.fields.Boolean(load_default=False)


class NewCaptureSchema(ma.Schema):
    """What was seen. `lon` and `lat` are EPSG:4326."""

    kind = ma.fields.String(required=True, metadata={"description": f"One of {', '.join(KINDS)}."})
    text = ma.fields.String(required=True)
    name = ma.fields.String(allow_none=True)
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    accuracy_m = ma.fields.Float(allow_none=True)
    photos = ma.fields.List(
        ma.fields.String(),
        metadata={"description": "SHA-256 of each; their bytes may come before or after."},
    )
    occurred_at = Moment(
        metadata={"description": "The officer's own clock. Recorded, never a ground for refusal."}
    )


class CaptureDoneSchema(ma.Schema):
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(("done",)))
    capture = ma.fields.Nested(CaptureSchema, required=True)


class DeclineSchema(ma.Schema):
    reason = ma.fields.String(required=True, metadata={"description": "The officer is told it."})


def say(session: Session, actor: Principal, command: Command) -> Outcome:
    """Take a capture, by whichever door it came."""
    return service.command(session, actor, command)


@blueprint.route("")
class Captures(MethodView):
    @blueprint.arguments(CaptureArguments, location="query")
    @blueprint.response(200, CapturePageSchema)
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the captures that one may see, newest first; `open` ones wait for a decision."""
        limit, actor = arguments["limit"], context.principal()
        kind = arguments.get("kind")
        with context.transaction() as session:
            found = queries.page(
                session,
                actor,
                is_open=arguments["state"] == "open",
                kinds=(kind,) if kind else (),
                mine=arguments["mine"],
                before=context.decode_number_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
            page, following = context.cut(found, limit, lambda each: each.row.id)
            items = queries.details(session, actor, page)
        return {"items": items, "next": following}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(NewCaptureSchema)
    @blueprint.response(201, CaptureDoneSchema)
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Capture something. An `Idempotency-Key` that is a UUID is the command's id, which is the
        same command by the socket."""
        command = Command(
            id=idempotency.own_command_id(),
            verb=service.VERB,
            occurred_at=body.pop("occurred_at", None),
            data=body,
        )
        with context.transaction() as session:
            outcome = say(session, context.principal(), command)
        if outcome.status != 200:
            # The answer is stored, so the transaction stands.
            return problems.of_command(outcome)
        response = idempotency.created(outcome.body)
        response.headers["Location"] = f"{blueprint.url_prefix}/{outcome.body['capture']['id']}"
        return response


@blueprint.route(_ONE)
class Capture(MethodView):
    @blueprint.etag
    @blueprint.response(200, CaptureSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, capture_id: int) -> dict[str, Any]:
        """Show one capture."""
        actor = context.principal()
        with context.transaction() as session:
            return _detail(session, actor, queries.capture_for(session, actor, capture_id))


@blueprint.route(f"{_ONE}/accept")
class Acceptance(MethodView):
    @blueprint.etag
    @blueprint.response(200, CaptureSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, capture_id: int) -> dict[str, Any]:
        """Accept a proposal; the officer is told. Of two who decide at once the second gets 409
        `capture.wrong_state`."""
        return _decide(capture_id, "accept")


@blueprint.route(f"{_ONE}/decline")
class Refusal(MethodView):
    @blueprint.etag
    @blueprint.arguments(DeclineSchema)
    @blueprint.response(200, CaptureSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], capture_id: int) -> dict[str, Any]:
        """Decline a proposal, with a reason; the officer is told."""
        return _decide(capture_id, "decline", body["reason"])


@blueprint.route(f"{_ONE}/place")
class CapturedPlace(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(PlaceDraftSchema)
    @blueprint.response(201, GazetteerEntrySchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any], capture_id: int) -> Response:
        """Make an entry of the gazetteer of an accepted capture, once: 409 `place.exists`."""
        with context.transaction() as session:
            actor = context.principal()

            def enter() -> dict[str, Any]:
                found = queries.capture_for(session, actor, capture_id, locked=True)
                place_id = service.enter_in_gazetteer(session, actor, found, read_draft(body))
                return entered(session, place_id)

            document = idempotency.succeed_once(session, body, enter)
        return created(document)


def _decide(capture_id: int, verb: str, reason: str | None = None) -> dict[str, Any]:
    actor = context.principal()
    with context.transaction() as session:
        found = queries.capture_for(session, actor, capture_id, locked=True)
        decided = service.decide(session, actor, found, verb, reason)
        return _detail(session, actor, decided)


def _detail(session: Session, actor: Principal, record: queries.Record) -> dict[str, Any]:
    (document,) = queries.details(session, actor, [record])
    return document
