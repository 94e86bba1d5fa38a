"""Orders and notices: sent from a command room to many, and what each person says to one."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.api import context, idempotency, problems
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_orders import (
    OrderCardSchema,
    OrderCommandSchema,
    OrderDetailSchema,
    OrderDoneSchema,
    OrderDraftSchema,
    OrderPreviewArguments,
    OrderPreviewSchema,
    OrderRecipientSchema,
    OwnOrderSchema,
)
from gridserver.delivery.commands import Command
from gridserver.delivery.once import Outcome
from gridserver.force.audiences import Audience
from gridserver.orders import queries, service
from gridserver.orders.queries import FILTERS, Issued
from gridserver.orders.rules import Draft

blueprint = Blueprint(
    "orders", __name__, url_prefix="/api/v1/orders", description="Orders and notices."
)
Change = Callable[[Session, Principal], Issued]

_ONE = "/<int(max=9223372036854775807):order_id>"


class OrderArguments(context.PageArguments):
    state = ma.fields.String(load_default="open", validate=ma.validate.OneOf(("open", "all")))


class OrderCardPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(OrderCardSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class OwnOrderPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(OwnOrderSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class OrderRecipientArguments(context.PageArguments):
    filter = ma.fields.String(allow_none=True, validate=ma.validate.OneOf(tuple(FILTERS)))


class OrderRecipientPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(OrderRecipientSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class OrderRecallSchema(ma.Schema):
    reason = ma.fields.String(required=True)


class OrderRemindedSchema(ma.Schema):
    people = ma.fields.Integer(required=True, metadata={"description": "How many were reminded."})


def say(session: Session, actor: Principal, order_id: int, command: Command) -> Outcome:
    """Carry out a command to an order, by whichever door it came."""
    return service.command(session, actor, order_id, command)


@blueprint.route("")
class Orders(MethodView):
    @blueprint.arguments(OrderArguments, location="query")
    @blueprint.response(200, OrderCardPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the orders that were issued in one's scope, newest first."""
        limit = arguments["limit"]
        with context.transaction() as session:
            require(context.principal(), queries.READ)
            found = queries.page(
                session,
                context.principal(),
                is_open=arguments["state"] == "open",
                before=context.decode_number_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        return _page(found, limit)

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(OrderDraftSchema)
    @blueprint.response(201, OrderDetailSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Send an order to everyone that the audience means now."""
        with context.transaction() as session:
            actor = context.principal()

            def send() -> dict[str, Any]:
                asked = dict(body)
                audience = Audience(**asked.pop("audience"))
                unit, expected = asked.pop("unit"), asked.pop("expected", None)
                draft = Draft(**asked)
                found = service.issue(session, actor, unit, draft, audience, expected=expected)
                return queries.detail(session, actor, found)

            document = idempotency.succeed_once(session, OrderDraftSchema().dump(body), send)
        response = idempotency.created(document)
        response.headers["Location"] = f"{blueprint.url_prefix}/{document['id']}"
        return response


@blueprint.route("/preview")
class OrderPreview(MethodView):
    @blueprint.arguments(OrderPreviewArguments)
    @blueprint.response(200, OrderPreviewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say who an audience is now, before anything is sent."""
        with context.transaction() as session:
            audience = Audience(**body["audience"])
            found = service.preview(session, context.principal(), body["unit"], audience)
        return {
            "people": found.people,
            "on_duty": found.on_duty,
            "first": [_with_unit(row, row["unit_code"], row["unit_name"]) for row in found.first],
        }


@blueprint.route("/mine")
class MyOrders(MethodView):
    @blueprint.arguments(context.PageArguments, location="query")
    @blueprint.response(200, OwnOrderPageSchema)
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the orders that one was sent, newest first, those that are over too."""
        limit = arguments["limit"]
        with context.transaction() as session:
            found = queries.mine(
                session,
                context.principal().account_id,
                before=context.decode_number_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        return _page(found, limit)


@blueprint.route(_ONE)
class OneOrder(MethodView):
    @blueprint.etag
    @blueprint.response(200, OrderDetailSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, order_id: int) -> dict[str, Any]:
        """Show one order, and how far it has come."""
        with context.transaction() as session:
            actor = context.principal()
            found = queries.order_for(session, actor, order_id)
            return queries.detail(session, actor, found)


@blueprint.route(f"{_ONE}/recipients")
class Recipients(MethodView):
    @blueprint.arguments(OrderRecipientArguments, location="query")
    @blueprint.response(200, OrderRecipientPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any], order_id: int) -> dict[str, Any]:
        """List the persons that an order was sent to, with what each did, by username."""
        limit = arguments["limit"]
        with context.transaction() as session:
            queries.order_for(session, context.principal(), order_id)
            found = queries.recipients(
                session,
                order_id,
                only=arguments.get("filter"),
                after=context.decode_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        shown, following = context.cut(found, limit, lambda each: each.username)
        items = [_with_unit(vars(each), each.unit, each.unit_name) for each in shown]
        return {"items": items, "next": following}


@blueprint.route(f"{_ONE}/recall")
class Recall(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(OrderRecallSchema)
    @blueprint.response(200, OrderDetailSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any], order_id: int) -> Response:
        """Take an order back, with the reason; terminals show it so, and nobody is reminded."""
        return _changed(
            body,
            lambda session, actor: service.recall(session, actor, order_id, body["reason"]),
        )


@blueprint.route(f"{_ONE}/close")
class Close(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.response(200, OrderDetailSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], order_id: int) -> Response:
        """End an order whose answers are no longer waited for."""
        return _changed({}, lambda session, actor: service.close(session, actor, order_id))


@blueprint.route(f"{_ONE}/remind")
class Remind(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.response(200, OrderRemindedSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], order_id: int) -> Response:
        """Remind everyone who hasn't answered."""
        with context.transaction() as session:
            actor = context.principal()

            def remind() -> dict[str, Any]:
                return {"people": service.remind(session, actor, order_id)}

            return jsonify(idempotency.succeed_once(session, {}, remind))


@blueprint.route(f"{_ONE}/commands")
class OrderCommands(MethodView):
    @blueprint.arguments(OrderCommandSchema)
    @blueprint.response(200, OrderDoneSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], order_id: int) -> Response:
        """Say that one has read an order, or answer it. An answer after the deadline, or after the
        order's end, is kept as late; a second one is answered 409 `order.answered`."""
        with context.transaction() as session:
            outcome = say(session, context.principal(), order_id, Command(**body))
        if outcome.status != 200:
            return problems.of_command(outcome)
        return jsonify(outcome.body)


def _changed(said: dict[str, Any], change: Change) -> Response:
    """Carry out a room's verb once, and answer the order as it then is."""
    with context.transaction() as session:
        actor = context.principal()

        def work() -> dict[str, Any]:
            return queries.detail(session, actor, change(session, actor))

        return jsonify(idempotency.succeed_once(session, said, work))


def _page(found: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    shown, following = context.cut(found, limit, itemgetter("id"))
    return {"items": shown, "next": following}


def _with_unit(row: dict[str, Any], code: str, name: str) -> dict[str, Any]:
    return row | {"unit": {"code": code, "name": name}}
