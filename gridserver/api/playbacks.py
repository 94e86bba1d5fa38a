"""Playback of a past period."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes_dispatch import CategoryNamesSchema
from gridserver.dispatch import playback
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.playback import Asked, Playback, PlayedTask
from gridserver.force.tracks import Track
from gridserver.org import queries as org

blueprint = Blueprint(
    "playbacks", __name__, url_prefix="/api/v1/playbacks", description="A past period, played back."
)


class AskedSchema(ma.Schema):
    """What to play back. `purpose` is asked for where positions are."""

    start = Moment(required=True, data_key="from")
    end = Moment(
        required=True, data_key="to", metadata={"description": "Not itself; now at the latest."}
    )
    station = ma.fields.String(
        load_default=None, allow_none=True, metadata={"description": "Only this unit."}
    )
    positions = ma.fields.Boolean(
        load_default=False, metadata={"description": "Officers on duty too: 24 hours at most."}
    )
    purpose = ma.fields.String(load_default=None, allow_none=True)


class TurnSchema(ma.Schema):
    at = Moment(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(TASK.states))


class PlayedTaskSchema(ma.Schema):
    """A task and every state that it had until the period's end, oldest first."""

    id = ma.fields.Integer(required=True)
    incident_id = ma.fields.Integer(required=True)
    number = ma.fields.Integer(required=True)
    category = ma.fields.Nested(CategoryNamesSchema, required=True)
    priority = ma.fields.Integer(required=True)
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    address = ma.fields.String(required=True, allow_none=True)
    turns = ma.fields.List(ma.fields.Nested(TurnSchema), required=True)


class RecordedSchema(ma.Schema):
    """An incident without a task: imported as history."""

    id = ma.fields.Integer(required=True)
    number = ma.fields.Integer(required=True)
    category = ma.fields.Nested(CategoryNamesSchema, required=True)
    priority = ma.fields.Integer(required=True)
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    address = ma.fields.String(required=True, allow_none=True)
    reported_at = Moment(required=True)


class TrackSchema(ma.Schema):
    """Where an officer on duty was, oldest first."""

    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
    fixes = ma.fields.List(
        ma.fields.List(ma.fields.Float(allow_none=True)),
        required=True,
        metadata={
            "description": "Each [seconds since `from`, lon, lat, accuracy in metres or null]."
        },
    )


class PlaybackSchema(ma.Schema):
    start = Moment(required=True, data_key="from")
    end = Moment(required=True, data_key="to")
    tasks = ma.fields.List(ma.fields.Nested(PlayedTaskSchema), required=True)
    recorded = ma.fields.List(
        ma.fields.Nested(RecordedSchema),
        required=True,
        metadata={"description": "Reported in the period, without a task; oldest first."},
    )
    step_s = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "At most one position of an officer in so many seconds."},
    )
    tracks = ma.fields.List(
        ma.fields.Nested(TrackSchema),
        required=True,
        allow_none=True,
        metadata={"description": "null: not asked for."},
    )


@blueprint.route("")
class Playbacks(MethodView):
    @blueprint.arguments(AskedSchema)
    @blueprint.response(200, PlaybackSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give a past period, within what one may see: the tasks with the moments at which their
        states changed and, for a stated purpose, where officers on duty were. Who asked is written
        down."""
        with context.transaction() as session:
            station = body["station"]
            unit = None if station is None else org.unit_by_code(session, station, field="station")
            asked = Asked(
                start=body["start"],
                end=body["end"],
                unit_path=unit.path if unit else None,
                positions=body["positions"],
                purpose=body["purpose"],
            )
            return _shown(playback.open_playback(session, context.principal(), asked))


def _shown(found: Playback) -> dict[str, Any]:
    seen = found.tracks
    return {
        "start": found.start,
        "end": found.end,
        "tasks": [_task(each) for each in found.tasks],
        "recorded": found.recorded,
        "step_s": int(seen.step.total_seconds()) if seen else None,
        "tracks": [_track(each, found) for each in seen.tracks] if seen else None,
    }


def _task(played: PlayedTask) -> dict[str, Any]:
    incident = played.incident
    return {
        "id": played.id,
        "incident_id": incident.id,
        "number": incident.number,
        "category": incident.category,
        "priority": incident.priority,
        "lon": incident.lon,
        "lat": incident.lat,
        "address": incident.address,
        "turns": played.turns,
    }


def _track(track: Track, found: Playback) -> dict[str, Any]:
    fixes = [
        [round((fix.at - found.start).total_seconds(), 1), fix.lon, fix.lat, fix.accuracy_m]
        for fix in track.fixes
    ]
    return {"username": track.username, "display_name": track.display_name, "fixes": fixes}
