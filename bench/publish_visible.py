"""From the order to publish until another process sees the grid, against the least there is to do.

The floor: `gis.coverage.faults` of the cells in memory; then one connection ends the range of the
version in force and begins that of the next, in one transaction, while another asks over and over
which is in force. Ours: a POST to one real web process, which reads and checks all cells under its
lock, in a process of its own, and writes report and audit row, while a second web process is asked
the same over HTTP. Both from the sending of the order to the first answer with the new name;
measured in turns in one run, given as medians. What passes after the publisher's own answer is told
too.

    python bench/publish_visible.py [--turns N]
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Sequence
from statistics import median

import psycopg2
import requests
from post_incident import county, web_process
from psycopg2.extensions import connection as Connection
from sqlalchemy.engine import URL
from tiles import token_of

from gis.coverage import faults
from gis.features import Cell
from gridserver.demo.county import read_cells

PRESENT = "SELECT name FROM grid_version WHERE valid @> now()"
#: The end of one range is the beginning of the next; both rows at once, as a version is published.
END = "UPDATE grid_version SET valid = tstzrange(lower(valid), now()) WHERE valid @> now()"
BEGIN = """
    UPDATE grid_version SET state = 'published', valid = tstzrange(now(), NULL),
        outline = (SELECT outline FROM grid_version WHERE name = 'demo-1')
    WHERE name = %s
"""


def until_seen(
    order: Callable[[], None], present: Callable[[], str], name: str
) -> tuple[float, float]:
    """Give an order; return in how many seconds `present` first answers `name`, and in how many
    the order itself was answered."""
    moments: list[float] = []
    asking = threading.Event()

    def watch() -> None:
        while not moments:
            if present() == name:
                moments.append(time.perf_counter())
            asking.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    asking.wait()
    start = time.perf_counter()
    order()
    answered = time.perf_counter()
    watcher.join()
    return moments[0] - start, answered - start


def connected(url: URL) -> Connection:
    """Return a connection that commits each statement."""
    connection = psycopg2.connect(
        host=url.query["host"], user=url.username, password=url.password, dbname=url.database
    )
    connection.autocommit = True
    return connection


def bare(
    cells: Sequence[Cell], writer: Connection, reader: Connection, name: str
) -> tuple[float, float]:
    """The floor."""

    def order() -> None:
        faults(cells)
        with writer.cursor() as cursor:
            cursor.execute(f"BEGIN; {END}; {BEGIN}; COMMIT", (name,))

    def present() -> str:
        with reader.cursor() as cursor:
            cursor.execute(PRESENT)
            return cursor.fetchone()[0]

    return until_seen(order, present, name)


class Client:
    """A GIS admin at one web process."""

    def __init__(self, port: int) -> None:
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token_of(port, 'gis')}"
        self._url = f"http://127.0.0.1:{port}"

    def copy(self, name: str) -> str:
        """Make a draft of the demo county's grid; return its ETag."""
        versions = f"{self._url}/api/v1/grid/versions"
        made = self._session.post(f"{versions}/demo-1/copy", json={"name": name}, timeout=60)
        assert made.status_code == 201, made.text
        return self._session.get(f"{versions}/{name}", timeout=60).headers["ETag"]

    def publish(self, name: str, etag: str) -> None:
        """Put it in force."""
        address = f"{self._url}/api/v1/grid/versions/{name}/publish"
        done = self._session.post(address, json={}, headers={"If-Match": etag}, timeout=60)
        assert done.status_code == 200, done.text

    def present(self) -> str:
        """Return the name of the grid in force."""
        answer = self._session.get(f"{self._url}/tiles/grid.json", timeout=60)
        return answer.json()["name"].removeprefix("Grid ")


def main() -> int:
    parser = argparse.ArgumentParser(description="publish until seen in another process")
    parser.add_argument("--turns", type=int, default=7)
    turns = parser.parse_args().turns
    floor, ours = [], []
    with county() as url, web_process(url) as (port, _), web_process(url) as (other, _):
        writer, reader = connected(url), connected(url)
        admin, bystander = Client(port), Client(other)
        cells = [Cell(cell.code, cell.shape) for cell in read_cells()]
        for turn in range(turns):
            admin.copy(f"sql-{turn}")
            floor.append(bare(cells, writer, reader, f"sql-{turn}"))
            name = f"http-{turn}"
            etag = admin.copy(name)
            ours.append(
                until_seen(lambda: admin.publish(name, etag), bystander.present, name)  # noqa: B023
            )
    print(f"publish_visible: 266 cells, medians of {turns}")
    seconds = [median(seen for seen, _ in found) for found in (floor, ours)]
    later = [median(seen - answered for seen, answered in found) for found in (floor, ours)]
    for name, taken, after in zip(("bare", "publish"), seconds, later, strict=True):
        print(f"  {name:8} {taken * 1000:8.1f} ms, {after * 1000:+.1f} ms after its own answer")
    print(f"  ratio {seconds[1] / seconds[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
