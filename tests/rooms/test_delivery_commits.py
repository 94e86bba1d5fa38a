"""Many writers at once, with real commits: no holes, commit order, no deadlock, done once."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from gridserver.base.db import Database, run_before_commit
from gridserver.delivery import once, queries, service
from gridserver.delivery.models import InboxMessage
from gridserver.delivery.service import Message
from tests.county import commit_county

WRITERS = 8


def _together(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run the jobs in threads that start at the same moment; raise what any of them raises."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        gate.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_a_reader_that_follows_the_number_misses_nothing(database: Database) -> None:
    """Eight writers post while a reader follows `seq > last`: it sees each number once, in order,
    and never one that has a hole before it."""
    recipient = commit_county(database).accounts["330824001"]
    each = 40

    def write() -> None:
        for _ in range(each):
            with database.transaction() as session:
                service.post(session, [Message(recipient, "task.changed", {})])

    def read() -> list[int]:
        seen: list[int] = []
        while len(seen) < WRITERS * each:
            with database.transaction() as session:
                seen += [m.seq for m in queries.page(session, recipient, len(seen))]
        return seen

    *_, seen = _together([write] * WRITERS + [read])
    assert seen == list(range(1, WRITERS * each + 1))


def test_the_numbers_follow_the_commits(database: Database) -> None:
    """A writer that took its number holds the head to its commit: whoever comes later waits."""
    recipient = commit_county(database).accounts["330824001"]
    with database.engine.connect() as observer:
        waiting = sa.text(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        )

        def late() -> None:
            with database.transaction() as session:
                service.post(session, [Message(recipient, "task.changed", {"late": True})])

        with ThreadPoolExecutor(1) as pool:
            with database.transaction() as session:
                service.post(session, [Message(recipient, "task.changed", {"late": False})])
                run_before_commit(session)
                second = pool.submit(late)
                while observer.scalar(waiting) == 0:
                    observer.rollback()
            second.result()
    with database.transaction() as session:
        assert [m.data["late"] for m in queries.page(session, recipient, 0)] == [False, True]


def test_broadcasts_and_posts_in_any_order_do_not_deadlock(database: Database) -> None:
    accounts = list(commit_county(database).accounts.values())
    each = 25

    def broadcast(seed: int) -> None:
        order = random.Random(seed)
        for _ in range(each):
            shuffled = order.sample(accounts, len(accounts))
            with database.transaction() as session:
                service.post(session, [Message(a, "task.changed", {}) for a in shuffled])

    def post(seed: int) -> None:
        order = random.Random(seed)
        for _ in range(each):
            with database.transaction() as session:
                service.post(
                    session, [Message(a, "task.changed", {}) for a in order.sample(accounts, 3)]
                )

    jobs: list[Callable[[], None]] = [
        lambda seed=seed, job=job: job(seed)  # type: ignore[misc]
        for seed, job in enumerate([broadcast, post] * (WRITERS // 2))
    ]
    _together(jobs)
    with database.transaction() as session:
        rows = session.execute(
            sa.select(
                InboxMessage.recipient, sa.func.count(), sa.func.max(InboxMessage.seq)
            ).group_by(InboxMessage.recipient)
        ).all()
        heads = queries.heads(session, accounts)
    assert {recipient: count for recipient, count, _ in rows} == heads
    assert all(count == last for _, count, last in rows)
    assert sum(heads.values()) == each * (WRITERS // 2) * (len(accounts) + 3)


def test_feed_numbers_have_no_holes_whoever_numbers(database: Database) -> None:
    commit_county(database)
    each = 40
    finished: list[int] = []

    def write() -> None:
        for _ in range(each):
            with database.transaction() as session:
                service.append_feed(session, "task.changed", {}, "330824")
        finished.append(1)

    def number() -> None:
        while len(finished) < WRITERS:
            with database.transaction() as session:
                service.number_feed(session)

    _together([write] * WRITERS + [number] * 3)
    with database.transaction() as session:
        service.number_feed(session)
        entries = queries.feed_page(session, 0, 1_000)
    assert [e.seq for e in entries] == list(range(1, WRITERS * each + 1))


def test_a_command_that_arrives_twice_at_once_is_done_once(database: Database) -> None:
    actor = commit_county(database).principal("330824001")
    done: list[int] = []

    def work() -> dict[str, Any]:
        done.append(1)
        return {"done": len(done)}

    for _ in range(10):
        done.clear()
        command = uuid.uuid4()

        def arrive(command: uuid.UUID = command) -> once.Outcome:
            with database.transaction() as session:
                return once.run_once(session, actor, command, {"verb": "sign"}, work)

        outcomes = _together([arrive, arrive])
        assert done == [1]
        assert sorted(o.replayed for o in outcomes) == [False, True]
        assert outcomes[0].body == outcomes[1].body == {"done": 1}
