"""A whole installation of its own: PostgreSQL, Redis, two web processes and a worker, as in
production, each of which may be killed and comes again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
from sqlalchemy.engine import URL

from gridserver.base.errors import Unavailable
from gridserver.embedded import Cluster
from tests.fault.web import Door
from tests.processes import GRIDSERVER, ROOT, free_port, status
from tests.waiting import until

#: As a service manager does: what ended is started again after so many seconds.
_AGAIN_S = 0.5


class Service:
    """A process that is started again whenever it ends, until `stop`.

    Its exit code 0 is the end of its work and is left at that.
    """

    def __init__(self, name: str, command: list[str], log: Path, **environ: str) -> None:
        self.name = name
        self._command, self._log, self._environ = command, log, os.environ | environ
        self._stopping = threading.Event()
        self._process = self._start()
        self._keeper = threading.Thread(target=self._keep, name=name, daemon=True)
        self._keeper.start()

    @property
    def running(self) -> bool:
        """Whether its work is still going on."""
        return self._keeper.is_alive()

    @property
    def pid(self) -> int:
        return self._process.pid

    def children(self) -> list[int]:
        """Return the processes that it started."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        with suppress(OSError):
            return [int(pid) for pid in listed.read_text().split()]
        return []

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def stop(self) -> None:
        """Stop it in the ordinary way, for good."""
        self._stopping.set()
        self._process.terminate()
        self._keeper.join(30)
        if self._keeper.is_alive():
            self._process.kill()
            self._keeper.join()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            # Should we be killed, the kernel kills it.
            return subprocess.Popen(
                ("setpriv", "--pdeathsig", "KILL", "--", *self._command),
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _keep(self) -> None:
        while self._process.wait() != 0 and not self._stopping.wait(_AGAIN_S):
            self._process = self._start()


class Installation:
    """The database and its clients.

    Parameters
    ----------
    folder : Path
        Where everything lies; the `postgres` user can reach it.
    host : str
        The address that the web processes listen on.
    """

    def __init__(self, folder: Path, host: str) -> None:
        self.folder, self.host = folder, host
        self.var = folder / "var"
        self.webs: list[Service] = []
        self.doors: list[Door] = []
        self.worker: Service | None = None
        self.redis: Service | None = None

    @contextmanager
    def database(self) -> Iterator[URL]:
        """Keep the cluster, durable as in production, until the end."""
        with Cluster(self.var).running() as url:
            try:
                yield url
            finally:
                self.recover()

    def recover(self) -> None:
        """Start PostgreSQL again where it isn't running; it recovers by itself.

        Backends of a killed postmaster may hold its memory for a moment longer.
        """
        deadline = time.monotonic() + 60
        while True:
            try:
                with Cluster(self.var).running():
                    return
            except (Unavailable, psycopg2.OperationalError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    @property
    def postmaster(self) -> int:
        """PostgreSQL's first process."""
        data = Path((self.var / "postgres.place").read_text(encoding="utf-8"))
        return int((data / "postmaster.pid").read_text().splitlines()[0])

    def start(self, url: URL) -> None:
        """Start Redis, two web processes and a worker; return when they answer."""
        environ = _environ(url)
        if shutil.which("redis-server"):
            port = str(free_port())
            environ["GRIDSERVER_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
            quiet = ("--save", "", "--bind", "127.0.0.1")
            self.redis = self._service("redis", "redis-server", "--port", port, *quiet)
        self.worker = self._service("worker", GRIDSERVER, "worker", **environ)
        for _ in range(2):
            self._web(GRIDSERVER, "serve", "--no-worker", **environ)
        until(self._ready, within=240)

    def start_broken(self, url: URL, fault: str) -> None:
        """Start one web process that has a fault of `tests.fault.broken`, and nothing else."""
        self._web(sys.executable, "-m", "tests.fault.broken", fault, **_environ(url))
        until(self._ready, within=240)

    def stop(self) -> None:
        """Stop all but the database."""
        for service in (*self.webs, self.worker, self.redis):
            if service:
                service.stop()

    def _web(self, *command: str, **environ: str) -> None:
        door, name = Door(self.host, free_port()), f"web-{len(self.webs)}"
        own = {
            "GRIDSERVER_HOST": door.host,
            "GRIDSERVER_PLAIN_LINKS": "yes",  # what lies between is what the proxy is to break
            "GRIDSERVER_PORT": str(door.port),
            "GRIDSERVER_VAR": str(self.folder / name),
            # A whole county comes from one address here.
            "GRIDSERVER_ADDRESS_RATE": "0",
            "GRIDSERVER_ACCOUNT_RATE": "0",
            "GRIDSERVER_ACCOUNT_READ_RATE": "0",
        }
        self.doors.append(door)
        self.webs.append(self._service(name, *command, **environ | own))

    def _ready(self) -> bool:
        return all(status(f"http://{door.host}:{door.port}/readyz") == 200 for door in self.doors)

    def _service(self, name: str, *command: str, **environ: str) -> Service:
        return Service(name, list(command), self.folder / f"{name}.log", **environ)


def _environ(url: URL) -> dict[str, str]:
    return {"GRIDSERVER_DATABASE_URL": url.render_as_string(hide_password=False)}
