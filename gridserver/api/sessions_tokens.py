"""Tokens that GIS admins issue themselves."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView

from gridserver.access import tokens
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_sessions import NewTokenSchema, TokenRequestSchema, TokensSchema

blueprint = Blueprint(
    "tokens",
    __name__,
    url_prefix="/api/v1/sessions/tokens",
    description="Tokens for programs that can't sign in.",
)


@blueprint.route("")
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


@blueprint.route("/<uuid:token_id>")
class IssuedToken(MethodView):
    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    def delete(self, token_id: uuid.UUID) -> None:
        """Revoke a token of one's own: whatever uses it is signed out."""
        with context.transaction() as session:
            tokens.revoke(session, context.principal(), token_id)
