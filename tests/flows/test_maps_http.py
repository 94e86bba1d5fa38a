"""The command map's own routes: calls by cell, heat, playback, the basemap and its policy."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from gridserver.app import create_app
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.settings import from_environment
from tests import pmtiles
from tests.conftest import MORNING
from tests.county import CELLS, County, centre
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

BY_CELL, HEAT, BASEMAP = (f"/api/v1/map/{name}" for name in ("calls-by-cell", "heat", "basemap"))
FILE, PLAYBACKS = "/tiles/basemap.pmtiles", "/api/v1/playbacks"
BOUNDS = (118.0, 28.9, 118.7, 29.5)
BEGIN = {"from": MORNING.isoformat()}


@pytest.fixture
def called(client: AccountClient, clock: SetClock) -> AccountClient:
    """A call in each station's ground."""
    room = client.as_("command")
    for row in (0, 1):
        lon, lat = centre(0, row)
        report = {"source": "110", "external_id": f"{row}", "category": "dispute"}
        assert (
            room.post("/api/v1/incidents", json=report | {"lon": lon, "lat": lat}).status_code
            == 201
        )
    clock.advance(dt.timedelta(hours=1))
    return client


def test_each_room_counts_its_own_calls(called: AccountClient) -> None:
    everything = called.as_("command").get(BY_CELL).json
    assert [each["cell"] for each in everything["items"]] == [CELLS[0, 0][0], CELLS[0, 1][0]]
    own = called.as_("room-33082402")
    assert [each["cell"] for each in own.get(BY_CELL, query_string={"days": 1}).json["items"]] == [
        CELLS[0, 1][0]
    ]
    heat = own.get(HEAT, query_string=BEGIN).json
    assert (heat["calls"], len(heat["squares"])) == (1, 1)
    other = own.get(HEAT, query_string={"station": "33082401"})
    assert is_problem(other, 403, "access.forbidden")
    assert is_problem(called.as_("330824001").get(HEAT), 403, "access.forbidden")


def test_filters_are_those_of_the_list(called: AccountClient) -> None:
    room = called.as_("command")
    narrowed = {"station": "33082401", "category": "dispute", "source": "110"}
    assert room.get(HEAT, query_string=BEGIN | narrowed).json["calls"] == 1
    assert room.get(HEAT, query_string=narrowed | {"priority": 1}).json["calls"] == 0
    assert room.get(HEAT, query_string={"cell": CELLS[0, 1][0]}).json["calls"] == 1
    assert is_problem(room.get(HEAT, query_string={"station": "1"}), 404, "unit.unknown")
    backwards = BEGIN | {"to": (MORNING - dt.timedelta(days=1)).isoformat()}
    assert is_problem(room.get(HEAT, query_string=backwards), 422, "density.bad_period")


def test_a_period_is_played_back_for_a_stated_purpose(called: AccountClient) -> None:
    here = {"lon": 118.405, "lat": 29.105, "at": MORNING.isoformat(), "accuracy_m": 8}
    sent = called.as_("330824001").post("/api/v1/positions", json={"positions": [here]})
    assert sent.status_code == 202
    room = called.as_("room-33082401")
    asked = BEGIN | {"to": (MORNING + dt.timedelta(hours=1)).isoformat()}
    played = room.post(PLAYBACKS, json=asked).json
    (task,) = played["tasks"]
    assert [turn["state"] for turn in task["turns"]] == ["assigned"]
    assert (played["tracks"], played["step_s"]) == (None, None)
    with_positions = asked | {"positions": True}
    assert is_problem(room.post(PLAYBACKS, json=with_positions), 422, "input.length")
    played = room.post(PLAYBACKS, json=with_positions | {"purpose": "复盘"}).json
    (track,) = played["tracks"]
    assert track["username"] == "330824001"
    assert track["fixes"] == [[0.0, 118.405, 29.105, 8.0]]
    other = room.post(PLAYBACKS, json=asked | {"station": "33082402"})
    assert is_problem(other, 403, "access.forbidden")


def with_basemap(database: Database, tmp_path: Path, **named: str) -> AccountClient:
    environ = {"GRIDSERVER_VAR": str(tmp_path)}
    environ |= {f"GRIDSERVER_{name.upper()}": value for name, value in named.items()}
    app = create_app(from_environment(environ), database)
    app.test_client_class = AccountClient
    return app.test_client()


def test_without_a_basemap_there_is_none(client: AccountClient) -> None:
    room = client.as_("command")
    assert room.get(BASEMAP).json == {"basemap": None}
    assert is_problem(room.get(FILE), 404, "basemap.none")
    assert "connect-src 'self';" in room.get("/api/v1/bureau").headers["Content-Security-Policy"]


def test_a_file_is_served_by_ranges_to_who_signed_in(
    database: Database, county: County, tmp_path: Path
) -> None:
    tiles = {(0, 0, 0): b"tile"}
    file = pmtiles.write(tmp_path / "a.pmtiles", tiles, tile_type=pmtiles.MVT, bounds=BOUNDS)
    client = with_basemap(database, tmp_path, basemap=str(file), basemap_attribution="© Survey")
    assert is_problem(client.get(FILE), 401, "access.unauthenticated")
    officer = client.as_("330824001")
    assert officer.get(BASEMAP).json["basemap"] == {
        "kind": "vector",
        "format": "pmtiles",
        "address": FILE,
        "minzoom": 0,
        "maxzoom": 0,
        "bounds": list(BOUNDS),
        "attribution": "© Survey",
    }
    part = officer.get(FILE, headers={"Range": "bytes=0-6"})
    assert (part.status_code, part.data) == (206, b"PMTiles")
    assert part.headers["Content-Range"] == f"bytes 0-6/{file.stat().st_size}"
    kept = officer.get(FILE, headers={"If-None-Match": part.headers["ETag"]})
    assert kept.status_code == 304
    assert officer.get(FILE, headers={"Range": "bytes=99999-"}).status_code == 416
    assert officer.get(FILE).data == file.read_bytes()


def test_a_services_host_alone_joins_the_policy(
    database: Database, county: County, tmp_path: Path
) -> None:
    service = "http://tiles.bureau.example/{z}/{x}/{y}.png"
    client = with_basemap(database, tmp_path, basemap=service, basemap_crs="EPSG:3857")
    answer = client.as_("command").get(BASEMAP)
    assert answer.json["basemap"]["format"] == "xyz"
    policy = answer.headers["Content-Security-Policy"]
    assert "connect-src 'self' http://tiles.bureau.example;" in policy
    assert policy.count("tiles.bureau.example") == 1
    assert is_problem(client.as_("command").get(FILE), 404, "basemap.none")
