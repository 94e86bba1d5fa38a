"""What the ledger itself says of rows that are gone: purges, and restores of an older state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry, AuditLeaf
from gridserver.audit.seals import Seal, ranges
from gridserver.audit.tags import Tag
from gridserver.base.keeping import Keep


@dataclass(frozen=True)
class Purge:
    """A sealed row that says which rows' contents were taken away, and by which rule."""

    at: dt.datetime
    keep: Keep
    runs: tuple[range, ...]

    def within(self, seal: Seal) -> Iterator[int]:
        """Give the rows of a batch that it names, and others between them."""
        for run in self.runs:
            yield from range(max(run.start, seal.first), min(run.stop, seal.last + 1))

    def is_early(self, seal: Seal) -> bool:
        """Say whether it came before the lawful time of a batch was over."""
        return self.at - seal.at < self.keep.least


@dataclass(frozen=True)
class Declared:
    """All of them."""

    purges: tuple[Purge, ...]
    restored: tuple[range, ...]

    def gave_up(self, number: int) -> bool:
        """Say whether a restore gave up the seal of this number."""
        return any(number in run for run in self.restored)


def declared(session: Session) -> Declared:
    """Read what the sealed rows say. One that makes no sense says nothing."""
    purges = [_purge(at, data) for at, data in _sealed(session, Tag.AUDIT_PURGE)]
    restores = [_restore(data) for _, data in _sealed(session, Tag.INSTALLATION_RESTORE)]
    return Declared(
        tuple(each for each in purges if each), tuple(each for each in restores if each)
    )


def _sealed(session: Session, tag: Tag) -> list[tuple[dt.datetime, dict[str, Any]]]:
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.data)
        .join(AuditLeaf, AuditLeaf.entry_id == AuditEntry.id)
        .where(AuditEntry.tag == tag)
        .order_by(AuditEntry.id)
    )
    return [(row.at, row.data) for row in rows]


def _purge(at: dt.datetime, data: dict[str, Any]) -> Purge | None:
    try:
        return Purge(at, Keep(data["keep"]), tuple(ranges(data["ids"])))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _restore(data: dict[str, Any]) -> range | None:
    try:
        return range(int(data["lost_from"]), int(data["lost_to"]) + 1)
    except (KeyError, TypeError, ValueError):
        return None
