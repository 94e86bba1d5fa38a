"""What waits, failed or was refused between us and other agencies."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_exchange import (
    LetterPageSchema,
    LetterSchema,
    RejectedMessageSchema,
    RejectPageSchema,
    RejectSchema,
)
from gridserver.exchange import rejects, service
from gridserver.exchange.lifecycle import REJECT
from gridserver.exchange.rejects import RejectCard
from gridserver.partners import outbox
from gridserver.partners.lifecycle import LETTER
from gridserver.partners.outbox import LetterCard

blueprint = Blueprint(
    "exchange_queues",
    __name__,
    url_prefix="/api/v1/exchange",
    description="Messages that couldn't be taken, and letters to other agencies.",
)

_ID = "<int(max=9223372036854775807):number>"


class QueueArguments(context.PageArguments):
    partner = ma.fields.String(metadata={"description": "Only this partner's."})


class RejectArguments(QueueArguments):
    state = ma.fields.String(load_default="open", validate=ma.validate.OneOf(REJECT.states))


class LetterArguments(QueueArguments):
    state = ma.fields.String(load_default="dead", validate=ma.validate.OneOf(LETTER.states))


@blueprint.route("/rejects")
class Rejects(MethodView):
    @blueprint.arguments(RejectArguments, location="query")
    @blueprint.response(200, RejectPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the messages that couldn't be taken, newest first."""
        with context.transaction() as session:
            found = rejects.page(session, context.principal(), **_page(arguments))
        return _cut(found, arguments)


@blueprint.route(f"/rejects/{_ID}")
class Reject(MethodView):
    @blueprint.response(200, RejectedMessageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, number: int) -> dict[str, Any]:
        """Show a message that couldn't be taken, as it came. The look is recorded."""
        with context.transaction() as session:
            card, body = rejects.body(session, context.principal(), number)
        return {"reject": card, "body": body}


@blueprint.route(f"/rejects/{_ID}/replay")
class RejectReplay(MethodView):
    @blueprint.response(200, RejectSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, number: int) -> RejectCard:
        """Take a message again by the mapping of now. It stays open, with the reason of now, where
        it still can't be taken."""
        with context.transaction() as session:
            service.replay(session, context.principal(), number)
            return rejects.card_of(session, number)


@blueprint.route(f"/rejects/{_ID}/dismiss")
class RejectDismissal(MethodView):
    @blueprint.response(200, RejectSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, number: int) -> RejectCard:
        """Say that nothing is to come of a message; it is wiped."""
        with context.transaction() as session:
            return service.dismiss(session, context.principal(), number)


@blueprint.route("/letters")
class Letters(MethodView):
    @blueprint.arguments(LetterArguments, location="query")
    @blueprint.response(200, LetterPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List letters to other agencies, newest first: the dead ones, unless asked otherwise."""
        with context.transaction() as session:
            found = outbox.page(session, context.principal(), **_page(arguments))
        return _cut(found, arguments)


@blueprint.route(f"/letters/{_ID}/retry")
class LetterRetry(MethodView):
    @blueprint.response(200, LetterSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, number: int) -> LetterCard:
        """Have a dead letter tried again."""
        with context.transaction() as session:
            return outbox.retry(session, context.principal(), number)


def _page(arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "state": arguments["state"],
        "partner": arguments.get("partner"),
        "before": context.decode_number_cursor(arguments.get("cursor")),
        "limit": arguments["limit"] + 1,
    }


def _cut(found: list[Any], arguments: dict[str, Any]) -> dict[str, Any]:
    shown, following = context.cut(found, arguments["limit"], lambda each: each.id)
    return {"items": shown, "next": following}
