"""Signing in and out."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access import federated, idle, queries, service, signing_in, walls
from gridserver.access.reauthentication import has_password
from gridserver.access.rules import Principal
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.knocking import knock
from gridserver.api.sessions_leaving import leaving
from gridserver.api.sessions_opened import (
    answered,
    describe,
    heard,
    in_base64,
    set_cookie,
    tools,
    unlocked,
)
from gridserver.api.shapes_devices import EndedSchema
from gridserver.api.shapes_sessions import (
    AddressSchema,
    CredentialsSchema,
    NewPasswordSchema,
    NewSessionSchema,
    PasswordSchema,
    SessionSchema,
    WantedSchema,
)

blueprint = Blueprint(
    "sessions", __name__, url_prefix="/api/v1/sessions", description="Signing in and out."
)


@blueprint.route("")
class Sessions(MethodView):
    is_public = True

    @blueprint.arguments(CredentialsSchema)
    @blueprint.response(201, NewSessionSchema)
    @blueprint.alt_response(202, schema=WantedSchema, description="A second factor is wanted")
    @blueprint.alt_response(401, "UNAUTHORIZED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    @blueprint.doc(security=[])
    def post(self, credentials: dict[str, Any]) -> Response:
        """Sign in.

        202: the password was right, and `wants` says what opens the session. 403
        `access.device_revoked`: the device was revoked; it wipes what it keeps. 403
        `access.provider_only`: the account signs in by the identity provider. 429
        `access.too_many_attempts`: too many failed from here; wait `retry_after_s`.
        """
        given = tools()
        with knock(credentials["username"]) as attempt:
            outcome = signing_in.sign_in(
                attempt.session,
                credentials["username"],
                credentials["password"],
                credentials.get("device"),
                heard(credentials),
                given.party,
                has_provider=context.provider() is not None,
            )
            return answered(attempt, outcome, credentials)


@blueprint.route("/current")
class CurrentSession(MethodView):
    while_locked = True

    @blueprint.response(200, SessionSchema)
    def get(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Say who is signed in, and until when."""
        with context.transaction() as session:
            document = _current(session, context.principal())
        return document, 200, {"Cache-Control": "no-store"}

    @blueprint.response(204)
    @blueprint.alt_response(200, schema=AddressSchema, description="The provider is left, too")
    def delete(self) -> Response:
        """Sign out.

        200: the identity provider opened the session, and whoever was at this page may be signed
        in there still; the browser goes to `url`.
        """
        with context.transaction() as session:
            by_provider = signing_in.sign_out(session, context.principal())
        there = leaving() if by_provider else None
        response = jsonify({"url": there}) if there else Response(status=204)
        context.COOKIE.take_back(response)
        return response


@blueprint.route("/current/wall")
class Wall(MethodView):
    @blueprint.response(200, SessionSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self) -> Response:
        """Turn this session into a wall's, or let it stand on as one: it only looks on from now
        on, and lasts 7 days from each time this is said. It signs out to end."""
        with context.transaction() as session:
            principal = context.principal()
            walls.put_up(session, principal)
            looking = queries.principal_by_session(session, principal.session_id)
            document = _current(session, looking)
        response = jsonify(SessionSchema().dump(document))
        response.cache_control.no_store = True
        if cookie := context.COOKIE.given():
            set_cookie(response, cookie, document["expires_at"])
        return response


@blueprint.route("/current/activity")
class Activity(MethodView):
    @blueprint.response(204)
    def post(self) -> None:
        """Say that somebody is at the desk, so that the session isn't locked."""
        with context.transaction() as session:
            idle.touch(session, context.principal())


@blueprint.route("/current/lock")
class Lock(MethodView):
    while_locked = True

    @blueprint.response(204)
    def post(self) -> None:
        """Lock the session until the password is given again. Its sockets go on to tell."""
        with context.transaction() as session:
            idle.lock(session, context.principal())


@blueprint.route("/current/unlock")
class Unlock(MethodView):
    while_locked = True

    @blueprint.arguments(PasswordSchema)
    @blueprint.response(204)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    def post(self, body: dict[str, str]) -> Response:
        """Open a locked session by the password.

        Its cookie has another token from then on. 403 `access.provider_only`: the account signs in
        by the identity provider, and opens its desk by it.
        """
        actor = context.principal()
        with knock(actor.username) as attempt:
            signing_in.authenticate(attempt.session, actor.username, body["password"])
            if context.provider() is not None:
                federated.require_password_taken(attempt.session, actor.account_id)
            attempt.passed()
            return unlocked(attempt.session, actor)


@blueprint.route("/current/password")
class OwnPassword(MethodView):
    @blueprint.arguments(NewPasswordSchema)
    @blueprint.response(200, EndedSchema)
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    def put(self, body: dict[str, str]) -> dict[str, int]:
        """Change one's own password. All other sessions and tokens of the account end."""
        actor = context.principal()
        with knock(actor.username) as attempt:
            ended = service.change_password(
                attempt.session, actor, body["password"], body["new_password"]
            )
            attempt.passed()
        return {"ended": ended}


def _current(session: Session, principal: Principal) -> dict[str, Any]:
    """Return a session as `SessionSchema` shows it."""
    terms = queries.session_terms(session, principal.session_id)
    return {
        "expires_at": terms.expires_at,
        "csrf_token": terms.csrf_token,
        "unlock": in_base64(terms.unlock),
        "account": describe(session, principal),
        "idle_lock_s": idle.after_s(session, principal),
        "is_locked": principal.is_locked,
        "has_password": has_password(session, principal.account_id),
    }
