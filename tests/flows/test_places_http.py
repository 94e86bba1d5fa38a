"""The gazetteer over HTTP."""

from __future__ import annotations

import pytest

from gridserver.base.db import Database
from gridserver.places import gazetteer
from gridserver.places.gazetteer import Entry
from gridserver.places.rules import Draft
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
