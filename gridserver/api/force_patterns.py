"""Roster patterns, and the months made from them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView

from gridserver.api import context, idempotency, shapes_force
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes import UnitRefSchema
from gridserver.api.shapes_force import ID, UnitArguments
from gridserver.force import months, patterns
from gridserver.force.months import Month
from gridserver.force.pattern import MOST_CREWS, MOST_DAYS, MOST_HOURS, Hours, Pattern
from gridserver.force.patterns import PatternCard, PatternDraft
from gridserver.force.rules import DUTIES, PATTERN_DAYS

_MOST_OFFICERS = 200

blueprint = Blueprint(
    "force_patterns", __name__, url_prefix="/api/v1/force", description="Patterns of duty."
)


def _hour(description: str) -> ma.fields.String:
    return ma.fields.String(
        required=True,
        validate=ma.validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]$"),
        metadata={"description": description, "example": "18:00"},
    )


class HoursSchema(ma.Schema):
    start = _hour("By the bureau's clocks.")
    end = _hour("Where it isn't later than the start, on the next day.")


class PatternDraftSchema(ma.Schema):
    name = ma.fields.String(required=True)
    unit = ma.fields.String(required=True, metadata={"description": "The unit that is served."})
    post = ma.fields.String(allow_none=True, metadata={"description": "Code of a police post."})
    duty = ma.fields.String(required=True, validate=ma.validate.OneOf(DUTIES))
    on_days = ma.fields.String(
        load_default="every",
        validate=ma.validate.OneOf(PATTERN_DAYS),
        metadata={"description": "Resting days are rest days and holidays by the calendar."},
    )
    starts_on = ma.fields.Date(
        required=True, metadata={"description": "The first crew has the cycle's first day."}
    )
    crew_step = ma.fields.Integer(
        strict=True,
        load_default=1,
        validate=ma.validate.Range(0, MOST_DAYS - 1),
        metadata={"description": "Days that each crew is further on than the one before it."},
    )
    cycle = ma.fields.List(
        ma.fields.List(ma.fields.Nested(HoursSchema), validate=ma.validate.Length(max=MOST_HOURS)),
        required=True,
        validate=ma.validate.Length(1, MOST_DAYS),
        metadata={"description": "Its days, each with its hours; a day without any is free."},
    )
    crews = ma.fields.List(
        ma.fields.List(ma.fields.String(), validate=ma.validate.Length(1, _MOST_OFFICERS)),
        required=True,
        validate=ma.validate.Length(1, MOST_CREWS),
        metadata={"description": "Service numbers, crew by crew."},
    )


class PatternSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    post = ma.fields.Nested(UnitRefSchema, required=True, allow_none=True)
    duty = ma.fields.String(required=True)
    on_days = ma.fields.String(required=True)
    starts_on = ma.fields.Date(required=True)
    crew_step = ma.fields.Integer(required=True)
    cycle = ma.fields.List(ma.fields.List(ma.fields.Nested(HoursSchema)), required=True)
    crews = ma.fields.List(ma.fields.List(ma.fields.String()), required=True)


class PatternsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(PatternSchema), required=True)


class MakeMonthSchema(ma.Schema):
    month = ma.fields.String(
        required=True,
        validate=ma.validate.Regexp(r"^[0-9]{4}-(0[1-9]|1[0-2])$"),
        metadata={"example": "2026-12"},
    )
    dry_run = ma.fields.Boolean(
        load_default=True, metadata={"description": "Only say what would be done."}
    )


class StretchSchema(ma.Schema):
    officer = ma.fields.String(required=True)
    start = Moment(required=True)
    end = Moment(required=True)


class KeptSchema(StretchSchema):
    why = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("exception", "on_duty")),
        metadata={
            "description": "exception: it was changed, swapped or taken off by hand; on_duty: the "
            "officer has this duty then already."
        },
    )


class MonthSchema(ma.Schema):
    begins = Moment(required=True, metadata={"description": "What began before is left as it was."})
    added = ma.fields.List(ma.fields.Nested(StretchSchema), required=True)
    removed = ma.fields.List(ma.fields.Nested(StretchSchema), required=True)
    unchanged = ma.fields.Integer(required=True)
    kept = ma.fields.List(ma.fields.Nested(KeptSchema), required=True)
    unknown_years = ma.fields.List(
        ma.fields.Integer(),
        required=True,
        metadata={"description": "Years whose holidays nobody entered: the weekday decided."},
    )


@blueprint.route("/patterns")
class Patterns(MethodView):
    @blueprint.arguments(UnitArguments, location="query")
    @blueprint.response(200, PatternsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the patterns of the units in scope."""
        with context.transaction() as session:
            path = shapes_force.unit_path(session, arguments)
            found = patterns.patterns(session, context.principal(), unit_path=path)
        return {"items": [_shown(card) for card in found]}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(PatternDraftSchema)
    @blueprint.response(201, PatternSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Keep a new pattern. It makes shifts when a month is made from it."""
        draft = _draft(body)
        with context.transaction() as session:
            actor = context.principal()

            def keep() -> dict[str, Any]:
                number = patterns.add_pattern(session, actor, draft)
                return PatternSchema().dump(_shown(patterns.pattern(session, actor, number)))

            document = idempotency.succeed_once(session, request.get_json(), keep)
        return idempotency.created(document)


@blueprint.route(f"/patterns/{ID.format('pattern_id')}")
class OnePattern(MethodView):
    @blueprint.etag
    @blueprint.response(200, PatternSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, pattern_id: int) -> dict[str, Any]:
        """Show one pattern."""
        with context.transaction() as session:
            return _shown(patterns.pattern(session, context.principal(), pattern_id))

    @blueprint.etag
    @blueprint.arguments(PatternDraftSchema)
    @blueprint.response(200, PatternSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def put(self, body: dict[str, Any], pattern_id: int) -> dict[str, Any]:
        """Change a pattern. What it made stays until the month is made again."""
        draft = _draft(body)
        with context.transaction() as session:
            actor = context.principal()
            patterns.locked(session, actor, pattern_id)
            present = _shown(patterns.pattern(session, actor, pattern_id))
            blueprint.check_etag(present, PatternSchema)
            patterns.change_pattern(session, actor, pattern_id, draft)
            return _shown(patterns.pattern(session, actor, pattern_id))

    @blueprint.etag
    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    def delete(self, pattern_id: int) -> None:
        """Forget a pattern. What it made stays."""
        with context.transaction() as session:
            actor = context.principal()
            patterns.locked(session, actor, pattern_id)
            present = _shown(patterns.pattern(session, actor, pattern_id))
            blueprint.check_etag(present, PatternSchema)
            patterns.remove_pattern(session, actor, pattern_id)


@blueprint.route(f"/patterns/{ID.format('pattern_id')}/month")
class PatternMonth(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(MakeMonthSchema)
    @blueprint.response(200, MonthSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any], pattern_id: int) -> Response:
        """Make a month's shifts from a pattern, or say what that would do (`dry_run`, the default).

        What was changed by hand is kept, and told in `kept`.
        """
        with context.transaction() as session:
            actor = context.principal()

            def make() -> dict[str, Any]:
                made = months.make_month(session, actor, pattern_id, **body)
                return MonthSchema().dump(_told(made))

            return jsonify(idempotency.succeed_once(session, body, make))


def _draft(body: dict[str, Any]) -> PatternDraft:
    turns = Pattern(
        cycle=tuple(tuple(_hours(each) for each in hours) for hours in body.pop("cycle")),
        crews=tuple(tuple(crew) for crew in body.pop("crews")),
        starts_on=body.pop("starts_on"),
        crew_step=body.pop("crew_step"),
        on_days=body.pop("on_days"),
    )
    return PatternDraft(turns=turns, **body)


def _hours(document: dict[str, str]) -> Hours:
    return Hours(dt.time.fromisoformat(document["start"]), dt.time.fromisoformat(document["end"]))


def _shown(card: PatternCard) -> dict[str, Any]:
    turns = card.turns
    return {
        **{name: getattr(card, name) for name in ("id", "name", "unit", "post", "duty")},
        **{name: getattr(turns, name) for name in ("on_days", "starts_on", "crew_step", "crews")},
        "cycle": [
            [{"start": f"{each.start:%H:%M}", "end": f"{each.end:%H:%M}"} for each in hours]
            for hours in turns.cycle
        ],
    }


def _told(month: Month) -> dict[str, Any]:
    kept = [vars(each.stretch) | {"why": each.why} for each in month.kept]
    return vars(month) | {"kept": kept}
