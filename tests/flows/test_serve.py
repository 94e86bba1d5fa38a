"""`gridserver serve` as an operator meets it: clear lines, and nothing left running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.processes import GRIDSERVER, free_port, status
from tests.waiting import until


@pytest.fixture
def environ(database_url: URL) -> dict[str, str]:
    return os.environ | {
        "GRIDSERVER_DATABASE_URL": database_url.render_as_string(hide_password=False),
        "GRIDSERVER_PORT": str(free_port()),
    }


@pytest.fixture
def served(environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [GRIDSERVER, "serve"],
        env=environ,
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: status_of(environ, "/readyz") == 200 or process.poll() is not None, within=90)
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.wait(20)


def status_of(environ: dict[str, str], path: str) -> int | None:
    return status(f"http://localhost:{environ['GRIDSERVER_PORT']}{path}")


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def refused(environ: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [GRIDSERVER, *arguments], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_ctrl_c_stops_everything(served: subprocess.Popen[str], environ: dict[str, str]) -> None:
    pids = children(served.pid)
    assert len(pids) == 2
    served.send_signal(signal.SIGINT)
    assert served.wait(20) == 0
    assert not any(map(alive, pids))
    assert status_of(environ, "/healthz") is None


def test_killing_the_supervisor_leaves_nothing_running(
    served: subprocess.Popen[str], environ: dict[str, str]
) -> None:
    pids = children(served.pid)
    served.kill()
    until(lambda: not any(map(alive, pids)))
    assert status_of(environ, "/healthz") is None


@pytest.mark.parametrize("which", ["wsgi.py", "gridserver.worker"])
def test_a_killed_child_is_started_again(
    served: subprocess.Popen[str], environ: dict[str, str], which: str
) -> None:
    (victim,) = (pid for pid in children(served.pid) if which in command_line(pid))
    os.kill(victim, signal.SIGKILL)
    until(lambda: any(which in command_line(pid) for pid in children(served.pid) if pid != victim))
    until(lambda: status_of(environ, "/readyz") == 200)


def test_a_database_given_by_url_gets_no_demo(
    served: subprocess.Popen[str], environ: dict[str, str]
) -> None:
    done = subprocess.run(
        [GRIDSERVER, "account", "list", "--json"], env=environ, capture_output=True, check=True
    )
    assert done.stdout.strip() == b"[]"


def test_a_taken_port_is_one_clear_line(environ: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("localhost", int(environ["GRIDSERVER_PORT"])))
        taken.listen()
        line = refused(environ, "serve")
    assert environ["GRIDSERVER_PORT"] in line
    assert "GRIDSERVER_PORT" in line


@pytest.mark.parametrize("command", [("serve",), ("db", "status"), ("worker",)])
def test_an_unreachable_database_is_one_clear_line(
    environ: dict[str, str], command: tuple[str, ...]
) -> None:
    url = "postgresql://nobody:hidden-word@127.0.0.1:9/none"
    line = refused(environ | {"GRIDSERVER_DATABASE_URL": url}, *command)
    assert "GRIDSERVER_DATABASE_URL" in line
    assert "hidden-word" not in line


def test_people_elsewhere_are_served_over_tls_alone(environ: dict[str, str]) -> None:
    everywhere = environ | {"GRIDSERVER_HOST": "0.0.0.0"}  # noqa: S104
    line = refused(everywhere, "serve")
    assert "GRIDSERVER_HOST" in line
    assert "--tls" in line


def test_a_bad_setting_is_one_clear_line(environ: dict[str, str]) -> None:
    assert "GRIDSERVER_PORT" in refused(environ | {"GRIDSERVER_PORT": "eight"}, "serve")
