"""Accounts, signing in and out."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gridserver.access import devices, sessions
from gridserver.access.models import Account, LoginSession, RoleGrant
from gridserver.access.rules import ROLES, Principal
from gridserver.audit import service as audit
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Invalid, NotFound, Unauthenticated
from gridserver.org.models import Unit

#: argon2id with the library's parameters (RFC 9106, low-memory profile).
_HASHER = PasswordHasher()
#: What an unknown username is checked against, so that it takes as long as a known one.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))
LEAST_PASSWORD = 8
SESSION_LASTS = dt.timedelta(hours=24)


@dataclass(frozen=True)
class SignedIn:
    """A new session's secrets: shown once, stored only as digests (the CSRF token apart, which
    protects nothing by itself, and the device's `unlock`, which comes with every session)."""

    account_id: int
    token: str
    csrf_token: str
    expires_at: dt.datetime
    unlock: bytes | None


def hash_password(password: str) -> str:
    """Return the argon2id hash. Raises `Invalid` for a password that is too short."""
    if len(password) < LEAST_PASSWORD:
        raise Invalid(
            "account.short_password",
            f"A password has at least {LEAST_PASSWORD} characters.",
            field="password",
        )
    return _HASHER.hash(password)


def unusable_password() -> str:
    """Return a hash that no password matches, for an account that is yet to be given one."""
    return "!"


def add_account(
    session: Session,
    actor: audit.Actor | None,
    *,
    username: str,
    display_name: str,
    password_hash: str,
) -> Account:
    """Add an account without any role.

    Raises
    ------
    Invalid
        The username is empty, longer than 64 characters or has blanks.
    Conflict
        It is taken.
    """
    if not username or len(username) > 64 or any(c.isspace() for c in username):
        raise Invalid(
            "account.bad_username",
            "A username has 1 to 64 characters and no blanks.",
            field="username",
        )
    if session.scalar(select(Account.id).where(Account.username == username)):
        raise Conflict("account.exists", f"Account {username} exists.", field="username")
    account = Account(
        username=username,
        display_name=display_name,
        password_hash=password_hash,
        created_at=now(session),
    )
    session.add(account)
    session.flush()
    audit.record(session, actor, "account:add", subject_kind="account", subject_id=account.id)
    return account


def grant(
    session: Session, actor: audit.Actor | None, account: Account, role: str, unit: Unit
) -> None:
    """Give `account` a role for `unit` and everything below it.

    The auditor's role stands alone: whoever holds it holds no other (they would audit
    themselves). Raises `Invalid` for an unknown role, `Conflict` for such a mix.
    """
    if role not in ROLES:
        raise Invalid("account.unknown_role", f"role: one of {', '.join(ROLES)}.", field="role")
    held = set(session.scalars(select(RoleGrant.role).where(RoleGrant.account_id == account.id)))
    if held - {role} and "auditor" in held | {role}:
        raise Conflict(
            "account.auditor_stands_alone",
            "An auditor holds no other role; make an account of its own.",
            field="role",
        )
    session.merge(RoleGrant(account_id=account.id, role=role, unit_id=unit.id))
    session.flush()
    audit.record(
        session,
        actor,
        "account:grant",
        subject_kind="account",
        subject_id=account.id,
        data={"role": role, "unit": unit.code},
    )


def revoke(
    session: Session, actor: audit.Actor | None, account: Account, role: str, unit: Unit
) -> None:
    """Take back a role that `account` holds for `unit`."""
    session.execute(
        delete(RoleGrant).where(
            RoleGrant.account_id == account.id,
            RoleGrant.role == role,
            RoleGrant.unit_id == unit.id,
        )
    )
    audit.record(
        session,
        actor,
        "account:revoke",
        subject_kind="account",
        subject_id=account.id,
        data={"role": role, "unit": unit.code},
    )


def set_password(session: Session, actor: audit.Actor | None, username: str, password: str) -> None:
    """Set a password and end the account's sessions."""
    account = account_by_username(session, username)
    account.password_hash = hash_password(password)
    sessions.end(session, LoginSession.account_id == account.id)
    audit.record(session, actor, "account:passwd", subject_kind="account", subject_id=account.id)


def share_password(
    session: Session, actor: audit.Actor | None, username: str, password: str
) -> bool:
    """Set the password of `username` and of all accounts that share its hash, as the demo's do.

    Their sessions end. Says whether there was anything to change: not where the account has this
    password already.
    """
    account = account_by_username(session, username)
    former = account.password_hash
    if _matches(former, password):
        return False
    sharing = select(Account.id).where(Account.password_hash == former)
    sessions.end(session, LoginSession.account_id.in_(session.scalars(sharing).all()))
    session.execute(
        update(Account)
        .where(Account.password_hash == former)
        .values(password_hash=hash_password(password))
    )
    audit.record(session, actor, "account:passwd", subject_kind="account", subject_id=account.id)
    return True


def rename(session: Session, actor: audit.Actor | None, username: str, display_name: str) -> None:
    """Change the name under which others see an account."""
    account = account_by_username(session, username)
    if account.display_name == display_name:
        return
    account.display_name = display_name
    session.flush()
    audit.record(session, actor, "account:rename", subject_kind="account", subject_id=account.id)


def disable(session: Session, actor: audit.Actor | None, username: str) -> None:
    """Disable an account and end its sessions."""
    account = account_by_username(session, username)
    account.disabled_at = now(session)
    sessions.end(session, LoginSession.account_id == account.id)
    audit.record(session, actor, "account:disable", subject_kind="account", subject_id=account.id)


def account_by_username(session: Session, username: str, *, field: str = "username") -> Account:
    """Return the account. Raises `NotFound` naming `field`."""
    account = session.scalar(select(Account).where(Account.username == username))
    if account is None:
        raise NotFound("account.unknown", f"There is no account {username!r}.", field=field)
    return account


def sign_in(
    session: Session,
    username: str,
    password: str,
    device: str | None,
    said: devices.Said | None = None,
) -> SignedIn:
    """Open a session, from the account's device of that name where one is given.

    `said` is what the device says of itself.

    Raises
    ------
    Unauthenticated
        One answer for an unknown, a disabled and a wrongly given account.
    Forbidden
        ``access.device_revoked``: the device was revoked.
    """
    account = session.scalar(select(Account).where(Account.username == username))
    matches = _matches(account.password_hash if account else _NOBODY, password)
    if account is None or not matches or account.disabled_at is not None:
        raise Unauthenticated("access.wrong_credentials", "The username or the password is wrong.")
    used = devices.enter(session, account.id, device, said) if device else None
    signed_in = SignedIn(
        account_id=account.id,
        token=secrets.token_urlsafe(32),
        csrf_token=secrets.token_urlsafe(32),
        expires_at=now(session) + SESSION_LASTS,
        unlock=used.unlock if used else None,
    )
    session_id = uuid.uuid4()
    session.add(
        LoginSession(
            id=session_id,
            account_id=account.id,
            token_digest=sessions.digest(signed_in.token),
            csrf_token=signed_in.csrf_token,
            device=device or f"session:{session_id}",
            device_id=used.id if used else None,
            created_at=now(session),
            expires_at=signed_in.expires_at,
        )
    )
    session.flush()
    audit.record(session, None, "session:open", subject_kind="account", subject_id=account.id)
    return signed_in


def sign_out(session: Session, actor: Principal) -> None:
    """End the session that the actor came by."""
    sessions.end(session, LoginSession.id == actor.session_id)
    audit.record(session, actor, "session:end", subject_kind="account", subject_id=actor.account_id)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
