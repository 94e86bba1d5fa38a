"""`gridserver backup` and `restore` as an operator runs them: whole or not at all, and another life
of the database afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver import schema
from gridserver.base.db import Database
from gridserver.delivery import queries, service
from gridserver.delivery.service import Message
from tests.commands import Run
from tests.conftest import copied
from tests.county import County, commit_county
from tests.processes import GRIDSERVER, Caller, WebProcess
from tests.sockets import Connect
from tests.waiting import until

OFFICER = "330824001"
PHOTO = b"\xff\xd8\xff" + bytes(200_000)
DIGEST = hashlib.sha256(PHOTO).hexdigest()
#: What a restore changes on purpose.
RENEWED = {"epoch", "login_session", "audit_entry"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the attachments, with one in it."""
    folder = tmp_path / "attachments"
    monkeypatch.setenv("GRIDSERVER_ATTACHMENTS", str(folder))
    photo = folder / DIGEST[:2] / DIGEST
    photo.parent.mkdir(parents=True)
    photo.write_bytes(PHOTO)
    (folder / "half.part").write_bytes(b"of an upload")
    return folder


@pytest.fixture
def database(database_url: URL) -> Database:
    """The test's database, by the machine's clock; it holds no connection open."""
    return Database(database_url, poolclass=sa.NullPool)


@pytest.fixture
def county(database: Database) -> County:
    return commit_county(database)


@pytest.fixture
def file(tmp_path: Path, run: Run, folder: Path, county: County) -> Path:
    """A backup of the county."""
    out = tmp_path / "county.backup"
    run("backup", out)
    return out


def contents(database: Database, *, without: set[str] = frozenset()) -> dict[str, str]:
    """Return a digest of each table's rows."""
    digest = "SELECT count(*) || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
    with database.engine.connect() as connection:
        return {
            name: connection.scalar(sa.text(f"{digest} FROM {name} AS t"))
            for name in schema.metadata.tables
            if name not in without
        }


def post(database: Database, county: County, *nths: int) -> None:
    with database.transaction() as session:
        recipient = county.accounts[OFFICER]
        service.post(session, [Message(recipient, "task.changed", {"nth": n}) for n in nths])


def epoch(database: Database) -> str:
    with database.transaction() as session:
        return queries.epoch(session)


def altered(file: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """Return a copy of a backup with one entry changed."""
    out = file.with_name(f"{file.name}-{name.replace('/', '-')}")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry, change(data) if entry.filename == name else data)
    return out


def test_everything_comes_back_and_what_came_later_is_gone(
    run: Run, file: Path, folder: Path, database: Database, county: County
) -> None:
    before, life = contents(database, without=RENEWED), epoch(database)
    post(database, county, 1, 2)
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE officer SET rank = 'changed'"))
        connection.execute(sa.text("CREATE TABLE of_a_later_version (id int)"))
    (folder / DIGEST[:2] / DIGEST).unlink()
    document = json.loads(run("restore", file, "--replace", "--json").stdout)
    assert document["epoch"] == life
    assert contents(database, without=RENEWED) == before
    assert epoch(database) != life
    with database.engine.connect() as connection:
        assert not sa.inspect(connection).has_table("of_a_later_version")
        tag = "SELECT data->>'from' FROM audit_entry WHERE tag = 'installation:restore'"
        assert connection.scalars(sa.text(tag)).all() == [document["at"]]
    schema.check(database.engine)
    assert (folder / DIGEST[:2] / DIGEST).read_bytes() == PHOTO


def test_the_file_is_the_owners_and_leaves_uploads_under_way_out(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename for entry in archive.infolist()}
    assert entries == {"database.dump", f"attachments/{DIGEST[:2]}/{DIGEST}", "manifest.json"}


def test_an_older_schema_is_brought_to_the_newest(
    run: Run, file: Path, database: Database, tmp_path: Path
) -> None:
    revision = next(
        script.down_revision
        for script in schema.ScriptDirectory(str(schema.ROOT / "migrations")).walk_revisions()
    )
    run("restore", file, "--replace")
    with database.engine.connect() as connection:
        schema.command.downgrade(schema._config(connection), str(revision))
        connection.commit()
    where = ["--dbname", database.url.set(drivername="postgresql").render_as_string(False)]
    dump = subprocess.run(
        ["pg_dump", "-Fc", "-n", "public", "-T", "public.spatial_ref_sys", *where],
        check=True,
        capture_output=True,
    ).stdout
    old = altered(file, "database.dump", lambda _: dump)

    def older(manifest: bytes) -> bytes:
        document = json.loads(manifest)
        digest = hashlib.sha256(dump).hexdigest()
        return json.dumps(document | {"revision": revision, "dump_sha256": digest}).encode()

    run("restore", altered(old, "manifest.json", older), "--replace")
    schema.require_newest(database.engine)
    schema.check(database.engine)


def test_a_terminal_takes_a_snapshot_and_signs_in_anew(
    run: Run,
    database: Database,
    county: County,
    folder: Path,
    tmp_path: Path,
    start_server: Callable[..., WebProcess],
    connect: Connect,
) -> None:
    file = tmp_path / "county.backup"
    first = start_server()
    officer = Caller(first.url, OFFICER)
    run("backup", file)
    post(database, county, 1, 2, 3)
    terminal = connect(officer, acknowledges=True)
    assert [m["seq"] for m in terminal.hear("message", 3)] == [1, 2, 3]
    life = epoch(database)
    assert "stop every" in run("restore", file, "--replace", code=1).stderr
    assert first.stop() == 0
    run("restore", file, "--replace")
    second = start_server()
    # The session was alive in the backup; whether it was ended since then, nobody knows any more.
    old = officer._session.get(f"{second.url}/api/v1/tasks")
    assert old.status_code == 401
    again = connect(Caller(second.url, OFFICER), epoch=life, seq=3)
    (resync,) = again.hear("resync")
    assert resync["seq"] == 0
    assert resync["epoch"] == epoch(database)


def cut(file: Path) -> Path:
    file.write_bytes(file.read_bytes()[:-2000])
    return file


def bad_dump(file: Path) -> Path:
    return altered(file, "database.dump", lambda dump: dump[:-50] + bytes(50))


def other_form(file: Path) -> Path:
    return altered(file, "manifest.json", lambda m: m.replace(b'"form": 1', b'"form": 9'))


def newer(file: Path) -> Path:
    return altered(file, "manifest.json", lambda m: m.replace(b'"revision": "0', b'"revision": "9'))


def missing(file: Path) -> Path:
    return file.with_name("nowhere")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (cut, "no whole backup"),
        (bad_dump, "altered"),
        (other_form, "form 9"),
        (newer, "newer"),
        (missing, "can't be read"),
    ],
)
def test_a_bad_file_changes_nothing(
    run: Run, file: Path, database: Database, spoil: Callable[[Path], Path], said: str
) -> None:
    before = contents(database)
    assert said in run("restore", spoil(file), "--replace", code=1).stderr
    assert contents(database) == before


def test_an_altered_attachment_is_refused(
    run: Run, file: Path, folder: Path, database: Database
) -> None:
    name = f"attachments/{DIGEST[:2]}/{DIGEST}"
    bad = altered(file, name, lambda photo: photo[:-1] + b"x")
    outside = file.with_suffix(".outside")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(outside, "w") as target:
        for entry in source.infolist():
            target.writestr(entry, source.read(entry))
        target.writestr("attachments/../../escaped", b"!")
    (folder / DIGEST[:2] / DIGEST).unlink()
    before = contents(database)
    assert "differs" in run("restore", bad, "--replace", code=1).stderr
    assert "altered" in run("restore", outside, "--replace", code=1).stderr
    assert contents(database) == before
    assert not (folder.parents[1] / "escaped").exists()


def test_an_installation_is_given_up_by_word_only(run: Run, file: Path, database: Database) -> None:
    before = contents(database)
    assert "--replace" in run("restore", file, code=1).stderr
    assert contents(database) == before


def test_an_empty_database_needs_no_word(
    run: Run,
    file: Path,
    database: Database,
    template: URL,
    superuser: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with copied(template, superuser) as url:
        monkeypatch.setenv("GRIDSERVER_DATABASE_URL", url.render_as_string(hide_password=False))
        run("restore", file)
        another = Database(url, poolclass=sa.NullPool)
        assert contents(another, without=RENEWED) == contents(database, without=RENEWED)


def test_a_restore_killed_in_the_middle_changes_nothing(
    file: Path, database: Database, county: County, superuser: sa.Engine
) -> None:
    post(database, county, 1)
    before = contents(database)

    def filling() -> bool:
        return "psql" in connected(superuser, database)

    url = database.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [GRIDSERVER, "restore", str(file), "--replace"],
        env=os.environ | {"GRIDSERVER_DATABASE_URL": url},
    )
    until(filling, within=60)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    until(lambda: not connected(superuser, database), within=60)
    assert contents(database) == before


def connected(superuser: sa.Engine, database: Database) -> list[str]:
    """Return the names of the programs that are connected to the database."""
    query = "SELECT application_name FROM pg_stat_activity WHERE datname = :name"
    with superuser.connect() as connection:
        return list(connection.scalars(sa.text(query), {"name": database.url.database}))
