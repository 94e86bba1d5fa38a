"""The answer to whoever has shown all that was asked: a session, and its cookies."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from sqlalchemy.orm import Session

from gridserver.access import clocks, idle, opening, queries
from gridserver.access.devices import Said
from gridserver.access.factors import Tools
from gridserver.access.opening import SignedIn
from gridserver.access.reauthentication import has_password
from gridserver.access.rules import Principal
from gridserver.access.security_keys import Party
from gridserver.access.tickets import Wanted
from gridserver.api import context, knocking
from gridserver.api.knocking import Knock
from gridserver.api.platforms import platform_of
from gridserver.api.shapes_devices import said
from gridserver.api.shapes_sessions import NewSessionSchema, WantedSchema
from gridserver.force import queries as force
from gridserver.org import queries as org

#: How long a browser keeps the cookie of a session that is over: by it a device that was revoked
#: while it was away learns so, and wipes itself.
_COOKIE_OUTLIVES = dt.timedelta(days=90)


def opened(
    knock: Knock,
    signed_in: SignedIn,
    given: dict[str, Any],
    schema: type[ma.Schema] = NewSessionSchema,
    **more: Any,
) -> Response:
    """Return the answer with a new session, in the transaction that opened it; its failures are
    forgotten, and its device is known again.

    `given` was loaded by an `OpeningSchema`; `more` are further members of the document.
    """
    session = knock.session
    knock.passed()
    workplace = knocking.known_again(session, signed_in)
    principal, _ = queries.principal_by_token(session, signed_in.token)
    if device_time := given.get("device_time"):
        clocks.note(session, principal, device_time)
    in_cookie = given["cookie"]
    if in_cookie:
        idle.begin(session, principal)
        if former := context.COOKIE.given():
            opening.end_former(session, former)
    document = {
        "token": "" if in_cookie else signed_in.token,
        "expires_at": signed_in.expires_at,
        "csrf_token": signed_in.csrf_token,
        "unlock": in_base64(signed_in.unlock),
        "account": describe(session, principal),
        "idle_lock_s": idle.after_s(session, principal),
        "is_locked": False,
        "has_password": has_password(session, signed_in.account_id),
        **more,
    }
    response = jsonify(schema().dump(document))
    response.cache_control.no_store = True
    response.status_code = 201
    if in_cookie:
        set_cookie(response, signed_in.token, signed_in.expires_at)
    knocking.set_workplace(response, workplace)
    return response


def unlocked(session: Session, principal: Principal) -> Response:
    """Open a locked session; return the answer with its new cookie."""
    response = Response(status=204)
    if token := idle.unlock(session, principal):
        expires_at = queries.session_terms(session, principal.session_id).expires_at
        set_cookie(response, token, expires_at)
    return response


def answered(knock: Knock, outcome: SignedIn | Wanted, given: dict[str, Any]) -> Response:
    """Return the answer to a first step: a session as `opened` gives it, or 202 with what is wanted
    besides."""
    if not isinstance(outcome, Wanted):
        return opened(knock, outcome, given)
    return wanting(knock, outcome)


def wanting(knock: Knock, wanted: Wanted) -> Response:
    """Return the answer to what was right, but isn't all: 202, with what is wanted besides."""
    knock.passed(wholly=False)
    response = jsonify(WantedSchema().dump(wanted))
    response.cache_control.no_store = True
    response.status_code = 202
    return response


def heard(given: dict[str, Any]) -> Said:
    """Return what the client says of its device, and what its request tells."""
    return said(given, request.remote_addr, platform_of(request.user_agent.string))


def tools() -> Tools:
    """Return what second factors are checked by: the seal, and the page's origin where that is one
    of the server's."""
    settings = context.settings()
    origin = request.headers.get("Origin")
    is_ours = origin is not None and origin in settings.allowed_origins
    return Tools(settings.seal, Party(origin) if is_ours and origin else None)


def describe(session: Session, principal: Principal) -> dict[str, Any]:
    """Return the account as `AccountSchema` shows it."""
    units = org.units_by_id(session, {grant.unit_id for grant in principal.grants})
    return {
        "id": principal.account_id,
        "username": principal.username,
        "display_name": principal.display_name,
        "roles": [{"role": g.role, "unit": units[g.unit_id]} for g in principal.grants],
        "officer": force.officer_of(session, principal.account_id),
    }


def in_base64(secret: bytes | None) -> str | None:
    """Return a secret as JSON carries it."""
    return None if secret is None else base64.b64encode(secret).decode()


def set_cookie(response: Response, token: str, expires_at: dt.datetime) -> None:
    """Have the browser keep a session's token, longer than the session stands."""
    context.COOKIE.give(response, token, expires_at + _COOKIE_OUTLIVES)
