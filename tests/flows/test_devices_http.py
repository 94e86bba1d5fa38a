"""Devices over HTTP: their secrets, lists, revoking, admitting, and sessions of one's own."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
from flask.testing import FlaskClient

from gridserver.api import context
from gridserver.base.clock import SetClock
from tests.county import PASSWORD
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

OFFICER = "330824001"
STATION = "room-33082401"


def sign_in(
    client: AccountClient, username: str = OFFICER, device: str = "handheld-7", **more: Any
) -> AccountClient:
    """Return a client of that device."""
    credentials = {"username": username, "password": PASSWORD, "device": device, **more}
    signed_in: AccountClient = client.application.test_client()  # type: ignore[assignment]
    answer = signed_in.post("/api/v1/sessions", json=credentials)
    assert answer.status_code == 201, answer.text
    signed_in.token = answer.json["token"]
    return signed_in


def only(client: FlaskClient, **wanted: str) -> dict[str, Any]:
    """Return the one device that is listed."""
    (device,) = client.get("/api/v1/devices", query_string=wanted).json["items"]
    return device


def test_a_session_comes_with_the_secret_of_its_device(client: AccountClient) -> None:
    credentials = {"username": OFFICER, "password": PASSWORD, "device": "handheld-7"}
    made = client.post("/api/v1/sessions", json=credentials)
    client.token = made.json["token"]
    current = client.get("/api/v1/sessions/current")
    assert len(base64.b64decode(made.json["unlock"])) == 32
    assert current.json["unlock"] == made.json["unlock"]
    assert {answer.headers["Cache-Control"] for answer in (made, current)} == {"no-store"}
    assert client.as_("command").get("/api/v1/sessions/current").json["unlock"] is None


def test_a_device_tells_of_itself_when_it_signs_in(client: AccountClient) -> None:
    sign_in(client, app="1.4.0", battery=0.37, platform="Android · app")
    device = only(client.as_("admin"))
    assert (device["app_version"], device["battery"]) == ("1.4.0", 0.37)
    assert (device["platform"], device["address"]) == ("Android · app", "127.0.0.1")
    assert (device["account"]["username"], device["unit"]["code"]) == (OFFICER, "33082401")
    assert (device["state"], device["sessions"], device["is_current"]) == ("online", 1, False)
    assert "unlock" not in device


def test_a_battery_is_a_fraction(client: AccountClient) -> None:
    body = {"username": OFFICER, "password": PASSWORD, "device": "x", "battery": 37}
    is_problem(client.post("/api/v1/sessions", json=body), 422, "input.invalid")


def test_a_revoked_device_is_told_so_wherever_it_comes(client: AccountClient) -> None:
    lost, kept = sign_in(client), sign_in(client, device="handheld-8")
    room = client.as_(STATION)
    device = only(room, words="handheld-7")
    answer = room.post(f"/api/v1/devices/{device['id']}/revoke", json={"reason": "lost"})
    revoked = answer.json
    assert (answer.status_code, revoked["state"], revoked["sessions"]) == (200, "revoked", 0)
    assert (revoked["revoke_reason"], revoked["revoked_by"]["username"]) == ("lost", STATION)
    is_problem(lost.get("/api/v1/sessions/current"), 401, "access.device_revoked")
    is_problem(lost.get("/api/v1/inbox"), 401, "access.device_revoked")
    credentials = {"username": OFFICER, "password": PASSWORD, "device": "handheld-7"}
    answer = client.post("/api/v1/sessions", json=credentials)
    assert is_problem(answer, 403, "access.device_revoked")["field"] == "device"
    assert kept.get("/api/v1/sessions/current").status_code == 200
    assert [each["state"] for each in kept.get("/api/v1/devices/mine").json["items"]] == [
        "online",
        "revoked",
    ]


def test_it_reports_that_it_wiped_itself_by_its_dead_token(
    client: AccountClient, clock: SetClock
) -> None:
    lost = sign_in(client)
    admin = client.as_("admin")
    device = only(admin)
    is_problem(lost.post("/api/v1/devices/wiped"), 401, "access.unauthenticated")
    admin.post(f"/api/v1/devices/{device['id']}/revoke", json={"reason": "lost"})
    assert lost.post("/api/v1/devices/wiped", json={"device": "handheld-7"}).status_code == 204
    assert lost.post("/api/v1/devices/wiped").status_code == 204
    assert dt.datetime.fromisoformat(only(admin)["wiped_at"]) == clock.now()
    is_problem(client.post("/api/v1/devices/wiped"), 401, "access.unauthenticated")
    admitted = admin.post(f"/api/v1/devices/{device['id']}/admit").json
    assert (admitted["state"], admitted["wiped_at"]) == ("online", None)
    is_problem(lost.post("/api/v1/devices/wiped"), 401, "access.unauthenticated")
    sign_in(client)


def test_a_browser_that_was_away_for_long_wipes_itself_too(
    client: AccountClient, clock: SetClock
) -> None:
    """Its session has expired, but its cookie still tells whose it was. A page that was loaded
    again has no CSRF token."""
    browser = client.application.test_client()
    credentials = {"username": OFFICER, "password": PASSWORD, "device": "x", "cookie": True}
    made = browser.post("/api/v1/sessions", json=credentials)
    cookie = browser.get_cookie(context.COOKIE.name)
    assert cookie is not None and cookie.expires is not None
    assert cookie.expires > dt.datetime.fromisoformat(made.json["expires_at"])
    clock.advance(dt.timedelta(days=30))
    is_problem(browser.get("/api/v1/sessions/current"), 401, "access.unauthenticated")
    admin = client.as_("admin")
    admin.post(f"/api/v1/devices/{only(admin)['id']}/revoke", json={"reason": "lost"})
    is_problem(browser.get("/api/v1/sessions/current"), 401, "access.device_revoked")
    assert browser.post("/api/v1/devices/wiped").status_code == 204
    assert only(admin)["wiped_at"]
    is_problem(browser.post("/api/v1/devices/wiped"), 401, "access.unauthenticated")


def test_who_may_not_see_devices_may_not_revoke_them(client: AccountClient) -> None:
    sign_in(client)
    device = only(client.as_("admin"))["id"]
    revocation = {"json": {"reason": "spite"}}
    for username in ("330824002", "auditor", "gis", "room-33082402"):
        other = client.as_(username)
        answer = other.post(f"/api/v1/devices/{device}/revoke", **revocation)
        is_problem(answer, 404, "device.unknown")
    for username in ("auditor", "gis", OFFICER):
        is_problem(client.as_(username).get("/api/v1/devices"), 403, "access.forbidden")
    assert client.as_("room-33082402").get("/api/v1/devices").json["items"] == []
    room = client.as_(STATION)
    is_problem(room.post(f"/api/v1/devices/{device}/admit"), 404, "device.unknown")


def test_an_officer_revokes_a_lost_handheld_but_not_the_one_in_hand(client: AccountClient) -> None:
    sign_in(client)
    here = sign_in(client, device="handheld-8")
    by_name = {each["name"]: each for each in here.get("/api/v1/devices/mine").json["items"]}
    assert by_name["handheld-8"]["is_current"] and not by_name["handheld-7"]["is_current"]

    def revoke(name: str) -> Any:
        path = f"/api/v1/devices/{by_name[name]['id']}/revoke"
        return here.post(path, json={"reason": "lost"})

    assert revoke("handheld-7").json["state"] == "revoked"
    is_problem(revoke("handheld-8"), 409, "device.in_use")


def test_the_list_comes_in_pages(client: AccountClient, clock: SetClock) -> None:
    for number in range(5):
        sign_in(client, device=f"handheld-{number}")
        clock.advance(dt.timedelta(minutes=1))
    admin = client.as_("admin")
    names, cursor = [], {}
    while cursor is not None:
        page = admin.get("/api/v1/devices", query_string={"limit": 2, **cursor}).json
        names += [each["name"] for each in page["items"]]
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert names == [f"handheld-{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("position", ["x", "2026-03-10T09:30:00 1", "2026-03-10T09:30:00Z x", "1"])
def test_a_cursor_of_one_s_own_making_is_refused(client: AccountClient, position: str) -> None:
    cursor = base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")
    answer = client.as_("admin").get("/api/v1/devices", query_string={"cursor": cursor})
    is_problem(answer, 422, "page.bad_cursor")


def test_the_charge_comes_with_a_position(client: AccountClient, clock: SetClock) -> None:
    handheld = sign_in(client)
    position = {"lon": 118.405, "lat": 29.105, "at": clock.now().isoformat(), "battery": 0.21}
    assert handheld.post("/api/v1/positions", json={"positions": [position]}).status_code == 202
    client.application.extensions["gridserver_live"].hub.contacts.stop()
    assert only(client.as_("admin"))["battery"] == 0.21


def test_one_ends_one_s_own_sessions(client: AccountClient) -> None:
    here, there = sign_in(client), sign_in(client, device="handheld-8")
    unnamed = client.as_(OFFICER)
    listed = {each["device"]: each for each in here.get("/api/v1/sessions").json["items"]}
    assert [listed[name]["is_current"] for name in ("handheld-7", "handheld-8", None)] == [
        True,
        False,
        False,
    ]
    others, again = "/api/v1/sessions/others/end", {"password": PASSWORD}
    of_there = again | {"device": listed["handheld-8"]["device_id"]}
    assert here.post(others, json=of_there).json == {"ended": 1}
    is_problem(there.get("/api/v1/sessions/current"), 401, "access.unauthenticated")
    address = f"/api/v1/sessions/{listed[None]['id']}/end"
    is_problem(client.as_("330824002").post(address, json=again), 404, "session.unknown")
    assert here.post(address, json=again).status_code == 204
    is_problem(here.post(address, json=again), 404, "session.unknown")
    is_problem(unnamed.get("/api/v1/sessions"), 401, "access.unauthenticated")
    assert here.post(others, json=again).json == {"ended": 0}
