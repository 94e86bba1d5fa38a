"""Everybody who may ask: each role at each distance from the unit whose things are asked for."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from gridserver.access import service as access
from gridserver.access.models import LoginSession
from gridserver.access.opening import open_session
from gridserver.access.passwords import unusable_password
from gridserver.access.rules import ROLES, WALL
from gridserver.force.models import Officer
from gridserver.org.queries import unit_by_code

#: Where a role is held: for the station whose things are asked for, for the bureau above it, for
#: the station beside it.
UNITS = {"own": "33082401", "above": "330824", "other": "33082402"}

#: Without a session; with one and no role at all; the officer whom a thing is about.
NOBODY, STRANGER, HOLDER = "nobody", "stranger", "330824001"


def _named(role: str, scope: str) -> str:
    return f"{role}@{scope}"


WALLS = frozenset({_named(WALL, "own"), _named(WALL, "other")})
ROLE_HOLDERS = frozenset(_named(role, scope) for role in ROLES for scope in UNITS)
#: Whoever has a session.
SIGNED_IN = ROLE_HOLDERS | WALLS | {STRANGER, HOLDER}
ACTORS = tuple(sorted(SIGNED_IN | {NOBODY}))

ANYWHERE, IN_REACH, AT_THE_TOP = tuple(UNITS), ("own", "above"), ("above",)


def holders(roles: str, scopes: tuple[str, ...]) -> frozenset[str]:
    """Return those who hold one of `roles` (words) at one of `scopes`; ``wall`` is a role here."""
    wanted = {_named(role, scope) for role in roles.split() for scope in scopes}
    holder = {HOLDER} if "officer" in roles.split() and "own" in scopes else set()
    return frozenset(wanted | holder) & SIGNED_IN


def let_in(session: Session) -> dict[str, str]:
    """Make the actors' accounts and return a token for each; nobody has none."""
    tokens = {}
    for actor in sorted(SIGNED_IN - {HOLDER}):
        account = access.add_account(
            session, None, username=actor, display_name=actor, password_hash=unusable_password()
        )
        role, _, scope = actor.partition("@")
        if scope:
            unit = unit_by_code(session, UNITS[scope])
            granted = "command" if role == WALL else role
            access.grant(session, None, account, granted, unit, authorised_by=("纪委", "法制"))
            if role == "officer":
                number = f"33082490{sorted(UNITS).index(scope)}"
                session.add(
                    Officer(
                        account_id=account.id,
                        service_number=number,
                        kind="officer",
                        unit_id=unit.id,
                    )
                )
        tokens[actor] = _token(session, account.id, is_wall=role == WALL)
    holder = access.account_by_username(session, HOLDER)
    return tokens | {HOLDER: _token(session, holder.id)}


def _token(session: Session, account_id: int, *, is_wall: bool = False) -> str:
    opened = open_session(session, account_id, "desk", None, shown=("password",))
    if is_wall:
        its = update(LoginSession).where(LoginSession.id == opened.session_id)
        session.execute(its.values(is_wall=True))
    return opened.token
