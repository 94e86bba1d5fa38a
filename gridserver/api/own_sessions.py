"""One's own sessions: which stand, and ending them."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from flask.views import MethodView

from gridserver.access import sessions
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_devices import EndedSchema, OwnSessionsSchema, WhichSessionsArguments

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

    @blueprint.arguments(WhichSessionsArguments, location="query")
    @blueprint.response(200, EndedSchema)
    def delete(self, arguments: dict[str, int]) -> dict[str, int]:
        """End all of one's own sessions but this one."""
        with context.transaction() as session:
            ended = sessions.end_others(session, context.principal(), arguments.get("device"))
        return {"ended": ended}


@blueprint.route("/<uuid:session_id>")
class OwnSession(MethodView):
    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    def delete(self, session_id: uuid.UUID) -> None:
        """End a session of one's own."""
        with context.transaction() as session:
            sessions.end_own(session, context.principal(), session_id)
