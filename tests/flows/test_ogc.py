"""OGC API Features: read by requests of our own, and by GDAL's driver from a real server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest
import shapely

from gridserver.base.db import Database
from tests.county import CELLS, SIDE, SOUTH, STATIONS, WEST, County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.processes import Caller
from tests.rooms import redrawing

CODES = sorted(code for code, _ in CELLS.values())
ITEMS = "/ogc/collections/grid-cells/items"
EPSG_4326 = "http://www.opengis.net/def/crs/EPSG/0/4326"
EPSG_4490 = "http://www.opengis.net/def/crs/EPSG/0/4490"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@pytest.fixture
def draft(database: Database, county: County) -> str:
    with database.transaction() as session:
        redrawing.draft(session, "v2", redrawing.with_boundary_at(0.6))
    return "/ogc/collections/grid-cells:v2/items"


def codes(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in json.loads(answer.data)["features"]]


def links(document: dict) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in document["links"]}


# --- the way in


def test_every_link_leads_somewhere(gis: AccountClient) -> None:
    landing = gis.get("/ogc/").json
    assert {"self", "service-desc", "conformance", "data"} <= set(links(landing))
    for href in links(landing).values():
        assert gis.get(href).status_code == 200, href
    for collection in gis.get("/ogc/collections").json["collections"]:
        for href in links(collection).values():
            assert gis.get(href).status_code == 200, href
        assert gis.get(links(collection)["self"]).json == collection
        assert collection["storageCrs"] in collection["crs"]


def test_nobody_reads_without_a_session(client: AccountClient) -> None:
    for path in ("/ogc/", "/ogc/collections", ITEMS):
        is_problem(client.get(path), 401, "access.unauthenticated")


def test_what_it_conforms_to(gis: AccountClient) -> None:
    named = gis.get("/ogc/conformance").json["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in named
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in named


def test_drafts_are_for_who_may_edit_them(
    client: AccountClient, gis: AccountClient, draft: str
) -> None:
    def listed(who: AccountClient) -> list[str]:
        return [c["id"] for c in who.get("/ogc/collections").json["collections"]]

    assert listed(gis) == ["grid-cells", "stations", "grid-cells:v2"]
    assert listed(client.as_("330824001")) == ["grid-cells", "stations"]


def test_the_description_names_what_a_collection_can_be_asked_for(
    gis: AccountClient, draft: str
) -> None:
    paths = gis.get("/ogc/api").json["paths"]
    asked = paths["/collections/grid-cells:v2/items"]["get"]["parameters"]
    assert {"limit", "bbox", "crs", "code", "station"} <= {p["name"] for p in asked}


# --- features


def test_features_carry_what_they_are(gis: AccountClient) -> None:
    answer = gis.get(ITEMS)
    assert answer.content_type == "application/geo+json"
    assert answer.headers["Content-Crs"] == f"<{CRS84}>"
    found = json.loads(answer.data)
    assert (found["numberMatched"], found["numberReturned"]) == (4, 4)
    first = found["features"][0]
    assert first["id"] == first["properties"]["code"] == CODES[0]
    assert first["properties"] == {"code": CODES[0], "name": "村00", "station": STATIONS[0]}
    square = shapely.box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)
    assert shapely.equals(shapely.geometry.shape(first["geometry"]), square)


def test_paging_passes_each_feature_once(gis: AccountClient) -> None:
    seen: list[str] = []
    href = f"{ITEMS}?limit=3"
    while href:
        answer = gis.get(href)
        seen += codes(answer)
        href = links(json.loads(answer.data)).get("next")
    assert seen == CODES


def test_filters(gis: AccountClient) -> None:
    assert codes(gis.get(f"{ITEMS}?station={STATIONS[1]}")) == CODES[2:]
    assert codes(gis.get(f"{ITEMS}?code={CODES[1]}&station={STATIONS[0]}")) == [CODES[1]]
    assert codes(gis.get(f"{ITEMS}?code={CODES[1]}&station={STATIONS[1]}")) == []
    west = f"{WEST},{SOUTH},{WEST + SIDE / 2},{SOUTH + SIDE * 2}"
    assert codes(gis.get(f"{ITEMS}?bbox={west}")) == [CODES[0], CODES[2]]
    assert codes(gis.get(f"{ITEMS}?bbox={west}&limit=1&offset=1")) == [CODES[2]]
    turned = f"{SOUTH},{WEST},{SOUTH + SIDE * 2},{WEST + SIDE / 2}"
    assert codes(gis.get(f"{ITEMS}?bbox={turned}&bbox-crs={EPSG_4326}")) == [CODES[0], CODES[2]]
    assert codes(gis.get(f"{ITEMS}?bbox=0,0,1,1")) == []


@pytest.mark.parametrize("crs", [EPSG_4326, EPSG_4490])
def test_latitude_first_where_the_crs_says_so(gis: AccountClient, crs: str) -> None:
    answer = gis.get(f"{ITEMS}?crs={crs}&code={CODES[0]}")
    assert answer.headers["Content-Crs"] == f"<{crs}>"
    geometry = json.loads(answer.data)["features"][0]["geometry"]
    west, *_ = shapely.geometry.shape(geometry).bounds
    assert west == pytest.approx(SOUTH)


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=x", "offset=-1", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=1,9,2,8"),
        *(
            "bbox=nan,0,1,1",
            "crs=EPSG:2000",
            "bbox-crs=x",
            "colour=red",
            "name=%00",
            "datetime=soon",
        ),
        *("datetime=2026-03-10T09:30:00", "datetime=../2026-03-10T09:30:00Z"),
    ],
)
def test_bad_questions(gis: AccountClient, query: str) -> None:
    is_problem(gis.get(f"{ITEMS}?{query}"), 400)


def test_the_grid_of_another_moment(gis: AccountClient) -> None:
    assert codes(gis.get(f"{ITEMS}?datetime=2026-03-05T00:00:00Z")) == CODES
    is_problem(gis.get(f"{ITEMS}?datetime=2020-01-01T00:00:00Z"), 404, "grid.none_in_force")


def test_one_feature(gis: AccountClient) -> None:
    answer = gis.get(f"{ITEMS}/{CODES[0]}")
    assert json.loads(answer.data)["id"] == CODES[0]
    again = gis.get(f"{ITEMS}/{CODES[0]}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    is_problem(gis.get(f"{ITEMS}/nothing"), 404, "grid.unknown_cell")
    is_problem(gis.get("/ogc/collections/nothing/items"), 404)
    is_problem(gis.get("/ogc/collections/grid-cells:no/items"), 404, "grid.unknown_version")


def test_stations(gis: AccountClient) -> None:
    stations = "/ogc/collections/stations/items"
    assert codes(gis.get(stations)) == list(STATIONS)
    assert codes(gis.get(f"{stations}?name=南所")) == [STATIONS[0]]
    assert json.loads(gis.get(f"{stations}/{STATIONS[1]}").data)["properties"]["name"] == "北所"
    for no_station in ("nothing", "330824"):  # the second is the bureau
        is_problem(gis.get(f"{stations}/{no_station}"), 404)


# --- GDAL


@pytest.fixture
def ogr(http: Callable[[str], Caller]) -> Callable[..., str]:
    """Run GDAL's OAPIF driver on the server: `ogr("ogrinfo", …)` gives what it printed."""
    caller = http("gis")
    environ = os.environ | {
        "GDAL_HTTP_HEADERS": f"Authorization: Bearer {caller.token}",
        "OAPIF": f"OAPIF:{caller.url}/ogc/",
    }

    def run(tool: str, *arguments: str) -> str:
        command = [tool, *(a.replace("SERVER", environ["OAPIF"]) for a in arguments)]
        done = subprocess.run(
            command, env=environ, check=True, capture_output=True, text=True, timeout=60
        )
        assert "ERROR" not in done.stderr, done.stderr
        return done.stdout

    return run


def test_gdal_lists_reads_and_filters(ogr: Callable[..., str]) -> None:
    listed = ogr("ogrinfo", "-ro", "SERVER")
    assert "grid-cells" in listed and "stations" in listed
    told = ogr("ogrinfo", "-ro", "-so", "SERVER", "grid-cells")
    assert "Feature Count: 4" in told
    assert "code: String" in told and "station: String" in told

    def read(*options: str) -> list[str]:
        text = ogr("ogr2ogr", "-f", "GeoJSON", "/vsistdout/", "SERVER", "grid-cells", *options)
        return sorted(f["properties"]["code"] for f in json.loads(text)["features"])

    assert read() == CODES
    assert read("-where", f"station = '{STATIONS[1]}'") == CODES[2:]
    west = (WEST + 0.001, SOUTH + 0.001, WEST + 0.002, SOUTH + SIDE * 2 - 0.001)
    assert read("-spat", *map(str, west)) == [CODES[0], CODES[2]]


def test_gdal_pages(ogr: Callable[..., str]) -> None:
    options = ("-oo", "PAGE_SIZE=1")
    text = ogr("ogr2ogr", "-f", "GeoJSON", "/vsistdout/", *options, "SERVER", "grid-cells")
    found = json.loads(text)["features"]
    assert sorted(f["properties"]["code"] for f in found) == CODES
    areas = [shapely.geometry.shape(f["geometry"]).area for f in found]
    assert areas == pytest.approx([SIDE * SIDE] * 4)
