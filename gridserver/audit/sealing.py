"""The sealer: takes what was committed to the ledger and seals it, one sealer at a time.

Writers wait for nothing and write nothing more than their row. Ids are given out before the commit,
so a row may appear below rows that were sealed already. It is found because the sealer begins each
time at `settled`: an id below which every row is sealed and no writer is under way any more. That
no writer is, it knows from the locks on the table, which a writer takes before it draws an id and
holds to its end.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row as SqlRow
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session
from structlog import get_logger

from gridserver.audit import canonical, merkle
from gridserver.audit.models import AuditSeal
from gridserver.audit.rootfile import RootFile
from gridserver.audit.seals import NOTHING, Line, Seal, ids_of
from gridserver.base.clock import now
from gridserver.base.db import Database

log = get_logger()

#: Rows of a batch at most: some 10 MB in the process.
BATCH = 10_000
#: Seals brought to the file in one go.
_PAGE = 500
#: The advisory lock of whoever seals.
_SEALING = 0x6175646974  # "audit"

_HIGHEST = text("SELECT coalesce(max(id), 0) FROM audit_entry")
_WRITERS = text(
    """
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = 'audit_entry'::regclass
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND mode = 'RowExclusiveLock'
    """
)
#: The columns of `canonical.Row`, of a table named e.
COLUMNS = (
    "e.id, e.at, e.tag, e.actor_account_id AS actor_id, e.actor, e.device, e.subject_kind, "
    "e.subject_id, e.purpose, e.lon, e.lat, CAST(e.data AS text) AS data"
)
_UNSEALED = text(
    f"""
    SELECT {COLUMNS} FROM audit_entry e
    WHERE e.id > :settled
      AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.entry_id = e.id)
    ORDER BY e.id LIMIT :limit
    """  # noqa: S608 (constants)
)
_ADD_LEAVES = text(
    """
    INSERT INTO audit_leaf (entry_id, seal, hash)
    SELECT id, :seal, decode(hash, 'hex')
    FROM unnest(CAST(:ids AS bigint[]), CAST(:hashes AS text[])) AS t(id, hash)
    """
)


class Sealer:
    """Seals the ledger of one database. It remembers which writers were under way when it last
    looked; a new one knows of none and begins where the last seal says."""

    def __init__(self, batch: int = BATCH) -> None:
        self._batch = batch
        self._mark = 0
        self._writers: frozenset[str] = frozenset()

    def seal(self, session: Session, outside: Seal | None = None) -> Seal | None:
        """Seal what is committed, at most a batch, and return the seal; None where there is
        nothing, or another process seals.

        Parameters
        ----------
        outside : Seal, optional
            The last one in the file. Where it is further on than the database, which was put back
            to an earlier state, the chain goes on from it.
        """
        # The lock is a statement of its own, so that the next one's snapshot is taken under it.
        if not session.scalar(select(text(f"pg_try_advisory_xact_lock({_SEALING})"))):
            return None
        present = last(session)
        former = _further(seal_of_row(present) if present else None, outside)
        since = present.settled if present else 0
        settled = max(since, self._settle(session))
        found = session.execute(_UNSEALED, {"settled": since, "limit": self._batch}).all()
        if not found:
            return None
        if len(found) == self._batch:
            settled = max(since, min(settled, found[-1].id))
        leaves = [canonical.leaf(row_of(each)) for each in found]
        seal = Seal(
            ledger=former.ledger if former else str(uuid.uuid4()),
            number=former.number + 1 if former else 1,
            at=now(session),
            ids=ids_of(each.id for each in found),
            rows=len(found),
            root=merkle.root(leaves),
            previous=former.hash if former else NOTHING,
        )
        _write(session, seal, [each.id for each in found], leaves, settled)
        return seal

    def _settle(self, session: Session) -> int:
        """Return an id below which no writer is under way, and look who is now."""
        mark = session.scalar(_HIGHEST) or 0
        writers = frozenset(session.scalars(_WRITERS))
        if not writers:
            settled = mark
        elif self._writers & writers:
            return 0
        else:
            settled = self._mark
        self._mark, self._writers = mark, writers
        return settled


def last(session: Session) -> AuditSeal | None:
    """Return the last seal."""
    return session.scalar(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))


def seal_and_publish(database: Database, sealer: Sealer, file: RootFile) -> int:
    """Seal all that is committed and bring the file up to date; return how many rows were sealed.

    Each batch is a transaction of its own. The database goes before the file: what is in the file
    was committed.
    """
    rows = 0
    while True:
        line = file.last()
        with database.transaction() as session:
            seal = sealer.seal(session, line.seal if line else None)
        publish(database, file)
        if seal is None:
            return rows
        rows += seal.rows


def publish(database: Database, file: RootFile) -> int:
    """Add to the file the seals that it lacks; return how many. Another ledger's file is left as it
    is, and logged."""

    def fresh(line: Line | None) -> list[Seal]:
        with database.transaction() as session:
            return _lacking(session, line)

    return file.extend(fresh)


def row_of(found: SqlRow[Any]) -> canonical.Row:
    """Return a selected row of `COLUMNS` as it is sealed."""
    return canonical.Row(*(getattr(found, name) for name in canonical.Row.__slots__))


def _lacking(session: Session, line: Line | None) -> list[Seal]:
    after = line.seal.number if line else 0
    page = select(AuditSeal).where(AuditSeal.number > after).order_by(AuditSeal.number)
    found = [seal_of_row(each) for each in session.scalars(page.limit(_PAGE))]
    if line is None or not found:
        return found
    if found[0].ledger != line.seal.ledger:
        log.error("audit.file_of_another_ledger", ledger=line.seal.ledger)
        return []
    if found[0].number != after + 1 or found[0].previous != line.said:
        log.error("audit.seals_differ", seal=found[0].number)
    return found


def seal_of_row(row: AuditSeal) -> Seal:
    """Return a stored seal."""
    return Seal(str(row.ledger), row.number, row.at, row.ids, row.rows, row.root, row.previous)


def _further(present: Seal | None, outside: Seal | None) -> Seal | None:
    """Return the seal to go on from. Another ledger's is none."""
    if present is None or outside is None:
        return present or outside
    if outside.ledger == present.ledger and outside.number > present.number:
        return outside
    return present


def _write(
    session: Session, seal: Seal, ids: Sequence[int], leaves: Sequence[bytes], settled: int
) -> None:
    session.execute(
        insert(AuditSeal),
        {
            "number": seal.number,
            "ledger": uuid.UUID(seal.ledger),
            "at": seal.at,
            "ids": seal.ids,
            "rows": seal.rows,
            "root": seal.root,
            "previous": seal.previous,
            "settled": settled,
        },
    )
    hashes = [leaf.hex() for leaf in leaves]
    session.execute(_ADD_LEAVES, {"seal": seal.number, "ids": list(ids), "hashes": hashes})
