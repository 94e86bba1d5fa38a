"""How many sockets one account, and one address, may hold open, and how fast one may speak."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import socketio
import websocket
from websocket import WebSocket, WebSocketBadStatusException

from gridserver.base.clock import SystemClock
from tests.county import County, centre
from tests.processes import Caller, WebProcess
from tests.sockets import Connect
from tests.waiting import until

Start = Callable[..., WebProcess]
FIRST, SECOND = "330824001", "330824002"
#: Of the addresses that the documentation is written with (RFC 5737).
HERE, THERE = "192.0.2.1", "192.0.2.2"
#: One in a second, and so many more than a minute's worth.
PER_MINUTE, BEYOND = 60, 8


def test_an_account_holds_so_many(start_server: Start, connect: Connect, county: County) -> None:
    url = start_server(GRIDSERVER_ACCOUNT_SOCKETS="2").url
    officer, room = Caller(url, FIRST), Caller(url, "room-33082401")
    held = [connect(officer) for _ in range(2)]
    assert refusal(officer) == "socket.too_many"
    connect(Caller(url, SECOND)).hear("ready")
    # A room holds its view of the map, and its place in line for what it must sign.
    for namespace in ("/terminal", "/command") * 2:
        connect(room, namespace)
    assert refusal(room, "/command") == "socket.too_many"

    held[0].close()
    until(lambda: refusal(officer) is None, within=30)


def test_an_address_holds_so_many_signed_in_or_not(start_server: Start, county: County) -> None:
    server = start_server(GRIDSERVER_ADDRESS_SOCKETS="2", GRIDSERVER_TRUSTED_PROXIES="1")
    held = [handshake(server, HERE) for _ in range(2)]
    with pytest.raises(WebSocketBadStatusException) as refused:
        handshake(server, HERE)
    assert refused.value.status_code == 429
    assert json.loads(refused.value.resp_body or b"")["code"] == "socket.too_many_of_address"
    handshake(server, THERE).close()

    held[0].shutdown()
    until(lambda: is_let_in(server, HERE), within=30)
    assert '"socket.too_many"' in server.log.read_text()


@pytest.mark.parametrize(
    ("namespace", "event", "payload"),
    [("/terminal", "position", None), ("/terminal", "ack", {"seq": 0}), ("/command", "beat", {})],
)
def test_what_is_said_too_fast_waits_and_is_taken(
    start_server: Start,
    connect: Connect,
    county: County,
    namespace: str,
    event: str,
    payload: Any,
) -> None:
    url = start_server(GRIDSERVER_SOCKET_RATE=str(PER_MINUTE)).url
    says = payload if payload is not None else [position()]
    # The same account, whose other sockets are no slower for it.
    fast, slow = (connect(Caller(url, "room-33082401"), "/command") for _ in range(2))
    if namespace == "/terminal":
        fast, slow = (connect(Caller(url, FIRST), namespace) for _ in range(2))
        # A receipt is for what was sent since.
        fast.hear("ready"), slow.hear("ready")
    began = time.monotonic()
    for _ in range(PER_MINUTE + BEYOND - 1):
        fast.emit(event, says)
    with ThreadPoolExecutor(1) as pool:
        last = pool.submit(fast.ask, event, says)
        assert slow.ask(event, says)["status"] == "done"
        assert not last.done(), "it waits, and keeps nobody else waiting"
        assert last.result()["status"] == "done"
    assert time.monotonic() - began > BEYOND * 60 / PER_MINUTE - 1


def position() -> dict[str, Any]:
    lon, lat = centre(0, 0)
    return {"lon": lon, "lat": lat, "at": SystemClock().now().isoformat()}


def refusal(caller: Caller, namespace: str = "/terminal") -> str | None:
    """Return the code that a further connect is refused with; None where it is let in."""
    client, refusals = socketio.Client(reconnection=False), []
    client.on("connect_error", refusals.append, namespace=namespace)
    with suppress(socketio.exceptions.ConnectionError):
        client.connect(
            caller.url,
            auth={"token": caller.token},
            namespaces=[namespace],
            transports=["websocket"],
        )
    client.disconnect()
    return refusals[0]["data"]["code"] if refusals else None


def handshake(server: WebProcess, address: str) -> WebSocket:
    url = server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    line = websocket.create_connection(url, header={"X-Forwarded-For": address}, timeout=30)
    line.recv()
    return line


def is_let_in(server: WebProcess, address: str) -> bool:
    try:
        handshake(server, address).close()
    except WebSocketBadStatusException:
        return False
    return True
