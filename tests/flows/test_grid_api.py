"""Grid versions, cells, tiles and `locate` over HTTP."""

from __future__ import annotations

import dataclasses

import pytest
import shapely

from gis import testing
from gridserver.base.db import Database
from gridserver.grids import queries, service
from tests.county import CELLS, SIDE, SOUTH, WEST, County, centre
from tests.flows.conftest import AccountClient
from tests.grids import as_published, put_draft
from tests.problems import is_problem

NAMES = [code for code, _ in CELLS.values()]
VERSION = "/api/v1/grid/versions/v1"


@pytest.fixture
def draft(database: Database, county: County) -> str:
    return put_draft(database, "v2", testing.grid())


# --- cells


def test_cells_are_found_by_their_code(gis: AccountClient) -> None:
    found = gis.get("/api/v1/grid/cells?code=001001002").json["items"]
    assert [(cell["code"], cell["name"], cell["station"]) for cell in found] == [
        ("330824001001002", "村10", "33082401")
    ]
    here = f"/api/v1/locate?lon={found[0]['lon']}&lat={found[0]['lat']}"
    located = gis.get(here).json
    assert (located["cell"]["code"], located["method"]) == ("330824001001002", "covers")


def test_codes_that_begin_so_come_first(gis: AccountClient) -> None:
    part = "330824002"
    found = [cell["code"] for cell in gis.get(f"/api/v1/grid/cells?code={part}").json["items"]]
    assert found == ["330824002001001", "330824002001002"]
    assert gis.get("/api/v1/grid/cells?code=%25%25").json["items"] == [], "no wildcards"
    is_problem(gis.get("/api/v1/grid/cells?code=3"), 422)


# --- versions


def test_versions_are_listed_by_page(gis: AccountClient, draft: str) -> None:
    first = gis.get("/api/v1/grid/versions?limit=1").json
    assert first["items"] == [
        {
            "name": "v1",
            "state": "published",
            "valid_from": "2026-03-03T01:30:00+00:00",
            "valid_to": None,
            "cells": 4,
            "revision": 1,
        }
    ]
    second = gis.get(f"/api/v1/grid/versions?limit=1&cursor={first['next']}").json
    assert [item["name"] for item in second["items"]] == ["v2"]
    assert second["next"] is None


def test_a_version_and_its_etag(gis: AccountClient) -> None:
    seen = gis.get(VERSION)
    assert seen.json["name"] == "v1"
    again = gis.get(VERSION, headers={"If-None-Match": seen.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    is_problem(gis.get("/api/v1/grid/versions/no"), 404, "grid.unknown_version")


def test_publishing(gis: AccountClient, draft: str) -> None:
    done = as_published(gis, draft)
    assert done.status_code == 200
    assert done.json["state"] == "published"
    assert done.headers["ETag"] == gis.get(draft).headers["ETag"]
    assert gis.get(VERSION).json["state"] == "retired"
    assert gis.get("/api/v1/bureau").json["grid_version"] == "v2"


def test_publishing_for_later(gis: AccountClient, draft: str) -> None:
    done = as_published(gis, draft, **{"from": "2026-04-01T00:00:00+08:00"})
    assert done.json["valid_from"] == "2026-03-31T16:00:00+00:00"
    assert gis.get(VERSION).json["valid_to"] == "2026-03-31T16:00:00+00:00"
    is_problem(as_published(gis, VERSION, **{"from": "2026-05-01T00:00:00Z"}), 409)


def test_a_change_needs_the_etag_of_what_was_seen(gis: AccountClient, draft: str) -> None:
    for verb in ("publish", "retire"):
        is_problem(gis.post(f"{draft}/{verb}", json={}), 428)
        stale = {"If-Match": '"another"'}
        is_problem(gis.post(f"{draft}/{verb}", json={}, headers=stale), 412)
    assert gis.get(draft).json["state"] == "draft"


def test_only_a_gis_admin_publishes(client: AccountClient, draft: str) -> None:
    for username in ("command", "admin", "auditor", "330824001", "room-33082401"):
        is_problem(as_published(client.as_(username), draft), 403, "access.forbidden")
    assert client.as_("gis").get(draft).json["state"] == "draft"


def test_blocking_faults_refuse(gis: AccountClient, database: Database, county: County) -> None:
    address = put_draft(database, "bad", testing.with_bowtie())
    refusal = is_problem(as_published(gis, address), 409, "grid.blocking_faults")
    assert refusal["faults"] == {"invalid_ring": 1}
    assert gis.get(address).json["state"] == "draft"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"from": "2026-01-01T00:00:00Z"}, "from"),
        ({"from": "2026-04-01T00:00:00"}, "from"),
        ({"from": "soon"}, "from"),
        ({"since": "2026-04-01T00:00:00Z"}, "since"),
    ],
)
def test_bad_publications(gis: AccountClient, draft: str, body: dict, field: str) -> None:
    assert is_problem(as_published(gis, draft, **body), 422)["field"] == field


def test_retiring(gis: AccountClient, draft: str) -> None:
    etag = gis.get(draft).headers["ETag"]
    assert gis.post(f"{draft}/retire", headers={"If-Match": etag}).json["state"] == "retired"
    etag = gis.get(draft).headers["ETag"]
    again = gis.post(f"{draft}/retire", headers={"If-Match": etag})
    assert is_problem(again, 409, "grid.wrong_state")["state"] == "retired"


def test_the_report_of_the_last_check(
    gis: AccountClient, database: Database, county: County
) -> None:
    address = put_draft(database, "bad", testing.with_overlap())
    is_problem(gis.get(f"{address}/report"), 404, "grid.not_checked")
    with database.transaction() as session:
        service.check(session, None, "bad")
    report = gis.get(f"{address}/report").json
    assert (report["version"], report["cells"], report["blocking"]) == ("bad", 2, 1)
    assert report["faults"][0]["cells"] == ["1", "2"]


# --- geometry


def test_cells_are_geojson(client: AccountClient) -> None:
    officer = client.as_("330824001")
    answer = officer.get(f"{VERSION}/cells")
    assert answer.content_type == "application/geo+json"
    features = answer.json["features"]
    assert sorted(f["properties"]["code"] for f in features) == sorted(NAMES)
    assert features[0]["properties"].keys() == {"code", "name", "station"}
    geom = shapely.geometry.shape(features[0]["geometry"])
    assert geom.bounds == (WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)
    assert all(part.exterior.is_ccw for part in geom.geoms)
    same = officer.get(f"{VERSION}/cells", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304


def test_some_cells_only(client: AccountClient) -> None:
    found = client.as_("command").get(f"{VERSION}/cells?code={NAMES[2]}&code={NAMES[0]}&code=no")
    assert [f["properties"]["code"] for f in found.json["features"]] == [NAMES[0], NAMES[2]]


def test_the_cells_of_a_faulty_draft_are_shown(
    gis: AccountClient, database: Database, county: County
) -> None:
    """So that they can be mended: as they are, without a repair."""
    bowtie = testing.with_bowtie()
    shown = gis.get(f"{put_draft(database, 'bad', bowtie)}/cells").json["features"]
    drawn = shapely.geometry.shape(shown[1]["geometry"])
    assert not drawn.is_valid
    assert shapely.equals_exact(drawn, shapely.MultiPolygon([bowtie[1].geom]), normalize=True)


def test_outline_and_neighbours(gis: AccountClient, draft: str, database: Database) -> None:
    assert as_published(gis, draft).status_code == 200
    outline = gis.get("/api/v1/grid/outline").json
    assert outline["type"] == "Feature"
    assert outline["properties"] == {"code": "330824", "name": "开化县公安局", "grid_version": "v2"}
    ground = shapely.geometry.shape(outline["geometry"])
    assert shapely.equals(ground, testing.union(testing.grid()))
    nothing = {"type": "FeatureCollection", "features": []}
    assert gis.get("/api/v1/grid/neighbours").json == nothing
    with database.transaction() as session:
        near = queries.Neighbour("330127", "淳安县", None, testing.square(3, 0))
        service.set_neighbours(session, None, [near, dataclasses.replace(near, code="340000")])
    found = gis.get("/api/v1/grid/neighbours").json["features"]
    assert [f["properties"]["code"] for f in found] == ["330127", "340000"]


# --- locate


def test_locate(client: AccountClient) -> None:
    lon, lat = centre(0, 0)
    found = client.as_("command").get(f"/api/v1/locate?lon={lon}&lat={lat}").json
    assert found == {
        "cell": {
            "code": NAMES[0],
            "name": "村00",
            "station": {"code": "33082401", "name": "南所"},
        },
        "method": "covers",
        "neighbours": [],
        "distance_m": 0.0,
        "owner": {"username": "330824001", "display_name": "330824001"},
        "grid_version": "v1",
    }


def test_locate_by_crs_time_and_accuracy(client: AccountClient) -> None:
    command = client.as_("command")
    lon, lat = centre(0, 0)
    here = f"/api/v1/locate?lon={lon}&lat={lat}"
    east = f"/api/v1/locate?lon={WEST + SIDE + 0.002}&lat={lat}"
    assert command.get(east).json["cell"]["code"] == NAMES[1]
    assert command.get(f"{east}&crs=gcj02").json["cell"]["code"] == NAMES[0]
    assert command.get(f"{here}&at=2020-01-01T00:00:00Z").json == {
        "cell": None,
        "method": "outside",
        "neighbours": [],
        "distance_m": None,
        "owner": None,
        "grid_version": None,
    }
    edge = f"/api/v1/locate?lon={WEST + SIDE + 1e-5}&lat={lat}&accuracy_m=50"
    found = command.get(edge).json
    assert (found["cell"]["code"], found["method"]) == (NAMES[1], "largest_share")
    assert found["neighbours"][0] == NAMES[0]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("lon=29.1&lat=118.4", "coordinates.swapped"),
        ("lon=nan&lat=29.1", "coordinates.not_finite"),
        ("lon=518.4&lat=29.1", "coordinates.out_of_range"),
        ("lon=118.4&lat=29.1&crs=EPSG:4214", "crs.old_datum"),
        ("lon=118.4&lat=29.1&crs=nonsense", "crs.unknown"),
        ("lon=118.4&lat=29.1&accuracy_m=-1", "locate.accuracy"),
        ("lon=118.4", "input.invalid"),
        ("lon=x&lat=29.1", "input.invalid"),
        ("lon=118.4&lat=29.1&at=2026-03-10T09:30:00", "input.invalid"),
    ],
)
def test_impossible_questions(client: AccountClient, query: str, code: str) -> None:
    refusal = is_problem(client.as_("command").get(f"/api/v1/locate?{query}"), 422, code)
    assert refusal["field"]


# --- tiles


def test_tilejson_and_its_tiles(client: AccountClient) -> None:
    command = client.as_("command")
    described = command.get("/tiles/grid.json").json
    assert described["tilejson"] == "3.0.0"
    assert described["bounds"] == pytest.approx([WEST, SOUTH, WEST + 2 * SIDE, SOUTH + 2 * SIDE])
    assert [layer["id"] for layer in described["vector_layers"]] == ["cells", "labels"]
    assert described["vector_layers"][0]["fields"].keys() == {"code", "name", "station"}
    (template,) = described["tiles"]
    assert template.startswith("http://localhost/tiles/grid/{z}/{x}/{y}.mvt")
    tile = command.get(template.format(z=10, x=848, y=425))
    assert tile.status_code == 200
    assert tile.content_type == "application/vnd.mapbox-vector-tile"
    assert tile.headers["Cache-Control"].startswith("private")
    assert NAMES[0].encode() in tile.data
    kept = {"If-None-Match": tile.headers["ETag"]}
    assert command.get("/tiles/grid/10/848/425.mvt", headers=kept).status_code == 304


def test_another_grid_has_another_etag(gis: AccountClient, draft: str) -> None:
    before = gis.get("/tiles/grid/10/848/425.mvt")
    as_published(gis, draft)
    after = gis.get("/tiles/grid/10/848/425.mvt", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert b"r00c00" in after.data


def test_a_tile_without_cells_is_empty(client: AccountClient) -> None:
    empty = client.as_("command").get("/tiles/grid/10/1/1.mvt")
    assert (empty.status_code, empty.data) == (204, b"")


@pytest.mark.parametrize("address", ["3/8/0", "3/0/8", "23/0/0", "-1/0/0", "x/0/0"])
def test_tiles_that_are_not_there(client: AccountClient, address: str) -> None:
    is_problem(client.as_("command").get(f"/tiles/grid/{address}.mvt"), 404)


def test_without_a_grid_in_force_there_are_no_tiles(gis: AccountClient) -> None:
    etag = gis.get(VERSION).headers["ETag"]
    gis.post(f"{VERSION}/retire", headers={"If-Match": etag})
    for address in ("/tiles/grid.json", "/tiles/grid/10/848/425.mvt", "/api/v1/grid/outline"):
        is_problem(gis.get(address), 404, "grid.none_in_force")


def test_tiles_need_a_session(client: AccountClient) -> None:
    is_problem(client.get("/tiles/grid/10/848/425.mvt"), 401)
