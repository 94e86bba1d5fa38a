"""Where officers are: by HTTP in batches, and the same by socket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import marshmallow as ma
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


@blueprint.route("")
class Positions(MethodView):
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
    measured = {k: v for k, v in asdict(newest.position).items() if v is not None}
    position = {
        "username": newest.username,
        "display_name": newest.display_name,
        **measured,
        "at": newest.position.at.isoformat(),
    }
    live.tell_rooms("position", position, newest.unit_path)
