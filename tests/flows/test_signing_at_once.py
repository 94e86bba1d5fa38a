"""Two officers sign at once over two connections: one wins, and the other is told."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gridserver.base.clock import SetClock, SystemClock
from gridserver.base.db import Database
from gridserver.dispatch import escalation, queries, service
from gridserver.incidents.rules import read_report
from tests.county import County, centre
from tests.processes import Caller
from tests.sockets import Connect, SocketClient
from tests.waiting import until

Http = Callable[[str], Caller]


def told_to_two(database: Database, county: County, name: str) -> tuple[int, list[str]]:
    """Take a report that wasn't signed in time; return its task and whom it was offered."""
    clock = SetClock(SystemClock().now() - dt.timedelta(minutes=2))
    lon, lat = centre(0, 0)
    given = {"source": "110", "external_id": name, "category": "dispute", "priority": 1}
    actor = county.principal("command")
    with database.transaction(clock) as session:
        task = service.take_report(
            session, actor, read_report(given | {"lon": lon, "lat": lat})
        ).dossier.task
    with database.transaction() as session:
        assert escalation.escalate_due(session) == 1
        dossier = queries.task_for(session, actor, task.id)
    return task.id, [dossier.people[offer.recipient].username for offer in dossier.open_offers]


def sign_at_once(terminals: dict[str, SocketClient], task_id: int) -> dict[str, Any]:
    """Have every terminal send its sign at the same moment; return what each is answered."""
    start = threading.Barrier(len(terminals))

    def sign(terminal: SocketClient) -> Any:
        command = {
            "id": str(uuid.uuid4()),
            "verb": "sign",
            "task": task_id,
            "occurred_at": SystemClock().now().isoformat(),
            "data": {},
        }
        start.wait()
        return terminal.ask("command", command)

    with ThreadPoolExecutor(len(terminals)) as pool:
        return dict(zip(terminals, pool.map(sign, terminals.values()), strict=True))


@pytest.mark.parametrize("name", ["A", "B", "C", "D"])
def test_one_wins_and_the_other_is_told(
    live_database: Database, live_county: County, http: Http, connect: Connect, name: str
) -> None:
    task_id, offered = told_to_two(live_database, live_county, name)
    terminals = {who: connect(http(who), seq=None) for who in offered}
    answers = sign_at_once(terminals, task_id)
    (winner,) = (who for who, answer in answers.items() if answer["status"] == "done")
    (loser,) = (who for who, answer in answers.items() if answer["status"] == "refused")
    assert answers[winner]["task"]["assignee"]["username"] == winner
    assert answers[loser]["code"] == "task.wrong_state"
    assert answers[loser]["task"]["assignee"]["username"] == winner

    def told(who: str) -> list[tuple[str, str | None]]:
        return [
            (message["type"], message["data"].get("reason"))
            for message in terminals[who].all("message")
            if message["data"]["task"]["id"] == task_id
        ]

    until(lambda: ("task.withdrawn", "signed_by_other") in told(loser))
    until(lambda: "task.changed" in [type_ for type_, _ in told(winner)])
    assert ("task.withdrawn", "signed_by_other") not in told(winner)
