"""Sealing and verifying the ledger on PostgreSQL, against a superuser who leaves no trace."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gridserver.audit import batches, proving, rootfile, sealing, service, signing
from gridserver.audit.canonical import Row, leaf
from gridserver.audit.rootfile import RootFile
from gridserver.audit.seals import read_line
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.errors import Conflict, NotFound
from gridserver.embedded import Cluster
from tests.ledger import Ledger


@pytest.fixture
def ledger(database: Database, cluster: Cluster, tmp_path: Path) -> Iterator[Ledger]:
    hand = sa.create_engine(
        cluster.superuser_url.set(database=database.url.database), poolclass=sa.NullPool
    )
    yield Ledger(database, hand, RootFile(tmp_path / "roots.jsonl", tmp_path / "key.pem"))
    hand.dispose()


def test_what_is_as_it_was_has_nothing_against_it(ledger: Ledger, tmp_path: Path) -> None:
    ledger.sealed(3, 120, 1)
    assert ledger.verify() == []
    assert ledger.verify(by_file=False) == []
    public = signing.signer(tmp_path / "key.pem").public
    assert ledger.verify(keys=[public]) == []
    assert {kind for kind, _ in ledger.wrong(keys=[bytes(32)])} == {"key_unvouched"}


def test_rows_from_before_the_first_seal_are_in_it(ledger: Ledger) -> None:
    ids = ledger.write(250)
    assert ledger.seal() == 250
    with ledger.database.transaction() as session:
        assert sealing.last(session).number == 3  # batches of 100
    assert ledger.verify() == []
    assert ids == list(range(ids[0], ids[0] + 250))


def test_a_late_commit_does_not_slip_behind(ledger: Ledger) -> None:
    """Ids are given out before the commit: the row below is sealed when it is there."""
    with ledger.database.transaction() as slow:
        service.record(slow, None, "task:sign", subject_kind="task", subject_id="slow")
        (quick,) = ledger.write()
        assert ledger.seal() == 1
        assert ledger.write(2) == [quick + 1, quick + 2]
        assert ledger.seal() == 2
        assert ledger.seal() == 0
    assert ledger.seal() == 1
    ledger.write()
    ledger.seal()
    assert ledger.verify() == []
    with ledger.database.transaction() as session:
        assert sealing.last(session).settled == quick + 3


def test_another_sealer_begins_where_the_last_seal_says(ledger: Ledger) -> None:
    with ledger.database.transaction() as slow:
        service.record(slow, None, "task:sign", subject_kind="task", subject_id="slow")
        ledger.write(5)
        ledger.seal()
        ledger.sealer = sealing.Sealer(batch=2)
        ledger.write(5)
        assert ledger.seal() == 5
    ledger.sealer = sealing.Sealer()
    assert ledger.seal() == 1
    assert ledger.verify() == []


def test_a_seal_that_is_not_committed_leaves_no_gap(ledger: Ledger) -> None:
    ledger.write(3)
    with pytest.raises(RuntimeError), ledger.database.transaction() as session:
        assert ledger.sealer.seal(session) is not None
        raise RuntimeError
    assert ledger.seal() == 3
    assert ledger.verify() == []


def test_one_seals_at_a_time(ledger: Ledger) -> None:
    ledger.write(3)
    with ledger.database.transaction() as session:
        assert ledger.sealer.seal(session) is not None
        assert ledger.seal() == 0
    assert ledger.verify()[0].kind == "later"  # committed, and not yet in the file
    sealing.publish(ledger.database, ledger.file)
    assert ledger.verify() == []


def test_many_writers_and_sealers_at_once(ledger: Ledger) -> None:
    """Every row is in exactly one seal, whoever sealed it, and rolled back ids leave no hole."""
    stop = threading.Event()

    def writer(n: int) -> None:
        for turn in range(40):
            try:
                with ledger.database.transaction() as session:
                    for _ in range(3):
                        service.record(session, None, "task:sign", subject_kind="t", subject_id=n)
                    if turn % 5 == 0:
                        raise RuntimeError
            except RuntimeError:
                pass

    def seal() -> None:
        sealer = sealing.Sealer(batch=50)
        while not stop.is_set():
            sealing.seal_and_publish(ledger.database, sealer, ledger.file)

    writers = [threading.Thread(target=writer, args=(n,)) for n in range(4)]
    sealers = [threading.Thread(target=seal) for _ in range(2)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    ledger.seal()
    assert ledger.verify() == []
    with ledger.database.transaction() as session:
        counts = session.execute(
            sa.text("SELECT (SELECT count(*) FROM audit_entry), (SELECT sum(rows) FROM audit_seal)")
        ).one()
    assert counts == (4 * 32 * 3, 4 * 32 * 3)


# --- the superuser's hand


def test_a_changed_row_is_named(ledger: Ledger) -> None:
    (_, ids, _) = ledger.sealed(3, 5, 2)
    ledger.tamper("UPDATE audit_entry SET tag = 'task:close' WHERE id = :id", id=ids[2])
    assert ledger.wrong() == [("row_altered", str(ids[2]))]
    assert ledger.wrong(by_file=False) == [("row_altered", str(ids[2]))]


CHANGES = (
    "at = at + interval '1 microsecond'",
    "actor_account_id = 1",
    "actor = 'li'",
    "device = 'other'",
    "subject_kind = 'incident'",
    "subject_id = '99'",
    "purpose = 'none'",
    "lon = 118, lat = 29",
    "data = '{\"a\": 9007199254740993}'",
)


def test_every_column_is_sealed(ledger: Ledger) -> None:
    (ids,) = ledger.sealed(len(CHANGES) + 1)
    for id_, change in zip(ids[:-1], CHANGES, strict=True):
        ledger.tamper(f"UPDATE audit_entry SET {change} WHERE id = :id", id=id_)  # noqa: S608
    assert ledger.wrong() == [("row_altered", f"{ids[0]}-{ids[-2]}")]


def test_a_changed_row_with_its_hash_changed_too_names_the_batch(ledger: Ledger) -> None:
    (_, ids) = ledger.sealed(3, 4)
    ledger.tamper("UPDATE audit_entry SET purpose = 'x' WHERE id = :id", id=ids[1])
    with ledger.database.transaction() as session:
        row: Row = batches.rows(session, sealing.seal_of_row(sealing.last(session)))[1][1]
    ledger.tamper(
        "UPDATE audit_leaf SET hash = :hash WHERE entry_id = :id", hash=leaf(row), id=ids[1]
    )
    assert ledger.wrong() == [("batch_altered", f"{ids[0]}-{ids[-1]}")]


def test_a_changed_hash_is_told_from_a_changed_row(ledger: Ledger) -> None:
    ((one, other, _),) = ledger.sealed(3)
    ledger.tamper("UPDATE audit_leaf SET hash = 'x' WHERE entry_id = :id", id=other)
    assert ledger.wrong() == [("leaf_altered", str(other))]
    ledger.tamper("DELETE FROM audit_leaf WHERE entry_id IN (:one, :other)", one=one, other=other)
    assert ("leaf_missing", f"{one}-{other}") in ledger.wrong()


def test_a_deleted_row_is_named_even_with_its_hash(ledger: Ledger) -> None:
    (_, ids, _) = ledger.sealed(3, 5, 2)
    ledger.tamper("DELETE FROM audit_entry WHERE id = :id", id=ids[1])
    assert ledger.wrong() == [("row_missing", str(ids[1]))]
    ledger.tamper("DELETE FROM audit_leaf WHERE entry_id = :id", id=ids[1])
    assert ledger.wrong() == [("row_missing", str(ids[1]))]


def test_truncated_rows_are_named(ledger: Ledger) -> None:
    first, *_, last = ledger.sealed(3, 5, 2)
    everything = f"{first[0]}-{last[-1]}"
    ledger.tamper("TRUNCATE audit_entry")
    assert ledger.wrong() == [("row_missing", everything)]
    ledger.tamper("TRUNCATE audit_leaf, audit_seal")
    assert ledger.wrong() == [("seal_missing", everything)]
    # The sealer goes on from the file, so that what comes doesn't hide what was.
    ledger.write(2)
    ledger.seal()
    assert ("seal_missing", everything) in ledger.wrong()


def test_a_row_put_in_below_is_named(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.database.transaction() as session:
        service.record(session, None, "task:sign", subject_kind="task", subject_id=1)
        raise RuntimeError
    ledger.sealed(3, 2)
    for id_ in (1, 900):
        ledger.tamper(
            "INSERT INTO audit_entry (id, at, tag, subject_kind, subject_id, data) OVERRIDING "
            "SYSTEM VALUE VALUES (:id, '2026-03-10 01:30Z', 'task:sign', 'task', '1', '{}')",
            id=id_,
        )
    assert ledger.wrong() == [("row_added", "1,900")]


def test_a_row_put_in_under_an_older_time_is_named_sealed_or_not(ledger: Ledger) -> None:
    ledger.sealed(3, 2)
    ledger.database.clock.advance(dt.timedelta(days=40))
    ledger.sealed(1)
    ledger.tamper(
        "INSERT INTO audit_entry (at, tag, subject_kind, subject_id, data) "
        "VALUES ('2026-03-10 01:30Z', 'task:sign', 'task', '1', '{}')"
    )
    ((kind, ids),) = ledger.wrong()
    assert kind == "row_unsealed"
    ledger.seal()
    assert ledger.wrong() == [("row_backdated", ids)]


def test_a_row_that_waits_is_no_alarm(ledger: Ledger) -> None:
    ledger.sealed(3)
    (waiting,) = ledger.write()
    assert ledger.notes() == [("waiting", str(waiting))]
    assert ledger.wrong() == []


def test_an_altered_seal_is_named(ledger: Ledger) -> None:
    first, *_ = ledger.sealed(3, 5, 2)
    ledger.tamper("UPDATE audit_seal SET at = at - interval '1 day' WHERE number = 1")
    ids = f"{first[0]}-{first[-1]}"
    assert ledger.wrong() == [("seal_altered", ids), ("seal_unchained", "")]
    assert ledger.wrong(by_file=False) == [("seal_unchained", "")]


def test_a_chain_forged_whole_is_found_by_the_file_alone(ledger: Ledger) -> None:
    """Rows, hashes, roots and the chain all made anew: inside the database nothing is wrong."""
    ledger.sealed(3, 2)
    ledger.tamper(
        "UPDATE audit_entry SET purpose = 'forged' WHERE id = (SELECT min(id) FROM audit_entry)"
    )
    ledger.tamper("TRUNCATE audit_leaf, audit_seal")
    forger = sealing.Sealer()
    with ledger.database.transaction() as session:
        forger.seal(session)
    assert ledger.wrong(by_file=False) == []
    assert {kind for kind, _ in ledger.wrong()} >= {"seal_altered", "seal_missing"}


def test_a_seal_taken_out_is_named(ledger: Ledger) -> None:
    _, second, _ = ledger.sealed(3, 5, 2)
    ledger.tamper("DELETE FROM audit_seal WHERE number = 2")
    assert ("seal_missing", f"{second[0]}-{second[-1]}") in ledger.wrong()
    assert ("seal_unchained", "") in ledger.wrong(by_file=False)


# --- the file


def test_the_file_has_a_line_a_seal_and_whoever_lags_catches_up(
    ledger: Ledger, tmp_path: Path
) -> None:
    ledger.sealed(3, 5)
    lines = [read_line(text) for text in ledger.path.read_text().splitlines()]
    assert [line.seal.number for line in lines] == [1, 2]
    assert lines[1].seal.previous == lines[0].said
    elsewhere = RootFile(tmp_path / "another-machine" / "roots.jsonl")
    assert sealing.publish(ledger.database, elsewhere) == 2
    assert sealing.publish(ledger.database, elsewhere) == 0
    assert elsewhere.last().seal == lines[1].seal


def test_half_a_line_does_no_harm(ledger: Ledger) -> None:
    ledger.sealed(3)
    with ledger.path.open("a") as file:
        file.write('{"at":"2026-03')  # the power went
    ledger.sealed(2)
    assert ledger.wrong() == []
    assert ledger.notes() == [("line_unreadable", "")]


def test_a_line_taken_out_or_altered_is_named(ledger: Ledger) -> None:
    ledger.sealed(3, 5, 2)
    first, second, third = ledger.path.read_text().splitlines()
    ledger.path.write_text(f"{first}\n{third}\n")
    assert ("seal_unfiled", "") in ledger.wrong()
    altered = json.loads(second) | {"rows": 6}
    ledger.path.write_text(f"{first}\n{json.dumps(altered)}\n{third}\n")
    assert ("line_altered", "") in ledger.wrong()


def test_an_older_copy_of_the_file_still_serves(ledger: Ledger) -> None:
    ledger.sealed(3)
    copy = ledger.path.read_text()
    ledger.sealed(5, 2)
    ledger.path.write_text(copy)
    assert ledger.wrong() == []
    assert [kind for kind, _ in ledger.notes()] == ["later"]


# --- proofs


def test_a_proof_is_checked_without_the_database(ledger: Ledger) -> None:
    (_, ids) = ledger.sealed(3, 5)
    with ledger.database.transaction() as session:
        proof = json.loads(json.dumps(proving.prove(session, ids[3])))
    lines = list(rootfile.lines_until_now(ledger.path)())
    assert proof["row"]["id"] == ids[3]
    assert proving.check(proof, lines) is None
    assert proving.check(proof | {"row": proof["row"] | {"tag": "task:close"}}) is not None
    assert proving.check(proof | {"index": 0}) is not None
    assert proving.check(proof, lines[:1]) == "the file has no such seal"
    assert proving.check({"row": 1}) == "it is no proof"


def test_what_cannot_be_proven(ledger: Ledger) -> None:
    ((one, _, _),) = ledger.sealed(3)
    (waiting,) = ledger.write()
    with ledger.database.transaction() as session:
        with pytest.raises(Conflict, match="waits"):
            proving.prove(session, waiting)
        with pytest.raises(NotFound):
            proving.prove(session, waiting + 1)
    ledger.tamper("DELETE FROM audit_leaf WHERE entry_id = :id", id=one)
    with ledger.database.transaction() as session, pytest.raises(Conflict, match="verify"):
        proving.prove(session, one + 1)


# --- what the table refuses to everybody but a superuser


def test_the_tables_are_only_ever_added_to(ledger: Ledger) -> None:
    ledger.sealed(2)
    columns = {"audit_entry": "tag", "audit_leaf": "seal", "audit_seal": "rows"}
    for table, column in columns.items():
        for words in ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"):
            with (
                ledger.database.engine.connect() as connection,
                pytest.raises(sa.exc.IntegrityError, match="only ever added"),
            ):
                connection.execute(sa.text(words.format(table, column, column)))


def test_a_row_without_the_ledger_is_no_deed(database: Database, clock: SetClock) -> None:
    """With the table locked the writing transaction fails, and soon."""
    with database.engine.connect() as locker, locker.begin():
        locker.execute(sa.text("LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE"))
        with (
            pytest.raises(sa.exc.OperationalError, match="lock timeout"),
            database.transaction() as session,
        ):
            service.record(session, None, "task:sign", subject_kind="task", subject_id=1)
