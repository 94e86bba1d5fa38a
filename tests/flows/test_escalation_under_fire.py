"""Escalation under fire: two workers that are killed again and again lose no step, tell none twice
and none before its time."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver.base.db import Database
from gridserver.dispatch import service
from gridserver.dispatch.tables import service as tables
from gridserver.dispatch.tables.changes import Change
from gridserver.incidents.rules import read_report
from tests.county import County, centre
from tests.processes import start_worker
from tests.waiting import until

TASKS, KILLS, WORKERS = 2_000, 10, 2
SIGN_WITHIN_S = 1
#: Seconds over which the tasks' first deadlines are spread.
SPREAD_S = 20

#: Copies of one taken report, each with its decision, task and first offer.
COPIES = (
    """
    INSERT INTO incident (
        external_id, source, body_digest, category, priority, raw_x, raw_y, raw_crs, point,
        reported_at, received_at, grid_version_id, cell_code, method, neighbours, unit_id
    )
    SELECT 'copy-' || n, source, body_digest, category, priority, raw_x, raw_y, raw_crs, point,
           reported_at, received_at, grid_version_id, cell_code, method, neighbours, unit_id
    FROM incident, generate_series(1, :count) AS n WHERE id = :incident
    """,
    """
    INSERT INTO decision SELECT (jsonb_populate_record(
        d, jsonb_build_object('incident_id', copy.id)
    )).* FROM decision d, incident copy
    WHERE d.incident_id = :incident AND copy.external_id LIKE 'copy-%'
    """,
    """
    INSERT INTO task (incident_id, state, created_at, updated_at)
    SELECT id, 'assigned', now(), now() FROM incident WHERE external_id LIKE 'copy-%'
    """,
    """
    INSERT INTO offer (
        task_id, round, step, kind, recipient, because, message_id, told_at, sign_within_s, deadline
    )
    SELECT task.id, 1, step, kind, recipient, because, gen_random_uuid(), now(), sign_within_s,
           now() + make_interval(secs => :spread * (task.id % 1000) / 1000.0)
    FROM offer, task JOIN incident ON incident.id = task.incident_id
    WHERE offer.task_id = :task AND incident.external_id LIKE 'copy-%'
    """,
    # The one that was copied has no further part.
    "UPDATE offer SET outcome = 'withdrawn', ended_at = now() WHERE task_id = :task",
    "ANALYZE",
)


@pytest.fixture
def steps(live_database: Database, live_county: County) -> int:
    """Make the tasks, all unsigned; return how many steps the ladder of each has."""
    lon, lat = centre(0, 0)
    given = {"source": "110", "external_id": "original", "category": "dispute"}
    report = read_report(given | {"lon": lon, "lat": lat})
    with live_database.transaction() as session:
        limit = Change("sign_limit", {"scope": "bureau", "priority": 3}, {"seconds": SIGN_WITHIN_S})
        tables.change(session, live_county.principal("admin"), [limit], why="under fire")
    with live_database.transaction() as session:
        dossier = service.take_report(session, live_county.principal("command"), report).dossier
    values = {
        "count": TASKS,
        "incident": dossier.incident.id,
        "task": dossier.task.id,
        "spread": SPREAD_S,
    }
    with live_database.transaction() as session:
        for statement in COPIES:
            session.execute(sa.text(statement), values)
    return len(dossier.steps)


@pytest.mark.timeout(900)
def test_every_due_step_happens_once_and_none_before_its_time(
    live_database: Database, steps: int
) -> None:
    with firing(live_database):
        until(lambda: escalated(live_database) == TASKS * (steps - 1), within=400)
    with live_database.transaction() as session:
        assert ladders(session) == [tuple(range(1, steps + 1))] * TASKS
        assert count(session, BEFORE_ITS_TIME) == 0
        assert count(session, "SELECT count(*) FROM offer WHERE outcome IS NULL") == TASKS * steps
        for trace in TRACES:
            assert count(session, trace) == TASKS * (steps - 1), trace
        assert count(session, HOLES) == 0


@contextmanager
def firing(database: Database) -> Iterator[None]:
    """Run two workers, and kill each ten times in the midst of its work; then let them finish."""
    random = Random(4)
    workers = [start_worker(database.url) for _ in range(WORKERS)]
    try:
        targets = list(range(WORKERS)) * KILLS
        random.shuffle(targets)
        for target in targets:
            goal = escalated(database) + random.randint(1, TASKS // 10)
            until(lambda: escalated(database) >= goal, within=120)  # noqa: B023
            assert kill(workers[target]) == -9, "it was alive"
            workers[target] = start_worker(database.url)
        yield
    finally:
        for worker in workers:
            kill(worker)


def kill(worker: subprocess.Popen[bytes]) -> int:
    worker.kill()
    return worker.wait()


def escalated(database: Database) -> int:
    with database.transaction() as session:
        return count(session, TRACES[0])


def count(session: Session, query: str) -> int:
    return session.scalar(sa.text(query)) or 0


def ladders(session: Session) -> list[tuple[int, ...]]:
    """Return the steps that were told of each copy, in the order of telling."""
    rows = session.execute(
        sa.text(
            """
            SELECT array_agg(step ORDER BY offer.id) FROM offer JOIN task ON task.id = task_id
            JOIN incident ON incident.id = incident_id
            WHERE external_id LIKE 'copy-%' GROUP BY task_id
            """
        )
    )
    return [tuple(row[0]) for row in rows]


#: What each escalation leaves: an entry in the history, a row in the ledger, one in the feed, and a
#: message under the id that its offer keeps.
TRACES = (
    "SELECT count(*) FROM task_event WHERE verb = 'escalate'",
    "SELECT count(*) FROM audit_entry WHERE tag = 'task:escalate'",
    "SELECT count(*) FROM feed_entry WHERE type = 'task.changed'",
    "SELECT count(DISTINCT m.id) FROM inbox_message m JOIN offer o ON o.message_id = m.id "
    "WHERE m.type = 'task.offered' AND o.step > 1",
)
#: Steps that were told before the one before them was due.
BEFORE_ITS_TIME = """
    SELECT count(*) FROM offer told JOIN offer former USING (task_id)
    WHERE former.step = told.step - 1
      AND (told.told_at < former.deadline OR told.told_at <> former.escalated_at)
"""
HOLES = """
    SELECT count(*) FROM (
        SELECT FROM inbox_message GROUP BY recipient HAVING max(seq) <> count(*)
    ) AS inbox
"""
