"""One's own sessions: which stand, and ending them."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from flask import Response
from flask.views import MethodView

from gridserver.access import sessions
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.knocking import knock
from gridserver.api.reauthenticating import wanted_again
from gridserver.api.shapes_devices import EndedSchema, OwnSessionsSchema
from gridserver.api.shapes_sessions import AgainSchema, EndingSchema, WantedSchema

blueprint = Blueprint(
    "own_sessions", __name__, url_prefix="/api/v1/sessions", description="One's own sessions."
)


@blueprint.route("")
class OwnSessions(MethodView):
    @blueprint.response(200, OwnSessionsSchema)
    def get(self) -> dict[str, Any]:
        """List one's own sessions that still stand, the newest first."""
        actor = context.principal()
        with context.transaction() as session:
            own = sessions.own(session, actor)
        items = [asdict(each) | {"is_current": each.id == actor.session_id} for each in own]
        return {"items": items}


@blueprint.route("/others/end")
class OtherSessions(MethodView):
    @blueprint.arguments(EndingSchema)
    @blueprint.response(200, EndedSchema)
    @blueprint.alt_response(202, schema=WantedSchema, description="A second factor is wanted")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    def post(self, body: dict[str, Any]) -> dict[str, int] | Response:
        """End all of one's own sessions but this one. One shows again who one is."""
        actor = context.principal()
        with knock(actor.username) as attempt:
            if more := wanted_again(attempt, actor, body):
                return more
            ended = sessions.end_others(attempt.session, actor, body.get("device"))
        return {"ended": ended}


@blueprint.route("/<uuid:session_id>/end")
class OwnSession(MethodView):
    @blueprint.arguments(AgainSchema)
    @blueprint.response(204)
    @blueprint.alt_response(202, schema=WantedSchema, description="A second factor is wanted")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    def post(self, body: dict[str, Any], session_id: uuid.UUID) -> Response | None:
        """End a session of one's own. One shows again who one is; to end this very one, sign
        out."""
        actor = context.principal()
        with knock(actor.username) as attempt:
            if more := wanted_again(attempt, actor, body):
                return more
            sessions.end_own(attempt.session, actor, session_id)
        return None
