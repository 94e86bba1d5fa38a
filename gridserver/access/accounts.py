"""Accounts as those see them who answer for signing in."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from gridserver.access import attempts, ledger, policy, service, sessions
from gridserver.access.limits import Count, Way
from gridserver.access.models import (
    Account,
    LoginSession,
    RoleGrant,
    SecondFactor,
    SignInCount,
)
from gridserver.access.rules import Principal, require
from gridserver.access.scope import granted_within, wholly_within
from gridserver.access.sessions import OwnSession
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import NotFound, OutOfReach
from gridserver.org.models import Unit


@dataclass(frozen=True)
class AccountState:
    """An account and how it is signed in to.

    Attributes
    ----------
    roles
        Pairs of role and unit code.
    factors, sessions
        How many second factors it has enrolled, and how many sessions stand, tokens included.
    shut_until
        Until when a way of signing in to it is shut, after too many failures; None where none is.
    """

    id: int
    username: str
    display_name: str
    roles: tuple[tuple[str, str], ...]
    is_disabled: bool
    has_password: bool
    factors: int
    sessions: int
    shut_until: dt.datetime | None


def states(
    session: Session,
    actor: Principal,
    words: str | None = None,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Sequence[AccountState]:
    """Return the accounts within the actor's scope, by username, after one of that name; those
    with `words` in a name where that is given. Raises `Forbidden`."""
    require(actor, "account.read")
    query = _cards(now(session)).where(granted_within(Account.id, *actor.paths("account.read")))
    if words:
        names = (Account.username, Account.display_name)
        query = query.where(or_(*(name.icontains(words, autoescape=True) for name in names)))
    if after is not None:
        query = query.where(Account.username > after)
    return _read(session, query.order_by(Account.username).limit(limit))


def state(session: Session, actor: Principal, account_id: int) -> AccountState:
    """Return one account. Raises `NotFound` (``account.unknown``) for one out of scope."""
    query = _cards(now(session)).where(
        Account.id == account_id, granted_within(Account.id, *actor.paths("account.read"))
    )
    found = _read(session, query)
    if not found:
        raise _unknown()
    return found[0]


def sessions_of(session: Session, actor: Principal, account_id: int) -> Sequence[OwnSession]:
    """Return an account's sessions that stand, tokens included, the newest first. Raises as
    `state` does."""
    state(session, actor, account_id)
    return sessions.standing(session, LoginSession.account_id == account_id)


def end_sessions(
    session: Session, actor: Principal, account_id: int, session_id: uuid.UUID | None = None
) -> int:
    """End one session of an account, or all of them; return how many those were.

    Raises `NotFound`: ``account.unknown`` for one that the actor may not change,
    ``session.unknown``.
    """
    username = _changeable(session, actor, account_id)
    which = [LoginSession.account_id == account_id]
    if session_id is not None:
        which.append(LoginSession.id == session_id)
    ended = sessions.end(session, *which)
    if session_id is not None and not ended:
        raise NotFound("session.unknown", f"{username} has no such session; it may have ended.")
    ledger.record(session, actor, Tag.SESSION_END, account_id, {"sessions": ended})
    return ended


def open_account(session: Session, actor: Principal, account_id: int) -> None:
    """Let an account be signed in to at once, after too many failures. Raises as `end_sessions`."""
    service.open_account(session, actor, _changeable(session, actor, account_id))


def reset_factors(session: Session, actor: Principal, account_id: int, reason: str) -> int:
    """Take an account's second factors away, which ends its sessions; return how many those were.
    Raises as `end_sessions`; `Invalid` for a bad reason; `Forbidden`
    (``account.auditor_by_command_line``) for an auditor's."""
    username = _changeable(session, actor, account_id)
    return service.reset_factors(session, actor, username, reason)


def _changeable(session: Session, actor: Principal, account_id: int) -> str:
    """Return the username of an account all of whose roles lie within the actor's scope."""
    query = select(Account.username).where(
        Account.id == account_id, wholly_within(Account.id, actor.paths("account.edit"))
    )
    username = session.scalar(query)
    if username is None:
        raise _unknown()
    return username


def _cards(moment: dt.datetime) -> Select:
    roles = (
        select(func.json_agg(func.json_build_array(RoleGrant.role, Unit.code)))
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .where(RoleGrant.account_id == Account.id)
        .scalar_subquery()
    )
    factors = (
        select(func.count())
        .where(SecondFactor.account_id == Account.id, SecondFactor.confirmed_at.is_not(None))
        .scalar_subquery()
    )
    standing = (
        select(func.count())
        .where(
            LoginSession.account_id == Account.id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > moment,
        )
        .scalar_subquery()
    )
    return select(
        Account.id,
        Account.username,
        Account.display_name,
        roles.label("roles"),
        Account.disabled_at.is_not(None).label("is_disabled"),
        Account.has_password.label("has_password"),
        factors.label("factors"),
        standing.label("sessions"),
    )


def _read(session: Session, query: Select) -> list[AccountState]:
    rows = session.execute(query).all()
    shut = _shut(session, [row.username for row in rows])
    return [
        AccountState(
            row.id,
            row.username,
            row.display_name,
            tuple(sorted(tuple(pair) for pair in row.roles or ())),
            row.is_disabled,
            row.has_password,
            row.factors,
            row.sessions,
            shut.get(row.username),
        )
        for row in rows
    ]


def _shut(session: Session, usernames: Sequence[str]) -> dict[str, dt.datetime]:
    of_subject = {attempts.subject_of(username): username for username in usernames}
    most, moment = policy.current(session).most_failures, now(session)
    shut: dict[str, dt.datetime] = {}
    counts = select(SignInCount).where(SignInCount.subject.in_(of_subject))
    for row in session.scalars(counts):
        way = Way(row.subject, row.way)
        until = Count(row.failures, row.last_at).shut_until(way.most(most), moment)
        if until:
            username = of_subject[row.subject]
            shut[username] = max(until, shut.get(username, until))
    return shut


def _unknown() -> OutOfReach:
    return OutOfReach("account.unknown", "There is no such account within your scope.")
