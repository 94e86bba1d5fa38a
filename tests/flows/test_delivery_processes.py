"""Several web processes over one database, and what happens when one of them dies."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gridserver.base.db import Database
from gridserver.delivery import queries, service
from gridserver.delivery.service import Message
from tests.county import County
from tests.processes import ROOT, Caller, WebProcess, free_port
from tests.sockets import Connect
from tests.waiting import until

OFFICER = "330824001"
Start = Callable[..., WebProcess]


@pytest.fixture(scope="module")
def node() -> str:
    """Node.js with the browser's own client library."""
    node = shutil.which("node")
    if node is None or not (ROOT / "web" / "node_modules" / "socket.io-client").is_dir():
        pytest.skip("needs node and web/node_modules (npm ci in web/)")
    return node


def post(database: Database, county: County, count: int = 1) -> None:
    for _ in range(count):
        with database.transaction() as session:
            service.post(session, [Message(county.accounts[OFFICER], "task.changed", {})])


def test_what_one_process_commits_reaches_the_sockets_of_another(
    start_server: Start, connect: Connect, own_county: County
) -> None:
    """Durable messages and the feed need no broker between the processes."""
    here, there = start_server(), start_server()
    room, officer = Caller(here.url, "command"), Caller(here.url, OFFICER)
    terminal = connect(officer, url=there.url)
    view = connect(room, "/command", url=there.url)
    view.hear("resync")
    west, south = 118.405, 29.105
    created = room.post(
        "/api/v1/incidents",
        json={
            "source": "test",
            "external_id": "1",
            "category": "help",
            "lon": west,
            "lat": south,
        },
    ).json()
    assert terminal.hear("message")[0]["data"]["task"]["id"] == created["task"]["id"]
    assert view.hear("feed")[0]["data"]["incident"]["id"] == created["id"]


def test_an_ended_session_closes_its_sockets_in_every_process(
    start_server: Start, connect: Connect, own_county: County
) -> None:
    """Signed out at one process, connected to another; no Redis between them."""
    here, there = start_server(), start_server()
    caller = Caller(here.url, "command")
    clients = [connect(caller, name, url=there.url) for name in ("/terminal", "/command")]
    for client in clients:
        client.hear("ready")
    assert caller.delete("/api/v1/sessions/current").status_code == 204
    assert all(client.gone.wait(5) for client in clients)


def test_a_killed_process_loses_nothing(
    start_server: Start, connect: Connect, own_database: Database, own_county: County
) -> None:
    """Messages go on being posted while the process is killed and another takes its port; the
    terminal comes back with its number and gets the rest exactly, in order."""
    port = free_port()
    process = start_server(port=port)
    caller = Caller(process.url, OFFICER)
    first = connect(caller, seq=0, acknowledges=True)
    enough = threading.Event()

    def post_until_enough() -> int:
        posted = 0
        while not enough.is_set():
            post(own_database, own_county)
            posted += 1
        return posted

    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(post_until_enough)
        first.hear("message", 30)
        process.kill()
        assert first.gone.wait(20)
        start_server(port=port)
        second = connect(caller, seq=first.seqs()[-1], acknowledges=True)
        second.hear("message", 30)
        enough.set()
        last = posting.result()
    until(lambda: second.seqs()[-1:] == [last], within=60)
    assert first.seqs() + second.seqs() == list(range(1, last + 1))


def test_a_client_that_was_killed_with_its_cursor_starts_after_its_last_receipt(
    start_server: Start, connect: Connect, own_database: Database, own_county: County
) -> None:
    """At least once: nothing after the receipt is missing."""
    process = start_server()
    post(own_database, own_county, 10)
    caller = Caller(process.url, OFFICER)
    client = connect(caller)
    client.hear("message", 10)
    assert client.ask("ack", {"seq": 4})["status"] == "done"

    def acknowledged() -> int:
        with own_database.transaction() as session:
            return queries.last_acknowledged(session, own_county.accounts[OFFICER])

    until(lambda: acknowledged() == 4)
    process.kill()
    again = connect(Caller(start_server().url, OFFICER))
    assert [m["seq"] for m in again.hear("message", 6)] == [5, 6, 7, 8, 9, 10]


def test_the_client_library_of_the_browsers_comes_back_by_itself(
    node: str, start_server: Start, own_database: Database, own_county: County
) -> None:
    """socket.io-client reconnects after a kill with the cursor of that moment."""
    port = free_port()
    process = start_server(port=port)
    caller = Caller(process.url, OFFICER)
    post(own_database, own_county, 5)
    script = Path(__file__).with_name("terminal_client.mjs")
    with subprocess.Popen(
        [node, str(script), process.url, caller.token, str(ROOT / "web"), "10"],
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        lines = iter(client.stdout or ())
        heard = [json.loads(next(lines)) for _ in range(6)]
        process.kill()
        post(own_database, own_county, 5)
        start_server(port=port)
        heard += [json.loads(line) for line in lines]
    assert client.returncode == 0
    assert [event["name"] for event in heard if event["name"] != "message"] == ["ready", "ready"]
    messages = [event["data"]["seq"] for event in heard if event["name"] == "message"]
    assert messages == list(range(1, 11))


def test_an_order_to_stop_ends_waiting_requests_and_sockets(
    start_server: Start, connect: Connect, own_county: County
) -> None:
    process = start_server()
    caller = Caller(process.url, OFFICER)
    client = connect(caller)
    client.hear("ready")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(caller.get, "/api/v1/inbox?wait=30")
        until(lambda: _established(process) >= 2)
        assert process.stop() == 0
        assert waiting.result().json()["messages"] == []
    assert client.gone.wait(20)


def test_redis_carries_what_may_be_lost_and_nothing_else(
    start_server: Start,
    connect: Connect,
    own_database: Database,
    own_county: County,
    redis: tuple[str, subprocess.Popen[bytes]],
) -> None:
    """Positions cross from one process to another by Redis; with Redis dead, messages and the feed
    go on."""
    url, process = redis
    here, there = (start_server(GRIDSERVER_REDIS_URL=url) for _ in range(2))
    room, officer = Caller(here.url, "command"), Caller(here.url, OFFICER)
    terminal = connect(officer, url=here.url)
    view = connect(room, "/command", url=there.url)
    for client in (terminal, view):
        client.hear("ready")

    def seen() -> bool:
        moment = dt.datetime.now(dt.UTC).isoformat()
        terminal.ask("position", [{"lon": 118.405, "lat": 29.105, "at": moment}])
        return bool(view.all("position"))

    until(seen)
    process.kill()
    process.wait()
    post(own_database, own_county)
    with own_database.transaction() as session:
        service.append_feed(session, "order.changed", {}, "330824")
    assert terminal.hear("message")
    assert view.hear("feed")


def test_a_taken_port_is_one_clear_line(start_server: Start, own_county: County) -> None:
    process = start_server()
    taken = subprocess.run(
        [sys.executable, str(ROOT / "wsgi.py")],
        env=os.environ | _environ(process),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert taken.returncode == 1
    assert taken.stderr.strip().startswith("gridserver: ")
    assert len(taken.stderr.strip().splitlines()) == 1


def _environ(process: WebProcess) -> dict[str, str]:
    pairs = Path(f"/proc/{process.pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair.startswith("GRIDSERVER_"))


def _established(process: WebProcess) -> int:
    """Count the connections to the process, by the kernel's own table (01 is ESTABLISHED)."""
    local = f":{process.port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(1 for line in lines if line.split()[1].endswith(local) and line.split()[3] == "01")
