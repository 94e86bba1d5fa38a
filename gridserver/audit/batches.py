"""One batch held against its seal: which rows are not as they were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridserver.audit import canonical, merkle
from gridserver.audit.findings import Finding
from gridserver.audit.sealing import COLUMNS, row_of
from gridserver.audit.seals import Seal, expand, ids_of

_ROWS = text(
    f"""
    SELECT i.id AS wanted, l.hash, {COLUMNS}
    FROM unnest(CAST(:ids AS bigint[])) AS i(id)
    LEFT JOIN audit_leaf l ON l.entry_id = i.id AND l.seal = :seal
    LEFT JOIN audit_entry e ON e.id = i.id
    ORDER BY i.id
    """  # noqa: S608 (constants)
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A row of the seal: its hash in the table of leaves, and that of what the row says now; None
    where it is gone."""

    id: int
    stored: bytes | None
    present: bytes | None
    row: canonical.Row | None

    @property
    def best(self) -> bytes | None:
        """What stands for the row: what it says now, or its hash where it is gone."""
        return self.present or self.stored


def rows(session: Session, seal: Seal) -> list[tuple[bytes | None, canonical.Row | None]]:
    """Return each row of a batch by its hash in the table and what it says, in order."""
    return [(each.stored, each.row) for each in _read(session, seal)]


def check(
    session: Session, seal: Seal, purged: set[int], since: dt.datetime | None
) -> Iterator[Finding]:
    """Name the rows of a batch that are not as they were sealed.

    Parameters
    ----------
    purged : set of int
        Rows whose contents were taken away by right.
    since : datetime or None
        Rows that say an earlier moment were put in afterwards.
    """
    found = _read(session, seal)
    gone = [each for each in found if each.present is None]
    taken = [each for each in gone if each.id in purged and each.stored]
    yield from _named("purged", seal, taken)
    yield from _named("row_missing", seal, [each for each in gone if each not in taken])
    unlisted = [each for each in found if each.present and each.stored is None]
    yield from _named("leaf_missing", seal, unlisted)
    yield from _judge(seal, found)
    if since:
        late = [each for each in found if each.row and each.row.at < since]
        yield from _named("row_backdated", seal, late)


def _judge(seal: Seal, found: Sequence[_Found]) -> Iterator[Finding]:
    """Say of rows that differ from their hashes which of the two was changed: the sealed root is
    made by the other."""
    changed = [each for each in found if each.present and each.stored not in {None, each.present}]
    by_rows = [each.best for each in found]
    if None in by_rows:  # with a hash gone as well no root can be made; what differs is named
        yield from _named("row_altered", seal, changed)
        return
    if merkle.root([leaf for leaf in by_rows if leaf]) == seal.root:
        yield from _named("leaf_altered", seal, changed)
        return
    by_hashes = [each.stored or each.present for each in found]
    yield from _named("row_altered", seal, changed)
    if merkle.root([leaf for leaf in by_hashes if leaf]) != seal.root:
        yield Finding("batch_altered", (seal.number, seal.number), seal.ids, seal.rows)


def _named(kind: str, seal: Seal, found: Sequence[_Found]) -> Iterator[Finding]:
    if found:
        ids = ids_of(each.id for each in found)
        yield Finding(kind, (seal.number, seal.number), ids, len(found))


def _read(session: Session, seal: Seal) -> list[_Found]:
    ids = list(expand(seal.ids))
    found = session.execute(_ROWS, {"ids": ids, "seal": seal.number})
    return [_as_found(each) for each in found]


def _as_found(each: Any) -> _Found:
    row = None if each.id is None else row_of(each)
    stored = None if each.hash is None else bytes(each.hash)
    return _Found(each.wanted, stored, canonical.leaf(row) if row else None, row)
