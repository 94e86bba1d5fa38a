"""Bulletins as CAP 1.2 messages, one at a time."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.bulletins import detail
from gridserver.api.shapes_cap import CapImportedSchema, CapImportSchema
from gridserver.bulletins import cap, capping, cards
from gridserver.bulletins.capping import Imported

blueprint = Blueprint(
    "bulletins_cap",
    __name__,
    url_prefix="/api/v1/bulletins",
    description="Bulletins as messages of the Common Alerting Protocol.",
)

_MESSAGE = {
    "description": "The message.",
    "content": {cap.MEDIA_TYPE: {"schema": {"type": "string"}}},
}


@blueprint.route("/<int(max=9223372036854775807):bulletin_id>/cap")
class BulletinCap(MethodView):
    @blueprint.doc(responses={200: _MESSAGE})
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, bulletin_id: int) -> Response:
        """Give one live bulletin as a CAP message, without its photos: `Alert`, after a renewal
        `Update`. Of one that has ended, a `Cancel` that says nothing of the person. For the issuing
        unit's room alone; each time is written down."""
        with context.transaction() as session:
            data = capping.export(session, context.principal(), bulletin_id)
        answer = Response(data, content_type=cap.MEDIA_TYPE)
        answer.headers["Cache-Control"] = "private, no-store"
        name = f"bulletin-{bulletin_id}.cap.xml"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


@blueprint.route("/cap")
class BulletinCaps(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(CapImportSchema)
    @blueprint.response(201, CapImportedSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Take a CAP message: a draft of an `Alert` or `Update`, with an instrument that is given
        here, for two persons here; a `Cancel` withdraws what came of those that it names. What was
        sent as an exercise is never issued."""
        with context.transaction() as session:
            actor = context.principal()

            def work() -> dict[str, Any]:
                said = dict(body)
                done = capping.import_(session, actor, said.pop("unit"), said)
                made = None if done.made is None else detail(session, done.made)
                return _document(done, made)

            said = CapImportSchema().dump(body)
            return idempotency.created(idempotency.succeed_once(session, said, work))


def _document(done: Imported, made: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "type": done.type,
        "bulletin": made,
        "withdrawn": [cards.reference(found.row) for found in done.withdrawn],
        "replaces": [cards.reference(found.row) for found in done.replaces],
    }
