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


class PersonSchema(ma.Schema):
    """An account as others show it."""

    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
