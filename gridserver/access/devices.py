"""The devices by which accounts sign in: what they say of themselves, revoking and admitting.

A device is known to one account under the name that it gave itself. Two accounts on one handheld
are two devices, each with a secret of its own.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypedDict

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from gridserver.access import sessions
from gridserver.access.models import Account, Device, LoginSession
from gridserver.access.rules import Principal
from gridserver.access.scope import reached
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import db, reading
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Forbidden, OutOfReach, Unauthenticated

LONGEST_REASON = 200

#: How many devices of an account are kept, revoked and enrolled ones aside: nobody's logins flood
#: the table.
MOST_DEVICES = 20

#: Of `Device.unlock`.
_SECRET_BYTES = 32


class Said(TypedDict, total=False):
    """What a device says of itself, or its connection tells: `battery` is the charge, 0 to 1."""

    address: str
    platform: str
    app_version: str
    battery: float


@dataclass(frozen=True)
class Sign:
    """A device was heard of at a moment; what it didn't say stays as it was."""

    account_id: int
    name: str
    at: dt.datetime
    said: Said = field(default_factory=Said)


@dataclass(frozen=True)
class Entered:
    """The device of a login; `unlock` is its secret, 32 bytes."""

    id: int
    unlock: bytes


# The row stays locked to the end of the transaction, so that a login and a revocation of the same
# device come one after the other.
_ENTER = text(
    """
    INSERT INTO device AS d (account_id, name, unlock, first_seen_at, last_seen_at)
    VALUES (:account_id, :name, :unlock, :now, :now)
    ON CONFLICT (account_id, name) DO UPDATE SET last_seen_at = excluded.last_seen_at
    RETURNING d.id, d.unlock, d.revoked_at IS NOT NULL AS is_revoked, d.xmax = 0 AS is_new
    """
)


def enter(session: Session, account_id: int, name: str, said: Said | None = None) -> Entered:
    """Note that the account signs in from its device `name`, which is made where it is new, and
    what it said of itself. Of more than `MOST_DEVICES` the one that was silent longest is
    forgotten.

    Raises `Forbidden` (``access.device_revoked``) for a device that was revoked.
    """
    moment = now(session)
    values = {
        "account_id": account_id,
        "name": name,
        "unlock": secrets.token_bytes(_SECRET_BYTES),
        "now": moment,
    }
    (row,) = db.rows(session, _ENTER, values)
    if row.is_revoked:
        raise Forbidden(
            "access.device_revoked",
            "This device was revoked. Ask an admin to admit it again.",
            field="device",
        )
    if row.is_new:
        _forget_surplus(session, account_id)
    if said:
        record_signs(session, [Sign(account_id, name, moment, said)])
    return Entered(row.id, bytes(row.unlock))


# In the order of the ids, so that two web processes that write at once can't deadlock.
_RECORD = text(
    """
    WITH sign AS (
        SELECT device.id, s.*
        FROM jsonb_to_recordset(CAST(:signs AS jsonb)) AS s(
            account_id bigint, name text, at timestamptz,
            address text, platform text, app_version text, battery double precision
        )
        JOIN device ON device.account_id = s.account_id AND device.name = s.name COLLATE "C"
        ORDER BY device.id FOR NO KEY UPDATE OF device
    )
    UPDATE device SET
        last_seen_at = greatest(device.last_seen_at, sign.at),
        last_address = coalesce(sign.address, device.last_address),
        platform = coalesce(sign.platform, device.platform),
        app_version = coalesce(sign.app_version, device.app_version),
        battery = coalesce(sign.battery, device.battery),
        battery_at = CASE WHEN sign.battery IS NULL THEN device.battery_at ELSE sign.at END
    FROM sign WHERE device.id = sign.id
    """
)


def record_signs(session: Session, signs: Iterable[Sign]) -> None:
    """Store what was heard of devices, one sign of each, many in one round trip.

    A device that isn't known, as of a session without one, changes nothing.
    """
    rows = [
        {"account_id": sign.account_id, "name": sign.name, "at": sign.at.isoformat(), **sign.said}
        for sign in signs
    ]
    session.execute(_RECORD, {"signs": json.dumps(rows)})


def revoke(session: Session, actor: Principal | None, device_id: int, reason: str) -> None:
    """Revoke a device and end its sessions; one that is revoked already stays as it is.

    Its sockets are closed by each process within seconds; it can't sign in until it is admitted
    again. An account may revoke devices of its own, but for the one that it acts from.

    Raises
    ------
    NotFound
        ``device.unknown``: there is none, or none that the actor reaches.
    Conflict
        ``device.in_use``: the actor is signed in by this very device.
    Invalid
        ``input.*``: `reason` of 1 to `LONGEST_REASON` characters.
    """
    reason = reading.text(reason, "reason", longest=LONGEST_REASON)
    device = _locked(session, actor, device_id, "device.revoke")
    if actor is not None and device.id == actor.device_id:
        raise Conflict("device.in_use", "You are signed in by this device: sign out instead.")
    if device.revoked_at is not None:
        return
    device.revoked_at, device.revoke_reason = now(session), reason
    device.revoked_by = actor.account_id if actor else None
    session.flush()
    ended = sessions.end(session, LoginSession.device_id == device.id)
    _record(session, actor, Tag.DEVICE_REVOKE, device, {"reason": reason, "sessions": ended})


def admit(session: Session, actor: Principal | None, device_id: int) -> None:
    """Let a revoked device sign in again; one that isn't revoked stays as it is.

    Raises `NotFound` (``device.unknown``) as `revoke` does; one's own devices, too, are for an
    admin to admit.
    """
    device = _locked(session, actor, device_id, "device.admit")
    if device.revoked_at is None:
        return
    device.revoked_at = device.revoked_by = device.revoke_reason = device.wiped_at = None
    session.flush()
    _record(session, actor, Tag.DEVICE_ADMIT, device)


def report_wiped(session: Session, token: str) -> None:
    """Note that a revoked device has wiped itself, as the token of one of its sessions proves.

    Saying so again changes nothing. Raises `Unauthenticated` for any other token.
    """
    its_session = LoginSession.token_digest == sessions.digest(token)
    which = (
        select(Device)
        .join(LoginSession, LoginSession.device_id == Device.id)
        .where(its_session, Device.revoked_at.is_not(None))
        .with_for_update(of=Device)
    )
    device = session.scalar(which)
    if device is None:
        raise Unauthenticated(
            "access.unauthenticated", "This is no session of a device that was revoked."
        )
    if device.wiped_at is None:
        device.wiped_at = now(session)
        session.flush()
        _record(session, None, Tag.DEVICE_WIPED, device)


def _forget_surplus(session: Session, account_id: int) -> None:
    last_heard_first = (Device.last_seen_at.desc(), Device.id.desc())
    in_use = select(Device).where(
        Device.account_id == account_id, Device.revoked_at.is_(None), Device.enrolled_at.is_(None)
    )
    for device in session.scalars(in_use.order_by(*last_heard_first).offset(MOST_DEVICES)):
        its_sessions = LoginSession.device_id == device.id
        sessions.end(session, its_sessions)
        session.execute(update(LoginSession).where(its_sessions).values(device_id=None))
        _record(session, None, Tag.DEVICE_FORGET, device)
        session.delete(device)
    session.flush()


def _locked(session: Session, actor: Principal | None, device_id: int, permission: str) -> Device:
    """Return the device, locked. Raises `NotFound` unless the actor may do `permission` to it."""
    which = select(Device).where(Device.id == device_id)
    if actor is not None:
        its_own = permission == "device.revoke"
        which = which.where(reached(actor, permission, Device.account_id, or_own=its_own))
    device = session.scalar(which.with_for_update())
    if device is None:
        raise OutOfReach("device.unknown", f"There is no device {device_id} that you may change.")
    return device


def _record(
    session: Session,
    actor: Principal | None,
    tag: Tag,
    device: Device,
    more: dict[str, object] | None = None,
) -> None:
    username = session.scalars(select(Account.username).where(Account.id == device.account_id))
    data = {"name": device.name, "username": username.one(), **(more or {})}
    audit.record(session, actor, tag, subject_kind="device", subject_id=device.id, data=data)
