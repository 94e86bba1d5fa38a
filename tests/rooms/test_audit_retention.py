"""Purges: contents go when their lawful time is over, and the chain holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gridserver.audit import proving, retention
from gridserver.audit.models import AuditEntry
from gridserver.audit.rootfile import RootFile
from gridserver.audit.tags import Tag
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.keeping import Keep
from gridserver.embedded import Cluster
from tests.ledger import Ledger

#: Long before the machine's clock, which PostgreSQL goes by.
THEN = dt.datetime(2019, 5, 1, tzinfo=dt.UTC)
FIVE_YEARS = dt.timedelta(days=1830)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(THEN)


@pytest.fixture
def ledger(database: Database, cluster: Cluster, tmp_path: Path) -> Iterator[Ledger]:
    url = cluster.superuser_url.set(database=database.url.database)
    hand = sa.create_engine(url, poolclass=sa.NullPool)
    yield Ledger(database, hand, RootFile(tmp_path / "roots.jsonl"))
    hand.dispose()


def purge(ledger: Ledger, keep: Keep = Keep.PERSONAL, period: dt.timedelta = FIVE_YEARS) -> int:
    with ledger.database.transaction() as session:
        return retention.purge(session, 100, keep=keep, period=period)


def later(ledger: Ledger) -> None:
    """Go on to the machine's own moment, in which the purge falls."""
    ledger.database.clock.set(dt.datetime.now(dt.UTC))  # type: ignore[attr-defined]


def test_a_purge_leaves_the_chain_and_says_itself(ledger: Ledger) -> None:
    old = ledger.write(3)
    kept = ledger.write(1, tag=Tag.AUDIT_READ) + ledger.write(1, tag=Tag.GRID_EDIT)
    ledger.seal()
    later(ledger)
    new = ledger.write(2)
    ledger.seal()
    assert purge(ledger) == 1
    assert purge(ledger) == 0
    ledger.seal()
    with ledger.database.transaction() as session:
        rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
        proof = proving.prove(session, old[1])
    assert [row.id for row in rows[:-1]] == kept + new
    assert rows[-1].tag == "audit:purge"
    assert rows[-1].data["ids"] == f"{old[0]}-{old[-1]}"
    assert (rows[-1].data["rows"], rows[-1].data["law"]) == (3, Keep.PERSONAL.law)
    assert ledger.wrong() == []
    assert ("purged", f"{old[0]}-{old[-1]}") in ledger.notes()
    assert proof["row"] is None
    assert proving.check(proof) is None


def test_what_is_not_sealed_is_not_purged(ledger: Ledger) -> None:
    ledger.write(3)
    later(ledger)
    assert purge(ledger) == 0


def test_postgresql_itself_keeps_the_lawful_minimum(ledger: Ledger) -> None:
    ledger.sealed(3)
    later(ledger)
    for keep, days in ((Keep.PERSONAL, 1097), (Keep.OPERATION, 183), (Keep.LEDGER, 9000)):
        with pytest.raises(sa.exc.IntegrityError, match="lawful time"):
            purge(ledger, keep, dt.timedelta(days=days))
    with ledger.database.transaction() as session:
        words = "SELECT audit_purge('operation', 'x', '2020-01-01Z', ARRAY['audit:read'], 9)"
        assert session.scalar(sa.text(words)) == 0


def test_a_deletion_under_the_name_of_a_purge_is_found(ledger: Ledger) -> None:
    """A superuser deletes what is young and writes the row that a purge would have written."""
    later(ledger)
    (ids,) = ledger.sealed(3)
    ledger.tamper("DELETE FROM audit_entry WHERE id = :id", id=ids[1])
    data = {"keep": "personal", "ids": str(ids[1]), "rows": 1}
    ledger.write(1, tag=Tag.AUDIT_PURGE, data=data)
    ledger.seal()
    assert ("purge_early", str(ids[1])) in ledger.wrong()
