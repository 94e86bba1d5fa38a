"""Long-lived tokens that GIS admins issue themselves, for programs that can't sign in.

A token is a session of its own: it carries what the account may do, and ends with a new password,
with the account, or when it is revoked.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from gridserver.access import ledger
from gridserver.access.models import LoginSession
from gridserver.access.rules import Principal, require
from gridserver.access.sessions import ISSUED_PREFIX, digest
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import OutOfReach

#: How long a token may last at most.
MOST_DAYS = 366


@dataclass(frozen=True)
class Token:
    """A token as its owner sees it.

    Attributes
    ----------
    token
        The secret: shown once, when it is issued, and stored only as a digest. Empty after that.
    """

    id: uuid.UUID
    name: str
    created_at: dt.datetime
    expires_at: dt.datetime
    token: str = ""


def issue(session: Session, actor: Principal, name: str, days: int) -> Token:
    """Give the actor a token, such as for QGIS.

    Raises
    ------
    Forbidden
        The actor may not edit the grid: only a GIS admin has a use for one.
    Invalid
        ``input.*``: `name` of 1 to 60 characters, `days` from 1 to `MOST_DAYS`.
    """
    require(actor, "grid.edit")
    name = reading.text(name, "name", longest=60)
    lasts = dt.timedelta(days=reading.number(days, "days", least=1, most=MOST_DAYS))
    secret, moment = secrets.token_urlsafe(32), now(session)
    made = Token(uuid.uuid4(), name, moment, moment + lasts, secret)
    session.add(
        LoginSession(
            id=made.id,
            account_id=actor.account_id,
            token_digest=digest(secret),
            csrf_token=secrets.token_urlsafe(32),
            device=ISSUED_PREFIX + name,
            created_at=made.created_at,
            expires_at=made.expires_at,
        )
    )
    session.flush()
    _record(session, actor, Tag.SESSION_TOKEN, made)
    return made


def of(session: Session, actor: Principal) -> Sequence[Token]:
    """Return the actor's tokens that still stand, the newest first, without their secrets."""
    rows = select(
        LoginSession.id, LoginSession.device, LoginSession.created_at, LoginSession.expires_at
    )
    found = session.execute(
        rows.where(*_standing(session, actor)).order_by(LoginSession.created_at.desc())
    )
    return [
        Token(id_, device.removeprefix(ISSUED_PREFIX), created_at, expires_at)
        for id_, device, created_at, expires_at in found
    ]


def revoke(session: Session, actor: Principal, token_id: uuid.UUID) -> None:
    """End a token of the actor's. Raises `NotFound`."""
    which = select(LoginSession).where(LoginSession.id == token_id, *_standing(session, actor))
    found = session.scalar(which.with_for_update())
    if found is None:
        raise OutOfReach("session.unknown_token", "You have no such token; it may have ended.")
    found.ended_at = now(session)
    session.flush()
    name = found.device.removeprefix(ISSUED_PREFIX)
    ended = Token(found.id, name, found.created_at, found.expires_at)
    _record(session, actor, Tag.SESSION_REVOKE, ended)


def _standing(session: Session, actor: Principal) -> tuple[ColumnElement[bool], ...]:
    return (
        LoginSession.account_id == actor.account_id,
        LoginSession.device_id.is_(None),
        LoginSession.device.startswith(ISSUED_PREFIX),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > now(session),
    )


def _record(session: Session, actor: Principal, tag: Tag, token: Token) -> None:
    ledger.record(
        session,
        actor,
        tag,
        actor.account_id,
        {"name": token.name, "expires_at": token.expires_at.isoformat()},
    )
