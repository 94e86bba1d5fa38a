"""PostgreSQL's own programs: where they are, and how they are told which database."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from psycopg2.extensions import make_dsn
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.engine import URL

from gridserver.base.errors import Unavailable

_MESSAGES = 5


def path(name: str) -> str:
    """Return the newest installed program `name`: ``pg_dump``, ``pg_restore`` or ``psql``.

    Debian keeps every version beside the others; elsewhere the search path decides. Raises
    `Unavailable` (``backup.no_programs``) where there is none.
    """
    found = [file for file in Path("/usr/lib/postgresql").glob(f"*/bin/{name}") if file.is_file()]
    if found:
        return str(max(found, key=lambda file: int(file.parents[1].name)))
    if elsewhere := shutil.which(name):
        return elsewhere
    raise Unavailable(
        "backup.no_programs",
        f"{name} isn't installed: `apt-get install postgresql-client`.",
    )


def connection(url: URL) -> tuple[str, dict[str, str]]:
    """Return the ``--dbname`` of a database, and the environment that carries its password, which
    everybody could read on a command line."""
    _, parameters = PGDialect_psycopg2().create_connect_args(url)
    password = parameters.pop("password", None)
    secret = {"PGPASSWORD": str(password)} if password else {}
    return f"--dbname={make_dsn(**parameters)}", os.environ | secret | {"PGTZ": "UTC"}


@contextmanager
def writing(command: list[str], environ: dict[str, str], code: str) -> Iterator[IO[bytes]]:
    """Give the standard input of a program, and see that it ends well.

    Raises
    ------
    Unavailable
        With the given code and the program's last words, where it failed. That goes before a broken
        pipe, which is only its consequence.
    """
    with (
        _running(command, environ, code, subprocess.PIPE, subprocess.DEVNULL) as process,
        suppress(BrokenPipeError),
        process.stdin as pipe,  # type: ignore[union-attr]
    ):
        yield pipe


@contextmanager
def reading(
    command: list[str],
    environ: dict[str, str],
    code: str,
    feed: Callable[[IO[bytes]], None] | None = None,
) -> Iterator[IO[bytes]]:
    """Give the standard output of a program, which `feed` may write to meanwhile, and see that it
    ends well. Raises as `writing` does."""
    source = subprocess.PIPE if feed else subprocess.DEVNULL
    with _running(command, environ, code, source, subprocess.PIPE) as process:
        feeder = threading.Thread(target=_feed, args=(feed, process.stdin))
        if feed:
            feeder.start()
        yield process.stdout  # type: ignore[misc]
        if feed:
            feeder.join()


def _feed(feed: Callable[[IO[bytes]], None], pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError), pipe:
        feed(pipe)


@contextmanager
def _running(
    command: list[str], environ: dict[str, str], code: str, stdin: int, stdout: int
) -> Iterator[subprocess.Popen[bytes]]:
    # Messages go to a file, so that no full pipe can stop the program.
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 (our own words, no shell)
            command, env=environ, stdin=stdin, stdout=stdout, stderr=said
        )
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            status = process.wait()
        if status != 0:
            said.seek(0)
            raise Unavailable(code, f"{Path(command[0]).name}: {_last_words(said.read())}")


def _last_words(errors: bytes) -> str:
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
    return " · ".join(lines[-_MESSAGES:]) or "it failed without a word."
