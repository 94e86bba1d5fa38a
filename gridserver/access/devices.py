"""The devices by which accounts sign in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridserver.base import db
from gridserver.base.clock import now
from gridserver.base.errors import Forbidden

#: Of `Device.unlock`.
_SECRET_BYTES = 32


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
    RETURNING d.id, d.unlock, d.revoked_at IS NOT NULL AS is_revoked
    """
)


def enter(session: Session, account_id: int, name: str) -> Entered:
    """Note that the account signs in from its device `name`, which is made where it is new.

    Raises `Forbidden` (``access.device_revoked``) for a device that was revoked.
    """
    values = {
        "account_id": account_id,
        "name": name,
        "unlock": secrets.token_bytes(_SECRET_BYTES),
        "now": now(session),
    }
    (row,) = db.rows(session, _ENTER, values)
    if row.is_revoked:
        raise Forbidden(
            "access.device_revoked",
            "This device was revoked. Ask an admin to admit it again.",
            field="device",
        )
    return Entered(row.id, bytes(row.unlock))
