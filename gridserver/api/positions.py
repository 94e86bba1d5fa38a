"""Where officers are: by HTTP in batches, and the same by socket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView

from gridserver.access import devices
from gridserver.access.rules import Principal, require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.live import Live, live
from gridserver.api.moments import Moment
from gridserver.api.position_writer import PERMISSION, store
from gridserver.base.clock import now
from gridserver.delivery.outlet import Connection
from gridserver.force import positions
from gridserver.force.positions import MOST_POSITIONS, Newest, Seen
from gridserver.force.rules import Position

blueprint = Blueprint(
    "positions", __name__, url_prefix="/api/v1/positions", description="Where officers are."
)


class PositionSchema(ma.Schema):
    """A position in EPSG:4326."""

    lon = ma.fields.Float(required=True, metadata={"description": "Degrees, EPSG:4326."})
    lat = ma.fields.Float(required=True, metadata={"description": "Degrees, EPSG:4326."})
    at = Moment(required=True, metadata={"description": "The terminal's clock."})
    accuracy_m = ma.fields.Float(validate=ma.validate.Range(0))
    heading = ma.fields.Float(
        validate=ma.validate.Range(0, 360),
        metadata={"description": "Degrees clockwise from north."},
    )
    speed_mps = ma.fields.Float(
        validate=ma.validate.Range(0, 150),
        metadata={"description": "Metres per second."},
    )
    battery = ma.fields.Float(
        validate=ma.validate.Range(0, 1), metadata={"description": "Charge from 0 to 1."}
    )


class PositionsSchema(ma.Schema):
    positions = ma.fields.List(
        ma.fields.Nested(PositionSchema),
        required=True,
        validate=ma.validate.Length(1, MOST_POSITIONS),
    )


class AcceptedSchema(ma.Schema):
    accepted = ma.fields.Integer(required=True)


class NewestPositionSchema(PositionSchema):
    """Where an officer was last; what their terminal didn't measure is missing."""

    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)


class NewestPositionsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(NewestPositionSchema), required=True)


@blueprint.route("")
class Positions(MethodView):
    @blueprint.response(200, NewestPositionsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> Response:
        """Give where each officer whom the account may see was last, all of them at once.

        `/command` tells `position`, of the same shape, as they move.
        """
        with context.transaction() as session:
            items = [_told(each) for each in positions.newest(session, context.principal())]
        # Thousands of rows: field by field through the schema they would hold up every request.
        return jsonify({"items": items})

    @blueprint.arguments(PositionsSchema)
    @blueprint.response(202, AcceptedSchema)
    def post(self, batch: dict[str, Any]) -> dict[str, int]:
        """Say where the officer was. It counts while they are on duty or on a task; the newest
        stands."""
        with context.transaction() as session:
            actor = context.principal()
            require(actor, PERMISSION)
            positions.require_officer(session, actor)
            told = read(batch["positions"], now(session))
            newest = store(session, [Seen(actor.account_id, each) for each in told])
        note_charge(live(), actor, told)
        for each in newest:
            announce(live(), each)
        return {"accepted": len(told)}


def read(loaded: Sequence[dict[str, Any]], moment: dt.datetime) -> list[Position]:
    """Return loaded positions as values. Raises as `force.positions.check_batch` does."""
    told = [Position(**each) for each in loaded]
    positions.check_batch(told, moment)
    return told


def note_charge(live: Live, actor: Principal | Connection, told: Sequence[Position]) -> None:
    """Note the charge that the actor's device told with the last of its positions."""
    charge = max(told, key=lambda each: each.at).battery if told else None
    if charge is not None:
        said = devices.Said(battery=charge)
        live.hub.contacts.report(actor.account_id, actor.device, said)


def announce(live: Live, newest: Newest) -> None:
    """Show a position to the command views, after the commit. It may be lost."""
    live.tell_rooms("position", _told(newest), newest.unit_path)


def _told(newest: Newest) -> dict[str, Any]:
    """Return a position as the command views are told it."""
    place = newest.position
    measured = {
        "accuracy_m": place.accuracy_m,
        "heading": place.heading,
        "speed_mps": place.speed_mps,
        "battery": place.battery,
    }
    return {
        "username": newest.username,
        "display_name": newest.display_name,
        "lon": place.lon,
        "lat": place.lat,
        "at": place.at.isoformat(),
        **{name: value for name, value in measured.items() if value is not None},
    }
