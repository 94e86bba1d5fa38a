"""The one verb of the ledger: record."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import insert
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import now

# Of the table, not of the class: a row that nobody reads back needs no ORM.
_ADD = insert(AuditEntry.metadata.tables[AuditEntry.__tablename__])


class Actor(Protocol):
    """Who did it. `gridserver.access.rules.Principal` is one; None is the server itself."""

    @property
    def account_id(self) -> int: ...

    @property
    def device(self) -> str | None: ...


def record(
    session: Session,
    actor: Actor | None,
    tag: str,
    *,
    subject_kind: str,
    subject_id: object,
    data: dict[str, Any] | None = None,
    purpose: str | None = None,
) -> None:
    """Add a row to the ledger, in the transaction of the deed itself.

    Parameters
    ----------
    tag : str
        ``room:verb``, e.g. ``task:sign``.
    subject_kind, subject_id : str, object
        What it was done to, e.g. ``task`` and its id.
    data : dict, optional
        What changed, JSON-able; never personal data.
    purpose : str, optional
        Why, as the actor stated it.
    """
    session.execute(
        _ADD,
        {
            "at": now(session),
            "tag": tag,
            "actor_account_id": actor.account_id if actor else None,
            "device": actor.device if actor else None,
            "subject_kind": subject_kind,
            "subject_id": str(subject_id),
            "purpose": purpose,
            "data": data or {},
        },
    )
