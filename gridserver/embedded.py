"""The private PostGIS of `make serve` and of the tests.

A cluster of its own that listens on a Unix socket only, so that no system cluster and no port is
touched. Run as root it belongs to the `postgres` user, since initdb refuses root. Whoever needs it
enters `Cluster.running`; the last one out stops it, and a killed process leaves nothing locked.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import psycopg2
from sqlalchemy.engine import URL

from gridserver.base.errors import Unavailable

_CONFIGURATION = """
# Written by gridserver: a Unix socket only, no port.
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
log_timezone = 'UTC'
timezone = 'UTC'
{durability}
"""
#: For a cluster that is thrown away after the tests.
_THROWAWAY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off"
#: The role that owns the database and migrates it, and the one that the application connects as.
_OWNER, _APPLICATION = "gridserver", "gridserver_app"
_EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
_PASSWORD, _APPLICATION_PASSWORD = "database-password", "database-app-password"
#: Made where its package is installed; without it there are no times by road.
_OPTIONAL_EXTENSION = "pgrouting"
#: A socket's path may have 107 bytes, of which PostgreSQL takes 18 for the name.
_LONGEST_SOCKET_FOLDER = 85


class Cluster:
    """A PostgreSQL cluster with PostGIS in a folder of ours.

    Parameters
    ----------
    var : Path
        The installation's folder; the cluster lies in ``var/postgres``, or, where the `postgres`
        user can't reach that (a checkout in root's 0700 home), in ``/var/lib/gridserver``.
    throwaway : bool
        Trade durability for speed. For tests only.
    """

    def __init__(self, var: Path, *, throwaway: bool = False) -> None:
        self.var = var
        self._throwaway = throwaway
        self._as_root = os.geteuid() == 0
        self._mark = hashlib.sha256(str(var).encode()).hexdigest()[:10]

    @contextmanager
    def running(self) -> Iterator[URL]:
        """Make the cluster where there is none, start it where it is down, and give its owner's
        URL.

        Raises
        ------
        Unavailable
            With the remedy: a missing package, a half-made cluster, a start that failed.
        """
        self.var.mkdir(parents=True, exist_ok=True)
        with (self.var / "postgres.users").open("w") as users:
            with self._alone():
                self._make()
                self._start()
                fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield self.url
            finally:
                self._leave(users.fileno())

    @property
    def url(self) -> URL:
        """The URL of the database as its owner, who migrates it and is no superuser."""
        return self._url(_OWNER, "gridserver")

    @property
    def application_url(self) -> URL:
        """The URL of the database as the application's role, which owns nothing."""
        secret = self._password(_APPLICATION_PASSWORD)
        return self._url(_APPLICATION, "gridserver").set(password=secret)

    @property
    def superuser_url(self) -> URL:
        """The URL with which the tests create databases."""
        return self._url("postgres", "postgres")

    def _url(self, user: str, database: str) -> URL:
        return URL.create(
            "postgresql+psycopg2",
            username=user,
            password=self._password(),
            database=database,
            query={"host": str(self._socket)},
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.var / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _leave(self, users: int) -> None:
        with self._alone():
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._pg_ctl("stop", "-m", "fast")

    # --- where

    @cached_property
    def _data(self) -> Path:
        # Written down, so that a later change of some folder's mode doesn't hide the cluster.
        written = self.var / "postgres.place"
        if not written.exists():
            hidden = self._as_root and not self._reachable(self.var)
            near, far = self.var / "postgres", Path("/var/lib/gridserver") / self._mark
            written.write_text(str(far if hidden else near), encoding="utf-8")
        return Path(written.read_text(encoding="utf-8"))

    @property
    def _socket(self) -> Path:
        if self._as_root:
            return Path("/run") / f"gridserver-{self._mark}"
        near = self.var / "run"
        if len(os.fsencode(near)) <= _LONGEST_SOCKET_FOLDER:
            return near
        return Path(tempfile.gettempdir()) / f"gridserver-{os.geteuid()}-{self._mark}"

    def _reachable(self, folder: Path) -> bool:
        return self._run("test", "-x", str(folder), check=False).returncode == 0

    # --- making and starting

    def _make(self) -> None:
        data = self._data
        if (data / "PG_VERSION").exists():
            return
        if data.exists() and any(data.iterdir()):
            raise Unavailable(
                "database.half_made",
                f"{data} holds something that is no PostgreSQL cluster. "
                "Move it away or remove it, then start again.",
            )
        making = data.with_name(data.name + ".making")
        shutil.rmtree(making, ignore_errors=True)
        self._own(making)
        password = self._password()
        with self._secret_file(password) as pwfile:
            self._run(
                *(str(_binary("initdb")), "-D", str(making), "-U", "postgres"),
                *("--encoding=UTF8", "--locale=C.UTF-8", f"--pwfile={pwfile}"),
                *("--auth-local=scram-sha-256", "--auth-host=reject"),
            )
        configuration = _CONFIGURATION.format(
            socket=self._socket, durability=_THROWAWAY if self._throwaway else ""
        )
        with (making / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(configuration)
        if data.exists():
            data.rmdir()
        making.rename(data)

    def _start(self) -> None:
        self._own(self._socket)
        if self._pg_ctl("status", check=False).returncode != 0:
            log = self._data / "server.log"
            try:
                self._pg_ctl("start", "-w", "-t", "60", "-l", str(log))
            except Unavailable as error:
                raise Unavailable(
                    "database.start_failed", f"The private PostgreSQL didn't start; see {log}."
                ) from error
        self._make_database()
        self._extend()

    def _make_database(self) -> None:
        password = self._password()
        with _autocommit(self._url("postgres", "postgres")) as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'gridserver'")
            if cursor.fetchone():
                return
            # The role first, the database last: its being there says that all is.
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'gridserver'")
            if not cursor.fetchone():
                cursor.execute("CREATE ROLE gridserver LOGIN PASSWORD %s", (password,))
            cursor.execute("DROP DATABASE IF EXISTS gridserver_making")
            cursor.execute("CREATE DATABASE gridserver_making OWNER gridserver")
        with _autocommit(self._url("postgres", "gridserver_making")) as cursor:
            for extension in _EXTENSIONS:
                cursor.execute(f"CREATE EXTENSION {extension}")
        with _autocommit(self._url("postgres", "postgres")) as cursor:
            cursor.execute("ALTER DATABASE gridserver_making RENAME TO gridserver")

    def _extend(self) -> None:
        """Add what came after the database was made."""
        with _autocommit(self._url("postgres", "postgres")) as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (_APPLICATION,))
            if not cursor.fetchone():
                secret = self._password(_APPLICATION_PASSWORD)
                cursor.execute(f"CREATE ROLE {_APPLICATION} LOGIN PASSWORD %s", (secret,))
        with _autocommit(self._url("postgres", "gridserver")) as cursor:
            cursor.execute(
                "SELECT installed_version IS NULL FROM pg_available_extensions WHERE name = %s",
                (_OPTIONAL_EXTENSION,),
            )
            if cursor.fetchone() == (True,):
                cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {_OPTIONAL_EXTENSION}")

    def _password(self, name: str = _PASSWORD) -> str:
        file = self.var / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24))
        return file.read_text().strip()

    @contextmanager
    def _secret_file(self, secret: str) -> Iterator[str]:
        handle, name = tempfile.mkstemp(prefix="gridserver-")
        try:
            os.write(handle, secret.encode())
            os.close(handle)
            if self._as_root:
                shutil.chown(name, "postgres")
            yield name
        finally:
            Path(name).unlink()

    def _own(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        if self._as_root:
            shutil.chown(folder, "postgres", "postgres")
        elif folder.stat().st_uid != os.geteuid():
            raise Unavailable("database.foreign_folder", f"{folder} belongs to somebody else.")

    # --- running PostgreSQL's own programs

    def _pg_ctl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self._run(str(_binary("pg_ctl")), "-D", str(self._data), *arguments, check=check)

    def _run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        if self._as_root:
            _postgres_user()
            command = ("runuser", "-u", "postgres", "--", *command)
        done = subprocess.run(  # noqa: S603 (our own words, no shell)
            command,
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
            # A pipe would be held open by the server that pg_ctl leaves behind.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if "start" not in command else subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C reaches us, and we stop the cluster
        )
        if check and done.returncode != 0:
            last = (done.stderr or "").strip().splitlines()[-1:] or ["no message"]
            raise Unavailable("database.command_failed", f"{' '.join(command)}: {last[0]}")
        return done


@contextmanager
def _autocommit(url: URL) -> Iterator[psycopg2.extensions.cursor]:
    connection = psycopg2.connect(
        host=url.query["host"], user=url.username, password=url.password, dbname=url.database
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _binary(name: str) -> Path:
    """Return the newest installed PostgreSQL program for which PostGIS is installed too."""
    versions = [
        folder
        for folder in Path("/usr/lib/postgresql").glob("*")
        if Path(f"/usr/share/postgresql/{folder.name}/extension/postgis.control").exists()
        and (folder / "bin" / name).exists()
    ]
    if not versions:
        raise Unavailable(
            "database.no_postgis",
            "PostgreSQL with PostGIS isn't installed: run `make serve`, or "
            "`apt-get install postgresql-15-postgis-3`, or set GRIDSERVER_DATABASE_URL.",
        )
    return max(versions, key=lambda folder: int(folder.name)) / "bin" / name


def _postgres_user() -> None:
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise Unavailable(
            "database.no_postgres_user",
            "There is no `postgres` user to run the cluster as; install the postgresql package.",
        ) from None
