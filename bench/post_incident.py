"""POST /incidents against the same writes in plain SQL, on the demo county's 266 cells.

One real web process and eight connections that keep alive, against eight connections that send the
two statements that must be sent: which cell covers the point and who owns it; then incident,
decision, task, offer, history, audit row, inbox message and feed entry at once. The floor knows no
HTTP, no session, no rules and no reasons. Measured in turns in one run, on a throwaway cluster
without fsync, so that the disk doesn't decide. The CPU time that the web process spends on one
request is told too: it says the same on a busy machine, where rates don't.

    python bench/post_incident.py [--seconds S] [--turns N] [--within S]
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg2
import psycopg2.extras
import requests
from rich.console import Console
from sqlalchemy.engine import URL

from gridserver import schema
from gridserver.base.db import Database
from gridserver.demo import load as demo
from gridserver.demo.county import read_cells
from gridserver.embedded import Cluster

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 8
PASSWORD = "bench-only-1"  # noqa: S105 (a throwaway database)

OWNER = """
    SELECT v.id, c.code, c.station_code, u.id, u.path, f.account_id
    FROM grid_version v
    JOIN cell c ON c.version_id = v.id
    JOIN unit u ON u.code = c.station_code
    JOIN ownership o ON o.cell_code = c.code AND o.role = 'primary' AND o.valid @> %(at)s
    JOIN officer f ON f.id = o.officer_id
    WHERE v.valid @> %(at)s AND ST_Covers(c.geom, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326))
    ORDER BY c.code LIMIT 1
"""
WRITE = """
    WITH i AS (
        INSERT INTO incident (source, external_id, body_digest, category, priority, raw_x, raw_y,
            raw_crs, point, reported_at, received_at, grid_version_id, cell_code, method,
            neighbours, distance_m, unit_id)
        VALUES ('bench', %(name)s, '\\x00', 'dispute', 3, %(lon)s, %(lat)s, 'EPSG:4326',
            ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), %(at)s, %(at)s, %(version)s,
            %(cell)s, 'covers', '{}', 0, %(unit)s)
        RETURNING id
    ), d AS (
        INSERT INTO decision (incident_id, at, rules_version, route, hours, facts, steps, notes)
        SELECT id, %(at)s, 2, 'community', 'day', %(document)s, '[]', '[]' FROM i
    ), t AS (
        INSERT INTO task (incident_id, state, created_at, updated_at)
        SELECT id, 'assigned', %(at)s, %(at)s FROM i RETURNING id
    ), o AS (
        INSERT INTO offer (task_id, round, step, kind, recipient, because, message_id, told_at)
        SELECT id, 1, 1, 'primary', %(owner)s, '{}', %(message)s, %(at)s FROM t
    ), e AS (
        INSERT INTO task_event (task_id, verb, to_state, occurred_at, at, data)
        SELECT id, 'dispatch', 'assigned', %(at)s, %(at)s, '{}' FROM t
    ), a AS (
        INSERT INTO audit_entry (at, tag, subject_kind, subject_id, data)
        SELECT %(at)s, 'incident:report', 'incident', id::text, '{}' FROM i
    ), h AS (
        INSERT INTO inbox_head AS h (recipient, seq) VALUES (%(owner)s, 1)
        ON CONFLICT (recipient) DO UPDATE SET seq = h.seq + 1 RETURNING seq
    ), m AS (
        INSERT INTO inbox_message (recipient, seq, id, type, at, data)
        SELECT %(owner)s, seq, %(message)s, 'task.offered', %(at)s, %(document)s FROM h
    ), f AS (
        INSERT INTO feed_entry (at, unit_path, type, data)
        VALUES (%(at)s, %(path)s, 'incident.created', %(document)s)
    )
    SELECT id FROM i
"""

Point = tuple[float, float]
Work = Callable[[Point], None]


@contextmanager
def county() -> Iterator[URL]:
    """Give the URL of a throwaway database with the demo county."""
    with tempfile.TemporaryDirectory(prefix="gridserver-bench-") as folder:
        Path(folder).chmod(0o755)
        with Cluster(Path(folder), throwaway=True).running() as url:
            database = Database(url)
            schema.upgrade(database.engine)
            demo.load(database, PASSWORD, Console(quiet=True), days=0)
            database.dispose()
            yield url


@contextmanager
def web_process(url: URL) -> Iterator[tuple[int, int]]:
    """Run one web process; give its port and its id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = os.environ | {
        "GRIDSERVER_DATABASE_URL": url.render_as_string(hide_password=False),
        "GRIDSERVER_HOST": "127.0.0.1",
        "GRIDSERVER_ACCOUNT_RATE": "0",
        "GRIDSERVER_ACCOUNT_READ_RATE": "0",
        "GRIDSERVER_ADDRESS_RATE": "0",
        "GRIDSERVER_PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "wsgi.py"], cwd=ROOT, env=environ)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def by_http(port: int, token: str) -> Work:
    """Return what posts an incident over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(point: Point) -> None:
        lon, lat = point
        report = {"source": "bench", "external_id": uuid.uuid4().hex, "category": "dispute"}
        body = json.dumps(report | {"lon": lon, "lat": lat})
        connection.request("POST", "/api/v1/incidents", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 201, answer.status

    return post


def by_sql(url: URL, document: str) -> Work:
    """Return what writes the same rows over a database connection of its own."""
    connection = psycopg2.connect(
        host=url.query["host"], user=url.username, password=url.password, dbname=url.database
    )

    def write(point: Point) -> None:
        lon, lat = point
        given = {"lon": lon, "lat": lat, "at": dt.datetime.now(dt.UTC), "document": document}
        with connection, connection.cursor() as cursor:
            cursor.execute(OWNER, given)
            version, cell, _, unit, path, owner = cursor.fetchone()
            given |= {"version": version, "cell": cell, "unit": unit, "path": path, "owner": owner}
            given |= {"name": uuid.uuid4().hex, "message": str(uuid.uuid4())}
            cursor.execute(WRITE, given)

    return write


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used (fields 14 and 15 of proc(5)'s stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(works: list[Work], points: list[Point], seconds: float) -> float:
    """Return how many a second all `works` do together, each in a thread of its own."""
    done, until = [0] * len(works), time.perf_counter() + seconds

    def drive(number: int) -> None:
        chance = random.Random(number)
        while time.perf_counter() < until:
            works[number](chance.choice(points))
            done[number] += 1

    threads = [threading.Thread(target=drive, args=(n,)) for n in range(len(works))]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - start)


@dataclass
class Measured:
    """What each kind of work does a second, turn by turn, and the CPU seconds of the web process
    for one request."""

    http: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(self.http) / median(self.sql)


def measure(url: URL, points: list[Point], seconds: float, turns: int, deadline: float) -> Measured:
    """Measure in turns, one after the other, until there were enough or the time is over."""
    document = json.dumps({"filler": "x" * 1500})  # as long as the server's cards are
    measured = Measured()
    with web_process(url) as (port, pid):
        token = sign_in(port)
        http = [by_http(port, token) for _ in range(CONNECTIONS)]
        sql = [by_sql(url, document) for _ in range(CONNECTIONS)]
        for works in (http, sql):
            rate(works, points, seconds / 2)  # warms up
        while len(measured.sql) < turns:
            used = cpu_seconds(pid)
            measured.http.append(rate(http, points, seconds))
            measured.cpu.append((cpu_seconds(pid) - used) / (measured.http[-1] * seconds))
            measured.sql.append(rate(sql, points, seconds))
            if time.monotonic() + 2 * seconds > deadline:
                break
    return measured


def sign_in(port: int) -> str:
    """Return a token of the bureau's command room."""
    credentials = {"username": "command", "password": PASSWORD}
    answer = requests.post(f"http://127.0.0.1:{port}/api/v1/sessions", json=credentials, timeout=30)
    return answer.json()["token"]


def main() -> int:
    parser = argparse.ArgumentParser(description="POST /incidents against plain SQL")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement")
    parser.add_argument("--turns", type=int, default=3, help="at most")
    parser.add_argument("--within", type=float, default=35.0, help="seconds; no new turn after")
    arguments = parser.parse_args()
    deadline = time.monotonic() + arguments.within
    inside = [cell.shape.representative_point() for cell in read_cells()]
    points = [(point.x, point.y) for point in inside]
    with county() as url:
        measured = measure(url, points, arguments.seconds, arguments.turns, deadline)
    print(f"post_incident: {CONNECTIONS} connections, medians of {len(measured.sql)} turns")
    print(f"  POST /incidents  {median(measured.http):8.0f} /s")
    print(f"  plain SQL        {median(measured.sql):8.0f} /s")
    print(f"  ratio to plain SQL {measured.ratio:.2f}")
    print(f"  CPU of the web process {1000 * median(measured.cpu):.1f} ms a request")
    return 0


if __name__ == "__main__":
    sys.exit(main())
