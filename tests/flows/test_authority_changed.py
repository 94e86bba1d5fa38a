"""Roles and units that change while sockets are open: they hold from the next event on, whichever
process the sockets are at, and without a broker between them."""

from __future__ import annotations

import datetime as dt
import subprocess
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from socketio.exceptions import SocketIOError
from sqlalchemy import select

from gridserver.access import service as access
from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.service import Message
from gridserver.force import amending
from gridserver.force.models import Officer, OfficerPosition
from gridserver.org.queries import unit_by_code
from tests.county import County, centre
from tests.processes import Caller, WebProcess
from tests.sockets import PATIENCE, Connect, SocketClient
from tests.waiting import until

SOUTH, NORTH = "33082401", "33082402"
ROOM = f"room-{SOUTH}"
#: The owners of a southern cell.
OFFICER, COLLEAGUE = "330824001", "330824003"
LAST = {"nth": 9}
Start = Callable[..., WebProcess]


@pytest.fixture
def processes(
    start_server: Start, own_county: County, redis: tuple[str, subprocess.Popen[bytes]]
) -> tuple[WebProcess, WebProcess]:
    """Two web processes whose broker has died."""
    url, broker = redis
    here, there = (start_server(GRIDSERVER_REDIS_URL=url) for _ in range(2))
    broker.kill()
    broker.wait()
    return here, there


def move(database: Database, username: str, role: str, *, to: str | None, of: str) -> None:
    """Take a role back that an account holds of a unit, and give it for another where one is
    named: by this process, which is neither of the two."""
    with database.transaction() as session:
        account = access.account_by_username(session, username)
        access.revoke(session, None, account, role, unit_by_code(session, of))
        if to:
            access.grant(session, None, account, role, unit_by_code(session, to))


def report(caller: Caller, row: int) -> int:
    """Report a call of the southern (row 0) or the northern station; return its task."""
    lon, lat = centre(0, row)
    answer = caller.post(
        "/api/v1/incidents",
        json={
            "source": "test",
            "external_id": str(uuid.uuid4()),
            "category": "dispute",
            "lon": lon,
            "lat": lat,
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["task"]["id"]


def say(client: SocketClient, verb: str, task: int, **data: Any) -> str:
    """Say a verb to a task; return ``done``, or the code of the refusal."""
    answer = client.ask(
        "command",
        {
            "id": str(uuid.uuid4()),
            "verb": verb,
            "task": task,
            "occurred_at": dt.datetime.now(dt.UTC).isoformat(),
            "data": data,
        },
    )
    return answer["status"] if answer["status"] == "done" else answer["code"]


def feed(database: Database, unit: str, nth: int) -> None:
    with database.transaction() as session:
        service.append_feed(session, "task.changed", {"nth": nth}, f"330824.{unit}")


def post(database: Database, username: str) -> None:
    with database.transaction() as session:
        account = access.account_by_username(session, username)
        service.post(session, [Message(account.id, "task.changed", LAST)])


def told_of(client: SocketClient, event: str = "feed") -> list[Any]:
    """Return what was told so far."""
    return [told["data"] for told in client.all(event)]


def test_a_role_that_is_taken_and_given_back(
    processes: tuple[WebProcess, WebProcess], connect: Connect, own_database: Database
) -> None:
    here, there = processes
    officer, task = Caller(here.url, OFFICER), report(Caller(here.url, "command"), 0)
    terminal = connect(officer, url=there.url)
    terminal.hear("ready")
    assert say(terminal, "sign", task) == "done"
    move(own_database, OFFICER, "officer", of=SOUTH, to=None)
    with suppress(SocketIOError):  # where the relay was faster to close it
        assert say(terminal, "depart", task) == "access.forbidden"
    post(own_database, OFFICER)
    assert terminal.gone.wait(PATIENCE), "nobody without a role hears of an inbox"
    assert LAST not in told_of(terminal, "message")
    move(own_database, OFFICER, "officer", of=SOUTH, to=SOUTH)
    again = connect(officer, url=there.url)
    until(lambda: LAST in told_of(again, "message"), within=PATIENCE)
    assert say(again, "depart", task) == "done"


def test_positions_of_who_is_no_officer_any_more_are_not_kept(
    processes: tuple[WebProcess, WebProcess], connect: Connect, own_database: Database
) -> None:
    here, there = processes
    former, still = (
        connect(Caller(here.url, each), url=there.url) for each in (OFFICER, COLLEAGUE)
    )
    for client in (former, still):
        client.hear("ready")
    move(own_database, OFFICER, "officer", of=SOUTH, to=None)
    lon, lat = centre(0, 0)
    position = {"lon": lon, "lat": lat, "at": dt.datetime.now(dt.UTC).isoformat()}
    for client in (former, still):
        client.ask("position", [position])

    def kept() -> set[str]:
        its = select(Officer.service_number).join(
            OfficerPosition, OfficerPosition.officer_id == Officer.id
        )
        with own_database.transaction() as session:
            return set(session.scalars(its))

    # Stored in the order in which they came, or together.
    assert until(kept, within=PATIENCE) == {COLLEAGUE}


def test_a_room_that_answers_for_another_station(
    processes: tuple[WebProcess, WebProcess], connect: Connect, own_database: Database
) -> None:
    """What it may do is another's from the next event on, and so is what it is told."""
    here, there = processes
    bureau, room = Caller(here.url, "command"), Caller(here.url, ROOM)
    south, north = report(bureau, 0), report(bureau, 1)
    terminal, view = (connect(room, each, url=there.url) for each in ("/terminal", "/command"))
    terminal.hear("ready")
    view.hear("resync")
    assert say(terminal, "cancel", north, reason="mistake") == "task.out_of_scope"

    move(own_database, ROOM, "command", of=SOUTH, to=NORTH)
    feed(own_database, SOUTH, 1)
    assert say(terminal, "cancel", south, reason="mistake") == "task.out_of_scope"
    assert say(terminal, "cancel", north, reason="mistake") == "done"
    assert view.gone.wait(PATIENCE), "a view of another scope begins anew"
    assert {"nth": 1} not in told_of(view)

    again = connect(room, "/command", url=there.url)
    (resync,) = again.hear("resync")
    shown = {each["id"] for each in resync["snapshot"]["tasks"]}
    assert (north in shown, south in shown) == (True, False)
    feed(own_database, SOUTH, 2)
    feed(own_database, NORTH, 3)
    until(lambda: {"nth": 3} in told_of(again), within=PATIENCE)
    assert {"nth": 2} not in told_of(again)


def test_an_officer_who_moves_to_another_station(
    processes: tuple[WebProcess, WebProcess],
    connect: Connect,
    own_database: Database,
    own_county: County,
) -> None:
    """Their terminal stays open; the rooms that are told of them are the new station's."""
    here, there = processes
    terminal = connect(Caller(here.url, OFFICER), url=there.url)
    terminal.hear("ready")
    with own_database.transaction() as session:
        officer = session.get_one(Officer, own_county.officers[OFFICER])
        amending.transfer(session, None, officer, unit_by_code(session, NORTH))
    lon, lat = centre(0, 0)
    rooms = {unit: Caller(here.url, f"room-{unit}") for unit in (SOUTH, NORTH)}

    def seen_by(unit: str) -> set[str]:
        return {each["username"] for each in rooms[unit].get("/api/v1/positions").json()["items"]}

    def is_seen() -> bool:
        position = {"lon": lon, "lat": lat, "at": dt.datetime.now(dt.UTC).isoformat()}
        assert terminal.ask("position", [position])["status"] == "done"
        return OFFICER in seen_by(NORTH)

    until(is_seen, within=PATIENCE)
    assert OFFICER not in seen_by(SOUTH)
