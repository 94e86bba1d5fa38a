"""What the auditor reads of the ledger. Who asks is checked, and the look recorded, in
`gridserver.api.audit`: the room of permissions lies above this one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry, AuditLeaf, AuditSeal


@dataclass(frozen=True)
class Wanted:
    """Which rows.

    Attributes
    ----------
    actor : str, optional
        A username. `actor_id` is the account's, for rows from before usernames were kept.
    subject_kind, subject_id : str, optional
        What it was done to.
    tag : str, optional
        A tag, or a room: ``task``.
    since, until : datetime, optional
        From, and to before.
    """

    actor: str | None = None
    actor_id: int | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    tag: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def document(self) -> dict[str, Any]:
        """Return what was asked for, as the ledger keeps it."""
        said = {
            "actor": self.actor,
            "subject_kind": self.subject_kind,
            "subject_id": self.subject_id,
            "tag": self.tag,
            "from": self.since.isoformat() if self.since else None,
            "to": self.until.isoformat() if self.until else None,
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class Standing:
    """How far the ledger is sealed. `waiting` counts rows without a seal, of which some are
    normal."""

    seals: int
    rows: int
    waiting: int
    last_number: int | None
    last_at: dt.datetime | None


def page(
    session: Session, wanted: Wanted, before: int | None, limit: int
) -> list[tuple[AuditEntry, int | None]]:
    """Return rows with the number of their seal, newest first."""
    rows = _chosen(wanted).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        rows = rows.where(AuditEntry.id < before)
    return [(entry, seal) for entry, seal in session.execute(rows)]


def ids(session: Session, wanted: Wanted, limit: int) -> list[tuple[int, int]]:
    """Return the sealed rows by id, each with its seal, oldest first, `limit` at most."""
    rows = _chosen(wanted).with_only_columns(AuditEntry.id, AuditLeaf.seal)
    sealed = rows.where(AuditLeaf.seal.is_not(None)).order_by(AuditLeaf.seal, AuditEntry.id)
    return [(id_, seal) for id_, seal in session.execute(sealed.limit(limit))]


def standing(session: Session) -> Standing:
    """Return how far the ledger is sealed."""
    counts = select(func.count(), func.coalesce(func.sum(AuditSeal.rows), 0))
    seals, rows = session.execute(counts.select_from(AuditSeal)).one()
    last = session.scalar(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))
    unsealed = select(func.count()).where(
        AuditEntry.id > (last.settled if last else 0),
        ~exists().where(AuditLeaf.entry_id == AuditEntry.id),
    )
    waiting = session.scalar(unsealed) or 0
    return Standing(
        seals, int(rows), waiting, last.number if last else None, last.at if last else None
    )


def _chosen(wanted: Wanted) -> Select[AuditEntry, int]:
    rows = select(AuditEntry, AuditLeaf.seal).outerjoin(
        AuditLeaf, AuditLeaf.entry_id == AuditEntry.id
    )
    if wanted.actor is not None:
        # Of an unknown name there is no id, and NULL is the server itself.
        by_id = AuditEntry.actor_account_id == (-1 if wanted.actor_id is None else wanted.actor_id)
        rows = rows.where(or_(by_id, AuditEntry.actor == wanted.actor))
    if wanted.subject_kind is not None:
        rows = rows.where(AuditEntry.subject_kind == wanted.subject_kind)
    if wanted.subject_id is not None:
        rows = rows.where(AuditEntry.subject_id == wanted.subject_id)
    if wanted.tag is not None:
        named = AuditEntry.tag == wanted.tag
        of_room = AuditEntry.tag.startswith(f"{wanted.tag}:", autoescape=True)
        rows = rows.where(named if ":" in wanted.tag else of_room)
    if wanted.since is not None:
        rows = rows.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        rows = rows.where(AuditEntry.at < wanted.until)
    return rows
