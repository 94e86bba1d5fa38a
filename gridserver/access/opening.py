"""Opening a session for somebody who has shown all that was asked."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gridserver.access import devices, ledger, policy, queries, sessions
from gridserver.access.models import LoginSession
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Unauthenticated


@dataclass(frozen=True)
class SignedIn:
    """A new session's secrets: shown once, stored only as digests (the CSRF token apart, which
    protects nothing by itself, and the device's `unlock`, which comes with every session)."""

    account_id: int
    session_id: uuid.UUID
    token: str
    csrf_token: str
    expires_at: dt.datetime
    device_id: int | None
    unlock: bytes | None


def open_session(
    session: Session,
    account_id: int,
    device: str | None,
    said: devices.Said | None,
    shown: tuple[str, ...],
) -> SignedIn:
    """Open a session, from the account's device of that name where one is given.

    `shown` is what was shown of who it is, for the ledger. Raises `Forbidden`
    (``access.device_revoked``) for a device that was revoked.
    """
    used = devices.enter(session, account_id, device, said) if device else None
    lasts = dt.timedelta(hours=policy.current(session).session_hours)
    opened = SignedIn(
        account_id=account_id,
        session_id=uuid.uuid4(),
        token=secrets.token_urlsafe(32),
        csrf_token=secrets.token_urlsafe(32),
        expires_at=now(session) + lasts,
        device_id=used.id if used else None,
        unlock=used.unlock if used else None,
    )
    session.add(
        LoginSession(
            id=opened.session_id,
            account_id=account_id,
            token_digest=sessions.digest(opened.token),
            csrf_token=opened.csrf_token,
            device=device or f"session:{opened.session_id}",
            device_id=opened.device_id,
            by_provider="provider" in shown,
            created_at=now(session),
            expires_at=opened.expires_at,
        )
    )
    session.flush()
    ledger.record(
        session,
        queries.principal_by_session(session, opened.session_id),
        Tag.SESSION_OPEN,
        account_id,
        {"shown": list(shown)},
    )
    return opened


def end_former(session: Session, token: str) -> None:
    """End the session of `token`, in whose place a browser is given another one: nobody there could
    sign out of it any more. Nothing happens where it has ended already."""
    try:
        actor, _ = queries.principal_by_token(session, token)
    except Unauthenticated:
        return
    sessions.end(session, LoginSession.id == actor.session_id)
    ledger.record(session, actor, Tag.SESSION_END, actor.account_id, {"by": "sign_in"})
