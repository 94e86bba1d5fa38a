"""Shapes of the gazetteer's entries, and the answer to what made one."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from sqlalchemy.orm import Session

from gridserver.api import idempotency
from gridserver.api.moments import Moment
from gridserver.places import entries
from gridserver.places.rules import KINDS, PLACE


class GazetteerEntrySchema(ma.Schema):
    """An entry of the gazetteer."""

    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    name = ma.fields.String(required=True)
    aliases = ma.fields.List(ma.fields.String(), required=True)
    address = ma.fields.String(required=True, allow_none=True)
    lon = ma.fields.Float(required=True, metadata={"description": "Degrees, EPSG:4326."})
    lat = ma.fields.Float(required=True, metadata={"description": "Degrees, EPSG:4326."})
    has_extent = ma.fields.Boolean(
        required=True, metadata={"description": "Whether it is known what it covers."}
    )
    source = ma.fields.String(
        required=True, metadata={"description": "Where it is from; `hand`: entered here."}
    )
    external_id = ma.fields.String(
        required=True, metadata={"description": "What the source calls it."}
    )
    by_hand = ma.fields.Boolean(
        required=True,
        metadata={"description": "Entered or changed here: an import leaves it as it is."},
    )
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(PLACE.states))
    reason = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why it is retired."}
    )
    version = ma.fields.Integer(required=True, metadata={"description": "Counts the changes."})
    updated_at = Moment(required=True)
    allowed = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(PLACE.verbs)), required=True
    )


class PlaceDraftSchema(ma.Schema):
    """What there is to say of a place. `lon` and `lat` are EPSG:4326."""

    kind = ma.fields.String(required=True, metadata={"description": f"One of {', '.join(KINDS)}."})
    name = ma.fields.String(required=True)
    aliases = ma.fields.List(ma.fields.String(), load_default=list)
    address = ma.fields.String(allow_none=True, load_default=None)
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)


def entered(session: Session, place_id: int) -> dict[str, Any]:
    """Return an entry that was just made, as the answer carries it."""
    document: dict[str, Any] = GazetteerEntrySchema().dump(entries.place(session, place_id))
    return document


def created(document: dict[str, Any]) -> Response:
    """Return the answer to what made an entry."""
    response = idempotency.created(document)
    response.headers["Location"] = f"/api/v1/places/{document['id']}"
    return response
