"""Shapes that several rooms' answers share."""

from __future__ import annotations

import marshmallow as ma


class UnitRefSchema(ma.Schema):
    """A unit as others show it."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)


class PersonSchema(ma.Schema):
    """An account as others show it."""

    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
