"""Everybody comes to every namespace and says every event there, on a real web process.

The table is in tests/permissions/events.py. A namespace or an event that has no line fails here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import socketio
from flask import Flask
from socketio.exceptions import ConnectionError as SocketConnectionError

from gridserver.api.live import COMMAND
from gridserver.api.sockets import AuthenticatedNamespace
from gridserver.base.clock import SystemClock
from gridserver.base.db import Database
from tests.county import County, centre
from tests.permissions.actors import ACTORS, let_in
from tests.permissions.events import DOORS, ROWS, EventRow, at_the_door
from tests.permissions.world import SECRETS
from tests.processes import Caller, WebProcess
from tests.waiting import until

_LIFECYCLE = {"connect", "disconnect"}


@pytest.fixture(scope="module")
def tokens(live_database: Database, live_county: County) -> dict[str, str]:
    with live_database.transaction() as session:
        return let_in(session)


@pytest.fixture(scope="module")
def names(http: Callable[[str], Caller], tokens: dict[str, str]) -> dict[str, Any]:
    """What `{name}` stands for, with a call of the southern station among it."""
    lon, lat = centre(0, 0)
    report = {
        "source": "110",
        "external_id": "1",
        "category": "dispute",
        "lon": lon,
        "lat": lat,
        "description": "caller-of-the-south",
    }
    made = http("command").post("/api/v1/incidents", json=report)
    assert made.status_code == 201, made.text
    return {"task_id": made.json()["task"]["id"], "now": SystemClock().now().isoformat()}


def test_every_namespace_and_event_has_its_line(app: Flask) -> None:
    server = app.extensions["gridserver_live"].socketio.server
    assert server.handlers == {}, "events are handled by namespaces alone"
    assert server.namespace_handlers.keys() == DOORS.keys()
    handled = set()
    for name, namespace in server.namespace_handlers.items():
        assert isinstance(namespace, AuthenticatedNamespace)
        methods = {each[3:] for each in dir(namespace) if each.startswith("on_")} - _LIFECYCLE
        assert methods == namespace.events
        handled |= {f"{name} {event}" for event in namespace.events}
    assert handled == {row.name for row in ROWS}


class Visitor:
    """A client that keeps whatever it is told, or how it was refused."""

    def __init__(self, url: str, namespace: str, token: str | None) -> None:
        self.namespace, self.told, self.said = namespace, [], "open"
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", self._hear, namespace=namespace)
        self.client.on("connect_error", self._refused, namespace=namespace)
        try:
            self.client.connect(
                url,
                auth={"token": token} if token else {},
                namespaces=[namespace],
                transports=["websocket"],
                wait_timeout=60,
            )
        except SocketConnectionError:
            until(lambda: self.said != "open", within=60)

    def _hear(self, event: str, data: Any) -> None:
        self.told.append((event, data))

    def _refused(self, data: Any) -> None:
        self.said = data["data"]["code"]

    def is_served(self) -> bool:
        """Say whether the stream has begun: a view without a cursor begins with a snapshot."""
        first = "resync" if self.namespace == COMMAND else "ready"
        return any(event == first for event, _ in self.told)

    def ask(self, event: str, payload: Any) -> str:
        answer = self.client.call(event, payload, namespace=self.namespace, timeout=60)
        return answer["status"] if answer["status"] == "done" else answer["code"]


@pytest.mark.parametrize("namespace", DOORS)
def test_who_may(
    namespace: str, server: WebProcess, tokens: dict[str, str], names: dict[str, Any]
) -> None:
    rows = [row for row in ROWS if row.name.startswith(f"{namespace} ")]
    expected = {actor: _expected(namespace, rows, actor) for actor in ACTORS}
    said, told = {}, []
    for actor in ACTORS:
        visitor = Visitor(server.url, namespace, tokens.get(actor))
        said[actor] = [visitor.said]
        if visitor.said == "open":
            until(visitor.is_served, within=60)
            said[actor] += [visitor.ask(_event(row), _filled(row.payload, names)) for row in rows]
            visitor.client.disconnect()
        heard = json.dumps(visitor.told, ensure_ascii=False)
        told += [
            (actor, secret)
            for secret, whose in SECRETS.items()
            if secret in heard and actor not in whose
        ]
    assert said == expected
    assert told == []


def _expected(namespace: str, rows: list[EventRow], actor: str) -> list[str]:
    door = at_the_door(namespace, actor)
    return [door, *(row.expected(actor) for row in rows if door == "open")]


def _event(row: EventRow) -> str:
    return row.name.partition(" ")[2]


def _filled(payload: Any, names: dict[str, Any]) -> Any:
    text = json.dumps(payload)
    for name, value in names.items():
        text = text.replace(f'"{{{name}}}"', json.dumps(value))
    return json.loads(text)
