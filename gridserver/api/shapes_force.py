"""Shapes of the rosters: officers, shifts, absences, and the spans that lists are asked for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import marshmallow as ma
from sqlalchemy.orm import Session

from gridserver.api import context
from gridserver.api.moments import Moment
from gridserver.api.shapes import UnitRefSchema
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.force.rules import ABSENCE_REASONS, DUTIES
from gridserver.org import queries as org

#: Longer than any code or number.
LONGEST = 100
#: What a list shows where it isn't told how far.
_SPAN = dt.timedelta(days=7)
#: From here on a calendar ends too soon; what begins later is refused as an empty span.
_LATEST = dt.datetime(9999, 12, 1, tzinfo=dt.UTC)

#: The address of a thing with a number, in whatever range the database counts.
ID = "<int(max=9223372036854775807):{}>"


class PlaceSchema(ma.Schema):
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    at = Moment(required=True)


class LastSeenSchema(PlaceSchema):
    """Where an officer was last seen, and what else their terminal told then."""

    accuracy_m = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "Radius in metres."}
    )
    heading = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Degrees clockwise from north."},
    )
    battery = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "Charge from 0 to 1."}
    )


class RosterOfficerSchema(ma.Schema):
    """An officer as rosters show them."""

    username = ma.fields.String(required=True)
    service_number = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)


class ShiftSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    officer = ma.fields.Nested(RosterOfficerSchema, required=True)
    unit = ma.fields.Nested(
        UnitRefSchema, required=True, metadata={"description": "The unit that it serves."}
    )
    post = ma.fields.Nested(UnitRefSchema, required=True, allow_none=True)
    duty = ma.fields.String(required=True, validate=ma.validate.OneOf(DUTIES))
    start = Moment(required=True)
    end = Moment(required=True)
    pattern = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The pattern that made it; null where it was put on by hand."},
    )


class AbsenceSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    officer = ma.fields.Nested(RosterOfficerSchema, required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    reason = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "One of leave, training, sick, court, other; null for who may "
            "not edit the roster."
        },
    )
    start = Moment(required=True)
    end = Moment(required=True)
    stand_in = ma.fields.Nested(RosterOfficerSchema, required=True, allow_none=True)


class ShiftDraftSchema(ma.Schema):
    officer = ma.fields.String(required=True, metadata={"description": "Service number."})
    duty = ma.fields.String(required=True, validate=ma.validate.OneOf(DUTIES))
    start = Moment(required=True)
    end = Moment(required=True)
    unit = ma.fields.String(
        allow_none=True,
        metadata={"description": "The unit it serves; default: the post's, or the officer's own."},
    )
    post = ma.fields.String(allow_none=True, metadata={"description": "Code of a police post."})


class AbsenceDraftSchema(ma.Schema):
    officer = ma.fields.String(required=True, metadata={"description": "Service number."})
    reason = ma.fields.String(required=True, validate=ma.validate.OneOf(ABSENCE_REASONS))
    start = Moment(required=True)
    end = Moment(required=True)
    stand_in = ma.fields.String(
        allow_none=True, metadata={"description": "Service number of who covers meanwhile."}
    )


class UnitArguments(ma.Schema):
    unit = ma.fields.String(
        metadata={"description": "Code of a unit: only it and what is below it."}
    )


class SpanArguments(UnitArguments, context.PageArguments):
    start = Moment(data_key="from", metadata={"description": "Default: now."})
    end = Moment(
        data_key="to",
        metadata={"description": "Default: 7 days after `from`; at most 93 days after it."},
    )


def span(session: Session, arguments: dict[str, Any]) -> tuple[dt.datetime, dt.datetime]:
    """Return the moments that a list is asked for."""
    start = arguments.get("start") or now(session)
    end = arguments.get("end")
    return start, min(start, _LATEST) + _SPAN if end is None else end


def unit_path(session: Session, arguments: dict[str, Any]) -> str | None:
    """Return the path of the unit that a list is asked for."""
    code = reading.optional_text(arguments.get("unit"), "unit", longest=LONGEST)
    return org.unit_by_code(session, code).path if code else None
