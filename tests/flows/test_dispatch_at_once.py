"""Things that happen at once, in real transactions: one wins, and nothing is done twice."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import func, select

from gridserver import worker
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.errors import Conflict
from gridserver.delivery.commands import Command
from gridserver.delivery.models import InboxMessage
from gridserver.dispatch import escalation, service
from gridserver.dispatch.models import Offer, Task, TaskEvent
from gridserver.incidents.models import Incident
from gridserver.incidents.rules import Report, read_report
from tests.conftest import MORNING
from tests.county import County, centre
from tests.waiting import until

PRIMARY, BACKUP = "330824001", "330824002"


def report(external_id: str, **fields: Any) -> Report:
    lon, lat = centre(0, 0)
    given = {"source": "110", "external_id": external_id, "category": "dispute", "priority": 1}
    return read_report(given | {"lon": lon, "lat": lat} | fields)


def take(database: Database, county: County, what: Report) -> service.Taken:
    with database.transaction() as session:
        return service.take_report(session, county.principal("command"), what)


def say(database: Database, county: County, who: str, task_id: int, command: Command) -> Any:
    with database.transaction() as session:
        return service.command(session, county.principal(who), task_id, command)


def a_command(verb: str, **data: Any) -> Command:
    return Command(uuid.uuid4(), verb, MORNING, data)


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all deeds from threads that start together; return results or the errors raised."""
    start = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def count(database: Database, model: type) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_the_same_report_eight_times_at_once(database: Database, county: County) -> None:
    taken = at_once(*[lambda: take(database, county, report("A"))] * 8)
    assert [each.created for each in taken].count(True) == 1
    assert len({each.dossier.task.id for each in taken}) == 1
    assert count(database, Incident) == count(database, InboxMessage) == 1


def test_two_reports_of_one_name_at_once(database: Database, county: County) -> None:
    one, other = at_once(
        lambda: take(database, county, report("A")),
        lambda: take(database, county, report("A", description="another")),
    )
    refused = [each for each in (one, other) if isinstance(each, Conflict)]
    assert [each.code for each in refused] == ["incident.exists_differently"]
    assert count(database, Task) == 1


def test_two_sign_at_once_and_one_wins(database: Database, county: County, clock: SetClock) -> None:
    for number in range(5):
        task_id = take(database, county, report(f"A{number}")).dossier.task.id
        clock.advance(dt.timedelta(minutes=1))
        with database.transaction() as session:
            assert escalation.escalate_due(session) == 1
        answers = dict(
            zip(
                (PRIMARY, BACKUP),
                at_once(
                    lambda: say(database, county, PRIMARY, task_id, a_command("sign")),  # noqa: B023
                    lambda: say(database, county, BACKUP, task_id, a_command("sign")),  # noqa: B023
                ),
                strict=True,
            )
        )
        assert sorted(answer.status for answer in answers.values()) == [200, 409]
        winner = next(who for who, answer in answers.items() if answer.status == 200)
        loser = next(answer for answer in answers.values() if answer.status == 409)
        assert loser.body["task"]["assignee"]["username"] == winner
        with database.transaction() as session:
            outcomes = session.scalars(select(Offer.outcome).where(Offer.task_id == task_id))
            assert sorted(outcomes) == ["signed", "superseded"]


def test_one_command_sent_eight_times_at_once(database: Database, county: County) -> None:
    task_id = take(database, county, report("A")).dossier.task.id
    command = a_command("sign")
    answers = at_once(*[lambda: say(database, county, PRIMARY, task_id, command)] * 8)
    assert [answer.status for answer in answers] == [200] * 8
    assert [answer.replayed for answer in answers].count(False) == 1
    assert count(database, TaskEvent) == 2


def test_several_workers_escalate_each_offer_once(
    database: Database, county: County, clock: SetClock
) -> None:
    tasks = [take(database, county, report(f"A{n}")).dossier.task.id for n in range(12)]
    clock.advance(dt.timedelta(minutes=1))

    def escalate() -> int:
        with database.transaction() as session:
            return escalation.escalate_due(session, 5)

    done = at_once(*[escalate] * 4)
    while more := escalate():
        done.append(more)
    assert sum(done) == len(tasks)
    assert count(database, Offer) == 2 * len(tasks)


def test_escalation_leaves_a_task_that_a_command_holds(
    database: Database, county: County, clock: SetClock
) -> None:
    task_id = take(database, county, report("A")).dossier.task.id
    clock.advance(dt.timedelta(minutes=1))
    with database.transaction() as holding:
        service.command(holding, county.principal(PRIMARY), task_id, a_command("sign"))
        with database.transaction() as session:
            assert escalation.escalate_due(session) == 0
    with database.transaction() as session:
        assert escalation.escalate_due(session) == 0, "signed meanwhile"


def test_tasks_linked_to_each_other_at_once_do_not_deadlock(
    database: Database, county: County
) -> None:
    one, other = (take(database, county, report(n)).dossier.task.id for n in ("A", "B"))
    answers = at_once(
        *[
            lambda: say(
                database, county, "command", one, a_command("link", to=other, kind="duplicate")
            ),
            lambda: say(
                database, county, "command", other, a_command("link", to=one, kind="duplicate")
            ),
        ]
        * 3
    )
    # Who comes first ends as the other's duplicate, and the way back would be a circle.
    first, second = ({answer.status for answer in answers[n::2]} for n in (0, 1))
    assert sorted([*first, *second]) == [200, 422]
    with database.transaction() as session:
        ended = session.scalars(select(Task.id).where(Task.state == "cancelled")).all()
    assert ended == [one if first == {200} else other]


def test_the_worker_escalates_until_it_is_stopped(
    database: Database, county: County, clock: SetClock
) -> None:
    stop = threading.Event()
    working = threading.Thread(target=worker.run, args=(database, stop, 0.01))
    working.start()
    try:
        task_id = take(database, county, report("A")).dossier.task.id
        clock.advance(dt.timedelta(minutes=1))

        def told() -> int:
            with database.transaction() as session:
                mine = select(func.count()).where(Offer.task_id == task_id)
                return session.scalar(mine)

        until(lambda: told() == 2)
    finally:
        stop.set()
        working.join(10)
    assert not working.is_alive()
