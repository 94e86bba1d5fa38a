"""Field capture over HTTP and over the socket."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from gridserver.base.clock import SystemClock
from tests import asyncapi
from tests.county import centre
from tests.flows.conftest import AccountClient
from tests.flows.test_attachments_http import bring
from tests.photos import photo
from tests.problems import is_problem
from tests.processes import Caller
from tests.sockets import Connect

CAPTURES = "/api/v1/captures"
OFFICER, STRANGER = "330824001", "330824007"
LON, LAT = centre(0, 0)
PLACE = {"kind": "place", "text": "A new square", "name": "广场", "lon": LON, "lat": LAT}


@pytest.fixture
def officer(client: AccountClient) -> AccountClient:
    return client.as_(OFFICER)


def capture(client: AccountClient, key: str | None = None, **changes: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    answer = client.post(CAPTURES, json=PLACE | changes, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{CAPTURES}/{answer.json['capture']['id']}"
    return answer.json["capture"]


def test_a_proposal_is_decided_on(client: AccountClient, officer: AccountClient) -> None:
    made = capture(officer)
    path = f"{CAPTURES}/{made['id']}"
    gis = client.as_("gis")
    (listed,) = gis.get(CAPTURES).json["items"]
    assert (listed["id"], listed["allowed"]) == (made["id"], ["accept", "decline"])
    shown = gis.get(path)
    assert shown.headers["ETag"] and shown.json == listed
    accepted = gis.post(f"{path}/accept").json
    assert (accepted["state"], accepted["allowed"]) == ("accepted", [])
    conflict = gis.post(f"{path}/decline", json={"reason": "no"})
    assert is_problem(conflict, 409, "capture.wrong_state")["state"] == "accepted"
    assert gis.get(CAPTURES).json["items"] == []
    assert len(gis.get(CAPTURES, query_string={"state": "all"}).json["items"]) == 1
    (message,) = officer.get("/api/v1/inbox").json["messages"]
    assert (message["type"], message["data"]["capture"]["state"]) == (
        "capture.decided",
        "accepted",
    )
    asyncapi.check("/terminal", "message", message)


def test_it_is_declined_with_a_reason(client: AccountClient, officer: AccountClient) -> None:
    made = capture(officer, kind="premises")
    room, path = client.as_("room-33082401"), f"{CAPTURES}/{made['id']}/decline"
    assert is_problem(room.post(path, json={}), 422)["field"] == "reason"
    declined = room.post(path, json={"reason": "It has closed."}).json
    assert declined["decision"]["reason"] == "It has closed."


def test_the_same_key_is_the_same_capture(officer: AccountClient) -> None:
    for key in (str(uuid.uuid4()), "my own words"):
        assert capture(officer, key) == capture(officer, key)
    other = PLACE | {"text": "something else"}
    reused = officer.post(CAPTURES, json=other, headers={"Idempotency-Key": "my own words"})
    is_problem(reused, 422, "command.reused")
    assert len(officer.get(CAPTURES, query_string={"mine": True}).json["items"]) == 2


def test_pages(officer: AccountClient) -> None:
    ids = [capture(officer)["id"] for _ in range(3)]
    first = officer.get(CAPTURES, query_string={"limit": 2}).json
    second = officer.get(CAPTURES, query_string={"limit": 2, "cursor": first["next"]}).json
    assert [each["id"] for page in (first, second) for each in page["items"]] == ids[::-1]
    assert second["next"] is None


def test_what_is_none_of_ones_business(client: AccountClient, officer: AccountClient) -> None:
    what = photo()
    bring(officer, what)
    made = capture(officer, kind="premises", photos=[what.sha256])
    address = f"/api/v1/attachments/{what.sha256}"
    for who in (STRANGER, "room-33082402", "gis"):
        is_problem(client.as_(who).get(f"{CAPTURES}/{made['id']}"), 404, "capture.unknown")
        photo_of = client.as_(who).get(address, query_string={"capture": made["id"]})
        is_problem(photo_of, 404, "capture.unknown")
    room = client.as_("room-33082401")
    shown = room.get(address, query_string={"capture": made["id"]})
    assert (shown.status_code, shown.data) == (200, what.content)
    is_problem(room.get(address, query_string={"capture": made["id"], "task": 1}), 422)
    is_problem(room.post(CAPTURES, json=PLACE), 403, "access.forbidden")
    auditor = client.as_("auditor").post(f"{CAPTURES}/{made['id']}/accept")
    is_problem(auditor, 403, "capture.not_yours")


def test_bad_data_is_refused_naming_the_field(officer: AccountClient) -> None:
    refused = officer.post(CAPTURES, json=PLACE | {"kind": "person"})
    assert is_problem(refused, 422, "capture.bad_kind")["field"] == "data.kind"
    assert officer.get(CAPTURES).json["items"] == []


def test_a_capture_by_the_socket_is_the_same_command(
    http: Callable[[str], Caller], connect: Connect
) -> None:
    officer, room = http(OFFICER), http("room-33082401")
    terminal, view = connect(officer), connect(room, "/command")
    view.hear("resync")
    key = str(uuid.uuid4())
    said = {"id": key, "verb": "capture", "occurred_at": SystemClock().now().isoformat()}
    hazard = PLACE | {"kind": "hazard", "text": "Falling rocks"}
    answer = terminal.ask("command", said | {"data": hazard})
    assert (answer["status"], answer["capture"]["state"]) == ("done", "became_task")
    by_http = officer.post(
        CAPTURES,
        json=hazard | {"occurred_at": said["occurred_at"]},
        headers={"Idempotency-Key": key},
    )
    assert by_http.json() == answer
    task = room.get(f"/api/v1/tasks/{answer['capture']['task']}").json()
    assert task["incident"]["description"] == "Falling rocks"
    assert [message["type"] for message in terminal.hear("message")] == ["task.offered"]
    view.hear("feed", 2)
    refused = terminal.ask("command", said | {"id": str(uuid.uuid4()), "task": 1, "data": hazard})
    assert refused["status"] == "refused"
    snapshot = connect(officer, epoch="another", seq=5).hear("resync")[0]["snapshot"]
    assert snapshot["captures"] == []


def test_what_was_accepted_comes_into_the_gazetteer_once(client: AccountClient) -> None:
    lon, lat = centre(0, 0)
    said = {"kind": "place", "text": "新广场", "name": "根宫广场", "lon": lon, "lat": lat}
    made = client.as_("330824001").post("/api/v1/captures", json=said).json["capture"]
    gis, address = client.as_("gis"), f"/api/v1/captures/{made['id']}"
    draft = {"kind": "key_place", "name": "根宫广场", "lon": lon, "lat": lat}
    early = gis.post(f"{address}/place", json=draft)
    assert (early.status_code, early.json["code"]) == (409, "capture.wrong_state")
    etag = gis.get(address).headers["ETag"]
    assert gis.post(f"{address}/accept", headers={"If-Match": etag}).status_code == 200
    entered = gis.post(f"{address}/place", json=draft)
    assert entered.status_code == 201, entered.text
    assert (entered.json["source"], entered.json["external_id"]) == ("capture", str(made["id"]))
    assert gis.get(address).json["place"] == entered.json["id"]
    again = gis.post(f"{address}/place", json=draft)
    assert (again.status_code, again.json["code"]) == (409, "place.exists")
    assert client.as_("command").post(f"{address}/place", json=draft).status_code == 403
