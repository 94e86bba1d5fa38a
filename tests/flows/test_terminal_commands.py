"""What terminals say goes to the room whose subject it is."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from gridserver.base.db import Database
from gridserver.force import shifts
from gridserver.force.shifts import ShiftDraft
from tests.county import County
from tests.processes import Caller
from tests.sockets import Connect, SocketClient

ASKING, ASKED = "330824001", "330824002"
#: Each shift has a day of its own.
DAYS = itertools.count(3)


@pytest.fixture
def swap(
    http: Callable[[str], Caller], live_database: Database, live_county: County
) -> Callable[[], int]:
    """Offer the second officer a shift of the first."""

    def offer() -> int:
        begin = live_database.clock.now() + next(DAYS) * dt.timedelta(days=1)
        draft = ShiftDraft(ASKING, "pool", begin, begin + dt.timedelta(hours=6))
        with live_database.transaction() as session:
            (shift,) = shifts.add_shifts(session, live_county.principal("admin"), [draft])
        made = http(ASKING).post("/api/v1/force/swaps", json={"shift": shift, "other": ASKED})
        assert made.status_code == 201, made.text
        return made.json()["id"]

    return offer


def command(verb: str, **subject: int) -> dict[str, Any]:
    at = dt.datetime.now(dt.UTC).isoformat()
    return {"id": str(uuid.uuid4()), "verb": verb, "occurred_at": at, **subject}


@pytest.fixture
def terminal(http: Callable[[str], Caller], connect: Connect) -> SocketClient:
    return connect(http(ASKED))


def test_a_swap_is_agreed_to_once_however_often_it_is_said(
    terminal: SocketClient, swap: Callable[[], int]
) -> None:
    agree = command("agree", swap=swap())
    first, again = terminal.ask("command", agree), terminal.ask("command", agree)
    assert first == again
    assert (first["status"], first["swap"]["state"]) == ("done", "agreed")


def test_an_answer_that_comes_too_late_is_told_the_present_state(
    terminal: SocketClient, swap: Callable[[], int], http: Callable[[str], Caller]
) -> None:
    asked = swap()
    taken_back = http(ASKING).post(
        f"/api/v1/force/swaps/{asked}/commands", json={"verb": "withdraw"}
    )
    assert taken_back.status_code == 200
    late = terminal.ask("command", command("agree", swap=asked))
    assert (late["code"], late["state"]) == ("swap.wrong_state", "withdrawn")


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        (command("sign"), "socket.bad_payload", "task"),
        (command("sign", task=1, swap=1), "socket.bad_payload", "task"),
        (command("capture", swap=1), "swap.unknown_verb", "verb"),
        (command("agree", swap=10**9), "swap.unknown", ""),
    ],
)
def test_a_command_names_one_subject_that_there_is(
    terminal: SocketClient, said: dict[str, Any], code: str, field: str
) -> None:
    refusal = terminal.ask("command", said)
    assert (refusal["status"], refusal["code"]) == ("refused", code)
    assert refusal.get("field", "") == field
