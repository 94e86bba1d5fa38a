"""The picture of duty: who serves now, where nobody will, and the calendar of working days."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import groupby
from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView

from gridserver.access.rules import require
from gridserver.api import context, idempotency, shapes_force
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes import UnitRefSchema
from gridserver.api.shapes_force import RosterOfficerSchema, ShiftSchema, UnitArguments
from gridserver.base.clock import now, zone
from gridserver.base.errors import Invalid
from gridserver.force import posts, serving, voids, workdays
from gridserver.force.calendar import Day
from gridserver.force.rules import DAY_KINDS, DUTIES
from gridserver.force.workdays import FIRST_YEAR, LAST_YEAR, Year

#: How many voids one answer names; the rest is counted.
_MOST_VOIDS = 2000

blueprint = Blueprint(
    "force_duty", __name__, url_prefix="/api/v1/force", description="The picture of duty."
)


class DaySchema(ma.Schema):
    date = ma.fields.Date(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(DAY_KINDS))
    name_zh = ma.fields.String(required=True, allow_none=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    source = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("library", "bureau", "weekday")),
        metadata={"description": "Who says so; weekday: nobody does, the weekday speaks."},
    )


class NewDaySchema(ma.Schema):
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(DAY_KINDS))
    name_zh = ma.fields.String(allow_none=True)
    name_en = ma.fields.String(allow_none=True)


def _year(**options: Any) -> ma.fields.Integer:
    return ma.fields.Integer(validate=ma.validate.Range(FIRST_YEAR, LAST_YEAR), **options)


class YearArguments(ma.Schema):
    year = _year(metadata={"description": "Default: this year."})


class FilledYearSchema(ma.Schema):
    year = _year(strict=True, required=True)


class YearSchema(ma.Schema):
    year = ma.fields.Integer(required=True)
    known = ma.fields.Boolean(
        required=True,
        metadata={
            "description": "False: nobody entered its holidays; only Saturdays and Sundays rest."
        },
    )
    days = ma.fields.List(
        ma.fields.Nested(DaySchema),
        required=True,
        metadata={"description": "The days that aren't what their weekday says."},
    )


class DutyArguments(UnitArguments):
    at = Moment(metadata={"description": "Default: now."})


class ServingSchema(ma.Schema):
    shift = ma.fields.Nested(ShiftSchema, required=True)
    absent = ma.fields.Boolean(
        required=True, metadata={"description": "The officer can't be called on all the same."}
    )


class DutyOfUnitSchema(ma.Schema):
    duty = ma.fields.String(required=True, validate=ma.validate.OneOf(DUTIES))
    serving = ma.fields.List(ma.fields.Nested(ServingSchema), required=True)


class UnitDutySchema(ma.Schema):
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    duties = ma.fields.List(ma.fields.Nested(DutyOfUnitSchema), required=True)


class DutySchema(ma.Schema):
    at = Moment(required=True)
    day = ma.fields.Nested(DaySchema, required=True)
    units = ma.fields.List(ma.fields.Nested(UnitDutySchema), required=True)


class PostSchema(ma.Schema):
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    watched = ma.fields.Boolean(
        required=True, metadata={"description": "An hour without its watch is a void."}
    )
    lon = ma.fields.Float(required=True, allow_none=True)
    lat = ma.fields.Float(required=True, allow_none=True)


class PostsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(PostSchema), required=True)


class LeaderSchema(ma.Schema):
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    officer = ma.fields.Nested(RosterOfficerSchema, required=True)
    valid_from = Moment(required=True, allow_none=True)
    valid_to = Moment(required=True, allow_none=True)


class LeadersSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(LeaderSchema), required=True)


class VoidArguments(UnitArguments):
    days = ma.fields.Integer(load_default=voids.DAYS, validate=ma.validate.Range(1, 31))


class VoidSchema(ma.Schema):
    kind = ma.fields.String(
        required=True, validate=ma.validate.OneOf(("cell", "team", "station", "post"))
    )
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    station = ma.fields.String(required=True, allow_none=True)
    start = Moment(required=True)
    end = Moment(required=True)
    why = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("absent", "no_shift", "no_owner")),
        metadata={
            "description": "absent: who is rostered is away; no_shift: nobody is rostered; "
            "no_owner: nobody owns the cell."
        },
    )


class VoidsSchema(ma.Schema):
    start = Moment(required=True, data_key="from")
    end = Moment(required=True, data_key="to")
    counts = ma.fields.Dict(
        ma.fields.String(),
        ma.fields.Integer(),
        required=True,
        metadata={"description": "How many there are of each kind, those not named included."},
    )
    items = ma.fields.List(
        ma.fields.Nested(VoidSchema),
        required=True,
        metadata={"description": f"The first {_MOST_VOIDS}, as they begin."},
    )


@blueprint.route("/duty")
class Duty(MethodView):
    @blueprint.arguments(DutyArguments, location="query")
    @blueprint.response(200, DutySchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Show who is on duty at a moment: unit by unit, duty by duty."""
        with context.transaction() as session:
            at = arguments.get("at") or now(session)
            path = shapes_force.unit_path(session, arguments)
            found = serving.serving(session, context.principal(), at, unit_path=path)
            day = workdays.day(session, _date(at, zone(session)))
        return {
            "at": at,
            "day": day,
            "units": [
                {
                    "unit": unit,
                    "duties": [
                        {"duty": duty, "serving": list(of_duty)}
                        for duty, of_duty in groupby(of_unit, lambda each: each.shift.duty)
                    ],
                }
                for unit, of_unit in groupby(found, lambda each: each.shift.unit)
            ],
        }


@blueprint.route("/posts")
class Posts(MethodView):
    @blueprint.response(200, PostsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """List the police posts of the units in scope."""
        with context.transaction() as session:
            return {"items": posts.posts(session, context.principal())}


@blueprint.route("/leaders")
class Leaders(MethodView):
    @blueprint.response(200, LeadersSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """List who leads the units in scope, now and later."""
        with context.transaction() as session:
            return {"items": posts.leaders(session, context.principal())}


@blueprint.route("/voids")
class Voids(MethodView):
    @blueprint.arguments(VoidArguments, location="query")
    @blueprint.response(200, VoidsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Tell where nobody will be in the days to come: cells, teams, stations, watched posts."""
        with context.transaction() as session:
            path = shapes_force.unit_path(session, arguments)
            start = now(session)
            end = start + dt.timedelta(days=arguments["days"])
            found = voids.voids_for(session, context.principal(), start, end, path)
        return {
            "start": start,
            "end": end,
            "counts": dict(Counter(void.kind for void in found)),
            "items": found[:_MOST_VOIDS],
        }


@blueprint.route("/calendar")
class Calendar(MethodView):
    @blueprint.arguments(YearArguments, location="query")
    @blueprint.response(200, YearSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> Year:
        """Show which days of a year aren't what their weekday says."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            today = now(session).astimezone(zone(session))
            return workdays.year(session, arguments.get("year", today.year))

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(FilledYearSchema)
    @blueprint.response(200, YearSchema)
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Fill a year with China's public holidays. What was set by hand stays."""
        with context.transaction() as session:
            actor = context.principal()

            def fill() -> dict[str, Any]:
                return YearSchema().dump(workdays.fill(session, actor, body["year"]))

            return jsonify(idempotency.succeed_once(session, body, fill))


@blueprint.route("/calendar/<date>")
class CalendarDay(MethodView):
    @blueprint.etag
    @blueprint.response(200, DaySchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
    def get(self, date: str) -> Day:
        """Show what a day is."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            return workdays.day(session, _read_date(date))

    @blueprint.etag
    @blueprint.arguments(NewDaySchema)
    @blueprint.response(200, DaySchema)
    def put(self, body: dict[str, Any], date: str) -> Day:
        """Say what a day is, whatever the public holidays say."""
        wanted = _read_date(date)
        with context.transaction() as session:
            blueprint.check_etag(workdays.locked_day(session, wanted), DaySchema)
            return workdays.set_day(session, context.principal(), wanted, **body)


def _date(at: dt.datetime, zone: dt.tzinfo) -> dt.date:
    try:
        return at.astimezone(zone).date()
    except OverflowError as error:
        raise Invalid("input.not_moment", "at: the year is out of range.", field="at") from error


def _read_date(date: str) -> dt.date:
    try:
        read = dt.date.fromisoformat(date)
    except ValueError as error:
        raise Invalid("input.not_date", "date: write it as 2026-10-01.", field="date") from error
    workdays.check_year(read.year, field="date")
    return read
