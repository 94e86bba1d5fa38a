"""Clients that were away for long, that don't read, that claim the place of another, and that meet
another process each time: over real sockets."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import websocket

from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.rules import EXPIRED
from gridserver.delivery.service import Message
from tests.county import County, centre
from tests.fault.wire import Wire
from tests.processes import GRIDSERVER, Caller, WebProcess, free_port, status
from tests.sockets import Connect
from tests.splitter import Splitter
from tests.waiting import until

Http = Callable[[str], Caller]

AWAY = dt.timedelta(hours=72)
COUNT = 10_000
#: Every so many of the messages has an end, which is over by now.
ENDING = 10
PATIENCE = 30
MEGABYTE = 1 << 20
#: Officers who have to do with one test each.
HOME, OWNER, THIEF = "330824001", "330824003", "330824004"


def address(caller: Caller) -> tuple[str, int]:
    host, port = caller.url.removeprefix("http://").split(":")
    return host, int(port)


@contextmanager
def connected(caller: Caller, **auth: Any) -> Iterator[Wire]:
    """Connect a handheld that is cut off at the end."""
    wire = Wire(*address(caller), {"token": caller.token, **auth}, PATIENCE, PATIENCE)
    try:
        yield wire
    finally:
        wire.cut()


def hear(wire: Wire, event: str) -> Any:
    """Return the next `event`."""
    return next(data for name, data in wire.heard() if name == event)


def messages(wire: Wire, count: int, every: int = 1) -> list[dict[str, Any]]:
    """Return the next `count` messages; each `every`-th of them, and the last, is acknowledged."""
    heard = []
    for nth in range(1, count + 1):
        heard.append(hear(wire, "message"))
        if nth % every == 0 or nth == count:
            wire.emit(wire.number(), "ack", {"seq": heard[-1]["seq"]})
    return heard


def post(database: Database, recipient: int, said: list[dict[str, Any]]) -> None:
    with database.transaction() as session:
        service.post(session, [Message(recipient, "task.changed", data) for data in said])


def test_72_hours_and_10_000_messages_away(
    http: Http, live_database: Database, live_county: County
) -> None:
    """All come, in order and once; those that are over come as tombstones in their places."""
    now = live_database.clock.now()
    then = Database(live_database.url, SetClock(now - AWAY))
    for start in range(0, COUNT, 1000):
        with then.transaction() as session:
            service.post(
                session,
                [
                    Message(
                        live_county.accounts[HOME],
                        "task.changed",
                        {"task": {"id": nth, "text": "private"}},
                        expires_at=None if nth % ENDING else now - AWAY / 2,
                    )
                    for nth in range(start, start + 1000)
                ],
            )
    then.dispose()
    caller = http(HOME)
    with connected(caller, seq=0) as wire:
        heard = messages(wire, COUNT, every=16)
    assert [m["seq"] for m in heard] == list(range(1, COUNT + 1))
    assert [m["data"]["task"]["id"] for m in heard] == list(range(COUNT))
    over = [m for m in heard if m["type"] == EXPIRED]
    assert [m["data"]["task"] for m in over] == [{"id": nth} for nth in range(0, COUNT, ENDING)]
    assert all("text" in m["data"]["task"] for m in heard if m["type"] != EXPIRED)
    until(lambda: caller.get("/api/v1/inbox").json()["messages"] == [])


def test_a_view_that_never_reads_costs_the_server_little(
    server: WebProcess, http: Http, connect: Connect, live_database: Database, live_county: County
) -> None:
    """Ten views, each with 6 MB to be sent: more than the kernel takes from the process."""
    caller, crowd, count = http("command"), 10, 3000
    reader = connect(caller, "/command")
    reader.hear("resync")
    fill_feed(live_database, count)
    reader.hear("feed", count)  # what the process needs for any such feed, at the first time
    before = memory_of(server)
    mute = [unread(caller) for _ in range(crowd)]
    fill_feed(live_database, count)
    reader.hear("feed", 2 * count)
    assert (memory_of(server) - before) / crowd < MEGABYTE
    for each in mute:
        each.close()


def fill_feed(database: Database, count: int) -> None:
    with database.transaction() as session:
        for nth in range(count):
            data = {"text": "雨" * 350, "nth": nth}
            service.append_feed(session, "task.changed", data, "330824")


def unread(caller: Caller) -> socket.socket:
    """Connect a view that reads nothing from the moment that it is connected."""
    host, port = address(caller)
    made = websocket.create_connection(
        f"ws://{host}:{port}/socket.io/?EIO=4&transport=websocket", timeout=PATIENCE
    )
    made.recv()
    made.send("40/command," + json.dumps({"token": caller.token, "seq": 0}))
    assert made.recv().startswith("40/command,")
    return made.sock


def memory_of(process: WebProcess) -> int:
    """Return how many bytes of memory are the process's own."""
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    private = [line.split()[1] for line in lines if line.startswith("Private_")]
    return 1024 * sum(map(int, private))


@pytest.mark.parametrize("length", [3, 30])
def test_the_place_of_another_officer_yields_nothing(
    http: Http, live_database: Database, live_county: County, length: int
) -> None:
    """Whether the thief's own inbox is shorter than the stolen place or longer."""
    owner, thief = live_county.accounts[OWNER], live_county.accounts[THIEF]
    post(live_database, owner, [{"secret": nth} for nth in range(10)])
    post(live_database, thief, [{"own": nth} for nth in range(length)])
    room = http("command")
    post_incident(room, (1, 0))
    stolen = http(OWNER).get("/api/v1/inbox?after=0").json()
    place = {"epoch": stolen["epoch"], "seq": stolen["head"]}
    caller = http(THIEF)
    head = caller.get("/api/v1/inbox/snapshot").json()["seq"]
    with connected(caller, **place) as wire:
        assert hear(wire, "ready")["head"] == head
        if head < place["seq"]:
            resync = hear(wire, "resync")
            assert (resync["seq"], resync["snapshot"]["tasks"]) == (head, [])
        else:
            heard = messages(wire, head - place["seq"])
            assert all("own" in m["data"] for m in heard)
        answer_of = wire.number()
        wire.emit(answer_of, "ack", {"seq": place["seq"] + head})
        answer = next(data for name, data in wire.heard() if name == answer_of)
        assert (answer["status"], answer["code"]) == ("refused", "inbox.beyond_head")
    unread_by_owner = http(OWNER).get("/api/v1/inbox").json()["messages"]
    assert len(unread_by_owner) == len(stolen["messages"]), "no receipt of the owner's was forged"


def post_incident(caller: Caller, cell: tuple[int, int]) -> int:
    """Report something in a cell; return its task."""
    lon, lat = centre(*cell)
    said = {"source": "test", "external_id": str(uuid.uuid4()), "category": "dispute"}
    answer = caller.post("/api/v1/incidents", json=said | {"lon": lon, "lat": lat})
    assert answer.status_code == 201, answer.text
    return answer.json()["task"]["id"]


# --- several processes behind a balancer that remembers nothing


@pytest.fixture
def splitter(live_database: Database, live_county: County) -> Iterator[Splitter]:
    """Two `gridserver serve --no-worker` behind one door."""
    url = live_database.url.render_as_string(hide_password=False)
    ports = [free_port(), free_port()]
    splitter = Splitter(ports)
    environ = os.environ | {"GRIDSERVER_DATABASE_URL": url, "GRIDSERVER_ORIGINS": splitter.url}
    processes = [
        subprocess.Popen(
            [GRIDSERVER, "serve", "--no-worker"],
            env=environ | {"GRIDSERVER_PORT": str(port)},
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        for port in ports
    ]
    for port in ports:
        until(lambda port=port: status(f"http://localhost:{port}/readyz") == 200, within=60)
    yield splitter
    splitter.close()
    for process in processes:
        process.send_signal(signal.SIGINT)
    assert [process.wait(90) for process in processes] == [0, 0]


def test_websockets_need_no_process_of_their_own(
    splitter: Splitter, live_database: Database
) -> None:
    """Each connection, by HTTP or websocket, meets any of the two; nothing is lost on the way."""
    officers = ("330824005", "330824007")
    cells = {"330824005": (0, 1), "330824007": (1, 1)}
    callers = {name: Caller(splitter.url, name) for name in officers}
    seqs: dict[str, list[int]] = {name: [] for name in officers}
    done: dict[str, int] = dict.fromkeys(officers, 0)
    for _ in range(6):
        for name, caller in callers.items():
            task = post_incident(Caller(splitter.url, "command"), cells[name])
            with connected(caller, seq=max(seqs[name], default=0)) as wire:
                (offered,) = messages(wire, 1)
                number = wire.number()
                said = {"id": str(uuid.uuid4()), "verb": "sign", "task": task}
                said["occurred_at"] = dt.datetime.now(dt.UTC).isoformat()
                wire.emit(number, "command", said)
                answered = False
                seqs[name].append(offered["seq"])
                for event, data in wire.heard():
                    if event == "message":
                        seqs[name].append(data["seq"])
                    if event == number:
                        answered = data["status"] == "done"
                        done[name] += answered
                    if answered and len(seqs[name]) % 2 == 0:
                        break
    assert all(found == list(range(1, 13)) for found in seqs.values()), seqs
    assert done == dict.fromkeys(officers, 6)
    assert min(splitter.chosen.values()) >= 10, "both had their share"
