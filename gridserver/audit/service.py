"""The one verb of the ledger: record."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridserver.audit.tags import Tag
from gridserver.base.clock import now

# One round trip. Where the table can't be had in this time the statement fails, and with it the
# transaction: what can't be recorded is neither done nor shown.
_ADD = text(
    """
    SET LOCAL lock_timeout = '5s';
    INSERT INTO audit_entry (at, tag, actor_account_id, actor, device, subject_kind, subject_id,
                             purpose, lon, lat, data)
    SELECT :at, :tag, :actor_id, :actor, :device, :subject_kind, :subject_id, :purpose,
           :lon, :lat, CAST(:data AS jsonb)
    WHERE CAST(:unless_since AS timestamptz) IS NULL OR NOT EXISTS (
        SELECT 1 FROM audit_entry
        WHERE subject_kind = :subject_kind AND subject_id = :subject_id AND tag = :tag
          AND actor_account_id = :actor_id AND device IS NOT DISTINCT FROM :device
          AND at BETWEEN :unless_since AND :at
    );
    SET LOCAL lock_timeout TO DEFAULT
    """
)


#: A page that stands open asks again and again, and is one look in this time.
ONE_LOOK = dt.timedelta(minutes=15)


class Actor(Protocol):
    """Who did it. `gridserver.access.rules.Principal` is one; None is the server itself."""

    @property
    def account_id(self) -> int: ...

    @property
    def username(self) -> str: ...

    @property
    def device(self) -> str | None: ...


def record(
    session: Session,
    actor: Actor | None,
    tag: str,
    *,
    subject_kind: str,
    subject_id: object,
    data: Mapping[str, Any] | None = None,
    purpose: str | None = None,
    place: tuple[float, float] | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    once_in: dt.timedelta | None = None,
) -> None:
    """Add a row to the ledger, in the transaction of the deed itself: both are there or neither.

    Parameters
    ----------
    tag : str
        A `Tag`, or the text of one.
    subject_kind, subject_id : str, object
        What it was done to, e.g. ``task`` and its id.
    data : mapping, optional
        What else is to be known, JSON-able; never personal data.
    purpose : str, optional
        Why, as the actor stated it.
    place : tuple of float, optional
        Where: lon, lat in EPSG:4326, degrees.
    before, after : mapping, optional
        What was changed, and to what. They are kept in `data` under these names.
    once_in : timedelta, optional
        For a look that goes on, as a page asks again while it stands open: nothing is added where
        the ledger has this account's, from this device, that is no older.

    Raises
    ------
    ValueError
        The tag isn't declared in `gridserver.audit.tags`.
    sqlalchemy.exc.OperationalError
        The ledger can't be written within 5 s. The transaction is over.
    """
    changed = {"before": before, "after": after}
    told = dict(data or {}) | {name: value for name, value in changed.items() if value is not None}
    lon, lat = place or (None, None)
    at = now(session)
    session.execute(
        _ADD,
        {
            "at": at,
            "unless_since": at - once_in if once_in else None,
            "tag": Tag(tag).value,
            "actor_id": actor.account_id if actor else None,
            "actor": actor.username if actor else None,
            "device": actor.device if actor else None,
            "subject_kind": subject_kind,
            "subject_id": str(subject_id),
            "purpose": purpose,
            "lon": lon,
            "lat": lat,
            "data": json.dumps(told, ensure_ascii=False, allow_nan=False),
        },
    )
