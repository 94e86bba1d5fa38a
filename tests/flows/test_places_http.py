"""The gazetteer over HTTP."""

from __future__ import annotations

import pytest

from gridserver.base.db import Database
from gridserver.places import gazetteer
from gridserver.places.rules import Draft, Entry
from tests.county import CELLS, centre
from tests.flows.conftest import AccountClient

PLACES = "/api/v1/places"
HERE, THERE = centre(0, 0), centre(1, 1)


@pytest.fixture
def two_clinics(database: Database) -> None:
    drafts = [Draft("key_place", "卫生室", (), None, *at) for at in (HERE, THERE, (118.3, 29.4))]
    with database.transaction() as session:
        gazetteer.put(session, "test", [Entry(d, str(n)) for n, d in enumerate(drafts)])


def test_found_near_the_caller_with_cell_and_station(
    client: AccountClient, two_clinics: None
) -> None:
    lon, lat = THERE
    answer = client.as_("command").get(PLACES, query_string={"q": "wss", "lon": lon, "lat": lat})
    assert answer.status_code == 200, answer.text
    near, far, outside = answer.json["items"]
    code, station = CELLS[1, 1]
    assert near["cell"]["code"] == code
    assert near["station"] == {"code": station, "name": "北所"}
    assert (near["distance_m"], near["matched"]) == (0.0, "initials")
    assert (far["lon"], far["lat"]) == pytest.approx(HERE)
    assert (outside["cell"], outside["station"]) == (None, None)


def test_on_a_shared_edge_as_locate_says(client: AccountClient, database: Database) -> None:
    edge = (118.41, 29.105)
    with database.transaction() as session:
        gazetteer.put(session, "test", [Entry(Draft("road", "边路", (), None, *edge), "1")])
    caller = client.as_("330824001")
    (item,) = caller.get(PLACES, query_string={"q": "边路"}).json["items"]
    located = caller.get("/api/v1/locate", query_string={"lon": edge[0], "lat": edge[1]})
    assert item["cell"]["code"] == located.json["cell"]["code"]


def test_listed_page_by_page(client: AccountClient, two_clinics: None) -> None:
    caller = client.as_("gis")
    first = caller.get(PLACES, query_string={"limit": 2}).json
    rest = caller.get(PLACES, query_string={"limit": 2, "cursor": first["next"]}).json
    ids = [item["id"] for item in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), rest["next"]) == (3, None)


@pytest.mark.parametrize(
    ("asked", "field"), [({"q": "x", "lon": 118.0}, "lat"), ({"q": "x", "lat": 29.0}, "lon")]
)
def test_half_a_point_is_refused(client: AccountClient, asked: dict, field: str) -> None:
    answer = client.as_("command").get(PLACES, query_string=asked)
    assert (answer.status_code, answer.json["field"]) == (422, field)


VILLAGE = {
    "kind": "village",
    "name": "长庆村",
    "aliases": ["老长庆"],
    "lon": HERE[0],
    "lat": HERE[1],
}


def added(caller: AccountClient) -> tuple[str, str]:
    """Enter a village; return its address and its ETag."""
    answer = caller.post(PLACES, json=VILLAGE)
    assert answer.status_code == 201, answer.text
    address = answer.headers["Location"]
    return address, caller.get(address).headers["ETag"]


def found(caller: AccountClient, typed: str) -> list[str]:
    items = caller.get(PLACES, query_string={"q": typed}).json["items"]
    return [item["name"] for item in items]


def test_entered_changed_retired_and_restored_by_hand(gis: AccountClient) -> None:
    address, etag = added(gis)
    assert found(gis, "zhangqingcun") == found(gis, "老长庆") == ["长庆村"]
    renamed = VILLAGE | {"name": "水坑", "aliases": []}
    answer = gis.put(address, json=renamed, headers={"If-Match": etag})
    assert (answer.status_code, answer.json["version"]) == (200, 2)
    assert (found(gis, "长庆村"), found(gis, "sk")) == ([], ["水坑"])
    match = {"If-Match": answer.headers["ETag"]}
    retired = gis.post(f"{address}/retire", json={"reason": "并入"}, headers=match)
    assert (retired.json["state"], retired.json["allowed"]) == ("retired", ["restore"])
    assert found(gis, "sk") == []
    match = {"If-Match": retired.headers["ETag"]}
    restored = gis.post(f"{address}/restore", headers=match)
    assert (restored.json["state"], restored.json["reason"]) == ("valid", None)
    assert found(gis, "sk") == ["水坑"]


def test_a_change_names_the_state_it_was_made_on(gis: AccountClient) -> None:
    address, etag = added(gis)
    assert gis.put(address, json=VILLAGE).status_code == 428
    changed = gis.put(address, json=VILLAGE | {"name": "甲村"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    late = gis.put(address, json=VILLAGE | {"name": "乙村"}, headers={"If-Match": etag})
    assert late.status_code == 412
    late = gis.post(f"{address}/retire", json={"reason": "x"}, headers={"If-Match": etag})
    assert late.status_code == 412
    match = {"If-Match": changed.headers["ETag"]}
    again = gis.post(f"{address}/restore", headers=match)
    assert (again.status_code, again.json["code"]) == (409, "place.wrong_state")


def test_entered_once_by_its_key(gis: AccountClient) -> None:
    key = {"Idempotency-Key": "a-village"}
    first, second = (gis.post(PLACES, json=VILLAGE, headers=key) for _ in range(2))
    assert first.json == second.json
    assert found(gis, "长庆村") == ["长庆村"]


@pytest.mark.parametrize("username", ["command", "330824001", "auditor"])
def test_only_who_keeps_the_gazetteer_changes_it(client: AccountClient, username: str) -> None:
    address, etag = added(client.as_("admin"))
    caller, match = client.as_(username), {"If-Match": etag}
    assert caller.get(address).status_code == 200
    assert caller.post(PLACES, json=VILLAGE).status_code == 403
    assert caller.put(address, json=VILLAGE, headers=match).status_code == 403
    retired = caller.post(f"{address}/retire", json={"reason": "x"}, headers=match)
    assert retired.status_code == 403


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "planet"}, "kind"),
        ({"name": " "}, "name"),
        ({"aliases": ["x"] * 21}, "aliases"),
        ({"lat": 91.0}, "lat"),
        ({"address": "x" * 301}, "address"),
    ],
)
def test_what_cannot_be_is_refused_by_field(gis: AccountClient, wrong: dict, field: str) -> None:
    answer = gis.post(PLACES, json=VILLAGE | wrong)
    assert (answer.status_code, answer.json["field"]) == (422, field)
