"""The decision and its write, on a small and a large grid, on an empty and a full installation.

`dispatch.service.take_report` in a transaction of its own, as the API calls it: which cell, what
is laid down, who is on duty, whose devices are there, the decision, and all that is written of it.
Four databases are asked in turns in one run: 300 and 100,000 cells, each empty and with 2,000,000
past incidents with their decisions, tasks, offers and histories. What is told is the median of a
call in each, and its ratio to 300 cells without a past. Measured on a throwaway cluster without
fsync, so that the disk doesn't decide.

    python bench/decide_and_write.py [--cells N] [--past N] [--calls N] [--turns N] [--within R]
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver import schema
from gridserver.access import queries as access_queries
from gridserver.access import service as access
from gridserver.base.db import Database
from gridserver.dispatch import service
from gridserver.embedded import Cluster
from gridserver.incidents.rules import read_report
from gridserver.org import service as org

FEW_CELLS, STATIONS, OFFICERS = 300, 9, 270
WEST, SOUTH, SIDE = 118.0, 29.0, 0.004
#: A cell's boundary is made of so many points, as those of real ones are.
VERTICES = 400
BATCH = 200_000

CELLS = """
    WITH version AS (
        INSERT INTO grid_version (bureau_id, name, state, source, created_at, outline)
        SELECT id, 'bench', 'draft', '{}', now() - interval '400 days',
            ST_Multi(ST_MakeEnvelope(:west, :south, :east, :north, 4326))
        FROM unit WHERE kind = 'bureau' RETURNING id
    )
    INSERT INTO cell (version_id, code, name, station_code, attributes, geom)
    SELECT version.id, lpad(n::text, 12, '0'), 'cell ' || n, 'station' || (n % :stations), '{}',
        ST_Multi(ST_Segmentize(ST_MakeEnvelope(
            :west + :side * (n % :across), :south + :side * (n / :across),
            :west + :side * (n % :across + 1), :south + :side * (n / :across + 1), 4326
        ), :side * 4 / :vertices))
    FROM version, generate_series(0, :cells - 1) AS n
"""
PUBLISH = """
    UPDATE grid_version
    SET state = 'published', valid = tstzrange(now() - interval '400 days', NULL)
"""
FORCE = (
    """
    INSERT INTO account (username, display_name, password_hash, created_at)
    SELECT 'officer' || n, 'officer ' || n, '-', now() FROM generate_series(1, :officers) AS n
    """,
    """
    INSERT INTO officer (account_id, service_number, kind, unit_id)
    SELECT account.id, account.username, 'officer', unit.id
    FROM account
    JOIN unit ON unit.code = 'station' || (replace(username, 'officer', '')::int % :stations)
    WHERE starts_with(username, 'officer')
    """,
    """
    INSERT INTO shift (officer_id, unit_id, duty, during)
    SELECT id, unit_id, duty, tstzrange(now() - interval '1 day', now() + interval '1 day')
    FROM officer, unnest(ARRAY['community', 'pool']) AS duty
    WHERE duty = 'community' OR id % 8 = 0
    """,
    """
    INSERT INTO ownership (cell_code, officer_id, role, valid)
    SELECT cell.code, owning.id, role, tstzrange(now() - interval '400 days', NULL)
    FROM cell
    JOIN unnest(ARRAY['primary', 'backup']) WITH ORDINALITY AS r(role, place) ON true
    JOIN unit ON unit.code = cell.station_code
    JOIN LATERAL (
        SELECT id FROM officer WHERE unit_id = unit.id
        ORDER BY service_number OFFSET (cell.id + r.place) % :of_station LIMIT 1
    ) AS owning ON true
    """,
)
#: Copies of the one incident that was really taken.
PAST = (
    """
    CREATE TEMPORARY TABLE made ON COMMIT DROP AS
    SELECT nextval(pg_get_serial_sequence('incident', 'id')) AS id,
        nextval(pg_get_serial_sequence('task', 'id')) AS task_id,
        now() - interval '1 year' * random() AS at
    FROM generate_series(1, :count)
    """,
    """
    INSERT INTO incident OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(sample, jsonb_build_object(
        'id', made.id, 'external_id', made.id::text, 'reported_at', made.at, 'received_at', made.at,
        'point', format('SRID=4326;POINT(%s %s)',
            :west + :width * random(), :south + :width * random())
    ))).* FROM made, incident AS sample WHERE sample.id = (SELECT min(id) FROM incident)
    """,
    """
    INSERT INTO decision
    SELECT (jsonb_populate_record(sample, jsonb_build_object('incident_id', made.id))).*
    FROM made, decision AS sample WHERE sample.incident_id = (SELECT min(incident_id) FROM decision)
    """,
    """
    INSERT INTO task OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(sample, jsonb_build_object(
        'id', made.task_id, 'incident_id', made.id, 'state', 'closed', 'ended_at', made.at
    ))).* FROM made, task AS sample WHERE sample.id = (SELECT min(id) FROM task)
    """,
    """
    INSERT INTO offer OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(sample, jsonb_build_object(
        'id', nextval(pg_get_serial_sequence('offer', 'id')), 'task_id', made.task_id,
        'message_id', gen_random_uuid(), 'outcome', 'signed'
    ))).* FROM made, offer AS sample WHERE sample.id = (SELECT min(id) FROM offer)
    """,
    """
    INSERT INTO task_event (task_id, verb, to_state, occurred_at, at, data)
    SELECT task_id, verb, 'closed', at, at, '{}'
    FROM made, unnest(ARRAY['dispatch', 'sign', 'depart', 'arrive', 'report', 'close']) AS verb
    """,
)


@dataclass
class Installation:
    """A database of a size, and the times that calls took in it."""

    name: str
    url: URL
    across: int
    cells: int
    times: list[float] = field(default_factory=list)


def fill(database: Database, cells: int, across: int) -> None:
    """Make the bureau, its grid and its force."""
    with database.transaction() as session:
        bureau = org.add_unit(session, None, code="bureau", kind="bureau", name="bureau")
        units = [
            org.add_unit(
                session,
                None,
                code=f"station{n}",
                kind="station",
                name=f"station {n}",
                parent=bureau,
                mode="two_teams_one_room",
            )
            for n in range(STATIONS)
        ]
        for unit in (bureau, *units):
            desk = access.add_account(
                session,
                None,
                username=f"room-{unit.code}",
                display_name="room",
                password_hash=access.unusable_password(),
            )
            access.grant(session, None, desk, "command", unit)
        rows = math.ceil(cells / across)
        ground = {"east": WEST + SIDE * across, "north": SOUTH + SIDE * rows}
        sizes = {"west": WEST, "south": SOUTH, "side": SIDE, "vertices": VERTICES}
        given = sizes | ground | {"cells": cells, "across": across, "stations": STATIONS}
        session.execute(sa.text(CELLS), given)
        session.execute(sa.text(PUBLISH))
        counts = {"officers": OFFICERS, "stations": STATIONS, "of_station": OFFICERS // STATIONS}
        for statement in FORCE:
            session.execute(sa.text(statement), counts)


def add_past(database: Database, count: int, across: int) -> None:
    """Add past incidents all over the grid, with all that is stored of each."""
    ground = {"west": WEST, "south": SOUTH, "width": SIDE * across}
    for done in range(0, count, BATCH):
        with database.transaction() as session:
            for statement in PAST:
                given = ground | {"count": min(BATCH, count - done)}
                session.execute(sa.text(statement), given)


def settle(database: Database) -> None:
    """Bring the statistics up to date, as autovacuum does by itself."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))


def caller(database: Database, place: Installation, seed: int) -> Callable[[], float]:
    """Return what takes one report somewhere in the grid, and says how long that took."""
    chance = random.Random(seed)
    with database.transaction() as session:
        desk = access.account_by_username(session, "room-bureau")
        actor = access_queries.principal_of(session, desk.id)

    def call() -> float:
        cell = chance.randrange(place.cells)
        document = {
            "source": "bench",
            "external_id": uuid.uuid4().hex,
            "category": "dispute",
            "lon": WEST + SIDE * (cell % place.across + chance.uniform(0.1, 0.9)),
            "lat": SOUTH + SIDE * (cell // place.across + chance.uniform(0.1, 0.9)),
        }
        report = read_report(document)
        start = time.perf_counter()
        with database.transaction() as session:
            service.take_report(session, actor, report)
        return time.perf_counter() - start

    return call


def copied(admin: sa.Engine, source: str, name: str) -> None:
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {source} OWNER gridserver"))


def installations(cluster: Cluster, cells: int, past: int) -> list[Installation]:
    """Make the four databases."""
    admin = sa.create_engine(cluster.superuser_url, isolation_level="AUTOCOMMIT")
    made = []
    for count in (FEW_CELLS, cells):
        across = math.ceil(math.sqrt(count))
        for incidents in (0, past):
            name = f"bench_{count}_{incidents}"
            url = cluster.url.set(database=name)
            made.append(Installation(f"{count:,} cells, {incidents:,} past", url, across, count))
            copied(
                admin, str(cluster.url.database) if not incidents else made[-2].url.database, name
            )
            database = Database(url)
            if not incidents:
                fill(database, count, across)
                caller(database, made[-1], 0)()
            else:
                add_past(database, incidents, across)
            settle(database)
            database.dispose()
    admin.dispose()
    return made


def measure(places: list[Installation], calls: int, turns: int) -> None:
    """Ask all in turns, `calls` each time; the first turn only warms up."""
    databases = [Database(place.url) for place in places]
    callers = [
        caller(database, place, seed)
        for seed, (database, place) in enumerate(zip(databases, places, strict=True), 1)
    ]
    for turn in range(turns + 1):
        for place, call in zip(places, callers, strict=True):
            took = [call() for _ in range(calls)]
            if turn:
                place.times.extend(took)
    for database in databases:
        database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--past", type=int, default=2_000_000)
    parser.add_argument("--calls", type=int, default=50, help="in one turn")
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--within", type=float, default=1.3, help="the ratio that is promised")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gridserver-bench-") as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder), throwaway=True)
        with cluster.running():
            engine = sa.create_engine(cluster.url)
            schema.upgrade(engine)
            engine.dispose()
            places = installations(cluster, given.cells, given.past)
            measure(places, given.calls, given.turns)
    floor = median(places[0].times)
    ratios = [median(place.times) / floor for place in places]
    for place, ratio in zip(places, ratios, strict=True):
        print(f"{place.name:>32}  {median(place.times) * 1000:6.2f} ms  ratio {ratio:.2f}")
    sys.exit(max(ratios) > given.within)


if __name__ == "__main__":
    main()
