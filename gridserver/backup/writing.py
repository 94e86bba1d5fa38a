"""Writing a backup."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from gridserver import __version__, schema
from gridserver.backup import programs
from gridserver.backup.manifest import ATTACHMENTS, DUMP, FORM, Manifest
from gridserver.base.db import Database
from gridserver.base.errors import Unavailable
from gridserver.delivery import queries as delivery

_CHUNK = 1 << 20
_ARCHIVE_MODE = 0o600

Told = Callable[[int], None]


def write(
    database: Database, attachments: Path, out: Path, told: Told = lambda _: None
) -> Manifest:
    """Write the installation to `out`, which is there whole or not at all.

    The database goes first and as of one moment (pg_dump's snapshot), while everything goes on. An
    attachment's bytes are in place before its row is, so every one that the dump speaks of is found
    after it.

    Parameters
    ----------
    attachments : Path
        The folder of the attachments; it may be missing.
    out : Path
        Overwritten. Readable for its owner only, since it holds everything.
    told : callable
        Called with the number of bytes, as they are written.

    Raises
    ------
    Unavailable
        ``backup.dump_failed``, ``backup.no_programs``, ``file.not_writable``,
        ``database.old_schema``.
    """
    schema.require_newest(database.engine)
    making = out.with_name(out.name + ".part")
    try:
        handle = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _ARCHIVE_MODE)
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                manifest = _fill(archive, database, attachments, told)
            file.flush()
            os.fsync(file.fileno())
        making.rename(out)
    except OSError as error:
        raise Unavailable("file.not_writable", f"{out} can't be written: {error}.") from error
    finally:
        making.unlink(missing_ok=True)
    return manifest


def _fill(archive: zipfile.ZipFile, database: Database, attachments: Path, told: Told) -> Manifest:
    with database.transaction() as session:
        epoch = delivery.epoch(session)
    at = database.clock.now()
    revision, _ = schema.revisions(database.engine)
    digest = _dump(archive, database, told)
    stored = sorted(file for file in attachments.glob("**/*") if _is_attachment(file))
    for file in stored:
        name = ATTACHMENTS + file.relative_to(attachments).as_posix()
        with file.open("rb") as source, archive.open(name, "w") as entry:
            _copy(source, entry, told)
    manifest = Manifest(
        form=FORM,
        gridserver=__version__,
        revision=str(revision),
        at=at.isoformat(),
        epoch=epoch,
        dump_sha256=digest,
        attachments=len(stored),
    )
    manifest.write(archive)
    return manifest


def _is_attachment(file: Path) -> bool:
    """Say whether a file is one that is complete: its name is its SHA-256."""
    return len(file.name) == hashlib.sha256().digest_size * 2 and file.is_file()


def _dump(archive: zipfile.ZipFile, database: Database, told: Told) -> str:
    where, environ = programs.connection(database.url)
    # Our own tables only: extensions belong to whoever administers the database.
    command = [programs.path("pg_dump"), "--format=custom", "--schema=public", "--no-owner"]
    command += ["--exclude-table=public.spatial_ref_sys", "--no-privileges", "--no-comments", where]
    with (
        programs.reading(command, environ, "backup.dump_failed") as dump,
        archive.open(DUMP, "w", force_zip64=True) as entry,
    ):
        return _copy(dump, entry, told)


def _copy(source: IO[bytes], target: IO[bytes], told: Told) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        digest.update(chunk)
        told(len(chunk))
    return digest.hexdigest()
