"""The rosters: shifts and absences."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.api import context, idempotency, shapes_force
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_force import (
    ID,
    AbsenceDraftSchema,
    AbsenceSchema,
    ShiftDraftSchema,
    ShiftSchema,
    SpanArguments,
)
from gridserver.force import absences, shifts
from gridserver.force.absences import AbsenceCard, AbsenceDraft
from gridserver.force.shifts import MOST_SHIFTS, ShiftCard, ShiftDraft

blueprint = Blueprint(
    "force_rosters", __name__, url_prefix="/api/v1/force", description="Shifts and absences."
)


class ShiftPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(ShiftSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class AbsencePageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(AbsenceSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class ShiftDraftsSchema(ma.Schema):
    shifts = ma.fields.List(
        ma.fields.Nested(ShiftDraftSchema),
        required=True,
        validate=ma.validate.Length(1, MOST_SHIFTS),
    )


class ShiftsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(ShiftSchema), required=True)


@blueprint.route("/shifts")
class Shifts(MethodView):
    @blueprint.arguments(SpanArguments, location="query")
    @blueprint.response(200, ShiftPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the shifts of a time that serve the units in scope, as they begin."""
        limit = arguments["limit"]
        with context.transaction() as session:
            start, end = shapes_force.span(session, arguments)
            found = shifts.shifts(
                session,
                context.principal(),
                start,
                end,
                unit_path=shapes_force.unit_path(session, arguments),
                after=context.decode_moment_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        return _page(found, limit)

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(ShiftDraftsSchema)
    @blueprint.response(201, ShiftsSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Put officers on duty by hand: one shift or many, all of them or none."""
        drafts = [ShiftDraft(**draft) for draft in body["shifts"]]
        with context.transaction() as session:
            actor = context.principal()

            def put_on() -> dict[str, Any]:
                ids = shifts.add_shifts(session, actor, drafts)
                return ShiftsSchema().dump(
                    {"items": [shifts.shift(session, actor, number) for number in ids]}
                )

            document = idempotency.succeed_once(session, request.get_json(), put_on)
        return idempotency.created(document)


@blueprint.route(f"/shifts/{ID.format('shift_id')}")
class Shift(MethodView):
    @blueprint.etag
    @blueprint.response(200, ShiftSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, shift_id: int) -> ShiftCard:
        """Show one shift."""
        with context.transaction() as session:
            return shifts.shift(session, context.principal(), shift_id)

    @blueprint.etag
    @blueprint.arguments(ShiftDraftSchema)
    @blueprint.response(200, ShiftSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def put(self, body: dict[str, Any], shift_id: int) -> ShiftCard:
        """Change a shift by hand. It leaves its pattern, which doesn't make it again."""
        draft = ShiftDraft(**body)
        with context.transaction() as session:
            actor = _hold_shift(session, shift_id)
            shifts.change_shift(session, actor, shift_id, draft)
            return shifts.shift(session, actor, shift_id)

    @blueprint.etag
    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    def delete(self, shift_id: int) -> None:
        """Take a shift off the roster. Its pattern doesn't make it again."""
        with context.transaction() as session:
            actor = _hold_shift(session, shift_id)
            shifts.remove_shift(session, actor, shift_id)


@blueprint.route("/absences")
class Absences(MethodView):
    @blueprint.arguments(SpanArguments, location="query")
    @blueprint.response(200, AbsencePageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the absences of a time of the officers in scope, as they begin."""
        limit = arguments["limit"]
        with context.transaction() as session:
            start, end = shapes_force.span(session, arguments)
            found = absences.absences(
                session,
                context.principal(),
                start,
                end,
                unit_path=shapes_force.unit_path(session, arguments),
                after=context.decode_moment_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        return _page(found, limit)

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(AbsenceDraftSchema)
    @blueprint.response(201, AbsenceSchema)
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Say that an officer can't be called on for a time, and who stands in."""
        draft = AbsenceDraft(**body)
        with context.transaction() as session:
            actor = context.principal()

            def send_away() -> dict[str, Any]:
                number = absences.add_absence(session, actor, draft)
                return AbsenceSchema().dump(absences.absence(session, actor, number))

            document = idempotency.succeed_once(session, request.get_json(), send_away)
        return idempotency.created(document)


@blueprint.route(f"/absences/{ID.format('absence_id')}")
class Absence(MethodView):
    @blueprint.etag
    @blueprint.response(200, AbsenceSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, absence_id: int) -> AbsenceCard:
        """Show one absence."""
        with context.transaction() as session:
            return absences.absence(session, context.principal(), absence_id)

    @blueprint.etag
    @blueprint.arguments(AbsenceDraftSchema)
    @blueprint.response(200, AbsenceSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def put(self, body: dict[str, Any], absence_id: int) -> AbsenceCard:
        """Change an absence."""
        draft = AbsenceDraft(**body)
        with context.transaction() as session:
            actor = _hold_absence(session, absence_id)
            absences.change_absence(session, actor, absence_id, draft)
            return absences.absence(session, actor, absence_id)

    @blueprint.etag
    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    def delete(self, absence_id: int) -> None:
        """Take an absence back: the officer can be called on after all."""
        with context.transaction() as session:
            actor = _hold_absence(session, absence_id)
            absences.remove_absence(session, actor, absence_id)


def _hold_shift(session: Session, shift_id: int) -> Principal:
    """Lock a shift, hold its tag against the request's, and return who asks."""
    actor = context.principal()
    shifts.locked(session, actor, shift_id)
    blueprint.check_etag(shifts.shift(session, actor, shift_id), ShiftSchema)
    return actor


def _hold_absence(session: Session, absence_id: int) -> Principal:
    """Lock an absence, hold its tag against the request's, and return who asks."""
    actor = context.principal()
    absences.locked(session, actor, absence_id)
    blueprint.check_etag(absences.absence(session, actor, absence_id), AbsenceSchema)
    return actor


def _page(found: list[Any], limit: int) -> dict[str, Any]:
    shown, following = context.cut(
        found, limit, lambda each: context.moment_position(each.start, each.id)
    )
    return {"items": shown, "next": following}
