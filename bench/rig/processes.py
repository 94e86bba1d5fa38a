"""Servers in processes of their own, and what they use of the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

#: A machine on which much else happens takes its time.
_PATIENCE = 120.0

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """A process that serves HTTP on a port of the loopback.

    Parameters
    ----------
    command : str
        With its arguments.
    port : int
        Where it will listen; ``/healthz`` is to answer 200.
    environ : str
        More environment variables.
    """

    def __init__(self, *command: str, port: int, **environ: str) -> None:
        self._command = command
        self._environ = os.environ | environ
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        """Start it (again), and wait until it answers."""
        self._process = subprocess.Popen(self._command, cwd=ROOT, env=self._environ)
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                sys.exit(f"{' '.join(self._command)} doesn't answer")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it as a crash would (SIGKILL)."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop it in the ordinary way."""
        self._process.terminate()
        self._process.wait()

    def post(self, path: str) -> None:
        """Order something of it by HTTP."""
        requests.post(f"{self.url}{path}", timeout=30).raise_for_status()

    @property
    def resident_kb(self) -> int:
        """Its resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    @property
    def cpu_s(self) -> float:
        """The processor time that it has used, in user and system mode."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.ConnectionError:
            return False


def web_process(database_url: str, var: Path) -> Server:
    """Start a web process of ours, as `gridserver serve --no-worker` does."""
    port = free_port()
    return Server(
        sys.executable,
        str(ROOT / "wsgi.py"),
        port=port,
        GRIDSERVER_DATABASE_URL=database_url,
        GRIDSERVER_HOST="127.0.0.1",
        GRIDSERVER_ACCOUNT_RATE="0",
        GRIDSERVER_ACCOUNT_READ_RATE="0",
        GRIDSERVER_ADDRESS_RATE="0",
        GRIDSERVER_ADDRESS_SOCKETS="0",
        GRIDSERVER_SOCKET_RATE="0",
        GRIDSERVER_PORT=str(port),
        GRIDSERVER_VAR=str(var),
    )


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
