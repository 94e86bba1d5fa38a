"""Shapes of what is exchanged with other agencies."""

from __future__ import annotations

import marshmallow as ma

from gridserver.api.moments import Moment
from gridserver.api.shapes import PersonSchema
from gridserver.exchange.lifecycle import REJECT
from gridserver.exchange.mapping import FIELDS, LONGEST_KEY
from gridserver.partners.lifecycle import LETTER


class PartnerTermsSchema(ma.Schema):
    """What an admin decides about a partner."""

    name = ma.fields.String(required=True)
    name_en = ma.fields.String(load_default=None, allow_none=True)
    webhook_url = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Where it wants to hear of what is handed over to it."},
    )
    enabled = ma.fields.Boolean(
        load_default=True,
        metadata={"description": "False: what it sends is refused, what is for it waits."},
    )


class NewPartnerSchema(PartnerTermsSchema):
    code = ma.fields.String(
        required=True,
        metadata={"description": "Lower-case letters, digits, hyphens; stays as it is."},
    )


class PartnerSchema(NewPartnerSchema):
    """Another agency whose system talks with this one."""


class PartnerOverviewSchema(PartnerSchema):
    """A partner with what waits and what went wrong."""

    has_secret = ma.fields.Boolean(
        required=True,
        metadata={"description": "Whether the environment has its secret."},
    )
    is_plain = ma.fields.Boolean(
        required=True,
        metadata={"description": "Its address has no TLS, so nothing is sent there."},
    )
    has_database = ma.fields.Boolean(required=True)
    pending_letters = ma.fields.Integer(required=True)
    dead_letters = ma.fields.Integer(required=True)
    open_rejects = ma.fields.Integer(required=True)
    read_at = Moment(
        required=True, allow_none=True, metadata={"description": "When its view was last read."}
    )
    position = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "How far its view was read."}
    )
    error = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What kept its view from being read."},
    )


class PartnerListSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(PartnerOverviewSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


def _by_text(value: ma.fields.Field, description: str) -> ma.fields.Dict:
    return ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(1, LONGEST_KEY)),
        values=value,
        load_default=dict,
        metadata={"description": description},
    )


class MappingRulesSchema(ma.Schema):
    """How a source's messages are read."""

    fields_ = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(FIELDS)),
        values=ma.fields.String(validate=ma.validate.Length(1, LONGEST_KEY)),
        required=True,
        data_key="fields",
        attribute="fields",
        metadata={"description": "Our field → the source's: a member, or a JSON Pointer."},
    )
    constants = _by_text(
        ma.fields.Raw(), "Our field → what it is in every report; goes before `fields`."
    )
    categories = _by_text(
        ma.fields.String(), "The source's category → ours; `01*` is what begins with 01."
    )
    priorities = _by_text(
        ma.fields.Integer(strict=True, validate=ma.validate.Range(1, 4)),
        "The source's word for urgency → 1 to 4.",
    )
    time_format = ma.fields.String(
        load_default="iso",
        validate=ma.validate.Length(1, 60),
        metadata={"description": "iso, unix, unix_ms, or a pattern as %Y%m%d%H%M%S."},
    )
    timezone = ma.fields.String(load_default="Asia/Shanghai", validate=ma.validate.Length(1, 60))
    crs = ma.fields.String(
        load_default="EPSG:4326", metadata={"description": "EPSG:n, gcj02 or bd09."}
    )


class NewMappingSchema(ma.Schema):
    rules = ma.fields.Nested(MappingRulesSchema, required=True)
    remark = ma.fields.String(
        load_default=None, allow_none=True, validate=ma.validate.Length(max=500)
    )


class MappingSchema(ma.Schema):
    """A mapping in force or that was. Version 0 says nothing yet."""

    version = ma.fields.Integer(required=True)
    rules = ma.fields.Nested(MappingRulesSchema, required=True, allow_none=True)
    at = Moment(required=True, allow_none=True)
    by = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    remark = ma.fields.String(required=True, allow_none=True)


class MappingListSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(MappingSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class MappingTrialSchema(ma.Schema):
    rules = ma.fields.Nested(MappingRulesSchema, required=True)
    sample = ma.fields.Raw(
        required=True, metadata={"description": "A message as the source sends it."}
    )


class MappedReportSchema(ma.Schema):
    """What a message reports, in our words."""

    source = ma.fields.String(required=True)
    external_id = ma.fields.String(required=True)
    category = ma.fields.String(required=True)
    priority = ma.fields.Integer(required=True, allow_none=True)
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    accuracy_m = ma.fields.Float(required=True, allow_none=True)
    address = ma.fields.String(required=True, allow_none=True)
    description = ma.fields.String(required=True, allow_none=True)
    reported_at = Moment(required=True, allow_none=True)
    occurred_at = Moment(required=True, allow_none=True)


class PullTermsSchema(ma.Schema):
    """A view of the source's database that is read."""

    view = ma.fields.String(required=True, metadata={"description": "view or schema.view"})
    cursor_column = ma.fields.String(
        required=True, metadata={"description": "Grows with every new row: a number or a time."}
    )
    interval_s = ma.fields.Integer(load_default=10, strict=True)
    overlap = ma.fields.Integer(
        load_default=60,
        strict=True,
        metadata={
            "description": "How far before the last position a reading begins, for rows that were "
            "committed late: seconds for a column of times, else a number."
        },
    )
    start = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Rows up to it are never taken; null: the last there is now."},
    )
    enabled = ma.fields.Boolean(load_default=True)


class PullSchema(ma.Schema):
    pull = ma.fields.Nested(PullTermsSchema, required=True, allow_none=True)


class RejectSchema(ma.Schema):
    """A message that couldn't be taken, with the reason."""

    id = ma.fields.Integer(required=True)
    partner = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(REJECT.states))
    code = ma.fields.String(required=True)
    detail = ma.fields.String(required=True)
    field = ma.fields.String(required=True, allow_none=True)
    first_at = Moment(required=True)
    last_at = Moment(required=True)
    times = ma.fields.Integer(required=True)
    ended_at = Moment(required=True, allow_none=True)
    incident_id = ma.fields.Integer(required=True, allow_none=True)


class RejectedMessageSchema(ma.Schema):
    reject = ma.fields.Nested(RejectSchema, required=True)
    body = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The message as it came; null once the reject has ended."},
    )


class RejectPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(RejectSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class ReplayedSchema(ma.Schema):
    taken = ma.fields.Integer(required=True)
    left = ma.fields.Integer(required=True)


class LetterSchema(ma.Schema):
    """A message to a partner, without what it says."""

    id = ma.fields.Integer(required=True)
    delivery = ma.fields.UUID(required=True)
    partner = ma.fields.String(required=True)
    type = ma.fields.String(required=True)
    subject_kind = ma.fields.String(required=True)
    subject_id = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(LETTER.states))
    created_at = Moment(required=True)
    due_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)
    tries = ma.fields.Integer(required=True)
    status = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "HTTP status of the last try."}
    )
    error = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "What kept the last try from one."}
    )


class LetterPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(LetterSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class CodeNameSchema(ma.Schema):
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True, allow_none=True)


class TakenReportSchema(ma.Schema):
    """What another agency is told of its report: where it went, and no person's name."""

    id = ma.fields.Integer(required=True)
    number = ma.fields.Integer(required=True)
    external_id = ma.fields.String(required=True)
    cell = ma.fields.Nested(CodeNameSchema, required=True, allow_none=True)
    station = ma.fields.Nested(CodeNameSchema, required=True, allow_none=True)
    grid_version = ma.fields.String(required=True, allow_none=True)
    task = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True)


class TakenAnswerSchema(ma.Schema):
    task = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True)
