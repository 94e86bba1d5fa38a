"""Faults, proposals, repairs and exclusions over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from gis import testing
from gridserver.base.db import Database
from gridserver.grids import queries
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.grids import put_draft
from tests.problems import is_problem

MESSY = {
    "overlap": testing.with_overlap,
    "gap": lambda: testing.with_gap(0.1),
    "invalid_ring": testing.with_bowtie,
}


@pytest.fixture
def overlap(database: Database, county: County) -> str:
    return put_draft(database, "v2", testing.with_overlap(0.02))


@pytest.fixture
def hole(database: Database, county: County) -> str:
    """A draft with a blocking gap of 0.7 ha in the middle of its middle cell."""
    return put_draft(database, "v2", testing.with_gap(0.1))


def etag(client: AccountClient, address: str) -> dict[str, str]:
    revision = client.get(f"{address}/proposals").json["revision"]
    return {"If-Match": f'"{revision}"'}


def repair(client: AccountClient, address: str, **body: Any) -> Any:
    return client.post(f"{address}/repairs", json=body, headers=etag(client, address))


def stored(database: Database, name: str) -> dict[str, bytes]:
    with database.transaction() as session:
        cells = queries.cells(session, queries.version(session, name).id)
    return {cell.code: cell.geom.wkb for cell in cells}


@pytest.mark.parametrize("kind", MESSY)
def test_each_fault_is_a_feature(
    database: Database, gis: AccountClient, county: County, kind: str
) -> None:
    address = put_draft(database, "v2", MESSY[kind]())
    answer = gis.get(f"{address}/faults")
    assert answer.content_type == "application/geo+json"
    (feature,) = [f for f in answer.json["features"] if f["properties"]["kind"] == kind]
    assert feature["id"] == feature["properties"]["id"]
    assert feature["properties"]["blocking"] is True
    point = shapely.Point(feature["properties"]["lon"], feature["properties"]["lat"])
    assert shape(feature["geometry"]).distance(point) < 1e-9
    assert gis.get(f"{address}/faults").json == answer.json


def test_proposals_say_what_they_move(gis: AccountClient, overlap: str) -> None:
    (fault,) = gis.get(f"{overlap}/faults").json["features"]
    first, second = gis.get(f"{overlap}/proposals?fault={fault['id']}").json["items"]
    area = fault["properties"]["area_m2"]
    for proposal in (first, second):
        assert proposal["faults"] == [fault["id"]]
        assert (proposal["kind"], proposal["code"]) == ("resolve_overlap", "repair.resolve_overlap")
        assert proposal["area_m2"] == pytest.approx(area, rel=1e-3)
        assert shape(proposal["geometry"]).intersects(shape(fault["geometry"]))
        assert proposal["cells"] == fault["properties"]["cells"]
    assert first["moves"][0]["from"] == second["params"]["to"]
    assert gis.get(f"{overlap}/proposals?fault=none").json["items"] == []


def test_an_accepted_proposal_moves_what_it_said(
    database: Database, gis: AccountClient, overlap: str
) -> None:
    before = stored(database, "v2")
    second = gis.get(f"{overlap}/proposals").json["items"][1]
    answer = repair(gis, overlap, proposals=[second["id"]])
    assert answer.status_code == 200, answer.text
    result = answer.json
    assert (result["revision"], result["edit"]["text"]) == (2, second["text"])
    assert answer.headers["ETag"] == '"2"'
    loser = second["moves"][0]["from"]
    assert result["edit"]["area_change_m2"][loser] == pytest.approx(-second["area_m2"])
    assert result["reload"] is True
    assert gis.get(f"{overlap}/faults").json["features"] == []
    assert gis.get(overlap).json["state"] == "checked"
    after = stored(database, "v2")
    assert {code for code in before if before[code] != after[code]} <= set(second["cells"])


def test_a_repair_is_undone_bit_for_bit(
    database: Database, gis: AccountClient, overlap: str
) -> None:
    before = stored(database, "v2")
    assert repair(gis, overlap, under_m2=1e9).status_code == 200
    assert stored(database, "v2") != before
    undone = gis.post(f"{overlap}/undo", headers={"If-Match": '"2"'})
    assert undone.status_code == 200, undone.text
    assert stored(database, "v2") == before
    assert len(gis.get(f"{overlap}/faults").json["features"]) == 1


def test_only_repairs_under_a_size(database: Database, gis: AccountClient, hole: str) -> None:
    before = stored(database, "v2")
    is_problem(repair(gis, hole, under_m2=100), 409, "grid.nothing_to_repair")
    assert stored(database, "v2") == before
    assert repair(gis, hole, under_m2=10_000).json["edit"]["verb"] == "repair"
    assert gis.get(f"{hole}/faults").json["features"] == []


def test_a_large_gap_waits_for_a_person(
    database: Database, gis: AccountClient, county: County
) -> None:
    address = put_draft(database, "v2", testing.with_gap(0.5))
    is_problem(repair(gis, address, under_m2=1e9), 409, "grid.nothing_to_repair")
    (proposal, *_) = gis.get(f"{address}/proposals").json["items"]
    assert proposal["needs_person"] is True
    assert repair(gis, address, proposals=[proposal["id"]]).status_code == 200
    assert gis.get(f"{address}/faults").json["features"] == []


def test_a_repair_on_a_draft_that_changed_is_refused(
    database: Database, client: AccountClient, gis: AccountClient, overlap: str
) -> None:
    first, second = gis.get(f"{overlap}/proposals").json["items"]
    wanted = {"proposals": [first["id"]]}
    assert gis.post(f"{overlap}/repairs", json=wanted).status_code == 428
    assert repair(gis, overlap, proposals=[second["id"]]).status_code == 200
    stale = gis.post(f"{overlap}/repairs", json=wanted, headers={"If-Match": '"1"'})
    is_problem(stale, 412, "grid.stale")
    is_problem(repair(gis, overlap, **wanted), 422, "repair.unknown_proposal")
    assert gis.get(f"{overlap}/edits").json["items"][0]["text"] == second["text"]


def test_two_proposals_for_one_fault_are_refused(
    database: Database, gis: AccountClient, overlap: str
) -> None:
    before = stored(database, "v2")
    both = [item["id"] for item in gis.get(f"{overlap}/proposals").json["items"]]
    is_problem(repair(gis, overlap, proposals=both), 422, "repair.conflict")
    is_problem(repair(gis, overlap, proposals=both, under_m2=1), 422, "input.invalid")
    assert stored(database, "v2") == before


def test_only_a_gis_admin_repairs(client: AccountClient, overlap: str) -> None:
    command = client.as_("command")
    assert len(command.get(f"{overlap}/faults").json["features"]) == 1
    is_problem(repair(command, overlap, under_m2=1e9), 403, "access.forbidden")


def test_a_published_version_is_not_repaired(gis: AccountClient) -> None:
    published = "/api/v1/grid/versions/v1"
    assert gis.get(f"{published}/faults").json["features"] == []
    is_problem(repair(gis, published, under_m2=1e9), 409, "grid.wrong_state")


# --- holes that are not ours


def declare(client: AccountClient, address: str, **more: Any) -> Any:
    (fault,) = client.get(f"{address}/faults").json["features"]
    where = {name: fault["properties"][name] for name in ("lon", "lat")}
    return client.post(f"{address}/exclusions", json=where | {"why": "另一个市的飞地"} | more)


def test_a_hole_that_is_not_ours_is_no_fault(gis: AccountClient, hole: str) -> None:
    answer = declare(gis, hole)
    assert answer.status_code == 201, answer.text
    made = answer.json
    assert (made["why"], made["by"], made["at"]) == (
        "另一个市的飞地",
        gis.get("/api/v1/sessions/current").json["account"]["display_name"],
        "2026-03-10T01:30:00+00:00",
    )
    assert gis.get(f"{hole}/exclusions").json == {"items": [made]}
    assert gis.get(f"{hole}/exclusions/{made['id']}").json == made
    assert gis.get(f"{hole}/faults").json["features"] == []
    is_problem(repair(gis, hole, under_m2=1e9), 409, "grid.nothing_to_repair")
    again = gis.post(
        f"{hole}/exclusions", json={name: made[name] for name in ("lon", "lat", "why")}
    )
    is_problem(again, 422, "grid.no_hole")


def test_a_hole_that_is_not_ours_is_nobodys_ground(gis: AccountClient, hole: str) -> None:
    made = declare(gis, hole).json
    headers = {"If-Match": gis.get(hole).headers["ETag"]}
    assert gis.post(f"{hole}/publish", json={}, headers=headers).status_code == 200
    west = shapely.box(*testing.square(1.45, 1.45, 0.1, 0.1).bounds).bounds[0]
    near_the_edge = f"lon={west + 1e-6}&lat={made['lat']}"
    assert gis.get(f"/api/v1/locate?{near_the_edge}").json["method"] == "outside"


def test_a_declaration_goes_with_a_copy(gis: AccountClient, hole: str) -> None:
    made = declare(gis, hole).json
    assert gis.post(f"{hole}/copy", json={"name": "v3"}).status_code == 201
    there = "/api/v1/grid/versions/v3"
    (copied,) = gis.get(f"{there}/exclusions").json["items"]
    assert {**copied, "id": made["id"]} == made
    assert gis.get(f"{there}/faults").json["features"] == []


def test_a_declaration_is_taken_back(gis: AccountClient, hole: str) -> None:
    address = f"{hole}/exclusions/{declare(gis, hole).json['id']}"
    assert gis.delete(address).status_code == 204
    is_problem(gis.get(address), 404, "grid.unknown_exclusion")
    is_problem(gis.delete(address), 404, "grid.unknown_exclusion")
    assert len(gis.get(f"{hole}/faults").json["features"]) == 1
    assert gis.get(hole).json["state"] == "draft"


def test_a_declaration_needs_a_hole_a_reason_and_a_right(
    client: AccountClient, gis: AccountClient, hole: str
) -> None:
    is_problem(declare(gis, hole, lon=118.4001, lat=29.1001), 422, "grid.no_hole")
    assert is_problem(declare(gis, hole, why=""), 422)["field"] == "why"
    is_problem(declare(client.as_("command"), hole), 403, "access.forbidden")
    published = "/api/v1/grid/versions/v1/exclusions"
    refused = gis.post(published, json={"lon": 118.405, "lat": 29.105, "why": "x"})
    is_problem(refused, 409, "grid.wrong_state")
    assert gis.get(f"{hole}/exclusions").json == {"items": []}
