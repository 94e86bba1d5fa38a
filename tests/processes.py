"""Real web processes and workers, and clients of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests
from sqlalchemy.engine import URL

from tests.county import PASSWORD
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[1]

#: The command line of this virtualenv.
GRIDSERVER = str(Path(sys.executable).with_name("gridserver"))


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status(url: str) -> int | None:
    """Return the HTTP status at `url`, or None where nothing answers in time."""
    try:
        return requests.get(url, timeout=5).status_code
    except (requests.ConnectionError, requests.Timeout):
        return None


class WebProcess:
    """`wsgi.py` over a database, on a port of its own.

    Parameters
    ----------
    database_url : URL
        The database.
    folder : Path
        Where the process may keep files and its log goes.
    port : int, optional
        Default: a free one.
    environ : str
        More environment variables.
    """

    def __init__(
        self, database_url: URL, folder: Path, port: int | None = None, **environ: str
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"web-{self.port}.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "wsgi.py")],
                cwd=ROOT,
                env=os.environ
                | {
                    "GRIDSERVER_DATABASE_URL": database_url.render_as_string(hide_password=False),
                    "GRIDSERVER_HOST": "127.0.0.1",
                    "GRIDSERVER_PORT": str(self.port),
                    "GRIDSERVER_VAR": str(folder),
                    # What a test asks for in a minute is no flood, unless it says so.
                    "GRIDSERVER_ACCOUNT_RATE": "0",
                    "GRIDSERVER_ACCOUNT_READ_RATE": "0",
                    "GRIDSERVER_ADDRESS_RATE": "0",
                }
                | environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            until(self._answers, within=180)
        except AssertionError:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """Kill it as a crash would (SIGKILL)."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Stop it in the ordinary way and return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        return status(f"{self.url}/healthz") == 200


def start_worker(database_url: URL) -> subprocess.Popen[bytes]:
    """Start a worker, as `gridserver worker` does, over a database."""
    url = database_url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "gridserver.worker"],
        cwd=ROOT,
        env=os.environ | {"GRIDSERVER_DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
    )


class Caller:
    """An account that is signed in to a web process, by HTTP."""

    def __init__(self, url: str, username: str, device: str | None = None) -> None:
        self.url = url
        self._session = requests.Session()
        credentials = {"username": username, "password": PASSWORD}
        if device:
            credentials["device"] = device
        answer = self.post("/api/v1/sessions", json=credentials)
        assert answer.status_code == 201, answer.text
        self.token: str = answer.json()["token"]
        self._session.headers["Authorization"] = f"Bearer {self.token}"

    def get(self, path: str, **options: Any) -> requests.Response:
        return self._session.get(self.url + path, **{"timeout": 60} | options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self._session.post(self.url + path, **{"timeout": 60} | options)

    def put(self, path: str, **options: Any) -> requests.Response:
        return self._session.put(self.url + path, timeout=60, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self._session.delete(self.url + path, timeout=60, **options)
