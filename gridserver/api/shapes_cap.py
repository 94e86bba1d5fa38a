"""Shapes of bulletins as CAP messages."""

from __future__ import annotations

import marshmallow as ma

from gridserver.api.moments import Moment
from gridserver.api.shapes_bulletins import (
    BulletinAreaSchema,
    BulletinBasisSchema,
    BulletinDetailSchema,
    BulletinRefSchema,
)
from gridserver.bulletins.cap import LONGEST, TYPES
from gridserver.bulletins.rules import KINDS, ROLES


class CapContentsSchema(ma.Schema):
    """What is to be said otherwise than the message says it, or what it doesn't say."""

    fact = ma.fields.String(allow_none=True)
    opinion = ma.fields.String(allow_none=True)
    last_seen_at = Moment(allow_none=True)
    last_seen_place = ma.fields.String(allow_none=True)
    to_do = ma.fields.String(allow_none=True)
    not_to_do = ma.fields.String(allow_none=True)


class CapImportSchema(ma.Schema):
    """A message, and what a bulletin needs that it may not say."""

    unit = ma.fields.String(required=True, metadata={"description": "In whose name it is issued."})
    document = ma.fields.String(
        required=True, metadata={"description": f"The CAP 1.2 alert, {LONGEST} characters at most."}
    )
    basis = ma.fields.Nested(
        BulletinBasisSchema,
        metadata={"description": "What it stands on here. A `Cancel` alone needs none."},
    )
    kind = ma.fields.String(metadata={"enum": list(KINDS)})
    role = ma.fields.String(metadata={"enum": list(ROLES)})
    area = ma.fields.Nested(BulletinAreaSchema)
    lasts_h = ma.fields.Integer(strict=True)
    contents = ma.fields.Nested(CapContentsSchema)


class CapImportedSchema(ma.Schema):
    """What became of a message."""

    type = ma.fields.String(required=True, validate=ma.validate.OneOf(TYPES))
    bulletin = ma.fields.Nested(
        BulletinDetailSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The draft, which takes two persons here; null of a `Cancel`."},
    )
    withdrawn = ma.fields.List(
        ma.fields.Nested(BulletinRefSchema),
        required=True,
        metadata={"description": "What a `Cancel` ended here."},
    )
    replaces = ma.fields.List(
        ma.fields.Nested(BulletinRefSchema),
        required=True,
        metadata={"description": "What an `Update` is about and stands here beside the draft."},
    )
