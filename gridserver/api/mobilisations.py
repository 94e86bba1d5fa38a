"""Mobilisation of the bureau or of a station."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import require
from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes import PersonSchema, UnitRefSchema, moment
from gridserver.dispatch.tables import mobilising, orders

blueprint = Blueprint(
    "mobilisations",
    __name__,
    url_prefix="/api/v1/dispatch/mobilisations",
    description="Orders that mobilise the bureau or a station.",
)


class OrderSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(orders.STATES))
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    valid_from = moment()
    valid_to = moment(nullable=True, description="null: until it is ended.")
    ordered_by = ma.fields.String(required=True)
    why = ma.fields.String(required=True)
    entered_by = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    entered_at = moment()
    ended_by = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    ended_at = moment(nullable=True, description="Where it was ended early.")


class OrderPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(OrderSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class OrderArguments(context.PageArguments):
    state = ma.fields.String(load_default="open", validate=ma.validate.OneOf(("open", "all")))


class NewOrderSchema(ma.Schema):
    unit = ma.fields.String(required=True, metadata={"description": "The bureau or a station."})
    why = ma.fields.String(required=True)
    ordered_by = ma.fields.String(
        allow_none=True, metadata={"description": "Who gave the order; default: who enters it."}
    )
    since = Moment(data_key="from", allow_none=True, metadata={"description": "Default: now."})
    until = Moment(
        data_key="to", allow_none=True, metadata={"description": "null: until it is ended."}
    )


@blueprint.route("")
class Mobilisations(MethodView):
    @blueprint.arguments(OrderArguments, location="query")
    @blueprint.response(200, OrderPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the orders that hold or are planned (open), or all, the last entered first."""
        limit = arguments["limit"]
        with context.transaction() as session:
            require(context.principal(), "norms.read")
            found = orders.orders(
                session,
                is_open=arguments["state"] == "open",
                before=context.decode_number_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        shown, following = context.cut(found, limit, lambda order: order.id)
        return {"items": [orders.document(order) for order in shown], "next": following}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(NewOrderSchema)
    @blueprint.response(201, OrderSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Mobilise a unit and all below it: everybody on a ladder is told at once, the time to sign
        halves, and pooled duty counts at all hours."""

        def work(session: Session) -> dict[str, Any]:
            asked = dict(body)
            made = mobilising.order(session, context.principal(), asked.pop("unit"), **asked)
            return orders.document(made)

        with context.transaction() as session:
            said = NewOrderSchema().dump(body)
            document = idempotency.succeed_once(session, said, lambda: work(session))
        response = idempotency.created(document)
        response.headers["Location"] = f"{blueprint.url_prefix}/{document['id']}"
        return response


@blueprint.route("/<int(max=9223372036854775807):order_id>")
class OneMobilisation(MethodView):
    @blueprint.response(200, OrderSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, order_id: int) -> dict[str, Any]:
        """Show one order."""
        with context.transaction() as session:
            require(context.principal(), "norms.read")
            return orders.document(orders.one(session, order_id))


@blueprint.route("/<int(max=9223372036854775807):order_id>/end")
class MobilisationEnd(MethodView):
    @blueprint.response(200, OrderSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, order_id: int) -> dict[str, Any]:
        """End a mobilisation now; one that was only planned never begins."""
        with context.transaction() as session:
            return orders.document(mobilising.end(session, context.principal(), order_id))
