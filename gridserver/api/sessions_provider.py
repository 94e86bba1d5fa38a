"""Signing in, and opening a locked desk, by the bureau's identity provider.

The provider sends the browser to a page of ours, `CALLBACK`, which posts here what it was given. So
the session is opened by a request of this site's own, as it is with a password, and the cookies can
be ``SameSite=Strict``.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask.views import MethodView

from gridserver.access import federated, oidc
from gridserver.access.oidc import Identity, Provider
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.cookies import Cookie
from gridserver.api.knocking import knock_by_provider
from gridserver.api.sessions_opened import answered, heard, tools, unlocked
from gridserver.api.shapes_sessions import (
    AddressSchema,
    NewSessionSchema,
    ProviderAnswerSchema,
    ProviderOpeningSchema,
    WantedSchema,
    WaysSchema,
)
from gridserver.base.errors import Conflict, NotFound

#: Where the provider sends the browser back to: register it there, below each origin.
CALLBACK = "/login/provider"
_COOKIE = Cookie("gridserver_provider", path="/api/v1/sessions")

blueprint = Blueprint(
    "identity_provider",
    __name__,
    url_prefix="/api/v1/sessions",
    description="Signing in by the bureau's identity provider.",
)


@blueprint.route("/ways")
class Ways(MethodView):
    is_public = True

    @blueprint.response(200, WaysSchema)
    @blueprint.doc(security=[])
    def get(self) -> dict[str, Any]:
        """Say what there is to sign in by, beside a password."""
        provider = context.provider()
        return {"provider": {"name": provider.settings.name} if provider else None}


@blueprint.route("/provider")
class ProviderSessions(MethodView):
    is_public = True

    @blueprint.arguments(ProviderOpeningSchema)
    @blueprint.response(201, NewSessionSchema)
    @blueprint.alt_response(202, schema=WantedSchema, description="A second factor is wanted")
    @blueprint.alt_response(401, "UNAUTHORIZED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    @blueprint.doc(security=[])
    def post(self, answer: dict[str, Any]) -> Response:
        """Sign in by what the identity provider answered.

        401 `access.provider_state`: this browser began nothing of the kind, or too long ago. 401
        `access.provider_answer`: what the provider said doesn't hold. 401 `access.no_account`:
        nobody of that name signs in here. 401 `access.other_identity`: somebody else does.
        Otherwise as with a password.
        """
        provider = _provider()
        given = tools()
        with knock_by_provider(None) as attempt:
            identity = _identity(provider, answer)
            outcome = federated.sign_in(
                attempt.session, identity, answer.get("device"), heard(answer), given.party
            )
            response = answered(attempt, outcome, answer)
        _forget(response)
        return response


@blueprint.route("/provider/begin")
class Beginning(MethodView):
    is_public = True

    @blueprint.response(200, AddressSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    @blueprint.doc(security=[])
    def post(self) -> Response:
        """Begin to sign in by the identity provider: say where the browser is to go.

        A cookie keeps what its answer must fit, for ten minutes.
        """
        provider = _provider()
        party = tools().party
        if party is None:
            raise Conflict("access.no_page", "This is begun on a page of this server's own.")
        now = context.database().clock.now()
        address, begun = provider.begin(party.origin + CALLBACK, now)
        response = jsonify({"url": address})
        _COOKIE.give(response, begun.sealed(context.settings().seal), oidc.LASTS)
        return response


@blueprint.route("/current/unlock/provider")
class ProviderUnlock(MethodView):
    while_locked = True

    @blueprint.arguments(ProviderAnswerSchema)
    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    def post(self, answer: dict[str, Any]) -> Response:
        """Open a locked session by what the identity provider answered.

        Otherwise as with the password.
        """
        provider = _provider()
        actor = context.principal()
        with knock_by_provider(actor.username) as attempt:
            identity = _identity(provider, answer)
            federated.require_same(attempt.session, actor, identity)
            attempt.passed()
            response = unlocked(attempt.session, actor)
        _forget(response)
        return response


def _provider() -> Provider:
    provider = context.provider()
    if provider is None:
        raise NotFound("access.no_provider", "This installation names no identity provider.")
    return provider


def _identity(provider: Provider, answer: dict[str, Any]) -> Identity:
    now = context.database().clock.now()
    seal, kept = context.settings().seal, _COOKIE.given()
    begun = oidc.unsealed(seal, kept, answer["state"], now)
    return provider.finish(begun, answer["code"], answer.get("iss"), now)


def _forget(response: Response) -> None:
    _COOKIE.take_back(response)
