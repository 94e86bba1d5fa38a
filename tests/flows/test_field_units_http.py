"""Field units by HTTP: laid down by an admin, manned by a command room, proposed for a task."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from gridserver.base.clock import SetClock
from tests.county import centre
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

UNITS, NEAREST = "/api/v1/field-units", "/api/v1/nearest-units"
CAR: dict[str, Any] = {
    "name": "巡逻一号车",
    "name_en": "Patrol Car 1",
    "kind": "patrol_car",
    "unit": "33082401",
}
RIDER = "330824003"


def add_car(client: AccountClient) -> None:
    made = client.as_("admin").post(UNITS, json=CAR | {"code": "P1"})
    assert made.status_code == 201
    assert made.headers["Location"] == f"{UNITS}/P1"
    assert made.json["crew"] == [] and made.json["position"] is None


def man(client: AccountClient, *numbers: str) -> None:
    room = client.as_("room-33082401")
    tag = room.get(f"{UNITS}/P1/crew").headers["ETag"]
    manned = room.put(f"{UNITS}/P1/crew", json={"crew": list(numbers)}, headers={"If-Match": tag})
    assert manned.status_code == 200
    assert [each["service_number"] for each in manned.json["crew"]] == list(numbers)


def stand(client: AccountClient, clock: SetClock, lon: float, lat: float) -> None:
    here = {"lon": lon, "lat": lat, "at": clock.now().isoformat()}
    sent = client.as_(RIDER).post("/api/v1/positions", json={"positions": [here]})
    assert sent.status_code == 202


def test_a_task_is_told_who_could_help_in_the_readers_language(
    client: AccountClient, clock: SetClock
) -> None:
    add_car(client)
    man(client, RIDER)
    lon, lat = centre(0, 0)
    stand(client, clock, lon + 0.02, lat)
    room = client.as_("room-33082401")
    report = {"source": "110", "external_id": "1", "category": "dispute", "lon": lon, "lat": lat}
    incident = room.post("/api/v1/incidents", json=report | {"priority": 1}).json
    note = incident["notes"][-1]
    assert (note["code"], note["text"]) == (
        "help.proposed",
        "建议增援（梯次调度）：巡逻一号车（直线1.9公里）。",
    )
    url = f"/api/v1/tasks/{incident['task']['id']}/units"
    found = room.get(url, headers={"Accept-Language": "en"}).json
    assert (found["by_road"], found["passed_over"]) == (False, [])
    (car,) = found["proposed"]
    assert car["text"] == "Patrol Car 1 (1.9 km as the crow flies)"
    assert (car["minutes"], car["why_not"], car["position"]["lon"]) == (None, None, lon + 0.02)
    near = room.get(NEAREST, query_string={"lon": lon, "lat": lat})
    assert near.json["proposed"][0]["code"] == "P1"
    clock.advance(dt.timedelta(minutes=6))
    (car,) = room.get(url).json["passed_over"]
    assert (car["why_not"], car["text"]) == (
        "stale_position",
        "巡逻一号车：6分钟前的定位，已过时",
    )


def test_a_call_for_support_keeps_who_was_near(client: AccountClient, clock: SetClock) -> None:
    add_car(client)
    man(client, RIDER)
    lon, lat = centre(0, 0)
    stand(client, clock, lon, lat)
    report = {"source": "110", "external_id": "1", "category": "dispute", "lon": lon, "lat": lat}
    task = client.as_("command").post("/api/v1/incidents", json=report).json["task"]["id"]
    officer = client.as_("330824001")
    for verb in ("sign", "call_support"):
        body = {"id": str(uuid.uuid4()), "verb": verb, "data": {}}
        said = officer.post(f"/api/v1/tasks/{task}/commands", json=body)
        assert said.status_code == 200, said.text
    history = client.as_("command").get(f"/api/v1/tasks/{task}").json["history"]
    called = [entry for entry in history if entry["verb"] == "call_support"]
    assert [entry["data"]["units"] for entry in called] == [
        [{"code": "P1", "name": "巡逻一号车", "minutes": None, "distance_m": 0.0}]
    ]


def test_a_change_needs_what_was_last_seen(client: AccountClient) -> None:
    add_car(client)
    admin = client.as_("admin")
    tag = admin.get(f"{UNITS}/P1").headers["ETag"]
    is_problem(admin.put(f"{UNITS}/P1", json=CAR), 428)
    broken = CAR | {"in_service": False}
    changed = admin.put(f"{UNITS}/P1", json=broken, headers={"If-Match": tag})
    assert changed.json["in_service"] is False
    is_problem(admin.put(f"{UNITS}/P1", json=CAR, headers={"If-Match": tag}), 412)
    is_problem(
        admin.put(f"{UNITS}/P1/crew", json={"crew": [RIDER]}, headers={"If-Match": tag}), 412
    )


def test_what_is_refused(client: AccountClient) -> None:
    add_car(client)
    admin, room, officer = map(client.as_, ("admin", "room-33082402", "330824001"))
    is_problem(admin.post(UNITS, json=CAR | {"code": "P1"}), 409, "field_unit.exists")
    is_problem(admin.post(UNITS, json=CAR | {"code": "P2", "kind": "tank"}), 422)
    is_problem(room.post(UNITS, json=CAR | {"code": "P2"}), 403, "access.forbidden")
    is_problem(room.get(f"{UNITS}/P1"), 404, "field_unit.unknown")
    is_problem(officer.get(UNITS), 403, "access.forbidden")
    nowhere = {"lon": 190, "lat": 29.1}
    is_problem(admin.get(NEAREST, query_string=nowhere), 422)
