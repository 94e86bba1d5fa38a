"""What an account may not do, or see, and input that can't be right leave a line in the log: who
asked for what, of requests and sockets alike; and a flood of it fills no disk."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import pytest
from socketio.exceptions import ConnectionError as SocketConnectionError
from structlog.testing import capture_logs

from gridserver.access import service
from gridserver.api.refusals import MOST
from gridserver.app import create_app
from gridserver.base.db import Database
from gridserver.base.settings import from_environment
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.processes import Caller, WebProcess
from tests.sockets import Connect
from tests.waiting import until

EVENT, INPUT = "access.refused", "input.refused"


def account_id(database: Database, username: str) -> int:
    with database.transaction() as session:
        return service.account_by_username(session, username).id


def test_of_a_request(client: AccountClient, database: Database) -> None:
    with capture_logs() as lines:
        is_problem(client.as_("330824001").get("/api/v1/accounts"), 403, "access.forbidden")
    (line,) = [each for each in lines if each["event"] == EVENT]
    assert line == {
        "event": EVENT,
        "log_level": "warning",
        "code": "access.forbidden",
        "account": account_id(database, "330824001"),
        "permission": line["permission"],
        "address": "127.0.0.1",
        "asked": "GET /api/v1/accounts",
    }
    assert line["permission"].startswith("account")


@pytest.mark.parametrize(
    ("who", "path", "code"),
    [
        ("330824007", "/api/v1/captures/1", "capture.unknown"),
        ("330824007", "/api/v1/force/swaps/1", "swap.unknown"),
        ("room-33082402", "/api/v1/bulletins/1/contents", "bulletin.unknown"),
        ("room-33082402", "/api/v1/handovers/1", "handover.unknown"),
        ("room-33082402", "/api/v1/orders/1", "order.unknown"),
        ("room-33082402", "/api/v1/reviews/1", "review.unknown"),
        ("room-33082402", "/api/v1/field-units/P1", "field_unit.unknown"),
        ("admin", "/api/v1/accounts/999999/sessions", "account.unknown"),
    ],
)
def test_of_what_is_out_of_reach_whether_or_not_it_exists(
    client: AccountClient, who: str, path: str, code: str
) -> None:
    asking = client.as_(who)
    with capture_logs() as lines:
        is_problem(asking.get(path), 404, code)
    assert noted_as(lines) == [(code, f"GET {path}")]


def test_nothing_of_what_nobody_has(client: AccountClient) -> None:
    asking = client.as_("command")
    with capture_logs() as lines:
        is_problem(asking.get("/api/v1/nowhere"), 404)
        is_problem(asking.get("/api/v1/places/999999"), 404, "place.unknown")
    assert not noted_as(lines)


def test_of_a_command_and_of_the_same_one_by_a_socket(
    client: AccountClient,
    server: WebProcess,
    http: Callable[[str], Caller],
    connect: Connect,
    live_database: Database,
) -> None:
    said = {"id": str(uuid.uuid4()), "verb": "read", "occurred_at": "2026-07-28T08:00:00+08:00"}
    officer = client.as_("330824001")
    with capture_logs() as lines:
        for _ in range(2):
            is_problem(officer.post("/api/v1/orders/1/commands", json=said), 404, "order.unknown")
    assert noted_as(lines) == [("order.unknown", "POST /api/v1/orders/1/commands")], "made once"

    answer = connect(http("330824001")).ask("command", said | {"order": 1})
    assert answer["code"] == "order.unknown"
    whose = account_id(live_database, "330824001")
    until(lambda: ("/terminal command", whose) in noted(server), within=60)


@pytest.mark.parametrize("path", ["/api/v1/accounts", "/api/v1/places?limit=none"])
def test_who_asks_without_end_fills_no_disk(client: AccountClient, path: str) -> None:
    officer, other = (
        client.application.test_client().as_(who) for who in ("330824001", "330824007")
    )
    with capture_logs() as lines:
        for _ in range(MOST * 3):
            officer.get(path)
        theirs = len(lines)
        other.get(path)
    assert MOST <= theirs < MOST * 3
    assert len(lines) == theirs + 1, "and hides nobody else"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example"}, "http.foreign_host"),
        ({"X-Forwarded-Host": "evil.example"}, "http.foreign_host"),
        ({"Origin": "http://evil.example"}, "http.foreign_origin"),
    ],
)
def test_at_the_door(client: AccountClient, headers: dict[str, str], code: str) -> None:
    with capture_logs() as lines:
        for _ in range(MOST * 3):
            client.post("/api/v1/sessions", headers=headers)
    assert MOST <= len(lines) < MOST * 3
    assert {(each["event"], each["code"]) for each in lines} == {("door.refused", code)}
    assert "evil.example" in f"{lines[0]['host']} {lines[0]['origin']}"
    assert lines[0]["asked"] == "POST /api/v1/sessions" and lines[0]["address"] == "127.0.0.1"


def test_of_who_asks_too_often(database: Database, county: County) -> None:
    environ = {"GRIDSERVER_ADDRESS_RATE": "1"}
    client = create_app(from_environment(environ), database).test_client()
    with capture_logs() as lines:
        for _ in range(2):
            answer = client.post("/api/v1/sessions", json={})
    is_problem(answer, 429, "access.too_many_requests")
    (line,) = [each for each in lines if each["event"] == EVENT]
    assert (line["code"], line["account"]) == ("access.too_many_requests", None)


SECRET = "the-words-of-a-caller"


@pytest.mark.parametrize(
    ("asked", "body", "code", "field"),
    [
        ("POST /api/v1/incidents", {"lon": SECRET}, "input.invalid", "lon"),
        ("POST /api/v1/incidents", b"{" + SECRET.encode(), "input.invalid", "body"),
        (
            "POST /api/v1/incidents/preview",
            {"lon": 118.405, "lat": 29.105, f"{SECRET}, said": 1},
            "input.invalid",
            None,
        ),
        ("POST /api/v1/incidents/preview", {"lon": 0, "lat": "\0"}, "input.characters", "lat"),
        ("GET /api/v1/places?limit=" + SECRET, None, "input.invalid", "limit"),
    ],
)
def test_of_input_that_cannot_be_right(
    client: AccountClient, database: Database, asked: str, body: Any, code: str, field: str | None
) -> None:
    desk = client.as_("command")
    method, path = asked.split()
    given = {"json": body} if isinstance(body, dict) else {"data": body or b""}
    with capture_logs() as lines:
        desk.open(path, method=method, content_type="application/json", **given)
    (line,) = [each for each in lines if each["event"] == INPUT]
    assert line == {
        "event": INPUT,
        "log_level": "info",
        "code": code,
        "account": account_id(database, "command"),
        "field": field,
        "address": "127.0.0.1",
        "asked": asked.partition("?")[0],
    }
    assert SECRET not in str(lines)


def test_of_input_by_a_socket(
    server: WebProcess,
    http: Callable[[str], Caller],
    connect: Connect,
    live_database: Database,
) -> None:
    answer = connect(http("330824001")).ask("command", {"id": SECRET})
    assert answer["code"] == "socket.bad_payload"
    whose = account_id(live_database, "330824001")
    until(lambda: ("/terminal command", whose) in noted(server, INPUT), within=60)
    assert SECRET not in server.log.read_text()


def test_of_a_socket(
    server: WebProcess,
    http: Callable[[str], Caller],
    connect: Connect,
    live_database: Database,
) -> None:
    auditor = http("auditor")
    with pytest.raises(SocketConnectionError):
        connect(auditor, "/terminal")
    whose = account_id(live_database, "auditor")
    until(lambda: ("/terminal connect", whose) in noted(server), within=60)


def noted_as(lines: Sequence[MutableMapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the code and what was asked of each refusal among captured lines."""
    return [(line["code"], line["asked"]) for line in lines if line["event"] == EVENT]


def noted(server: WebProcess, event: str = EVENT) -> set[tuple[str, int]]:
    """Return what was asked, and by which account, of each refusal in a process's log."""
    written: list[dict[str, Any]] = [
        json.loads(line) for line in server.log.read_text().splitlines() if event in line
    ]
    return {(line["asked"], line["account"]) for line in written}
