"""Shapes that several rooms' answers share."""

from __future__ import annotations

import marshmallow as ma


def moment(*, nullable: bool = False, description: str | None = None) -> ma.fields.String:
    """Return a field for a moment that is JSON already, as messages carry it."""
    metadata = {"format": "date-time"} | ({"description": description} if description else {})
    return ma.fields.String(required=True, allow_none=nullable, metadata=metadata)


class UnitRefSchema(ma.Schema):
    """A unit as others show it."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)


class CellRefSchema(ma.Schema):
    """A cell as others show it."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True, allow_none=True)


class PersonSchema(ma.Schema):
    """An account as others show it."""

    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)


class AttachmentSchema(ma.Schema):
    """A photo as what it belongs to shows it. It may be named before its first byte is here."""

    sha256 = ma.fields.String(required=True)
    state = ma.fields.String(
        required=True, validate=ma.validate.OneOf(("on_its_way", "complete", "refused"))
    )
    media_type = ma.fields.String(required=True, allow_none=True)
    size = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "Bytes; null: not announced yet."}
    )
    received = ma.fields.Integer(required=True, metadata={"description": "Bytes that are here."})
    refusal = ma.fields.String(required=True, allow_none=True)
    taken_at = moment(nullable=True, description="By the device's clock.")
    lon = ma.fields.Float(required=True, allow_none=True)
    lat = ma.fields.Float(required=True, allow_none=True)
