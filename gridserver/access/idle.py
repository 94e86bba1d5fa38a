"""A desk that nobody touches: its session is locked by the clock, and opened by the password.

A locked session stands: its sockets go on to tell, so that an alarm still sounds and nothing is
missed. But it is answered nothing, and does nothing, until the password is given again.
"""

from __future__ import annotations

import datetime as dt
import secrets

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gridserver.access import ledger, policy, sessions
from gridserver.access.models import LoginSession
from gridserver.access.rules import DESK_ROLES, Principal
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Forbidden


def begin(session: Session, principal: Principal) -> None:
    """Have the session locked when nobody touches its page, where the account works at a desk."""
    if any(grant.role in DESK_ROLES for grant in principal.grants):
        its = update(LoginSession).where(LoginSession.id == principal.session_id)
        session.execute(its.values(active_until=_later(session)))


def after_s(session: Session, principal: Principal) -> int | None:
    """Return after how many seconds without a touch the session is locked; None: never."""
    its = select(LoginSession.active_until).where(LoginSession.id == principal.session_id)
    if session.scalar(its) is None:
        return None
    return policy.current(session).idle_minutes * 60


def touch(session: Session, principal: Principal) -> None:
    """Note that somebody is at the desk. Raises `Forbidden` as `require_open` does."""
    require_open(principal)
    _set(session, principal, _later(session))


def lock(session: Session, principal: Principal) -> None:
    """Lock the session at once; one that is never locked stays as it is."""
    if not principal.is_locked:
        _set(session, principal, now(session))
        ledger.record(session, principal, Tag.SESSION_LOCK, principal.account_id)


def unlock(session: Session, principal: Principal) -> str | None:
    """Open a locked session for whoever has shown who they are. Return its new token: the former
    one, which somebody may have copied while nobody was at the desk, is good no more.

    The session's id and CSRF token stay, so that open sockets and the browser's other windows go
    on. None: it isn't locked (any more, where two windows are opened at once), and keeps its token.
    """
    token = secrets.token_urlsafe(32)
    opened = session.scalar(
        update(LoginSession)
        .where(LoginSession.id == principal.session_id, LoginSession.active_until <= now(session))
        .values(active_until=_later(session), token_digest=sessions.digest(token))
        .returning(LoginSession.id)
    )
    if opened is None:
        return None
    ledger.record(session, principal, Tag.SESSION_UNLOCK, principal.account_id)
    return token


def require_open(principal: Principal) -> None:
    """Raise `Forbidden` (``access.session_locked``) for a locked session."""
    if principal.is_locked:
        raise Forbidden(
            "access.session_locked", "Nobody was at this desk: give the password again."
        )


def _later(session: Session) -> dt.datetime:
    return now(session) + dt.timedelta(minutes=policy.current(session).idle_minutes)


def _set(session: Session, principal: Principal, until: dt.datetime) -> None:
    its = update(LoginSession).where(LoginSession.id == principal.session_id)
    is_at_a_desk = LoginSession.active_until.is_not(None)
    session.execute(its.where(is_at_a_desk).values(active_until=until))
