"""A browser's session turned into a wall's, by HTTP."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from gridserver.api import context
from gridserver.base.clock import SetClock
from tests.conftest import MORNING
from tests.county import PASSWORD
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

WALL = "/api/v1/sessions/current/wall"
REPORT = {"source": "110", "external_id": "1", "category": "dispute", "lon": 118.4, "lat": 29.1}
REPORTED = MORNING.isoformat()


def test_a_wall_looks_on(client: AccountClient) -> None:
    desk = client.as_("command")
    answer = desk.post(WALL)
    assert answer.status_code == 200, answer.text
    assert [each["role"] for each in answer.json["account"]["roles"]] == ["wall"]
    for seen in ("figures/day", "alarms", "force/duty", "dispatch/mobilisations", "field-units"):
        assert desk.get(f"/api/v1/{seen}").status_code == 200, seen
    assert desk.get("/tiles/grid.json").status_code == 200
    taken = client.as_("command").post("/api/v1/incidents", json=REPORT | {"lon": 100.0})
    assert taken.status_code == 201
    assert desk.get("/api/v1/day-log?officer=330824001").status_code == 403
    assert desk.get("/api/v1/handovers").json["items"] == []
    task = taken.json["task"]
    assert task["assignee"]["username"] == "command", "the room itself is asked to sign"
    said = {"id": str(uuid.uuid4()), "verb": "sign", "occurred_at": REPORTED, "data": {}}
    for path, document in (("incidents", REPORT), (f"tasks/{task['id']}/commands", said)):
        is_problem(desk.post(f"/api/v1/{path}", json=document), 403, "access.looks_on")
    assert desk.delete("/api/v1/sessions/current").status_code == 204


def test_its_cookie_goes_on_with_it(client: AccountClient, clock: SetClock) -> None:
    browser = client.application.test_client()
    credentials = {"username": "command", "password": PASSWORD, "cookie": True}
    csrf = browser.post("/api/v1/sessions", json=credentials).json["csrf_token"]
    assert browser.post(WALL).status_code == 403, "without the CSRF token"
    for _ in range(3):
        answer = browser.post(WALL, headers={context.CSRF_HEADER: csrf})
        until = dt.datetime.fromisoformat(answer.json["expires_at"])
        assert until - clock.now() == dt.timedelta(days=7)
        cookie = browser.get_cookie(context.COOKIE.name)
        assert cookie is not None and cookie.expires is not None
        assert cookie.expires > until
        clock.advance(dt.timedelta(days=6))
    assert browser.get("/api/v1/sessions/current").status_code == 200
    clock.advance(dt.timedelta(days=1))
    assert browser.get("/api/v1/sessions/current").status_code == 401


@pytest.mark.parametrize("username", ["330824001", "gis"])
def test_who_follows_nothing_puts_up_none(client: AccountClient, username: str) -> None:
    assert client.as_(username).post(WALL).status_code == 403
