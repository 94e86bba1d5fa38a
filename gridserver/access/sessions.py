"""Sessions: ending them, and one's own."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from gridserver.access import ledger
from gridserver.access.models import Device, LoginSession
from gridserver.access.rules import Principal
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import OutOfReach

#: What the name of a long-lived token begins with, where a session has its device's.
ISSUED_PREFIX = "token:"


@dataclass(frozen=True)
class OwnSession:
    """A session as its owner sees it. `device_id` and `device` are empty where none was named."""

    id: uuid.UUID
    device_id: int | None
    device: str | None
    platform: str | None
    created_at: dt.datetime
    expires_at: dt.datetime


def digest(token: str) -> bytes:
    """Return what is stored of a random token. It has 256 bits, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()


def end(session: Session, *which: ColumnElement[bool]) -> int:
    """End those that still stand, and return how many that were."""
    ended = session.execute(
        update(LoginSession)
        .where(*which, LoginSession.ended_at.is_(None))
        .values(ended_at=now(session))
    )
    return cast(CursorResult[Any], ended).rowcount


def own(session: Session, actor: Principal) -> Sequence[OwnSession]:
    """Return the actor's sessions that still stand, the newest first; tokens aside."""
    return standing(session, *_standing(actor))


def standing(session: Session, *which: ColumnElement[bool]) -> Sequence[OwnSession]:
    """Return those of `which` that still stand, the newest first."""
    columns = (
        LoginSession.id,
        Device.id,
        Device.name,
        Device.platform,
        LoginSession.created_at,
        LoginSession.expires_at,
    )
    rows = session.execute(
        select(*columns)
        .outerjoin(Device, Device.id == LoginSession.device_id)
        .where(
            *which,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now(session),
        )
        .order_by(LoginSession.created_at.desc(), LoginSession.id)
    )
    return [OwnSession(*row) for row in rows]


def end_own(session: Session, actor: Principal, session_id: uuid.UUID) -> None:
    """End one of the actor's sessions. Raises `NotFound` (``session.unknown``)."""
    if not end(session, LoginSession.id == session_id, *_standing(actor)):
        raise OutOfReach("session.unknown", "You have no such session; it may have ended.")
    _record(session, actor, 1)


def end_others(session: Session, actor: Principal, device_id: int | None = None) -> int:
    """End the actor's sessions but for the present one, of one device where that is given; return
    how many those were."""
    which = [*_standing(actor), LoginSession.id != actor.session_id]
    if device_id is not None:
        which.append(LoginSession.device_id == device_id)
    ended = end(session, *which)
    if ended:
        _record(session, actor, ended)
    return ended


def _standing(actor: Principal) -> tuple[ColumnElement[bool], ...]:
    is_token = LoginSession.device_id.is_(None) & LoginSession.device.startswith(ISSUED_PREFIX)
    return LoginSession.account_id == actor.account_id, ~is_token


def _record(session: Session, actor: Principal, ended: int) -> None:
    ledger.record(session, actor, Tag.SESSION_END, actor.account_id, {"sessions": ended})
