"""The decision and its write, as the grid and the past grow.

One report taken by `dispatch.service.take_report`, from the point to the commit: the cell, who is
on duty, the decision, and incident, task, offer, history, ledger, message and feed in one
transaction. Four databases beside each other: 300 and 100,000 cells, with no incident and with
2 million past ones (20 million rows). The force is the same in all: 100 stations, 3,600 officers.

Measured in turns in one process, on a throwaway cluster without fsync, and given as medians: the
time that passes, and the CPU time of this process and its PostgreSQL backend, which says the same
on a busy machine. The promise: by CPU time no ratio to the smallest is over 1.3, else the exit code
is 1. Most of the run is filling the databases.

    python bench/decision.py [--cells N] [--past N] [--turns N]
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

import sqlalchemy as sa
from post_incident import cpu_seconds
from sqlalchemy.engine import URL

from gridserver import schema
from gridserver.access import queries as access
from gridserver.access.rules import Principal
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.dispatch import service
from gridserver.embedded import Cluster
from gridserver.incidents.rules import read_report

SQL = Path(__file__).parent / "sql"
#: A working Tuesday morning.
AT = dt.datetime.fromisoformat("2026-03-10T09:30:00+08:00")
WEST, SOUTH, SIDE = 118.0, 29.0, 0.005
FEW = 300
#: How many reports each database takes in a turn.
BATCH = 40
PROMISED = 1.3
SECONDARY = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisprimary
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""


@dataclass
class County:
    """One of the four databases, ready for reports, and the seconds that a report took: of the
    clock report by report, of CPU on average turn by turn."""

    cells: int
    past: int
    database: Database
    command: Principal
    chance: Random = field(default_factory=lambda: Random(1))
    clock: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def take_turn(self) -> None:
        """Take so many reports, and note what they took."""
        backend = self._backend()
        before = time.process_time() + cpu_seconds(backend)
        self.clock.extend(self.take() for _ in range(BATCH))
        self.cpu.append((time.process_time() + cpu_seconds(backend) - before) / BATCH)

    def _backend(self) -> int:
        """Return the process that serves the one connection of the pool."""
        with self.database.transaction() as session:
            return session.scalar(sa.text("SELECT pg_backend_pid()")) or 0

    def take(self) -> float:
        """Take a report in the midst of some cell; return the seconds it took."""
        row, column = divmod(self.chance.randrange(self.cells), columns(self.cells))
        fields = {
            "source": "bench",
            "external_id": uuid.UUID(int=self.chance.getrandbits(128)).hex,
            "category": "dispute",
            "lon": WEST + SIDE * (column + self.chance.uniform(0.2, 0.8)),
            "lat": SOUTH + SIDE * (row + self.chance.uniform(0.2, 0.8)),
        }
        report = read_report(fields)
        start = time.perf_counter()
        with self.database.transaction() as session:
            taken = service.take_report(session, self.command, report)
            recipient = taken.dossier.steps[0].kind
        seconds = time.perf_counter() - start
        assert recipient == "primary", recipient
        return seconds


def columns(cells: int) -> int:
    """Return how many cells lie in a row."""
    return math.ceil(math.sqrt(cells))


@contextmanager
def counties(cells: int, past: int) -> Iterator[list[County]]:
    """Give the four counties, the smallest first."""
    with tempfile.TemporaryDirectory(prefix="gridserver-bench-") as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder), throwaway=True)
        with cluster.running() as url:
            prepare(cluster)
            engine = sa.create_engine(url, poolclass=sa.NullPool)
            schema.upgrade(engine)
            lay_down(cluster, url.database, "force", {})
            copy(cluster, url.database, "history")
            lay_down(cluster, "history", "past", {"past": past})
            made = []
            for name, grid, before in (
                ("small", FEW, 0),
                ("wide", cells, 0),
                ("long", FEW, past),
                ("large", cells, past),
            ):
                copy(cluster, "history" if before else url.database, name)
                lay_down(cluster, name, "grid", {"cells": grid, "columns": columns(grid)})
                made.append(open_county(url.set(database=name), grid, before))
            try:
                yield made
            finally:
                for each in made:
                    each.database.dispose()


def prepare(cluster: Cluster) -> None:
    """Have nothing run in the background while it is filled and measured."""
    with autocommit(cluster, "postgres") as connection:
        for setting in ("autovacuum = off", "max_wal_size = '16GB'", "checkpoint_timeout = '1h'"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")


def copy(cluster: Cluster, template: str | None, name: str) -> None:
    """Make a database as another one is, by copying its files."""
    with autocommit(cluster, "postgres") as connection:
        words = f"CREATE DATABASE {name} TEMPLATE {template} OWNER gridserver STRATEGY file_copy"
        connection.exec_driver_sql(words)


def lay_down(cluster: Cluster, database: str | None, script: str, sizes: dict[str, int]) -> None:
    """Run a script of SQL in bulk, past the triggers and foreign keys, and have it counted."""
    given = {"at": AT, "west": WEST, "south": SOUTH, "side": SIDE, **sizes}
    with autocommit(cluster, database) as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")
        connection.exec_driver_sql("SET maintenance_work_mem = '256MB'")
        connection.exec_driver_sql("SET timezone = 'Asia/Shanghai'")
        connection.exec_driver_sql("SET synchronize_seqscans = off")
        statements = (SQL / f"{script}.sql").read_text("utf-8").strip().rstrip(";")
        with indexed_afterwards(connection) if script == "past" else nullcontext():
            for statement in statements.split(";\n"):
                connection.exec_driver_sql(statement, given)
        touched = "cell, ownership, grid_version" if script == "grid" else ""
        connection.exec_driver_sql(f"VACUUM ANALYZE {touched}")


@contextmanager
def indexed_afterwards(connection: sa.Connection) -> Iterator[None]:
    """Drop the indexes that are no constraint's, and make them again at the end: in bulk."""
    found = connection.exec_driver_sql(SECONDARY).all()
    for name, _ in found:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    yield
    for _, definition in found:
        connection.exec_driver_sql(definition)


@contextmanager
def autocommit(cluster: Cluster, database: str | None) -> Iterator[sa.Connection]:
    """Give a superuser's connection without a transaction."""
    url = cluster.superuser_url.set(database=database)
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def open_county(url: URL, cells: int, past: int) -> County:
    """Return a county whose caches are warm."""
    database = Database(url, SetClock(AT))
    with database.transaction() as session:
        command = access.principal_of(session, 1)
    county = County(cells, past, database, command)
    for _ in range(BATCH):
        county.take()
    return county


def main() -> int:
    parser = argparse.ArgumentParser(description="the decision and its write, at four sizes")
    parser.add_argument("--cells", type=int, default=100_000, help="beside the 300")
    parser.add_argument("--past", type=int, default=2_000_000, help="incidents, beside none")
    parser.add_argument("--turns", type=int, default=12)
    arguments = parser.parse_args()
    with counties(arguments.cells, arguments.past) as made:
        for _ in range(arguments.turns):
            for county in made:
                county.take_turn()
    print(f"decision: medians of {arguments.turns} turns of {BATCH} reports each")
    worst = 0.0
    for county in made:
        by_clock = median(county.clock) / median(made[0].clock)
        by_cpu = median(county.cpu) / median(made[0].cpu)
        worst = max(worst, by_cpu)
        print(
            f"  {county.cells:7,} cells, {county.past:9,} past incidents"
            f"  {1000 * median(county.clock):6.2f} ms, ratio {by_clock:.2f}"
            f"  CPU {1000 * median(county.cpu):6.2f} ms, ratio {by_cpu:.2f}"
        )
    return int(worst > PROMISED)


if __name__ == "__main__":
    sys.exit(main())
