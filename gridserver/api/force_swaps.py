"""Swaps of shifts, and what one officer has before them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes import UnitRefSchema
from gridserver.api.shapes_force import ID, AbsenceSchema, RosterOfficerSchema, ShiftSchema
from gridserver.base.errors import Invalid
from gridserver.delivery.commands import Command, payload
from gridserver.delivery.once import Outcome, run_once
from gridserver.force import serving, swapping
from gridserver.force.rules import SWAP
from gridserver.force.serving import OwnDuty
from gridserver.force.swapping import SwapCard

blueprint = Blueprint(
    "force_swaps", __name__, url_prefix="/api/v1/force", description="One's own duty, and swaps."
)


class SwappedShiftSchema(ma.Schema):
    """A shift as it was when the swap was proposed."""

    shift = ma.fields.Integer(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    duty = ma.fields.String(required=True)
    start = ma.fields.String(required=True, metadata={"format": "date-time"})
    end = ma.fields.String(required=True, metadata={"format": "date-time"})


class SwapSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(SWAP.states))
    officer = ma.fields.Nested(RosterOfficerSchema, required=True)
    other_officer = ma.fields.Nested(RosterOfficerSchema, required=True)
    given = ma.fields.Nested(SwappedShiftSchema, required=True)
    taken = ma.fields.Nested(
        SwappedShiftSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null where the shift is handed over for nothing."},
    )
    proposed_at = Moment(required=True)
    updated_at = Moment(required=True)
    allowed = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "What the reader may do now."}
    )


class SwapsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(SwapSchema), required=True)


class SwapArguments(ma.Schema):
    state = ma.fields.String(load_default="open", validate=ma.validate.OneOf(("open", "all")))


class SwapProposalSchema(ma.Schema):
    shift = ma.fields.Integer(
        strict=True, required=True, metadata={"description": "One's own shift."}
    )
    other = ma.fields.String(
        required=True, metadata={"description": "Service number of who takes it."}
    )
    other_shift = ma.fields.Integer(
        strict=True,
        allow_none=True,
        metadata={"description": "The shift taken for it; without one it is handed over."},
    )


class SwapCommandSchema(ma.Schema):
    verb = ma.fields.String(required=True, validate=ma.validate.OneOf(SWAP.verbs))


class OwnDutySchema(ma.Schema):
    shifts = ma.fields.List(ma.fields.Nested(ShiftSchema), required=True)
    absences = ma.fields.List(ma.fields.Nested(AbsenceSchema), required=True)
    standing_in = ma.fields.List(
        ma.fields.Nested(AbsenceSchema),
        required=True,
        metadata={"description": "Absences in which the officer stands in."},
    )
    colleagues = ma.fields.List(
        ma.fields.Nested(ShiftSchema),
        required=True,
        metadata={"description": "The other shifts of the officer's unit."},
    )
    swaps = ma.fields.List(ma.fields.Nested(SwapSchema), required=True)


@blueprint.route("/my-duty")
class MyDuty(MethodView):
    @blueprint.response(200, OwnDutySchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> OwnDuty:
        """Show an officer their next 14 days, and the swaps that wait for them."""
        with context.transaction() as session:
            return serving.own_duty(session, context.principal())


@blueprint.route("/swaps")
class Swaps(MethodView):
    @blueprint.arguments(SwapArguments, location="query")
    @blueprint.response(200, SwapsSchema)
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the swaps that concern the account, the latest first: as a party or as a leader."""
        is_open = arguments["state"] == "open"
        with context.transaction() as session:
            return {"items": swapping.swaps(session, context.principal(), is_open=is_open)}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(SwapProposalSchema)
    @blueprint.response(201, SwapSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Offer one's own shift to another officer, for one of theirs or for nothing."""
        with context.transaction() as session:
            actor = context.principal()

            def propose() -> dict[str, Any]:
                number = swapping.propose(
                    session,
                    actor,
                    shift_id=body["shift"],
                    other=body["other"],
                    other_shift_id=body.get("other_shift"),
                )
                return SwapSchema().dump(swapping.swap(session, actor, number))

            document = idempotency.succeed_once(session, request.get_json(), propose)
        return idempotency.created(document)


@blueprint.route(f"/swaps/{ID.format('swap_id')}")
class OneSwap(MethodView):
    @blueprint.response(200, SwapSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, swap_id: int) -> SwapCard:
        """Show one swap."""
        with context.transaction() as session:
            return swapping.swap(session, context.principal(), swap_id)


def say(session: Session, actor: Principal, swap_id: int, command: Command) -> Outcome:
    """Carry out a terminal's command to a swap, once per account and command id.

    Raises
    ------
    Invalid
        ``command.reused``.
    """

    def obey() -> dict[str, Any]:
        if command.verb not in SWAP.verbs:
            said = f"verb: give one of {', '.join(SWAP.verbs)}."
            raise Invalid("swap.unknown_verb", said, field="verb")
        swapping.command(session, actor, swap_id, command.verb)
        done = swapping.swap(session, actor, swap_id)
        return {"status": "done", "swap": SwapSchema().dump(done)}

    return run_once(session, actor, command.id, payload({"swap": swap_id}, command), obey)


@blueprint.route(f"/swaps/{ID.format('swap_id')}/commands")
class SwapCommands(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(SwapCommandSchema)
    @blueprint.response(200, SwapSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any], swap_id: int) -> Response:
        """Agree to a swap, consent to it, decline or withdraw it; consent carries it out."""
        with context.transaction() as session:
            actor = context.principal()

            def obey() -> dict[str, Any]:
                swapping.command(session, actor, swap_id, body["verb"])
                return SwapSchema().dump(swapping.swap(session, actor, swap_id))

            return jsonify(idempotency.succeed_once(session, body, obey))
