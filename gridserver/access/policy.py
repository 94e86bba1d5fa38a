"""How strictly a bureau has its people sign in: one row, which an admin changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access.models import RoleGrant, SignInPolicy
from gridserver.access.rules import ROLES, Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.org import queries as org

#: Of `Policy.most_failures`, `idle_minutes` and `session_hours`.
FAILURES, IDLE_MINUTES, SESSION_HOURS = (3, 1000), (1, 480), (1, 168)

_ONLY = 1


@dataclass(frozen=True)
class Policy:
    """What a bureau demands.

    Attributes
    ----------
    most_failures
        After so many wrong passwords in a row a way of signing in is shut for ten minutes.
    second_factor_roles
        Whoever holds one of them signs in with a second factor.
    idle_minutes
        A desk that nobody touched for so long is locked.
    session_hours
        How long a session lasts at most, whatever is done in it.
    provider_only_roles
        Whoever holds one of them signs in by the identity provider, where there is one, and not by
        a password.
    provider_factor_counts
        A second factor that was shown to the identity provider needn't be shown here.
    enrolled_device_roles
        Whoever holds one of them signs in from a device that was enrolled, and from no other.
    """

    most_failures: int = 5
    second_factor_roles: tuple[str, ...] = ()
    idle_minutes: int = 30
    session_hours: int = 24
    provider_only_roles: tuple[str, ...] = ()
    provider_factor_counts: bool = False
    enrolled_device_roles: tuple[str, ...] = ()


def current(session: Session) -> Policy:
    """Return what holds now."""
    return _policy(session.get_one(SignInPolicy, _ONLY))


def holds_one(session: Session, account_id: int, roles: Iterable[str]) -> bool:
    """Say whether the account holds one of `roles`, anywhere."""
    held = select(RoleGrant.role).where(RoleGrant.account_id == account_id)
    return not set(roles).isdisjoint(session.scalars(held))


def read(session: Session, actor: Principal) -> Policy:
    """Return what holds now. Raises `Forbidden` unless the actor may read it."""
    require(actor, "account.read")
    return current(session)


def locked(session: Session, actor: Principal) -> Policy:
    """Return what holds now, locked for a change. Raises `Forbidden`: the actor may not make it,
    or not for the whole bureau."""
    require(actor, "account.edit", org.bureau(session).path)
    return _policy(session.get_one(SignInPolicy, _ONLY, with_for_update=True))


def change(session: Session, actor: Principal | None, **demands: Any) -> Policy:
    """Demand something else from the next sign-in on. `actor` None is the command line.

    Raises
    ------
    Forbidden
        As `locked` does.
    Invalid
        ``input.*`` or ``account.unknown_role``, naming the field.
    """
    if actor is not None:
        locked(session, actor)
    checked = _checked(demands)
    row = session.get_one(SignInPolicy, _ONLY, with_for_update=True)
    changed = {name: value for name, value in checked.items() if getattr(row, name) != value}
    before = {name: getattr(row, name) for name in changed}
    for name, value in changed.items():
        setattr(row, name, value)
    session.flush()
    if changed:
        audit.record(
            session,
            actor,
            Tag.ACCESS_POLICY,
            subject_kind="policy",
            subject_id=_ONLY,
            before=before,
            after=changed,
        )
    return _policy(row)


def _checked(demands: dict[str, Any]) -> dict[str, Any]:
    ranges = {
        "most_failures": FAILURES,
        "idle_minutes": IDLE_MINUTES,
        "session_hours": SESSION_HOURS,
    }
    checked: dict[str, Any] = {}
    for name, value in demands.items():
        if name in ranges:
            least, most = ranges[name]
            checked[name] = int(reading.number(value, name, least=least, most=most))
        elif name.endswith("_roles"):
            checked[name] = _roles(value, name)
        else:
            checked[name] = bool(value)
    return checked


def _roles(given: Iterable[str], field: str) -> list[str]:
    roles = sorted(set(given))
    if unknown := set(roles) - set(ROLES):
        raise Invalid(
            "account.unknown_role",
            f"{field}: {', '.join(sorted(unknown))} is none of {', '.join(ROLES)}.",
            field=field,
        )
    return roles


def _policy(row: SignInPolicy) -> Policy:
    return Policy(
        row.most_failures,
        tuple(row.second_factor_roles),
        row.idle_minutes,
        row.session_hours,
        tuple(row.provider_only_roles),
        row.provider_factor_counts,
        tuple(row.enrolled_device_roles),
    )
