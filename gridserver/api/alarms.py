"""Alarms of the command rooms, and silencing one with a name."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.access.rules import Principal
from gridserver.alarms import queries, rules, service
from gridserver.alarms.rules import Alarm
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes import PersonSchema, moment

blueprint = Blueprint(
    "alarms",
    __name__,
    url_prefix="/api/v1/alarms",
    description="What a command room must not miss.",
)

_LONGEST_NOTE = 200


class SilenceSchema(ma.Schema):
    """Who silenced an alarm, for how long, and why."""

    by = ma.fields.Nested(PersonSchema, required=True)
    at = moment()
    until = moment()
    note = ma.fields.String(required=True)


class AlarmSchema(ma.Schema):
    key = ma.fields.String(
        required=True, metadata={"description": "The same as long as it is about the same."}
    )
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(rules.KINDS))
    since = moment(description="When the condition began, or last renewed.")
    task = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "The task it is about."}
    )
    params = ma.fields.Dict(
        required=True,
        metadata={
            "description": "What its sentence needs. unsigned: number, address · support: "
            "the same, by, text · sighting: bulletin, sighting, urgent · "
            "unapproved: bulletin, until, withdrawn · "
            "void: count, names, from, until · clock: username, offset_s."
        },
    )
    silenced = ma.fields.Nested(SilenceSchema, required=True, allow_none=True)
    may_silence = ma.fields.Boolean(required=True)


class AlarmsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(AlarmSchema), required=True)


class NewSilenceSchema(ma.Schema):
    minutes = ma.fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(1, rules.MOST_MINUTES)
    )
    note = ma.fields.String(required=True, validate=ma.validate.Length(1, _LONGEST_NOTE))


@blueprint.route("")
class Alarms(MethodView):
    # An alarm sounds at a desk that nobody touched, too.
    while_locked = True

    @blueprint.response(200, AlarmsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """List the alarms of one's units and those that concern all: first those that sound."""
        actor = context.principal()
        with context.transaction() as session:
            return {
                "items": [_document(alarm, actor) for alarm in queries.alarms_for(session, actor)]
            }


@blueprint.route("/<key>/silence")
class AlarmSilence(MethodView):
    @blueprint.arguments(NewSilenceSchema)
    @blueprint.response(200, AlarmSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Silence an alarm for some minutes. It stays in sight for every room with the name and
        the note, and sounds again when its condition renews or the time is over."""
        actor = context.principal()
        with context.transaction() as session:
            return _document(service.silence(session, actor, key, **body), actor)


def _document(alarm: Alarm, actor: Principal) -> dict[str, Any]:
    silence = alarm.silence
    return {
        "key": alarm.key,
        "kind": alarm.kind,
        "since": alarm.since.isoformat(),
        "task": alarm.task_id,
        "params": dict(alarm.params),
        "silenced": silence
        and {
            "by": {"username": silence.username, "display_name": silence.display_name},
            "at": silence.at.isoformat(),
            "until": silence.until.isoformat(),
            "note": silence.note,
        },
        "may_silence": actor.may("alarm.silence", alarm.unit_path),
    }
