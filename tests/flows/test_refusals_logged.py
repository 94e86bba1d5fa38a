"""What an account may not do leaves a line in the log: who asked for what, of requests and sockets
alike; and a flood of it fills no disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from socketio.exceptions import ConnectionError as SocketConnectionError
from structlog.testing import capture_logs

from gridserver.access import service
from gridserver.api.refusals import MOST
from gridserver.base.db import Database
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.processes import Caller, WebProcess
from tests.sockets import Connect
from tests.waiting import until

EVENT = "access.refused"


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


def test_who_asks_without_end_fills_no_disk(client: AccountClient) -> None:
    officer, other = (
        client.application.test_client().as_(who) for who in ("330824001", "330824007")
    )
    with capture_logs() as lines:
        for _ in range(MOST * 3):
            officer.get("/api/v1/accounts")
        theirs = len(lines)
        other.get("/api/v1/accounts")
    assert MOST <= theirs < MOST * 3
    assert len(lines) == theirs + 1, "and hides nobody else"


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


def noted(server: WebProcess) -> set[tuple[str, int]]:
    """Return what was asked, and by which account, of each refusal in a process's log."""
    written: list[dict[str, Any]] = [
        json.loads(line) for line in server.log.read_text().splitlines() if EVENT in line
    ]
    return {(line["asked"], line["account"]) for line in written}
