"""Where officers are: by HTTP in batches, and the same by socket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access import devices
from gridserver.access.rules import Principal, require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.live import Live, live
from gridserver.force import service
from gridserver.force.rules import Position
from gridserver.force.service import MOST_POSITIONS, Recorded

blueprint = Blueprint(
    "positions", __name__, url_prefix="/api/v1/positions", description="Where officers are."
)


class PositionSchema(ma.Schema):
    """A position in EPSG:4326."""

    lon = ma.fields.Float(required=True, metadata={"description": "Degrees, EPSG:4326."})
    lat = ma.fields.Float(required=True, metadata={"description": "Degrees, EPSG:4326."})
    at = ma.fields.AwareDateTime(required=True, metadata={"description": "The terminal's clock."})
    accuracy_m = ma.fields.Float(validate=ma.validate.Range(0))
    heading = ma.fields.Float(
        validate=ma.validate.Range(0, 360),
        metadata={"description": "Degrees clockwise from north; taken, not kept yet."},
    )
    speed_mps = ma.fields.Float(
        validate=ma.validate.Range(0, 150),
        metadata={"description": "Metres per second; taken, not kept yet."},
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
        """Say where the officer was; the newest counts."""
        with context.transaction() as session:
            actor = context.principal()
            recorded = record(session, actor, batch["positions"])
        announce(live(), actor, recorded)
        return {"accepted": recorded.accepted}


def record(session: Session, actor: Principal, positions: Sequence[dict[str, Any]]) -> Recorded:
    """Store loaded positions. Raises as `force.service.record_positions` does."""
    require(actor, "position.send")
    kept = ("lon", "lat", "at", "accuracy_m", "battery")
    batch = [Position(**{k: v for k, v in p.items() if k in kept}) for p in positions]
    return service.record_positions(session, actor, batch)


def announce(live: Live, actor: Principal, recorded: Recorded) -> None:
    """Show the newest position to the command views, and note the device's charge, after the
    commit."""
    if recorded.latest is None:
        return
    if recorded.latest.battery is not None:
        charge = devices.Said(battery=recorded.latest.battery)
        live.hub.contacts.report(actor.account_id, actor.device, charge)
    position = {
        "username": actor.username,
        "display_name": actor.display_name,
        "lon": recorded.latest.lon,
        "lat": recorded.latest.lat,
        "at": recorded.latest.at.isoformat(),
    }
    live.tell_rooms("position", position, recorded.unit_path)
