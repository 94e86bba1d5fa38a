"""Figures over two million made-up incidents of five years, each with its task, offer and history.

The floor of each figure is the plain count of the calls that it is about, over psycopg2: those
reported in its period or, for the day's, on the six days that it compares. Both are measured in the
same run, in turns, and the medians are given.

    python bench/figures.py [--incidents N] [--repeats N]
"""

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver import schema
from gridserver.access import queries as access
from gridserver.access.rules import Principal
from gridserver.base.clock import local_now, now
from gridserver.base.db import Database
from gridserver.demo.county import read_cells
from gridserver.demo.load import add_grid, add_people
from gridserver.embedded import Cluster
from gridserver.indicators import behind, day, intervals, load, unowned
from gridserver.indicators.calls import Chosen

READER = "command"
YEARS = dt.timedelta(days=5 * 365)
MONTH, YEAR = dt.timedelta(days=31), dt.timedelta(days=365)

# Calls come evenly; of the newest five hundred the tasks are open.
_MADE_UP = """
    INSERT INTO incident (source, external_id, body_digest, category, priority, raw_x, raw_y,
        raw_crs, point, reported_at, received_at, cell_code, method, neighbours, unit_id)
    SELECT 'bench', n, '', category.codes[1 + n % cardinality(category.codes)], 1 + n % 4,
        118.4, 29.1, 'EPSG:4326', ST_SetSRID(ST_MakePoint(118.4, 29.1), 4326), at, at,
        cell.codes[which], 'covers', '{}', cell.units[which]
    FROM (SELECT array_agg(DISTINCT code) AS codes FROM category_row) AS category, (
            SELECT array_agg(cell.code ORDER BY cell.code) AS codes,
                array_agg(unit.id ORDER BY cell.code) AS units
            FROM cell JOIN unit ON unit.code = cell.station_code
        ) AS cell, generate_series(1, :count) AS n,
        LATERAL (SELECT CAST(:at AS timestamptz)
            - (:count - n) * (CAST(:years AS interval) / :count)
            AS at, 1 + n * 7 % cardinality(cell.codes) AS which) AS its;
    INSERT INTO task (incident_id, state, assignee_account_id, created_at, updated_at, ended_at)
    SELECT incident.id, CASE WHEN is_open THEN 'assigned' ELSE 'closed' END,
        CASE WHEN NOT is_open THEN accounts[1 + incident.id % cardinality(accounts)] END,
        reported_at, reported_at, CASE WHEN NOT is_open THEN reported_at + interval '1 hour' END
    FROM incident, (SELECT array_agg(account_id) AS accounts FROM officer) AS officer,
        LATERAL (SELECT incident.external_id::bigint > :count - 500 AS is_open) AS its
    ORDER BY incident.id;
    INSERT INTO offer (task_id, round, step, kind, recipient, because, message_id, received_at,
        told_at, sign_within_s, deadline, outcome)
    SELECT task.id, 1, 1, 'primary', coalesce(assignee_account_id, officer.first),
        '{"code": "primary.on_duty", "params": {}}', gen_random_uuid(), created_at + interval '3 s',
        created_at, 180, created_at + interval '180 s',
        CASE WHEN ended_at IS NOT NULL THEN 'signed' END
    FROM task, (SELECT min(account_id) AS first FROM officer) AS officer;
    INSERT INTO task_event
        (task_id, verb, from_state, to_state, actor_account_id, occurred_at, at, data)
    SELECT task.id, verb, NULL, state_then, assignee_account_id, its.at, its.at, '{}'
    FROM task, (VALUES ('sign', 'signed', 60), ('depart', 'en_route', 120),
            ('arrive', 'on_scene', 600), ('report', 'reported', 1800), ('close', 'closed', 3600)
        ) AS step (verb, state_then, after_s),
        LATERAL (SELECT created_at + make_interval(secs => after_s + task.id % 60) AS at) AS its
    WHERE ended_at IS NOT NULL
    ORDER BY task.id, after_s;
    ANALYZE
"""
_COUNT = sa.text(
    "SELECT count(*) FROM incident JOIN task ON task.incident_id = incident.id"
    " WHERE reported_at >= :since AND reported_at < :until"
)
Figure = Callable[[Session, Principal], object]


def lay_down(database: Database, count: int) -> None:
    """Make the county and its calls."""
    cells = read_cells()
    with database.transaction() as session:
        add_people(session, cells, local_now(session).date(), "bench-bench-1")
        add_grid(session, cells)
    with database.transaction() as session:
        given = {"count": count, "at": now(session), "years": YEARS}
        for statement in filter(str.strip, _MADE_UP.split(";")):
            began = time.perf_counter()
            session.execute(sa.text(statement), given)
            print(f"# {' '.join(statement.split()[:3])}: {time.perf_counter() - began:.0f} s")


def within(period: dt.timedelta, **narrowed: object) -> Callable[[Session], Chosen]:
    return lambda session: Chosen(now(session) - period, now(session), **narrowed)


def of_period(period: dt.timedelta, by: str) -> Figure:
    return lambda session, actor: intervals.measure(session, actor, within(period)(session), by)


def officers(period: dt.timedelta) -> Figure:
    return lambda session, actor: load.officers(session, actor, now(session) - period, now(session))


#: What is measured, and of what period the calls are that its floor counts.
FIGURES: dict[str, tuple[dt.timedelta, Figure]] = {
    "the day": (dt.timedelta(days=6), lambda session, actor: day.day(session, actor)),
    "rows behind it": (
        dt.timedelta(days=1),
        lambda session, actor: behind.of_day(session, actor, "received", limit=50),
    ),
    "intervals of a month by station": (MONTH, of_period(MONTH, "station")),
    "intervals of a month by cell": (MONTH, of_period(MONTH, "cell")),
    "intervals of a year by station": (YEAR, of_period(YEAR, "station")),
    "slowest responses of a month": (
        MONTH,
        lambda session, actor: intervals.rows(
            session, actor, within(MONTH)(session), "response", only_over=False, skip=0, limit=50
        ),
    ),
    "load of a month": (MONTH, officers(MONTH)),
    "cells without an owner": (MONTH, lambda session, actor: unowned.cells(session, actor)),
}


def seconds(database: Database, work: Callable[[Session], object]) -> float:
    with database.transaction() as session:
        began = time.perf_counter()
        work(session)
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--incidents", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gridserver-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Cluster(folder, throwaway=True).running() as url:
            database = Database(url)
            schema.upgrade(database.engine)
            lay_down(database, asked.incidents)
            with database.transaction() as session:
                actor = access.principal_of(session, access.account_id(session, READER))
            for title, (period, figure) in FIGURES.items():
                taken: tuple[list[float], list[float]] = ([], [])
                for _ in range(asked.repeats):
                    taken[0].append(
                        seconds(
                            database,
                            lambda s, p=period: s.execute(
                                _COUNT, {"since": now(s) - p, "until": now(s)}
                            ).scalar_one(),
                        )
                    )
                    taken[1].append(seconds(database, lambda s, f=figure: f(s, actor)))
                floor, its = (median(each) for each in taken)
                print(
                    f"{title:32} {its * 1000:9.1f} ms   {its / floor:7.1f} times the count"
                    f" of {period.days} days ({floor * 1000:.1f} ms)"
                )
            database.dispose()


if __name__ == "__main__":
    main()
