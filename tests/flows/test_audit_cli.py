"""`gridserver audit` as an auditor runs it, against a worker that seals and a superuser's hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver import schema
from gridserver.audit import sealing, service, signing
from gridserver.audit.rootfile import RootFile
from gridserver.base.clock import SystemClock
from gridserver.base.db import Database
from gridserver.embedded import Cluster
from tests.commands import Run
from tests.processes import ROOT
from tests.waiting import until


@pytest.fixture
def database(database_url: URL) -> Iterator[Database]:
    database = Database(database_url, SystemClock(), poolclass=sa.NullPool)
    yield database
    database.dispose()


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The installation's own file of seals, which isn't there yet."""
    monkeypatch.setenv("GRIDSERVER_AUDIT_ROOTS", str(tmp_path / "roots.jsonl"))
    monkeypatch.setenv("GRIDSERVER_AUDIT_KEY", str(tmp_path / "key.pem"))
    return tmp_path / "roots.jsonl"


@pytest.fixture
def hand(database: Database, cluster: Cluster) -> Iterator[sa.Connection]:
    """A superuser who leaves no trace."""
    url = cluster.superuser_url.set(database=database.url.database)
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        yield connection
    engine.dispose()


@pytest.fixture
def worker(database: Database, cluster: Cluster, roots: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that connects as the application's role."""
    owner = sa.create_engine(database.url, poolclass=sa.NullPool)
    schema.upgrade(owner, cluster.application_url.username)
    url = cluster.application_url.set(database=database.url.database)
    process = subprocess.Popen(
        [sys.executable, "-m", "gridserver.worker"],
        cwd=ROOT,
        env=os.environ | {"GRIDSERVER_DATABASE_URL": url.render_as_string(hide_password=False)},
        stdin=subprocess.DEVNULL,
    )
    yield process
    process.kill()
    process.wait()


def write(database: Database, count: int = 5) -> list[int]:
    """Write rows, each in its own transaction, and return the ids of all that there are."""
    for n in range(count):
        with database.transaction() as session:
            service.record(session, None, "task:sign", subject_kind="task", subject_id=n)
    with database.engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT id FROM audit_entry ORDER BY id")))


def sealed(database: Database) -> int:
    with database.engine.connect() as connection:
        return connection.scalar(sa.text("SELECT count(*) FROM audit_leaf"))


def test_a_worker_seals_within_a_minute_and_the_hand_is_found(
    run: Run, database: Database, worker: subprocess.Popen[bytes], roots: Path, hand: sa.Connection
) -> None:
    """Changed, deleted, put in, truncated: each is named, one after the other."""
    _, altered, missing, *_ = write(database)
    until(lambda: sealed(database) >= 5 and roots.exists(), within=60)
    until(lambda: roots.read_text().endswith("\n"), within=60)
    worker.kill()
    assert "as it was written" in run("audit", "verify").stderr
    alter = sa.text("UPDATE audit_entry SET subject_id = '7' WHERE id = :id")
    hand.execute(alter, {"id": altered})
    named = {("row_altered", str(altered))}
    assert findings(run, roots) == named
    hand.execute(sa.text("DELETE FROM audit_entry WHERE id = :id"), {"id": missing})
    assert findings(run, roots) == named | {("row_missing", str(missing))}
    hand.execute(
        sa.text(
            "INSERT INTO audit_entry (id, at, tag, subject_kind, subject_id, data) OVERRIDING "
            "SYSTEM VALUE VALUES (1000000000, now(), 'task:sign', 'task', '1', '{}')"
        )
    )
    assert ("row_added", "1000000000") in findings(run, roots)
    hand.execute(sa.text("TRUNCATE audit_entry"))
    assert {kind for kind, _ in findings(run, roots)} == {"row_missing"}
    hand.execute(sa.text("TRUNCATE audit_leaf, audit_seal"))
    assert {kind for kind, _ in findings(run, roots)} == {"seal_missing"}


def findings(run: Run, roots: Path) -> set[tuple[str, str]]:
    result = run("audit", "verify", "--root", roots, "--json", code=1)
    assert "not as it was written" in result.stderr
    return {(each["kind"], each["ids"]) for each in json.loads(result.stdout)["findings"]}


def test_a_proof_goes_from_hand_to_hand(
    run: Run,
    database: Database,
    worker: subprocess.Popen[bytes],
    roots: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, last = write(database)
    until(lambda: sealed(database) >= 5 and roots.exists(), within=60)
    proof = tmp_path / "proof.json"
    run("audit", "prove", last, "--out", proof)
    monkeypatch.setenv("GRIDSERVER_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    until(lambda: roots.read_text().endswith("\n"), within=60)
    run("audit", "check", proof, "--root", roots)
    altered = json.loads(proof.read_text())
    altered["row"]["subject_id"] = "7"
    proof.write_text(json.dumps(altered))
    said = run("audit", "check", proof, "--root", roots, code=1).stderr
    assert "another than the sealed one" in said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("verify", "--root", "nowhere.jsonl"), 1),
        (("verify", "--key", "abc"), 2),
        (("verify", "--key", "00" * 32, "--key", "00" * 31), 2),
        (("prove", "77"), 1),
        (("prove", "soon"), 2),
        (("check", "nowhere.json"), 1),
    ],
)
def test_wrong_use_is_one_line(run: Run, roots: Path, words: tuple[str, ...], code: int) -> None:
    assert "Traceback" not in run("audit", *words, code=code).output


def test_a_restore_gives_up_seals_in_the_open(
    run: Run, roots: Path, database: Database, tmp_path: Path
) -> None:
    """The file knows seals that the restored database lacks; the restore's row says which, and no
    id is given out twice."""
    sealer, file = sealing.Sealer(), RootFile(roots)
    write(database)
    sealing.seal_and_publish(database, sealer, file)
    run("backup", tmp_path / "county.backup")
    write(database, 3)
    sealing.seal_and_publish(database, sealer, file)
    lost = file.last().seal
    run("restore", tmp_path / "county.backup", "--replace")
    write(database, 2)
    sealing.seal_and_publish(database, sealing.Sealer(), file)
    document = json.loads(run("audit", "verify", "--json").stdout)
    assert document["findings"] == []
    (note,) = document["notes"]
    assert (note["kind"], note["ids"]) == ("restored", lost.ids)
    assert file.last().seal.number == 3
    assert file.last().seal.first > lost.last


def test_one_role_is_told(run: Run, roots: Path, database: Database) -> None:
    document = json.loads(run("audit", "verify", "--json").stdout)
    assert document["findings"] == []
    assert any("owns the schema" in line for line in document["rights"])


def test_a_key_is_renewed_while_a_worker_seals(
    run: Run, database: Database, worker: subprocess.Popen[bytes], roots: Path, tmp_path: Path
) -> None:
    """The worker signs with the new one without being started again; a key that somebody put in its
    place is named."""
    write(database)
    until(lambda: roots.exists() and lines(roots), within=60)
    former = json.loads(run("audit", "key", "--json").stdout)
    renewed = json.loads(run("audit", "renew-key", "--reason", "left", "--json").stdout)
    assert renewed["former"] == former["key"]
    assert json.loads(run("audit", "key", "--json").stdout)["key"] == renewed["key"]
    # The row of the renewal is sealed behind it.
    until(lambda: lines(roots)[-1].get("key") == renewed["fingerprint"], within=60)
    run("audit", "verify", "--root", roots, "--key", former["key"])
    run("audit", "verify", "--key", former["key"], "--key", renewed["key"])
    signing.signer(tmp_path / "own.pem")
    (tmp_path / "own.pem").replace(tmp_path / "key.pem")
    own = json.loads(run("audit", "key", "--json").stdout)["fingerprint"]
    write(database)
    until(lambda: lines(roots)[-1].get("key") == own, within=60)
    said = run("audit", "verify", "--key", former["key"], code=1).output
    assert "key_unvouched" in said
    assert own in said


def lines(roots: Path) -> list[dict[str, object]]:
    whole, _, _ = roots.read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def test_a_renewal_asks_for_its_reason(run: Run, roots: Path) -> None:
    assert "--reason" in run("audit", "renew-key", code=2).stderr
    assert not roots.exists()


def test_the_key_is_the_installations(run: Run, roots: Path) -> None:
    first = json.loads(run("audit", "key", "--json").stdout)
    assert json.loads(run("audit", "key", "--json").stdout) == first
    assert len(bytes.fromhex(first["key"])) == 32
