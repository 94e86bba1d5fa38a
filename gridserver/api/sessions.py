"""Signing in and out."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access import clocks, queries, service, tokens
from gridserver.access.rules import Principal
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.platforms import platform_of
from gridserver.api.shapes import UnitRefSchema
from gridserver.api.shapes_devices import SaidSchema, said
from gridserver.force import queries as force
from gridserver.org import queries as org

#: How long a browser keeps the cookie of a session that is over: by it a device that was revoked
#: while it was away learns so, and wipes itself.
_COOKIE_OUTLIVES = dt.timedelta(days=90)

blueprint = Blueprint(
    "sessions", __name__, url_prefix="/api/v1/sessions", description="Signing in and out."
)


class RoleSchema(ma.Schema):
    role = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)


class OfficerRefSchema(ma.Schema):
    service_number = ma.fields.String(required=True)
    rank = ma.fields.String(required=True, allow_none=True)
    kind = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)


class AccountSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
    roles = ma.fields.List(ma.fields.Nested(RoleSchema), required=True)
    officer = ma.fields.Nested(OfficerRefSchema, required=True, allow_none=True)


class CredentialsSchema(SaidSchema):
    username = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, 1024))
    device = ma.fields.String(
        validate=ma.validate.Length(1, 100),
        metadata={"description": "A name for the device; it keeps its own place in the inbox."},
    )
    device_time = ma.fields.AwareDateTime(  # noqa: TID251 (any: it is compared, never asked for)
        metadata={
            "description": "The device's own clock, so that the server knows how far it is off."
        }
    )
    cookie = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "Keep the token in an HttpOnly cookie, as a browser should."},
    )


class SessionSchema(ma.Schema):
    expires_at = Moment(required=True)
    csrf_token = ma.fields.String(required=True)
    unlock = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The server's part of the key to what this device keeps of this "
            "account: 32 bytes in base64, always the same. Null where no device was named."
        },
    )
    account = ma.fields.Nested(AccountSchema, required=True)


class NewSessionSchema(SessionSchema):
    token = ma.fields.String(
        required=True, metadata={"description": "The bearer token; empty where a cookie has it."}
    )


class TokenRequestSchema(ma.Schema):
    name = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 60),
        metadata={"description": "What it is for, such as QGIS on a certain machine."},
    )
    days = ma.fields.Integer(
        load_default=90, strict=True, validate=ma.validate.Range(1, tokens.MOST_DAYS)
    )


class TokenSchema(ma.Schema):
    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True)


class NewTokenSchema(TokenSchema):
    token = ma.fields.String(
        required=True, metadata={"description": "A bearer token; shown only here."}
    )


class TokensSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(TokenSchema), required=True)


@blueprint.route("")
class Sessions(MethodView):
    is_public = True

    @blueprint.arguments(CredentialsSchema)
    @blueprint.response(201, NewSessionSchema)
    @blueprint.alt_response(401, "UNAUTHORIZED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.doc(security=[])
    def post(self, credentials: dict[str, Any]) -> Response:
        """Sign in.

        403 `access.device_revoked`: the device was revoked. It wipes what it keeps.
        """
        with context.database().transaction() as session:
            signed_in = service.sign_in(
                session,
                credentials["username"],
                credentials["password"],
                credentials.get("device"),
                said(credentials, request.remote_addr, platform_of(request.user_agent.string)),
            )
            principal, _ = queries.principal_by_token(session, signed_in.token)
            if device_time := credentials.get("device_time"):
                clocks.note(session, principal, device_time)
            account = describe(session, principal)
        in_cookie = credentials["cookie"]
        document = NewSessionSchema().dump(
            {
                "token": "" if in_cookie else signed_in.token,
                "expires_at": signed_in.expires_at,
                "csrf_token": signed_in.csrf_token,
                "unlock": _in_base64(signed_in.unlock),
                "account": account,
            }
        )
        response = jsonify(document)
        response.cache_control.no_store = True
        response.status_code = 201
        if in_cookie:
            response.set_cookie(
                context.COOKIE,
                signed_in.token,
                expires=signed_in.expires_at + _COOKIE_OUTLIVES,
                httponly=True,
                secure=request.is_secure,
                samesite="Strict",
            )
        return response


@blueprint.route("/current")
class CurrentSession(MethodView):
    @blueprint.response(200, SessionSchema)
    def get(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Say who is signed in, and until when."""
        with context.transaction() as session:
            principal = context.principal()
            terms = queries.session_terms(session, principal.session_id)
            account = describe(session, principal)
        document = {
            "expires_at": terms.expires_at,
            "csrf_token": terms.csrf_token,
            "unlock": _in_base64(terms.unlock),
            "account": account,
        }
        return document, 200, {"Cache-Control": "no-store"}

    @blueprint.response(204)
    def delete(self) -> Response:
        """Sign out."""
        with context.transaction() as session:
            service.sign_out(session, context.principal())
        response = Response(status=204)
        response.delete_cookie(context.COOKIE)
        return response


@blueprint.route("/tokens")
class Tokens(MethodView):
    @blueprint.response(200, TokensSchema)
    def get(self) -> dict[str, Any]:
        """List one's own tokens that still stand, the newest first."""
        with context.transaction() as session:
            return {"items": tokens.of(session, context.principal())}

    @blueprint.arguments(TokenRequestSchema)
    @blueprint.response(201, NewTokenSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def post(self, body: dict[str, Any]) -> tokens.Token:
        """Issue oneself a long-lived token, for QGIS and the like. For GIS admins."""
        with context.transaction() as session:
            return tokens.issue(session, context.principal(), body["name"], body["days"])


@blueprint.route("/tokens/<uuid:token_id>")
class IssuedToken(MethodView):
    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    def delete(self, token_id: uuid.UUID) -> None:
        """Revoke a token of one's own: whatever uses it is signed out."""
        with context.transaction() as session:
            tokens.revoke(session, context.principal(), token_id)


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


def _in_base64(secret: bytes | None) -> str | None:
    return None if secret is None else base64.b64encode(secret).decode()
