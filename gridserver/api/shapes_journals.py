"""Shapes of day logs and handovers. What they describe is made in `gridserver.journals`."""

from __future__ import annotations

import marshmallow as ma

from gridserver.api.moments import Moment
from gridserver.api.shapes import PersonSchema, UnitRefSchema, moment
from gridserver.journals.rules import HANDOVER
from gridserver.journals.watch import MOST_LISTED, PARTS


class LoggedOfficerSchema(PersonSchema):
    service_number = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)


class LogEntrySchema(ma.Schema):
    """One thing that an officer did, or that was said to them."""

    at = moment(description="When the server knew of it.")
    device_at = moment(
        nullable=True,
        description="By the officer's device, put right by what its clock is off; of what was told "
        "to them, when a device had it.",
    )
    kind = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(
            ("shift", "absence", "told", "task", "order", "capture", "swap")
        ),
    )
    verb = ma.fields.String(
        required=True, metadata={"description": "What of that kind: a task's verb, begin, end, …"}
    )
    late = ma.fields.Boolean(required=True)
    number = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of the incident or the order."}
    )
    incident = ma.fields.Integer(required=True, allow_none=True)
    words = ma.fields.String(required=True, allow_none=True)


#: By name, since a field is called `from`.
DayLogSchema = ma.Schema.from_dict(
    {
        "officer": ma.fields.Nested(LoggedOfficerSchema, required=True),
        "date": ma.fields.String(required=True, metadata={"format": "date"}),
        "from": moment(),
        "to": moment(),
        "counts": ma.fields.Dict(
            keys=ma.fields.String(),
            values=ma.fields.Integer(),
            required=True,
            metadata={"description": "Entries by kind."},
        ),
        "entries": ma.fields.List(ma.fields.Nested(LogEntrySchema), required=True),
    },
    name="DayLogSchema",
)


class WatchArguments(ma.Schema):
    unit = ma.fields.String(required=True, metadata={"description": "Code of the room's unit."})
    since = Moment(
        data_key="from",
        metadata={
            "description": "Default: where the room's last watch ended, if that is at most 72 "
            "hours before `to`, else 12 hours before it."
        },
    )
    until = Moment(
        data_key="to", metadata={"description": "Before when calls count. Default: now."}
    )


class NewHandoverSchema(WatchArguments):
    remark = ma.fields.String(allow_none=True)


class TakeSchema(ma.Schema):
    remark = ma.fields.String(allow_none=True)


class WatchPartSchema(ma.Schema):
    """Some rows of a report: how many there are, and the first of them."""

    count = ma.fields.Integer(required=True)
    items = ma.fields.List(
        ma.fields.Dict(),
        required=True,
        metadata={
            "description": f"The first {MOST_LISTED}. Incidents as {{incident, number, priority, "
            "category, category_zh, category_en, place, reported_at, state, officer}; silenced "
            "alarms as {key, at, by, note}; voids as {kind, code, name, start, end, why}."
        },
    )


WatchPartsSchema = ma.Schema.from_dict(
    {name: ma.fields.Nested(WatchPartSchema, required=True) for name in PARTS},
    name="WatchPartsSchema",
)


class WatchReportSchema(ma.Schema):
    """What a watch hands over: `came`, `support`, `silenced` are of its time, the rest of `at`."""

    at = moment()
    parts = ma.fields.Nested(WatchPartsSchema, required=True)
    by_priority = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), required=True)
    by_category = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), required=True)


#: By name, since a field is called `from`.
WatchPreviewSchema = WatchReportSchema.from_dict(
    {"from": moment(), "to": moment()}, name="WatchPreviewSchema"
)
HandoverCardSchema = ma.Schema.from_dict(
    {
        "id": ma.fields.Integer(required=True),
        "unit": ma.fields.Nested(UnitRefSchema, required=True),
        "state": ma.fields.String(required=True, validate=ma.validate.OneOf(HANDOVER.states)),
        "from": moment(),
        "to": moment(),
        "remark": ma.fields.String(required=True, allow_none=True),
        "given_by": ma.fields.Nested(PersonSchema, required=True),
        "given_at": moment(),
        "taken_by": ma.fields.Nested(PersonSchema, required=True, allow_none=True),
        "taken_at": moment(nullable=True),
        "taken_remark": ma.fields.String(required=True, allow_none=True),
        "allowed": ma.fields.List(
            ma.fields.String(validate=ma.validate.OneOf(HANDOVER.verbs)), required=True
        ),
    },
    name="HandoverCardSchema",
)


class HandoverSchema(HandoverCardSchema):  # type: ignore[valid-type,misc]
    """A handover with its report as it stood."""

    report = ma.fields.Nested(WatchReportSchema, required=True)


class HandoverPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(HandoverCardSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)
