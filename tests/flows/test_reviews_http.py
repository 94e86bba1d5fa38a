"""A review over HTTP, from its beginning to a settled lesson."""

from __future__ import annotations

from typing import Any

import pytest

from gridserver.base.db import Database
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.rooms.dispatching import BUREAU_ROOM, PRIMARY, STATION_ROOM, bring_to, take

REVIEWS = "/api/v1/reviews"


@pytest.fixture
def incident_id(database: Database, county: County) -> int:
    with database.transaction() as session:
        found = take(session, county)
        bring_to(session, county, found.task.id, "closed")
        return found.incident.id


def test_from_its_beginning_to_a_settled_lesson(client: AccountClient, incident_id: int) -> None:
    room, bureau, officer = (client.as_(who) for who in (STATION_ROOM, BUREAU_ROOM, PRIMARY))
    said = {"title": "纠纷复盘", "incidents": [incident_id]}
    begun = room.post(REVIEWS, json=said, headers={"Idempotency-Key": "r-1"})
    again = room.post(REVIEWS, json=said, headers={"Idempotency-Key": "r-1"})
    assert (begun.status_code, again.json) == (201, begun.json)
    path = begun.headers["Location"]
    assert path == f"{REVIEWS}/{begun.json['id']}"

    def post(who: AccountClient, verb: str, **body: Any) -> dict[str, Any]:
        answer = who.post(f"{path}/{verb}", json=body) if body else who.post(f"{path}/{verb}")
        assert answer.status_code == 200, answer.text
        return answer.json

    point = begun.json["timeline"][1]["id"]
    assert post(room, "remarks", text="Quick.", event=point)["remarks"][0]["event"] == point
    (lesson,) = post(room, "lessons", text="Knock.", owner=PRIMARY, due_on="2026-04-01")["lessons"]
    assert post(room, "submit", conclusion="Well done.")["allowed"] == ["send_back"]
    assert post(bureau, "send-back", text="Say more.")["state"] == "drafted"
    post(room, "submit", conclusion="Well done, all in all.")
    is_problem(room.post(f"{path}/sign-off"), 403, "review.own")
    signed = post(bureau, "sign-off")
    assert (signed["state"], signed["signed_by"]["username"]) == ("signed", BUREAU_ROOM)
    conflict = is_problem(room.post(f"{path}/remarks", json={"text": "late"}), 409)
    assert (conflict["code"], conflict["state"]) == ("review.wrong_state", "signed")
    settled = post(officer, f"lessons/{lesson['id']}/settle", text="Knocked.")
    assert settled["lessons"][0]["settled_by"]["username"] == PRIMARY
    shown = room.get(path)
    assert shown.headers["ETag"]
    assert room.get(path, headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304


def test_lists_are_paged_and_scoped(client: AccountClient, incident_id: int) -> None:
    room = client.as_(STATION_ROOM)
    said = [{"title": f"第 {n} 次", "incidents": [incident_id]} for n in range(3)]
    made = [room.post(REVIEWS, json=each).json["id"] for each in said]
    first = room.get(REVIEWS, query_string={"limit": 2}).json
    second = room.get(REVIEWS, query_string={"limit": 2, "cursor": first["next"]}).json
    assert [each["id"] for page in (first, second) for each in page["items"]] == made[::-1]
    assert room.get(REVIEWS, query_string={"state": "signed"}).json["items"] == []
    other = client.as_("room-33082402")
    assert other.get(REVIEWS).json["items"] == []
    is_problem(other.get(f"{REVIEWS}/{made[0]}"), 404, "review.unknown")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"title": "x"}, 422, "incidents"),
        ({"title": " ", "incidents": [1]}, 422, "title"),
        ({"title": "x", "incidents": [999]}, 404, None),
        ({"title": "x", "mobilisation": 999}, 404, "id"),
        ({"title": "x", "incidents": [1], "who": 1}, 422, "who"),
    ],
)
def test_what_cannot_be_reviewed(
    body: dict[str, Any], status: int, field: str | None, client: AccountClient
) -> None:
    refused = is_problem(client.as_(BUREAU_ROOM).post(REVIEWS, json=body), status)
    assert refused.get("field") == field
