"""A lost handheld: what revoking it does to what is open in other processes, without a broker."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import socketio.exceptions

from gridserver.access import device_list, devices
from gridserver.access.device_list import DeviceCard, Wanted
from gridserver.base.db import Database
from tests.county import County
from tests.processes import Caller, WebProcess
from tests.sockets import Connect
from tests.waiting import until

OFFICER = "330824001"
Start = Callable[..., WebProcess]


def device(database: Database, name: str) -> DeviceCard:
    with database.transaction() as session:
        (card,) = device_list.devices(session, None, Wanted(words=name))
    return card


def test_a_revoked_device_is_cut_off_in_every_process(
    start_server: Start,
    connect: Connect,
    own_database: Database,
    own_county: County,
    redis: tuple[str, subprocess.Popen[bytes]],
) -> None:
    """Revoked at one process; its socket and its waiting request are at another; Redis is dead."""
    url, broker = redis
    here, there = (start_server(GRIDSERVER_REDIS_URL=url) for _ in range(2))
    admin = Caller(here.url, "admin")
    lost, kept = Caller(there.url, OFFICER, "lost"), Caller(there.url, OFFICER, "kept")
    lost_socket, kept_socket = connect(lost), connect(kept)
    for client in (lost_socket, kept_socket):
        client.hear("ready")
    broker.kill()
    broker.wait()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lost.get, "/api/v1/inbox?wait=30")
        path = f"/api/v1/devices/{device(own_database, 'lost').id}/revoke"
        assert admin.post(path, json={"reason": "lost"}).status_code == 200
        assert lost_socket.gone.wait(20)
        refused = waiting.result()
    assert (refused.status_code, refused.json()["code"]) == (401, "access.device_revoked")
    assert not kept_socket.gone.is_set()
    assert kept_socket.ask("ack", {"seq": 0})["status"] == "done"

    with pytest.raises(socketio.exceptions.ConnectionError):
        connect(lost)
    assert lost.post("/api/v1/devices/wiped").status_code == 204
    assert device(own_database, "lost").wiped_at is not None


def test_a_refused_connect_says_why(
    start_server: Start, own_database: Database, own_county: County
) -> None:
    process = start_server()
    caller = Caller(process.url, OFFICER, "lost")
    with own_database.transaction() as session:
        devices.revoke(session, None, device(own_database, "lost").id, "lost")
    client = socketio.Client(reconnection=False)
    refusals: list[dict] = []
    client.on("connect_error", refusals.append, namespace="/terminal")
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(
            process.url,
            auth={"token": caller.token},
            namespaces=["/terminal"],
            transports=["websocket"],
        )
    assert [refusal["data"]["code"] for refusal in refusals] == ["access.device_revoked"]


def test_a_connect_tells_of_the_device(
    start_server: Start, connect: Connect, own_database: Database, own_county: County
) -> None:
    process = start_server()
    caller = Caller(process.url, OFFICER, "handheld-7")
    first_seen = device(own_database, "handheld-7").last_seen_at
    client = connect(caller, app="1.4.0", battery=0.37, platform="Android · app")
    client.hear("ready")
    until(lambda: device(own_database, "handheld-7").battery)
    known = device(own_database, "handheld-7")
    assert (known.app_version, known.battery) == ("1.4.0", 0.37)
    assert (known.platform, known.address) == ("Android · app", "127.0.0.1")
    assert known.last_seen_at > first_seen
    assert known.battery_at == known.last_seen_at
