"""One's own second factors."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access import factors, recovery
from gridserver.access.rules import Principal
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.knocking import knock
from gridserver.api.reauthenticating import wanted_again
from gridserver.api.sessions_opened import tools
from gridserver.api.sessions_second import document, shown
from gridserver.api.shapes_sessions import (
    AgainKindSchema,
    AgainSchema,
    ConfirmationSchema,
    EnrolmentSchema,
    FactorsSchema,
    RecoveryCodesSchema,
    WantedSchema,
)

blueprint = Blueprint(
    "second_factors",
    __name__,
    url_prefix="/api/v1/second-factors",
    description="One's own second factors.",
)


@blueprint.route("")
class OwnFactors(MethodView):
    @blueprint.response(200, FactorsSchema)
    def get(self) -> dict[str, Any]:
        """List one's own second factors, and how many recovery codes are left."""
        actor = context.principal()
        with context.transaction() as session:
            return _listed(session, actor)

    @blueprint.arguments(AgainKindSchema)
    @blueprint.response(201, EnrolmentSchema)
    @blueprint.alt_response(202, schema=WantedSchema, description="A second factor is wanted")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    def post(self, body: dict[str, Any]) -> dict[str, Any] | Response:
        """Begin to enrol a second factor. One shows again who one is."""
        actor = context.principal()
        with knock(actor.username) as attempt:
            if more := wanted_again(attempt, actor, body):
                return more
            begun = factors.enrol(attempt.session, actor.account_id, body["kind"], tools())
        return document(begun)


@blueprint.route("/confirm")
class Confirmation(MethodView):
    @blueprint.arguments(ConfirmationSchema)
    @blueprint.response(200, RecoveryCodesSchema)
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Show the factor that is being enrolled. With the first one come recovery codes."""
        actor = context.principal()
        with knock(actor.username) as attempt:
            codes = factors.confirm(
                attempt.session, actor, actor.account_id, shown(body), body["name"], tools()
            )
            attempt.passed()
        return {"recovery_codes": codes}


@blueprint.route("/recovery-codes")
class RecoveryCodes(MethodView):
    @blueprint.arguments(AgainSchema)
    @blueprint.response(200, RecoveryCodesSchema)
    @blueprint.alt_response(202, schema=WantedSchema, description="A second factor is wanted")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    def post(self, body: dict[str, Any]) -> dict[str, Any] | Response:
        """Make new recovery codes; the former are good no more. One shows again who one is."""
        actor = context.principal()
        with knock(actor.username) as attempt:
            if more := wanted_again(attempt, actor, body):
                return more
            codes = factors.renew_codes(attempt.session, actor)
        return {"recovery_codes": codes}


@blueprint.route("/<int(max=9223372036854775807):factor_id>/remove")
class Removal(MethodView):
    @blueprint.arguments(AgainSchema)
    @blueprint.response(200, FactorsSchema)
    @blueprint.alt_response(202, schema=WantedSchema, description="A second factor is wanted")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    def post(self, body: dict[str, Any], factor_id: int) -> dict[str, Any] | Response:
        """Take a second factor of one's own away. One shows again who one is."""
        actor = context.principal()
        with knock(actor.username) as attempt:
            if more := wanted_again(attempt, actor, body):
                return more
            factors.remove(attempt.session, actor, factor_id)
            return _listed(attempt.session, actor)


def _listed(session: Session, actor: Principal) -> dict[str, Any]:
    return {
        "items": factors.of(session, actor.account_id),
        "recovery_codes_left": recovery.left(session, actor.account_id),
        "is_demanded": factors.is_demanded(session, actor.account_id),
    }
