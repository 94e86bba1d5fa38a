"""Putting an installation back from a backup."""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from gridserver import schema
from gridserver.access.ending import END_ALL_SESSIONS
from gridserver.attachments.store import Store
from gridserver.audit import restoring as ledger
from gridserver.audit import service as audit
from gridserver.audit.rootfile import RootFile
from gridserver.audit.tags import Tag
from gridserver.backup import manifest as manifests
from gridserver.backup import programs
from gridserver.backup.manifest import ATTACHMENTS, DUMP, Manifest
from gridserver.base.db import Database
from gridserver.base.errors import Conflict, Invalid
from gridserver.delivery.epochs import BEGIN_ANOTHER

_CHUNK = 1 << 20
_CLEAR = Path(__file__).with_name("clear.sql")
_FAILED = "restore.failed"
#: An attachment lies below folders named by the first digits of its SHA-256.
_PLACE = re.compile(r"([0-9a-f]{2}/){0,3}[0-9a-f]{64}")

Told = Callable[[int], None]


def restore(
    database: Database,
    attachments: Path,
    source: Path,
    *,
    replace: bool = False,
    told: Told = lambda _: None,
    application: str | None = None,
    roots: Path | None = None,
) -> Manifest:
    """Put back what `source` holds, in one transaction: the database is as before, or as it was
    backed up.

    The restored database begins a new epoch, so that every terminal and command view that saw the
    other life of it asks for a snapshot. All sessions are ended: one that was revoked after the
    backup must not come back to life.

    Parameters
    ----------
    attachments : Path
        The folder of the attachments. What it has already stays; the sweep takes what nobody needs.
    replace : bool
        Give up what the database holds now.
    told : callable
        Called with the number of bytes, as they are read.
    application : str, optional
        The role that the application connects as, where it is another than this one.
    roots : Path, optional
        The file of the audit ledger's seals. What it has beyond the backup is given up with the
        rows: the ledger says so.

    Raises
    ------
    Invalid
        ``backup.unreadable``, ``backup.too_new``. Nothing was touched.
    Conflict
        ``restore.in_use`` (something is connected), ``restore.not_empty`` (without `replace`).
    Unavailable
        ``restore.failed``: the database refused; it is as before.
    """
    with _opened(source) as archive:
        manifest = manifests.read(archive)
        _require_readable(archive, manifest, told)
        _require_free(database, replace=replace)
        _unpack_attachments(archive, attachments, told)
        _replace_database(archive, database, told)
    # The folder may have been another database's.
    Store(attachments).disown()
    schema.upgrade(database.engine, application)
    with database.transaction() as session:
        data = {"from": manifest.at, "version": manifest.gridserver}
        data |= ledger.resume(session, RootFile(roots) if roots else None)
        audit.record(
            session,
            None,
            Tag.INSTALLATION_RESTORE,
            subject_kind="installation",
            subject_id=manifest.epoch,
            data=data,
        )
    return manifest


@contextmanager
def _opened(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except OSError as error:
        raise Invalid(
            "backup.unreadable", f"{source} can't be read: {error.strerror}.", field="FILE"
        ) from error
    except zipfile.BadZipFile as error:
        raise Invalid(
            "backup.unreadable", f"{source} is no whole backup ({error}).", field="FILE"
        ) from error


def _require_readable(archive: zipfile.ZipFile, manifest: Manifest, told: Told) -> None:
    """Read all of the dump before anything is touched."""
    if not schema.knows(manifest.revision):
        raise Invalid(
            "backup.too_new",
            f"The backup is of a newer gridserver ({manifest.gridserver}, schema "
            f"{manifest.revision}): restore it with that version.",
        )
    digest = hashlib.sha256()
    with archive.open(DUMP) as dump:
        while chunk := dump.read(_CHUNK):
            digest.update(chunk)
            told(len(chunk))
    if digest.hexdigest() != manifest.dump_sha256:
        raise Invalid("backup.unreadable", "The backup was altered: its digest doesn't agree.")


def _require_free(database: Database, *, replace: bool) -> None:
    with database.engine.connect() as connection:
        others = connection.scalar(
            sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        )
        holds_accounts = sa.inspect(connection).has_table("account") and connection.scalar(
            sa.text("SELECT EXISTS (SELECT FROM account)")
        )
    if others:
        raise Conflict(
            "restore.in_use",
            f"{others} connections use the database: stop every `gridserver serve` and `gridserver "
            "worker` first.",
        )
    if holds_accounts and not replace:
        raise Conflict(
            "restore.not_empty",
            "The database holds an installation. Back it up, then give it up by --replace.",
        )


def _unpack_attachments(archive: zipfile.ZipFile, folder: Path, told: Told) -> None:
    """Add the attachments that are missing. Their names are their digests, so that this harms
    nothing, whatever comes of the rest."""
    for entry in archive.infolist():
        if not entry.filename.startswith(ATTACHMENTS):
            continue
        name = entry.filename.removeprefix(ATTACHMENTS)
        if not _PLACE.fullmatch(name):
            raise Invalid("backup.unreadable", f"The backup was altered: it has {name!r}.")
        if not (folder / name).exists():
            with archive.open(entry) as source:
                _store(source, folder / name)
        told(entry.file_size)


def _store(source: IO[bytes], place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    making = place.with_suffix(".restoring")
    digest = hashlib.sha256()
    with making.open("wb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != place.name:
        making.unlink()
        raise Invalid("backup.unreadable", f"The backup was altered: {place.name} differs.")
    making.rename(place)


def _replace_database(archive: zipfile.ZipFile, database: Database, told: Told) -> None:
    """Clear the database and fill it anew, in one transaction of one psql.

    The COMMIT is sent once pg_restore has ended well. Where that fails, or this process dies, psql
    meets the end of its input inside the transaction, and the database stays as it was.
    """
    where, environ = programs.connection(database.url)
    psql = [programs.path("psql"), "--no-psqlrc", "--quiet", "--output=/dev/null"]
    psql += ["--set=ON_ERROR_STOP=1", f"--set=at={database.clock.now().isoformat()}", where]
    with programs.writing(psql, environ, _FAILED) as script:
        script.write(b"BEGIN;\n" + _CLEAR.read_bytes())
        for chunk in _as_sql(archive, environ, told):
            script.write(chunk)
        script.write(f"{BEGIN_ANOTHER};\n{END_ALL_SESSIONS};\nCOMMIT;\n".encode())


def _as_sql(archive: zipfile.ZipFile, environ: dict[str, str], told: Told) -> Iterator[bytes]:
    """Give the dump as a script. It ends without an error only where it is whole."""

    def feed(pipe: IO[bytes]) -> None:
        with archive.open(DUMP) as dump:
            while chunk := dump.read(_CHUNK):
                pipe.write(chunk)
                told(len(chunk))

    # Of the schema, not the schema itself, which is there and may be another's.
    command = [programs.path("pg_restore"), "--schema=public", "--no-owner", "--file=-"]
    with programs.reading(command, environ, _FAILED, feed) as sql:
        while chunk := sql.read(_CHUNK):
            yield chunk
