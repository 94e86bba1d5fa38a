"""What other agencies' systems send. A signature stands in for the session."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from gridserver.access.rules import Principal
from gridserver.api import context, problems
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_exchange import TakenAnswerSchema, TakenReportSchema
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.delivery import once
from gridserver.delivery.once import Outcome
from gridserver.dispatch.service import Taken
from gridserver.exchange import answers, service
from gridserver.exchange.service import LARGEST_BODY, Kept
from gridserver.partners import service as partners
from gridserver.partners import signatures
from gridserver.partners.models import Partner
from gridserver.partners.signatures import Unsigned

blueprint = Blueprint(
    "exchange_signed",
    __name__,
    url_prefix="/api/v1/exchange",
    description="What other agencies' systems send, signed.",
)

#: Names the command ids that are made of nonces.
_NONCES = uuid.UUID("0f0d2b6e-8f4b-4c39-9d0b-6a2f9f7d4b11")
_SIGNED: dict[str, Any] = {"security": [{"signature": []}]}


@blueprint.route("/<code>/incidents")
class SignedReports(MethodView):
    is_public = True

    @blueprint.doc(
        **_SIGNED,
        requestBody={
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
            "description": "A report in the source's own field names; its mapping reads it.",
        },
    )
    @blueprint.response(201, TakenReportSchema)
    @blueprint.alt_response(200, schema=TakenReportSchema, description="It was reported before.")
    @blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
    def post(self, code: str) -> Response:
        """Report an incident. What can't be read is kept, answered 422 `exchange.rejected` with the
        number of the `reject`, and taken once its mapping was mended."""
        body = _body()
        with context.transaction() as session:
            partner, actor, nonce = _sender(session, code, body)
            outcome = _once(session, actor, nonce, body, lambda: _take(session, partner, body))
        if outcome.status != 200:
            return problems.of_command(outcome)
        if "refused" in outcome.body:
            return problems.problem(422, **outcome.body["refused"])
        response = jsonify(outcome.body["incident"])
        response.status_code = 201 if outcome.body["created"] else 200
        return response


@blueprint.route("/<code>/answers")
class SignedAnswers(MethodView):
    is_public = True

    @blueprint.doc(
        **_SIGNED,
        requestBody={
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["task", "text"],
                        "properties": {
                            "task": {"type": "integer"},
                            "text": {"type": "string"},
                            "answered_at": {"type": "string", "format": "date-time"},
                        },
                    }
                }
            },
        },
    )
    @blueprint.response(200, TakenAnswerSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
    def post(self, code: str) -> Response:
        """Say what came of a task that was handed over. The last answer counts; the command room
        sees it at once."""
        body = _body()
        with context.transaction() as session:
            partner, actor, nonce = _sender(session, code, body)
            outcome = _once(session, actor, nonce, body, lambda: _answer(session, partner, body))
        if outcome.status != 200:
            return problems.of_command(outcome)
        return jsonify(outcome.body)


def _body() -> bytes:
    """Return the body. One that is too large is not even looked at."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise RequestEntityTooLarge
    return request.get_data()


def _sender(session: Session, code: str, body: bytes) -> tuple[Partner, Principal, str]:
    """Return who signed the request, as a partner and as an actor, and the nonce."""
    nonce = signatures.verify(
        context.settings().keyring.of(code).secrets,
        signatures.Request(request.method, request.path, body),
        {name: request.headers.get(name, "") for name in signatures.HEADERS},
        now(session),
    )
    partner = partners.sender(session, code)
    return partner, partners.principal(session, partner), nonce


def _once(
    session: Session,
    actor: Principal,
    nonce: str,
    body: bytes,
    work: Callable[[], dict[str, Any]],
) -> Outcome:
    """Do `work` once for each nonce; a replay gets the first answer."""
    said = {"path": request.path, "body": hashlib.sha256(body).hexdigest()}
    try:
        return once.run_once(session, actor, uuid.uuid5(_NONCES, nonce), said, work)
    except Invalid as error:
        if error.code != "command.reused":
            raise
        raise Unsigned(
            "exchange.nonce_reused", "The nonce was used for another message: take a new one."
        ) from error


def _take(session: Session, partner: Partner, body: bytes) -> dict[str, Any]:
    taken = service.take(session, partner, _text(body))
    if isinstance(taken, Kept):
        return {"refused": _refusal(taken)}
    return {"created": taken.created, "incident": _describe(taken)}


def _answer(session: Session, partner: Partner, body: bytes) -> dict[str, Any]:
    dossier = answers.record(session, partner, service.read_body(_text(body)))
    return {"task": dossier.task.id, "state": dossier.task.state}


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Invalid("exchange.no_json", "The body is no JSON in UTF-8 (RFC 8259).") from error


def _refusal(kept: Kept) -> dict[str, Any]:
    field = {"field": kept.refusal.field} if kept.refusal.field else {}
    return {
        "code": "exchange.rejected",
        "detail": f"{kept.refusal.message} The message is kept as reject {kept.reject_id}.",
        "reason": kept.refusal.code,
        "reject": kept.reject_id,
        **field,
    }


def _describe(taken: Taken) -> dict[str, Any]:
    incident, place, task = taken.dossier.incident, taken.dossier.facts.place, taken.dossier.task
    return {
        "id": incident.id,
        "number": incident.number,
        "external_id": incident.external_id,
        "cell": _coded(place.cell, place.cell_name),
        "station": _coded(place.station, place.station_name),
        "grid_version": place.grid_version,
        "task": task.id,
        "state": task.state,
    }


def _coded(code: str | None, name: str | None) -> dict[str, str | None] | None:
    return None if code is None else {"code": code, "name": name}
