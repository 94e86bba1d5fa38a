"""The ledger's key renewed, against whoever would slip in a key of his own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gridserver.audit import renewing, signing
from gridserver.audit.keys import Renewal, read_renewal
from gridserver.audit.models import AuditEntry
from gridserver.audit.rootfile import RootFile
from gridserver.audit.seals import Line, read_line
from gridserver.audit.signing import Signer
from gridserver.base.db import Database
from gridserver.base.errors import Invalid
from gridserver.embedded import Cluster
from tests.ledger import Ledger


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "key.pem"


@pytest.fixture
def ledger(database: Database, cluster: Cluster, tmp_path: Path, key: Path) -> Iterator[Ledger]:
    """Three rows, sealed and signed by the first key."""
    hand = sa.create_engine(
        cluster.superuser_url.set(database=database.url.database), poolclass=sa.NullPool
    )
    ledger = Ledger(database, hand, RootFile(tmp_path / "roots.jsonl", key))
    ledger.sealed(3)
    yield ledger
    hand.dispose()


def renew(ledger: Ledger) -> tuple[Signer, Signer]:
    with ledger.database.transaction() as session:
        return renewing.renew_key(session, ledger.file, "its keeper left")


def told(ledger: Ledger, *keys: bytes) -> list[str]:
    return [each.text for each in ledger.verify(keys=keys)]


def test_a_renewed_key_is_vouched_for_by_the_former(ledger: Ledger, key: Path) -> None:
    first, second = renew(ledger)
    ledger.sealed(2)
    _, third = renew(ledger)
    ledger.sealed(1, 1)
    assert signing.signer(key).public == third.public
    assert key.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in key.parent.glob("key*")] == ["key.pem"]
    lines = [read_line(text) for text in ledger.path.read_text().splitlines()]
    assert [line and line.key for line in lines] == [
        first.name, None, second.name, None, third.name, third.name
    ]  # fmt: skip
    for trusted in ([first], [first, second], [first, second, third]):
        assert told(ledger, *(each.public for each in trusted)) == []
    assert {kind for kind, _ in ledger.wrong(keys=[third.public])} == {"key_unvouched"}
    assert ledger.verify() == []


def test_the_ledger_says_when_and_why(ledger: Ledger) -> None:
    first, second = renew(ledger)
    with ledger.database.transaction() as session:
        row = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (row.tag, row.subject_id, row.purpose) == (
            "audit:renew_key",
            second.name,
            "its keeper left",
        )
        assert row.data["before"] == {"key": first.public.hex()}
        assert row.data["after"] == {"key": second.public.hex()}


def test_what_the_ledger_does_not_take_is_no_renewal(ledger: Ledger, key: Path) -> None:
    before = key.read_bytes(), ledger.path.read_bytes()
    with pytest.raises(sa.exc.StatementError), ledger.database.transaction() as session:
        session.execute(sa.text("SET TRANSACTION READ ONLY"))
        renewing.renew_key(session, ledger.file, "its keeper left")
    assert (key.read_bytes(), ledger.path.read_bytes()) == before
    first, _ = renew(ledger)
    ledger.sealed(1)
    assert told(ledger, first.public) == []


def test_another_key_in_its_place_is_named(ledger: Ledger, key: Path) -> None:
    first = signing.signer(key)
    key.unlink()
    ledger.sealed(2, 1)
    second = signing.signer(key)
    assert [(each.kind, each.seals) for each in ledger.verify(keys=[first.public])] == [
        ("key_unvouched", (2, 3))
    ]
    assert second.name in told(ledger, first.public)[0]
    # The auditor, who was told of the loss, trusts both.
    assert told(ledger, first.public, second.public) == []


def test_a_key_that_vouches_for_itself_is_named(ledger: Ledger, tmp_path: Path, key: Path) -> None:
    """Whoever may write to the file, and lacks the key, writes a line that names his own: by his
    own key, by the first one's name."""
    first, own = signing.signer(key), signing.signer(tmp_path / "own.pem")
    line = read_line(ledger.path.read_text())
    assert isinstance(line, Line)
    by_own = Renewal(line.seal.at, own.public, line.said).signed(own)
    before = ledger.path.read_text()
    ledger.file = RootFile(ledger.path, tmp_path / "own.pem")
    ledger.path.write_text(f"{before}{by_own.text()}\n")
    ledger.sealed(2)
    assert {kind for kind, _ in ledger.wrong(keys=[first.public])} == {"key_unvouched"}
    assert all(own.name in text for text in told(ledger, first.public))
    as_first = json.loads(by_own.text()) | {"key": first.name}
    ledger.path.write_text(ledger.path.read_text().replace(by_own.text(), json.dumps(as_first)))
    assert {kind for kind, _ in ledger.wrong(keys=[first.public])} == {
        "line_altered",
        "key_unvouched",
    }
    assert all(own.name in text for text in told(ledger, first.public))


def test_a_former_key_signs_nothing_more(ledger: Ledger, tmp_path: Path, key: Path) -> None:
    stolen = tmp_path / "stolen.pem"
    stolen.write_bytes(key.read_bytes())
    first, _ = renew(ledger)
    ledger.sealed(1)
    ledger.file = RootFile(ledger.path, stolen)
    ledger.sealed(1)
    assert [(each.kind, each.seals) for each in ledger.verify(keys=[first.public])] == [
        ("key_replaced", (3, 3))
    ]
    renew(ledger)
    assert "key_replaced" in {each.kind for each in ledger.verify(keys=[first.public])}


def test_a_renewal_stands_where_it_was_signed(ledger: Ledger) -> None:
    ledger.sealed(1)
    first, _ = renew(ledger)
    one, two, renewal = ledger.path.read_text().splitlines()
    ledger.path.write_text(f"{one}\n{renewal}\n{two}\n")
    assert "it was moved" in told(ledger, first.public)[0]


def test_what_was_cut_short_is_ended_by_the_next_who_signs(ledger: Ledger, key: Path) -> None:
    """The line stands, and the new key not yet in its place: as where the power fails between."""
    former = key.read_bytes()
    first, second = renew(ledger)
    key.rename(key.with_name("key.pem.next"))
    key.write_bytes(former)
    ledger.sealed(1)
    assert signing.signer(key).public == second.public
    assert not key.with_name("key.pem.next").exists()
    assert told(ledger, first.public) == []


def test_a_key_that_was_made_and_not_named_is_the_next(ledger: Ledger, key: Path) -> None:
    made = signing.next_signer(key)
    ledger.sealed(1)
    first, second = renew(ledger)
    assert second.public == made.public
    ledger.sealed(1)
    assert told(ledger, first.public) == []


def test_where_no_key_can_be_put_the_former_stays(ledger: Ledger, key: Path) -> None:
    key.with_name("key.pem.next").write_text("hello")
    before = ledger.path.read_text()
    with pytest.raises(Invalid, match="holds no Ed25519 key"):
        renew(ledger)
    assert ledger.path.read_text() == before


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "key renewed"}', "[" * 3000])
def test_what_is_no_renewal(text: str) -> None:
    assert read_renewal(text) is None
