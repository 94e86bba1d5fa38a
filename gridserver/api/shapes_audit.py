"""Shapes of the audit ledger."""

from __future__ import annotations

import marshmallow as ma

from gridserver.api import context
from gridserver.api.moments import Moment
from gridserver.api.shapes import PersonSchema, moment

_TAG = ma.validate.Regexp(r"[a-z_]+(:[a-z_]+)?\Z")


class LedgerWantedArguments(ma.Schema):
    """Which rows. All that is given must hold."""

    actor = ma.fields.String(metadata={"description": "Username of who did it."})
    subject_kind = ma.fields.String(metadata={"description": "E.g. task, incident, bulletin."})
    subject_id = ma.fields.String()
    tag = ma.fields.String(
        validate=_TAG, metadata={"description": "A tag, `task:sign`, or a room's: `task`."}
    )
    since = Moment(data_key="from")
    until = Moment(data_key="to")


class LedgerEntryArguments(LedgerWantedArguments, context.PageArguments):
    pass


class LedgerEntrySchema(ma.Schema):
    """One deed or look. `subject` is whom it was done to, where that is an account; `seal` is null
    while it waits to be sealed."""

    id = ma.fields.Integer(required=True)
    at = moment()
    tag = ma.fields.String(required=True)
    actor = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    device = ma.fields.String(required=True, allow_none=True)
    subject_kind = ma.fields.String(required=True)
    subject_id = ma.fields.String(required=True)
    subject = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    purpose = ma.fields.String(required=True, allow_none=True)
    lon = ma.fields.Float(required=True, allow_none=True)
    lat = ma.fields.Float(required=True, allow_none=True)
    data = ma.fields.Dict(required=True)
    seal = ma.fields.Integer(required=True, allow_none=True)


class LedgerEntryPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(LedgerEntrySchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class LedgerTagSchema(ma.Schema):
    tag = ma.fields.String(required=True)
    zh = ma.fields.String(required=True)
    en = ma.fields.String(required=True)
    keep = ma.fields.String(required=True)


class LedgerStandingSchema(ma.Schema):
    """How far the ledger is sealed. `rights` says what the server's role could do to it."""

    seals = ma.fields.Integer(required=True)
    rows = ma.fields.Integer(required=True)
    waiting = ma.fields.Integer(required=True)
    last_number = ma.fields.Integer(required=True, allow_none=True)
    last_at = moment(nullable=True)
    rights = ma.fields.List(ma.fields.String(), required=True)
    tags = ma.fields.List(ma.fields.Nested(LedgerTagSchema), required=True)


class LedgerProofSchema(ma.Schema):
    """The proof that a row was sealed (docs/accountability.md). `row` is null once purged."""

    form = ma.fields.Integer(required=True)
    row = ma.fields.Dict(required=True, allow_none=True)
    leaf = ma.fields.String(required=True)
    index = ma.fields.Integer(required=True)
    size = ma.fields.Integer(required=True)
    path = ma.fields.List(ma.fields.String(), required=True)
    seal = ma.fields.Dict(required=True)
