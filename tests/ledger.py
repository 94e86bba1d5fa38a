"""A ledger to tamper with: rows, seals, the file, and a superuser's hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from gridserver.audit import rootfile, sealing, service, verifying
from gridserver.audit.findings import Finding
from gridserver.audit.models import AuditEntry
from gridserver.audit.rootfile import RootFile
from gridserver.base.db import Database


@dataclass
class Ledger:
    """The ledger of `database`, sealed to `file`; `hand` is the superuser's engine on it."""

    database: Database
    hand: sa.Engine
    file: RootFile
    sealer: sealing.Sealer = field(default_factory=lambda: sealing.Sealer(batch=100))

    def write(self, count: int = 1, **named: object) -> list[int]:
        """Commit rows and return their ids."""
        with self.database.transaction() as session:
            before = session.scalar(sa.select(sa.func.max(AuditEntry.id))) or 0
            for n in range(count):
                options = {"tag": "task:sign", "subject_kind": "task", "subject_id": n} | named
                service.record(session, None, **options)
            ids = sa.select(AuditEntry.id).where(AuditEntry.id > before).order_by(AuditEntry.id)
            return list(session.scalars(ids))

    def seal(self) -> int:
        """Seal what is committed; return how many rows."""
        return sealing.seal_and_publish(self.database, self.sealer, self.file)

    def sealed(self, *counts: int) -> list[list[int]]:
        """Write and seal batches of so many rows, a minute apart; return their ids."""
        batches = []
        for count in counts:
            batches.append(self.write(count))
            self.seal()
            self.database.clock.advance(dt.timedelta(minutes=1))  # type: ignore[attr-defined]
        return batches

    def tamper(self, statement: str, **values: object) -> None:
        """Do as a superuser would who wants no trace: past every trigger."""
        with self.hand.begin() as connection:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            connection.execute(sa.text(statement), values)

    def verify(self, *, by_file: bool = True, keys: Collection[bytes] = ()) -> list[Finding]:
        """Return everything found, notes too."""
        lines = rootfile.lines_until_now(self.file.path) if by_file else None
        with self.database.transaction() as session:
            found = verifying.verify(session, lines() if lines else None, keys=keys)
            return list(found)

    def wrong(self, **options: object) -> list[tuple[str, str]]:
        """Return kind and ids of what is wrong."""
        return [(each.kind, each.ids) for each in self.verify(**options) if not each.is_note]

    def notes(self) -> list[tuple[str, str]]:
        """Return kind and ids of what is noted."""
        return [(each.kind, each.ids) for each in self.verify() if each.is_note]

    @property
    def path(self) -> Path:
        return self.file.path
