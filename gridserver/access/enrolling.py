"""Enrolling a device: an admin's code, good once, binds it by a key pair that it made itself.

From then on whoever signs in as that account from that device shows that they have the key; a name
or a cookie that was copied is not enough.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gridserver.access import devices, ledger, policy, proofs, sessions
from gridserver.access.devices import Said
from gridserver.access.models import Account, Device, DeviceCode, LoginSession
from gridserver.access.rules import Principal, require
from gridserver.access.scope import wholly_within
from gridserver.access.sessions import digest
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Forbidden, Invalid, OutOfReach, Unauthenticated

#: How long a code is good.
LASTS = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Code:
    """A code, shown once and stored only as a digest."""

    code: str
    username: str
    expires_at: dt.datetime


@dataclass(frozen=True)
class Begun:
    """What a device is to sign, and for whom."""

    username: str
    challenge: str
    expires_at: dt.datetime


def make_code(session: Session, actor: Principal, username: str) -> Code:
    """Make a code for a device of an account; a former one is good no more.

    Raises
    ------
    Forbidden
        The actor may not do this at all.
    NotFound
        ``account.unknown``: no such account that may sign in, or it reaches further than the
        actor.
    """
    require(actor, "device.enrol")
    its = select(Account.id).where(
        Account.username == username,
        Account.disabled_at.is_(None),
        wholly_within(Account.id, actor.paths("device.enrol")),
    )
    account_id = session.scalar(its)
    if account_id is None:
        raise OutOfReach(
            "account.unknown", "There is no such account within your scope.", field="username"
        )
    session.execute(delete(DeviceCode).where(DeviceCode.account_id == account_id))
    made = Code(secrets.token_urlsafe(32), username, now(session) + LASTS)
    session.add(
        DeviceCode(
            digest=digest(made.code),
            account_id=account_id,
            made_by=actor.account_id,
            expires_at=made.expires_at,
        )
    )
    session.flush()
    ledger.record(session, actor, Tag.DEVICE_CODE, account_id)
    return made


def begin(session: Session, code: str) -> Begun:
    """Return what the device that holds a code is to sign. Raises `Unauthenticated`
    (``device.code_over``)."""
    row, username = _held(session, code)
    row.challenge = secrets.token_urlsafe(32)
    session.flush()
    return Begun(username, row.challenge, row.expires_at)


def finish(
    session: Session,
    code: str,
    name: str,
    public_key: bytes,
    signature: bytes,
    said: Said | None = None,
) -> str:
    """Enrol the device `name` by its key, which uses the code up; return whose it is now.

    A key that it had before is replaced, and its sessions end.

    Raises
    ------
    Unauthenticated
        ``device.code_over``; ``access.wrong_proof``: the key didn't sign what it should have.
    Invalid
        ``device.bad_key``: it is no P-256 key.
    Forbidden
        ``access.device_revoked``.
    """
    row, username = _held(session, code)
    if not proofs.is_key(public_key):
        raise Invalid(
            "device.bad_key", "public_key: give a P-256 key (SPKI, DER).", field="public_key"
        )
    signed = proofs.message(proofs.ENROLMENT, code, row.challenge or "", name)
    if row.challenge is None or not proofs.is_signed(public_key, signed, signature):
        raise wrong_proof()
    entered = devices.enter(session, row.account_id, name, said)
    sessions.end(session, LoginSession.device_id == entered.id)
    device = session.get_one(Device, entered.id)
    device.public_key, device.enrolled_at = public_key, now(session)
    made_by = row.made_by
    session.delete(row)
    session.flush()
    audit.record(
        session,
        None,
        Tag.DEVICE_ENROL,
        subject_kind="device",
        subject_id=entered.id,
        data={"name": name, "username": username, "made_by": made_by},
    )
    return username


def key_of(session: Session, account_id: int, name: str | None) -> bytes | None:
    """Return the public key of an account's device; None where it isn't enrolled.

    Raises `Forbidden` (``access.device_not_enrolled``) where a role of the account demands it.
    """
    its = select(Device.public_key).where(Device.account_id == account_id, Device.name == name)
    key = session.scalar(its)
    roles = policy.current(session).enrolled_device_roles
    if key is None and policy.holds_one(session, account_id, roles):
        raise Forbidden(
            "access.device_not_enrolled",
            "Your role signs in from an enrolled device. Ask an admin or your command room for a "
            "code.",
        )
    return key


def wrong_proof() -> Unauthenticated:
    """Return the refusal of a signature that isn't the device's."""
    return Unauthenticated(
        "access.wrong_proof", "This isn't the device that was enrolled. Ask for a new code."
    )


def purge(session: Session, limit: int) -> int:
    """Delete up to `limit` codes that are over; return how many."""
    over = select(DeviceCode.digest).where(DeviceCode.expires_at < now(session)).limit(limit)
    digests = session.scalars(over.with_for_update(skip_locked=True)).all()
    session.execute(delete(DeviceCode).where(DeviceCode.digest.in_(digests)))
    return len(digests)


def _held(session: Session, code: str) -> tuple[DeviceCode, str]:
    """Return the code's row, locked, and whose it is."""
    row = session.execute(
        select(DeviceCode, Account.username)
        .join(Account, Account.id == DeviceCode.account_id)
        .where(
            DeviceCode.digest == digest(code),
            DeviceCode.expires_at > now(session),
            Account.disabled_at.is_(None),
        )
        .with_for_update(of=DeviceCode)
    ).one_or_none()
    if row is None:
        raise Unauthenticated(
            "device.code_over", "This code was used, is too old, or isn't known. Ask for a new one."
        )
    return row.DeviceCode, row.username
