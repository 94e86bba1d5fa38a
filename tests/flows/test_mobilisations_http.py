"""Mobilisation over HTTP."""

from __future__ import annotations

import datetime as dt

from gridserver.base.clock import SetClock
from tests.conftest import MORNING
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

ORDERS = "/api/v1/dispatch/mobilisations"
STATION = "33082401"


def test_an_order_from_its_giving_to_its_end(client: AccountClient, clock: SetClock) -> None:
    room = client.as_(f"room-{STATION}")
    until = (MORNING + dt.timedelta(days=1)).isoformat()
    body = {"unit": STATION, "why": "防汛", "ordered_by": "所长", "to": until}
    made = room.post(ORDERS, json=body)
    assert made.status_code == 201
    url = made.headers["Location"]
    assert room.get(url).json == made.json
    assert made.json["unit"] == {"code": STATION, "name": "南所"}
    assert made.json["entered_by"]["username"] == f"room-{STATION}"
    officer = client.as_("330824001")
    assert [order["id"] for order in officer.get(ORDERS).json["items"]] == [made.json["id"]]
    clock.advance(dt.timedelta(hours=1))
    ended = room.post(f"{url}/end").json
    assert (ended["state"], ended["ended_by"]["username"]) == ("over", f"room-{STATION}")
    assert officer.get(ORDERS).json["items"] == []
    assert [order["state"] for order in officer.get(f"{ORDERS}?state=all").json["items"]] == [
        "over"
    ]
    is_problem(room.post(f"{url}/end"), 409, "mobilisation.over")
    is_problem(officer.get(f"{ORDERS}/999"), 404, "mobilisation.unknown")


def test_an_order_sent_twice_is_given_once(client: AccountClient) -> None:
    room = client.as_(f"room-{STATION}")
    headers = {"Idempotency-Key": "storm"}
    first, again = (
        room.post(ORDERS, json={"unit": STATION, "why": "防汛"}, headers=headers) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    is_problem(room.post(ORDERS, json={"unit": STATION, "why": "防汛"}), 409)


def test_an_officer_gives_no_order(client: AccountClient) -> None:
    body = {"unit": STATION, "why": "防汛"}
    is_problem(client.as_("330824001").post(ORDERS, json=body), 403, "access.forbidden")
