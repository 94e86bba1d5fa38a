"""Accounts and how they are signed in to, for admins; what is demanded of who signs in."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.access import accounts, policy
from gridserver.access.accounts import AccountState
from gridserver.access.devices import LONGEST_REASON
from gridserver.access.policy import Policy
from gridserver.access.rules import ROLES
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.context import PageArguments
from gridserver.api.moments import Moment
from gridserver.api.shapes_devices import EndedSchema, OwnSessionsSchema

blueprint = Blueprint(
    "accounts", __name__, url_prefix="/api/v1/accounts", description="Accounts and their sessions."
)
rules = Blueprint(
    "sign_in_policy",
    __name__,
    url_prefix="/api/v1/sign-in-policy",
    description="What is demanded of who signs in.",
)

_ONE = "/<int(max=9223372036854775807):account_id>"


class AccountRoleSchema(ma.Schema):
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    unit = ma.fields.String(required=True, metadata={"description": "Its code."})


class AccountStateSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
    roles = ma.fields.List(ma.fields.Nested(AccountRoleSchema), required=True)
    is_disabled = ma.fields.Boolean(required=True)
    has_password = ma.fields.Boolean(required=True)
    factors = ma.fields.Integer(
        required=True, metadata={"description": "How many second factors are enrolled."}
    )
    sessions = ma.fields.Integer(
        required=True, metadata={"description": "How many stand, tokens included."}
    )
    shut_until = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "After too many failures, for whoever comes by that way."},
    )


class AccountStatePageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(AccountStateSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class AccountArguments(PageArguments):
    words = ma.fields.String(
        validate=ma.validate.Length(1, 60), metadata={"description": "Part of a name."}
    )


class ResetSchema(ma.Schema):
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_REASON))


class PolicySchema(ma.Schema):
    most_failures = ma.fields.Integer(
        required=True,
        strict=True,
        validate=ma.validate.Range(*policy.FAILURES),
        metadata={"description": "Wrong passwords in a row that shut a way for ten minutes."},
    )
    second_factor_roles = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(ROLES)), required=True
    )
    idle_minutes = ma.fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(*policy.IDLE_MINUTES)
    )
    session_hours = ma.fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(*policy.SESSION_HOURS)
    )
    provider_only_roles = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(ROLES)),
        required=True,
        metadata={
            "description": "They sign in by the identity provider and by no password, as long as "
            "the installation has one."
        },
    )
    provider_factor_counts = ma.fields.Boolean(
        required=True,
        metadata={"description": "A second factor that the provider saw needn't be shown here."},
    )
    enrolled_device_roles = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(ROLES)),
        required=True,
        metadata={"description": "They sign in from enrolled devices, and from no other."},
    )


@blueprint.route("")
class Accounts(MethodView):
    @blueprint.arguments(AccountArguments, location="query")
    @blueprint.response(200, AccountStatePageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the accounts within one's scope, by username."""
        limit, after = arguments["limit"], context.decode_cursor(arguments.get("cursor"))
        with context.transaction() as session:
            found = accounts.states(
                session,
                context.principal(),
                arguments.get("words"),
                after=after,
                limit=limit + 1,
            )
        shown, following = context.cut(found, limit, lambda each: each.username)
        return {"items": [_document(each) for each in shown], "next": following}


@blueprint.route(f"{_ONE}/sessions")
class AccountSessions(MethodView):
    @blueprint.response(200, OwnSessionsSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, account_id: int) -> dict[str, Any]:
        """List an account's sessions that stand, tokens included, the newest first."""
        actor = context.principal()
        with context.transaction() as session:
            found = accounts.sessions_of(session, actor, account_id)
        return {"items": [asdict(e) | {"is_current": e.id == actor.session_id} for e in found]}

    @blueprint.response(200, EndedSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def delete(self, account_id: int) -> dict[str, int]:
        """End all of an account's sessions."""
        with context.transaction() as session:
            return {"ended": accounts.end_sessions(session, context.principal(), account_id)}


@blueprint.route(f"{_ONE}/sessions/<uuid:session_id>")
class AccountSession(MethodView):
    @blueprint.response(204)
    @blueprint.alt_response(404, "NOT_FOUND")
    def delete(self, account_id: int, session_id: uuid.UUID) -> None:
        """End one session of an account."""
        with context.transaction() as session:
            accounts.end_sessions(session, context.principal(), account_id, session_id)


@blueprint.route(f"{_ONE}/open")
class Opening(MethodView):
    @blueprint.response(200, AccountStateSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, account_id: int) -> dict[str, Any]:
        """Let an account be signed in to at once, after too many failures."""
        actor = context.principal()
        with context.transaction() as session:
            accounts.open_account(session, actor, account_id)
            return _document(accounts.state(session, actor, account_id))


@blueprint.route(f"{_ONE}/reset-second-factor")
class Reset(MethodView):
    @blueprint.arguments(ResetSchema)
    @blueprint.response(200, AccountStateSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, body: dict[str, str], account_id: int) -> dict[str, Any]:
        """Take an account's second factors away, and end its sessions.

        403 `account.auditor_by_command_line`: an auditor's are the command line's, with two names.
        """
        actor = context.principal()
        with context.transaction() as session:
            accounts.reset_factors(session, actor, account_id, body["reason"])
            return _document(accounts.state(session, actor, account_id))


@rules.route("")
class SignInPolicy(MethodView):
    @rules.etag
    @rules.response(200, PolicySchema)
    @rules.alt_response(403, "FORBIDDEN")
    def get(self) -> Policy:
        """Say what is demanded of who signs in."""
        with context.transaction() as session:
            return policy.read(session, context.principal())

    @rules.etag
    @rules.arguments(PolicySchema)
    @rules.response(200, PolicySchema)
    def put(self, body: dict[str, Any]) -> Policy:
        """Demand something else, from the next sign-in on."""
        with context.transaction() as session:
            actor = context.principal()
            rules.check_etag(policy.locked(session, actor), PolicySchema)
            return policy.change(session, actor, **body)


def _document(state: AccountState) -> dict[str, Any]:
    roles = [{"role": role, "unit": unit} for role, unit in state.roles]
    return asdict(state) | {"roles": roles}
