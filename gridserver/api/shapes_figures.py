"""Shapes of the figures."""

from __future__ import annotations

import marshmallow as ma

from gridserver.api.moments import Moment


def _counts(description: str) -> ma.fields.Dict:
    return ma.fields.Dict(
        ma.fields.String(),
        ma.fields.Float(),
        required=True,
        metadata={"description": description},
    )


class SpanSchema(ma.Schema):
    start = Moment(required=True)
    until = Moment(required=True, metadata={"description": "Seen up to then."})
    end = Moment(required=True)


class FlowSchema(ma.Schema):
    """What happened in a span; means have fractions."""

    received = ma.fields.Float(required=True)
    by_class = _counts("Calls received, by broad class.")
    by_priority = _counts("Calls received, by priority.")
    by_hour = ma.fields.List(
        ma.fields.Float(),
        required=True,
        metadata={"description": "Calls received in each hour from the span's start to its end."},
    )
    closed = ma.fields.Float(required=True)
    handed_over = ma.fields.Float(required=True)
    cancelled = ma.fields.Float(required=True)
    medians_s = _counts("Medians of the calls received, in seconds, by interval.")


class StandingSchema(ma.Schema):
    """What hasn't ended, now."""

    by_state = _counts("Open tasks, by state.")
    overdue = ma.fields.Integer(required=True)
    unowned = ma.fields.Integer(required=True)
    unsigned_by_priority = _counts("Unsigned tasks, by priority.")


class DayFiguresSchema(ma.Schema):
    span = ma.fields.Nested(SpanSchema, required=True)
    at = Moment(required=True)
    present = ma.fields.Nested(FlowSchema, required=True)
    yesterday = ma.fields.Nested(FlowSchema, required=True)
    weekdays = ma.fields.Nested(
        FlowSchema,
        required=True,
        metadata={"description": "Mean of the same hours of this weekday in the last four weeks."},
    )
    standing = ma.fields.Nested(StandingSchema, required=True)


class CallSchema(ma.Schema):
    """A call: no words of the caller, and no address beyond the cell."""

    id = ma.fields.Integer(required=True)
    task_id = ma.fields.Integer(required=True)
    number = ma.fields.Integer(required=True)
    category = ma.fields.String(required=True)
    priority = ma.fields.Integer(required=True)
    cell = ma.fields.String(required=True, allow_none=True)
    unit = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    reported_at = Moment(required=True)
    seconds = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "Of the interval asked for."}
    )
    target_s = ma.fields.Integer(required=True, allow_none=True)


class CallPageSchema(ma.Schema):
    total = ma.fields.Integer(required=True)
    items = ma.fields.List(ma.fields.Nested(CallSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class MeasuredSchema(ma.Schema):
    n = ma.fields.Integer(required=True, metadata={"description": "Calls with both ends of it."})
    p50_s = ma.fields.Float(required=True)
    p90_s = ma.fields.Float(required=True)
    with_target = ma.fields.Integer(required=True)
    within_target = ma.fields.Integer(required=True)
    small = ma.fields.Boolean(
        required=True, metadata={"description": "So few calls that they say little."}
    )


class GroupSchema(ma.Schema):
    key = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "null: all calls."}
    )
    calls = ma.fields.Integer(required=True)
    intervals = ma.fields.Dict(
        ma.fields.String(),
        ma.fields.Nested(MeasuredSchema),
        required=True,
        metadata={"description": "By name; one that no call has both ends of is missing."},
    )


class IntervalFiguresSchema(ma.Schema):
    by = ma.fields.String(required=True)
    groups = ma.fields.List(ma.fields.Nested(GroupSchema), required=True)
    names = ma.fields.Dict(
        ma.fields.String(),
        ma.fields.String(),
        required=True,
        metadata={"description": "Names of keys, where they have names."},
    )


class CarriedSchema(ma.Schema):
    service_number = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    unit = ma.fields.String(required=True)
    unit_name = ma.fields.String(required=True)
    signed = ma.fields.Integer(required=True)
    hours = ma.fields.Float(required=True)
    open = ma.fields.Integer(required=True)


class OfficersSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(CarriedSchema), required=True)
    ranked = ma.fields.Boolean(
        required=True, metadata={"description": "Whether the bureau allows rankings of persons."}
    )


class UnownedCellSchema(ma.Schema):
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    station = ma.fields.String(required=True, allow_none=True)
    since = Moment(required=True)
    until = Moment(required=True, allow_none=True, metadata={"description": "null: beyond `days`."})


class UnownedCellsSchema(ma.Schema):
    at = Moment(required=True)
    days = ma.fields.Integer(required=True)
    items = ma.fields.List(ma.fields.Nested(UnownedCellSchema), required=True)
