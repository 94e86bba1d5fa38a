"""Clients that never read cost the server little, and nobody else anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import websocket

from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.service import Message
from tests.county import County
from tests.processes import Caller, WebProcess
from tests.sockets import Connect

OFFICER = "330824001"
MEGABYTE_KB = 1_024
CLIENTS = 8
#: Messages of 16 KB that wait for each of them.
WAITING = 360
Start = Callable[..., WebProcess]


def connect_deaf(server: WebProcess, token: str) -> websocket.WebSocket:
    """Connect a terminal that will read no more."""
    url = server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    deaf = websocket.create_connection(url)
    deaf.recv()
    deaf.send("40/terminal," + json.dumps({"token": token, "seq": 0}))
    assert deaf.recv().startswith("40/terminal,")
    return deaf


def post(database: Database, messages: list[Message]) -> None:
    with database.transaction() as session:
        service.post(session, messages)


def resident_kb(process: WebProcess) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_a_terminal_that_never_reads_costs_at_most_a_megabyte(
    start_server: Start, connect: Connect, own_database: Database, own_county: County
) -> None:
    """It even acknowledges what it never read, so that its window never closes. Others who hear the
    same before and beside it make sure that it is its cost that is measured."""
    server = start_server()
    caller = Caller(server.url, OFFICER)
    readers = [connect(caller, seq=0, acknowledges=True) for _ in range(CLIENTS)]
    recipient, data = own_county.accounts[OFFICER], {"text": "x" * 16_000}
    post(own_database, [Message(recipient, "task.changed", data) for _ in range(WAITING)])
    for reader in readers:
        reader.hear("message", WAITING)
    before = resident_kb(server)
    deaf = [connect_deaf(server, caller.token) for _ in range(CLIENTS)]
    for last in range(WAITING + 1, WAITING + 21):
        post(own_database, [Message(recipient, "task.changed", data)])
        for reader in readers:
            reader.hear("message", last)
        for each in deaf:
            for seq in range(10, last, 10):
                each.send(f'42/terminal,["ack",{{"seq":{seq}}}]')
    assert all(reader.seqs() == list(range(1, last + 1)) for reader in readers)
    assert resident_kb(server) - before <= CLIENTS * MEGABYTE_KB


def test_who_asks_and_never_reads_the_answers_is_cut_off(
    start_server: Start, own_county: County
) -> None:
    server = start_server()
    deaf = connect_deaf(server, Caller(server.url, OFFICER).token)
    deaf.settimeout(60)
    with pytest.raises((ConnectionError, websocket.WebSocketException)):
        for n in range(1_000_000):
            deaf.send(f'42/terminal,{n % 10}["{"unknown" * 100}"]')
    assert Caller(server.url, OFFICER).token, "the server lives on"
