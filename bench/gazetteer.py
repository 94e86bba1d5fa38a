"""Finding a place among 200,000 made-up addresses and the demo county's real names.

The floor is the bare statement over psycopg2, its text and parameters ready. Against it stand the
service's call, which makes them of what was typed, and the route over HTTP, which adds the account,
the cells and stations of what was found, and JSON. Each query of the tests' list is measured in the
same run, in turns, and the medians over all are given.

    python bench/gazetteer.py [--repeats N]
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import psycopg2.extensions
import requests
import yaml
from rig.contest import installation
from rig.processes import web_process
from sqlalchemy.dialects.postgresql.psycopg2 import dialect

from gridserver.base.db import Database
from gridserver.demo import addresses
from gridserver.demo.county import read_cells
from gridserver.demo.load import add_grid
from gridserver.places.search import STATEMENT, parameters, search

LIST = Path(__file__).resolve().parents[1] / "tests" / "rooms" / "gazetteer_queries.yaml"
HERE = (118.41, 29.137)
LIMIT = 10
BARE = str(STATEMENT.compile(dialect=dialect()))


def queries() -> list[str]:
    """What the tests ask for, without the houses, whose streets the tests name."""
    asked = yaml.safe_load(LIST.read_text("utf-8"))
    return [query["typed"] for query in asked if "house" not in query]


def bare(connection: psycopg2.extensions.connection, asked: dict[str, object]) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(BARE, asked)
        cursor.fetchall()


def service(database: Database, typed: str) -> None:
    with database.transaction() as session:
        search(session, typed, near=HERE, limit=LIMIT)


def http(caller: requests.Session, url: str, typed: str) -> None:
    lon, lat = HERE
    asked = {"q": typed, "lon": lon, "lat": lat, "limit": LIMIT}
    caller.get(url, params=asked, timeout=60).raise_for_status()


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(database: Database, folder: Path, repeats: int) -> dict[str, float]:
    """Median seconds of a query by each way."""
    server = web_process(database.url.render_as_string(hide_password=False), folder)
    caller = requests.Session()
    caller.headers["Authorization"] = "Bearer 1"
    url = f"{server.url}/api/v1/places"
    connection = database.engine.raw_connection().driver_connection
    taken: dict[str, list[float]] = {"bare SQL": [], "service": [], "HTTP": []}
    for _ in range(repeats):
        for typed in queries():
            asked = parameters(typed, near=HERE, kinds=[], limit=LIMIT)
            taken["bare SQL"].append(seconds(partial(bare, connection, asked)))
            taken["service"].append(seconds(partial(service, database, typed)))
            taken["HTTP"].append(seconds(partial(http, caller, url, typed)))
    server.kill()
    return {name: median(its) for name, its in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    cells = read_cells()
    with installation(1) as (database, _, folder):
        with database.transaction() as session:
            add_grid(session, cells)
            addresses.lay_down_many(session, cells)
        taken = measure(database, folder, repeats)
    floor = taken["bare SQL"]
    for name, its in taken.items():
        print(f"{name:10} {its * 1000:7.1f} ms   {its / floor:5.2f} times the floor")


if __name__ == "__main__":
    main()
