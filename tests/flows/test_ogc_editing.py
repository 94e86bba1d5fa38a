"""OGC API Features Part 4 on drafts: QGIS's requests, replayed as its source sends them.

Read in qgis/QGIS, src/providers/wfs/oapif:

- `QgsOapifProvider::computeCapabilities` asks OPTIONS of the items for POST, and only where that
  is allowed OPTIONS of the first item for PUT, DELETE and PATCH.
- `QgsOapifCreateFeatureRequest` POSTs a feature without ``id`` and ``bbox``: coordinates rounded to
  six places (the default of `QgsJsonExporter`), every field, null where it is empty. It takes the
  new id from ``Location``, behind the last ``/items/``, and reads the feature back.
- Where PATCH is allowed `QgsOapifPatchFeatureRequest` sends the geometry alone, in full precision,
  or the attributes alone, as a merge patch. Else `QgsOapifPutFeatureRequest` sends all of it, a
  code of digits as a number in ``id``.
- None of them sends If-Match. ``Content-Crs`` is the bare URI of the layer's CRS, and left out for
  CRS84; coordinates are in the order of its axes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import shapely

from gridserver.base.db import Database
from gridserver.grids import queries
from tests.county import SIDE, SOUTH, STATIONS, WEST, County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.rooms import redrawing
from tests.rooms.redrawing import SE, SW

ITEMS = "/ogc/collections/grid-cells:v2/items"
GEOJSON, MERGE_PATCH = "application/geo+json", "application/merge-patch+json"
EPSG_4326 = "http://www.opengis.net/def/crs/EPSG/0/4326"

#: Beside the county, to the east.
NEW_GROUND = shapely.box(WEST + SIDE * 2, SOUTH, WEST + SIDE * 3, SOUTH + SIDE)


@pytest.fixture
def draft(database: Database, county: County) -> None:
    with database.transaction() as session:
        redrawing.draft(session, "v2", redrawing.with_boundary_at(1.0))


@pytest.fixture
def qgis(client: AccountClient, draft: None) -> AccountClient:
    """A client with a long-lived token, as QGIS has."""
    issued = client.as_("gis").post("/api/v1/sessions/tokens", json={"name": "QGIS"})
    qgis = client.application.test_client()
    qgis.token = issued.json["token"]
    return qgis


@pytest.fixture
def colleague(client: AccountClient, draft: None) -> AccountClient:
    return client.as_("gis")


def feature(geom: shapely.Geometry, **properties: object) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": shapely.geometry.mapping(geom),
    }


def read(who: AccountClient, code: str) -> dict[str, Any]:
    return json.loads(who.get(f"{ITEMS}/{code}").data)


def put(who: AccountClient, code: str, body: dict[str, Any], **headers: str):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return who.put(f"{ITEMS}/{code}", data=json.dumps(body), headers=headers, content_type=GEOJSON)


def stored(database: Database) -> dict[str, Any]:
    with database.transaction() as session:
        version = queries.version(session, "v2")
        return {cell.code: cell for cell in queries.cells(session, version.id)}


# --- what QGIS asks first


def test_options_announce_the_methods(qgis: AccountClient, client: AccountClient) -> None:
    def allowed(who: AccountClient, path: str) -> set[str]:
        answer = who.options(path)
        assert answer.status_code == 200, answer.text
        return set(answer.headers["Allow"].split(", "))

    reading = {"GET", "HEAD", "OPTIONS"}
    assert allowed(qgis, ITEMS) == reading | {"POST"}
    assert allowed(qgis, f"{ITEMS}/{SW}") == reading | {"PUT", "PATCH", "DELETE"}
    for path in ("grid-cells", "grid-cells:v1", "stations"):
        assert allowed(qgis, f"/ogc/collections/{path}/items") == reading
    assert allowed(client.as_("command"), ITEMS) == reading


# --- what it does then


def test_a_cell_is_added(qgis: AccountClient, database: Database) -> None:
    body = feature(NEW_GROUND, code="new", name="新村", station=STATIONS[0])
    made = qgis.post(ITEMS, data=json.dumps(body), content_type=GEOJSON)
    assert made.status_code == 201, made.text
    assert made.headers["Location"].endswith(f"{ITEMS}/new")
    shown = json.loads(qgis.get(made.headers["Location"]).data)
    assert shown["properties"] == {"code": "new", "name": "新村", "station": STATIONS[0]}
    assert shapely.equals(stored(database)["new"].geom, NEW_GROUND)
    again = qgis.post(ITEMS, data=json.dumps(body), content_type=GEOJSON)
    is_problem(again, 409, "grid.code_taken")


def test_a_cell_is_redrawn_and_renamed(qgis: AccountClient, database: Database) -> None:
    ground = shapely.box(WEST, SOUTH, WEST + SIDE * 0.9, SOUTH + SIDE)
    properties = read(qgis, SW)["properties"] | {"name": "东村"}
    done = put(qgis, SW, feature(ground, **properties))
    assert done.status_code == 204, done.text
    cell = stored(database)[SW]
    assert (cell.name, cell.station) == ("东村", STATIONS[0])
    assert shapely.equals(cell.geom, ground)
    assert done.headers["ETag"] == qgis.get(f"{ITEMS}/{SW}").headers["ETag"]
    assert put(qgis, SW, feature(ground, **properties)).status_code == 204  # and once more


def test_coordinates_in_the_layers_crs(qgis: AccountClient, database: Database) -> None:
    properties = read(qgis, SW)["properties"]
    ground = shapely.box(WEST, SOUTH, WEST + SIDE * 0.9, SOUTH + SIDE)
    turned = shapely.transform(ground, lambda xy: xy[:, ::-1])
    done = put(qgis, SW, feature(turned, **properties), Content_Crs=f"<{EPSG_4326}>")
    assert done.status_code == 204, done.text
    assert shapely.equals(stored(database)[SW].geom, ground)


def test_attributes_alone_by_patch(qgis: AccountClient, database: Database) -> None:
    before = stored(database)[SW]
    body = {"properties": {"name": "西村"}}
    done = qgis.patch(f"{ITEMS}/{SW}", data=json.dumps(body), content_type=MERGE_PATCH)
    assert done.status_code == 204, done.text
    after = stored(database)[SW]
    assert (after.name, after.station) == ("西村", before.station)
    assert shapely.equals_identical(after.geom, before.geom)


def test_the_boundary_alone_by_patch(qgis: AccountClient, database: Database) -> None:
    before = stored(database)[SW]
    ground = shapely.box(WEST, SOUTH, WEST + SIDE * 0.123456789, SOUTH + SIDE)
    turned = shapely.transform(ground, lambda xy: xy[:, ::-1])
    for geom, headers in ((ground, {}), (turned, {"Content-Crs": EPSG_4326})):
        body = {"geometry": shapely.geometry.mapping(geom)}
        done = qgis.patch(
            f"{ITEMS}/{SW}", data=json.dumps(body), headers=headers, content_type=MERGE_PATCH
        )
        assert done.status_code == 204, done.text
        after = stored(database)[SW]
        assert (after.name, after.station) == (before.name, before.station)
        assert shapely.equals(after.geom, ground)  # to the last bit: it is no near miss


def test_a_cell_of_which_only_the_code_is_known(qgis: AccountClient, database: Database) -> None:
    body = feature(NEW_GROUND, code="330824999", name=None, station=None)
    made = qgis.post(ITEMS, data=json.dumps(body), content_type=GEOJSON)
    assert made.status_code == 201, made.text
    code = made.headers["Location"].rpartition("/items/")[2]
    assert qgis.get(f"{ITEMS}/{code}").status_code == 200
    cell = stored(database)[code]
    assert (cell.code, cell.name, cell.station) == ("330824999", "330824999", None)
    again = feature(NEW_GROUND, code="330824999", name="新村", station=None)
    done = put(qgis, code, again | {"id": 330824999})
    assert done.status_code == 204, done.text
    assert stored(database)[code].name == "新村"


def test_a_cell_is_removed(qgis: AccountClient, database: Database) -> None:
    read(qgis, SW)
    assert qgis.delete(f"{ITEMS}/{SW}").status_code == 204
    assert SW not in stored(database)
    is_problem(qgis.delete(f"{ITEMS}/{SW}"), 404, "grid.unknown_cell")


def test_it_can_be_undone(
    qgis: AccountClient, colleague: AccountClient, database: Database
) -> None:
    before = stored(database)[SW]
    read(qgis, SW)
    assert qgis.delete(f"{ITEMS}/{SW}").status_code == 204
    etag = colleague.get("/api/v1/grid/versions/v2/topology").headers["ETag"]
    undone = colleague.post("/api/v1/grid/versions/v2/undo", headers={"If-Match": etag})
    assert undone.status_code == 200, undone.text
    assert shapely.equals_identical(stored(database)[SW].geom, before.geom)


# --- two at one draft


def test_what_a_colleague_changed_is_not_overwritten(
    qgis: AccountClient, colleague: AccountClient, database: Database
) -> None:
    mine = read(qgis, SW)
    read(qgis, SE)
    theirs = read(colleague, SW)
    changed = theirs | {"properties": theirs["properties"] | {"name": "甲"}}
    assert put(colleague, SW, changed).status_code == 204
    is_problem(put(qgis, SW, mine), 409, "grid.changed_since_read")
    is_problem(qgis.delete(f"{ITEMS}/{SW}"), 409, "grid.changed_since_read")
    assert stored(database)[SW].name == "甲"
    assert qgis.delete(f"{ITEMS}/{SE}").status_code == 204  # which nobody touched
    fresh = json.loads(qgis.get(f"{ITEMS}?limit=1000").data)["features"]
    mine = next(each for each in fresh if each["id"] == SW)
    assert put(qgis, SW, mine).status_code == 204


def test_if_match_is_honoured(
    qgis: AccountClient, colleague: AccountClient, database: Database
) -> None:
    answer = qgis.get(f"{ITEMS}/{SW}")
    mine, etag = json.loads(answer.data), answer.headers["ETag"]
    assert put(qgis, SW, mine, If_Match=etag).status_code == 204
    changed = mine | {"properties": mine["properties"] | {"name": "甲"}}
    assert put(colleague, SW, changed).status_code == 204
    for stale in (etag, '"", "x"'):
        is_problem(put(qgis, SW, mine, If_Match=stale), 412, "grid.stale")
    assert put(qgis, SW, mine, If_Match="*").status_code == 204


# --- what is refused


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"geometry": None}, 422, "geometry.null"),
        ({"geometry": {"type": "Point", "coordinates": [118.4, 29.1]}}, 422, "geometry.type"),
        ({"geometry": {"type": "GeometryCollection", "geometries": []}}, 422, "geometry.type"),
        ({"type": "FeatureCollection"}, 422, "geojson.not_feature"),
        ({"properties": []}, 204, None),
        ({"properties": {"code": "other"}}, 422, "grid.code_changes"),
        ({"properties": {"station": "nowhere"}}, 422, "grid.unknown_station"),
        ({"properties": {"owner": "me"}}, 422, "grid.unknown_property"),
        ({"properties": "x"}, 422, "geojson.properties"),
    ],
)
def test_bad_features(
    qgis: AccountClient, database: Database, change: dict, status: int, code: str | None
) -> None:
    before = stored(database)
    answer = put(qgis, SW, read(qgis, SW) | change)
    assert answer.status_code == status, answer.text
    if code is not None:
        is_problem(answer, status, code)
        assert stored(database) == before


def test_a_bow_tie_is_refused(qgis: AccountClient) -> None:
    ring = [(WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE), (WEST + SIDE, SOUTH), (WEST, SOUTH + SIDE)]
    body = feature(shapely.Polygon([*ring, ring[0]]), code=SW)
    is_problem(put(qgis, SW, body), 422, "geometry.invalid")


def test_no_json_and_no_number(qgis: AccountClient) -> None:
    for data in ("{", "[]", '{"type": "Feature", "properties": {"name": NaN}}'):
        is_problem(qgis.put(f"{ITEMS}/{SW}", data=data, content_type=GEOJSON), 422)


def test_only_drafts_and_only_gis_admins(client: AccountClient, qgis: AccountClient) -> None:
    body = json.dumps(feature(NEW_GROUND, code="new"))
    for collection in ("grid-cells", "grid-cells:v1", "stations"):
        items = f"/ogc/collections/{collection}/items"
        refused = qgis.post(items, data=body, content_type=GEOJSON)
        is_problem(refused, 405)
        assert "POST" not in refused.headers["Allow"]
    command = client.as_("command")
    is_problem(command.post(ITEMS, data=body, content_type=GEOJSON), 403, "access.forbidden")
    is_problem(command.delete(f"{ITEMS}/{SW}"), 403, "access.forbidden")
