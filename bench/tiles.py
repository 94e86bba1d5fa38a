"""A tile of the demo county against its bare `ST_AsMVT` query.

The floor: the query that must be run for the cells of a tile, sent over one open connection. Ours:
the same tile, with its labels, from a real web process over one HTTP connection that keeps alive,
session and version checked; and once more for a client that has it (304). Measured in turns, given
as medians.

    python bench/tiles.py [--turns N]
"""

from __future__ import annotations

import argparse
import http.client
import math
import sys
import time
from collections.abc import Callable
from statistics import median

import psycopg2
import requests
from post_incident import PASSWORD, county, web_process
from sqlalchemy.engine import URL

CENTRE = (118.40, 29.20)
ZOOMS = (8, 9, 10, 11, 12, 13)
BARE = """
    SELECT ST_AsMVT(t, 'cells', 4096, 'geom') FROM (
        SELECT code, name, station_code AS station,
            ST_AsMVTGeom(ST_Transform(geom, 3857), ST_TileEnvelope(%(z)s, %(x)s, %(y)s)) AS geom
        FROM cell
        WHERE version_id = %(version)s
            AND geom && ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4326)
    ) AS t
"""
Address = tuple[int, int, int]


def holding(lon: float, lat: float, z: int) -> Address:
    """Return the XYZ tile that holds a place."""
    x = (lon + 180.0) / 360.0 * 2**z
    y = (1.0 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2.0 * 2**z
    return z, int(x), int(y)


def bare(url: URL) -> Callable[[Address], None]:
    """Return what runs the bare query."""
    connection = psycopg2.connect(
        host=url.query["host"], user=url.username, password=url.password, dbname=url.database
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM grid_version WHERE valid @> now()")
        (version,) = cursor.fetchone()

    def run(address: Address) -> None:
        with connection.cursor() as cursor:
            cursor.execute(BARE, dict(zip("zxy", address, strict=True)) | {"version": version})
            cursor.fetchone()

    return run


def by_http(port: int, token: str, *, kept: bool) -> Callable[[Address], None]:
    """Return what gets a tile; `kept`: with the ETag of the one that the client has."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    etags: dict[Address, str] = {}

    def get(address: Address) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        if kept and address in etags:
            headers["If-None-Match"] = etags[address]
        connection.request("GET", "/tiles/grid/{}/{}/{}.mvt".format(*address), headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == (304 if "If-None-Match" in headers else 200), answer.status
        etags[address] = answer.headers["ETag"]

    return get


def token_of(port: int, username: str) -> str:
    """Sign in."""
    address = f"http://127.0.0.1:{port}/api/v1/sessions"
    credentials = {"username": username, "password": PASSWORD}
    return requests.post(address, json=credentials, timeout=30).json()["token"]


def main() -> int:
    parser = argparse.ArgumentParser(description="tiles against bare ST_AsMVT")
    parser.add_argument("--turns", type=int, default=15)
    turns = parser.parse_args().turns
    addresses = [holding(*CENTRE, z) for z in ZOOMS]
    with county() as url, web_process(url) as (port, _):
        token = token_of(port, "gis")
        works = {
            "bare ST_AsMVT": bare(url),
            "tile by HTTP": by_http(port, token, kept=False),
            "tile kept (304)": by_http(port, token, kept=True),
        }
        taken: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(turns + 1):
            for name, work in works.items():
                start = time.perf_counter()
                for address in addresses:
                    work(address)
                if turn:  # the first warms up
                    taken[name].append((time.perf_counter() - start) / len(addresses))
    print(f"tiles: one at each zoom of {ZOOMS}, medians of {turns}")
    for name, seconds in taken.items():
        print(f"  {name:16} {median(seconds) * 1000:8.2f} ms")
    ratio = median(taken["tile by HTTP"]) / median(taken["bare ST_AsMVT"])
    print(f"  ratio to the bare query {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
