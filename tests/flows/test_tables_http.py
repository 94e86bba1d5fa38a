"""The bureau's tables over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gridserver.base.clock import SetClock
from tests.conftest import MORNING
from tests.county import centre
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

TABLES = "/api/v1/dispatch/tables"
KEY = {"scope": "33082401", "category": "dispute"}
TO_COMMAND = {"kind": "command", "unit": None, "agency": None}


@pytest.fixture
def admin(client: AccountClient) -> AccountClient:
    return client.as_("admin")


def change(client: AccountClient, table: str, *pairs: Any, **fields: Any) -> Any:
    body = {"changes": [{"key": key, "values": values} for key, values in pairs], "why": "试点"}
    headers = fields.pop("headers", None)
    if headers is None:
        headers = {"If-Match": client.get(f"{TABLES}/{table}").headers["ETag"]}
    return client.post(f"{TABLES}/{table}/changes", json=body | fields, headers=headers)


def test_the_tables_say_what_they_take(admin: AccountClient) -> None:
    listed = admin.get(TABLES).json
    tables = {table["name"]: table for table in listed["items"]}
    assert list(tables) == [
        "category",
        "route",
        "ladder",
        "sign_limit",
        "response_target",
        "parameter",
        "liaison",
    ]
    seconds = tables["sign_limit"]["values"][0]
    assert (seconds["kind"], seconds["least"], seconds["measure"]) == ("integer", 1, "s")
    assert "bureau_room" not in tables["ladder"]["values"][0]["choices"]
    assert {"name": "day_from", "kind": "time"}.items() <= next(
        column for column in listed["parameters"] if column["name"] == "day_from"
    ).items()


@pytest.mark.parametrize("who", ["admin", "command", "330824001", "auditor", "room-33082401"])
def test_everybody_may_read_them(client: AccountClient, who: str) -> None:
    found = client.as_(who).get(f"{TABLES}/sign_limit").json
    assert [(row["key"], row["values"]) for row in found["items"]] == [
        ({"scope": "bureau", "priority": priority}, {"seconds": seconds})
        for priority, seconds in ((1, 60), (2, 120), (3, 300), (4, 600))
    ]
    assert found["next"] is None


def test_only_an_admin_may_change_them(client: AccountClient) -> None:
    is_problem(change(client.as_("command"), "route", (KEY, TO_COMMAND)), 403, "access.forbidden")


def test_a_change_and_its_history(admin: AccountClient, clock: SetClock) -> None:
    later = (MORNING + dt.timedelta(days=3)).isoformat()
    assert change(admin, "route", (KEY, TO_COMMAND)).json == {"changed": 1}
    assert change(admin, "route", (KEY, None), **{"from": later}).json == {"changed": 1}
    (row,) = (r for r in admin.get(f"{TABLES}/route").json["items"] if r["key"] == KEY)
    assert row["values"] == TO_COMMAND
    assert row["by"]["username"] == "admin" and row["why"] == "试点"
    assert dt.datetime.fromisoformat(row["valid_to"]) == dt.datetime.fromisoformat(later)
    assert not [
        r
        for r in admin.get(f"{TABLES}/route", query_string={"at": later}).json["items"]
        if r["key"] == KEY
    ]
    kept = admin.get(f"{TABLES}/route/history?key=33082401/dispute").json["items"]
    assert [each["id"] for each in kept] == [row["id"]]
    limits = admin.get(f"{TABLES}/sign_limit/history?key=bureau/2").json["items"]
    assert [each["values"] for each in limits] == [{"seconds": 120}]


def test_a_change_needs_the_etag_of_what_was_seen(admin: AccountClient) -> None:
    is_problem(change(admin, "route", (KEY, TO_COMMAND), headers={}), 428)
    seen = {"If-Match": admin.get(f"{TABLES}/route").headers["ETag"]}
    answer = change(admin, "route", (KEY, TO_COMMAND), headers=seen)
    assert answer.headers["ETag"] == admin.get(f"{TABLES}/route").headers["ETag"]
    is_problem(change(admin, "route", (KEY, None), headers=seen), 412, "norms.stale")
    assert change(admin, "route", (KEY, None), headers={"If-Match": answer.headers["ETag"]}).json


def test_a_repeated_change_is_answered_as_the_first_time(admin: AccountClient) -> None:
    tag = admin.get(f"{TABLES}/route").headers["ETag"]
    headers = {"If-Match": tag, "Idempotency-Key": "once"}
    first, again = (
        change(admin, "route", (KEY, TO_COMMAND), headers=headers).json for _ in range(2)
    )
    assert first == again == {"changed": 1}


def test_all_of_a_change_or_nothing(admin: AccountClient) -> None:
    bad = {"kind": "hand_over", "unit": None, "agency": None}
    other = KEY | {"category": "help"}
    refused = change(admin, "route", (KEY, TO_COMMAND), (other, bad))
    assert is_problem(refused, 422, "norms.agency")["field"] == "agency"
    assert not admin.get(f"{TABLES}/route/history?key=33082401/dispute").json["items"]


def test_a_planned_change_is_taken_back(admin: AccountClient) -> None:
    begins = (MORNING + dt.timedelta(days=3)).isoformat()
    change(admin, "route", (KEY, TO_COMMAND), **{"from": begins})
    listed = admin.get(f"{TABLES}/route")
    (row,) = (r for r in listed.json["items"] if r["key"] == KEY)
    url = f"{TABLES}/route/rows/{row['id']}?why=不再试点"
    is_problem(admin.delete(url), 428)
    headers = {"If-Match": listed.headers["ETag"]}
    assert admin.delete(url, headers=headers).status_code == 204
    assert not [r for r in admin.get(f"{TABLES}/route").json["items"] if r["key"] == KEY]
    headers = {"If-Match": admin.get(f"{TABLES}/route").headers["ETag"]}
    is_problem(admin.delete(url, headers=headers), 409, "effective.not_planned")


def test_pages_of_a_table(admin: AccountClient) -> None:
    whole = admin.get(f"{TABLES}/ladder").json["items"]
    first = admin.get(f"{TABLES}/ladder?limit=7").json
    rest = admin.get(f"{TABLES}/ladder?limit=7&cursor={first['next']}").json
    assert first["items"] + rest["items"] == whole
    assert rest["next"] is None
    latest = admin.get(f"{TABLES}/ladder/history?limit=7").json
    older = admin.get(f"{TABLES}/ladder/history?limit=7&cursor={latest['next']}").json
    assert len(latest["items"] + older["items"]) == len(whole)


def test_there_is_no_such_table(admin: AccountClient) -> None:
    for url in (f"{TABLES}/weather", f"{TABLES}/weather/history?key=a"):
        is_problem(admin.get(url), 404, "norms.unknown_table")
    headers = {"If-Match": '"1"'}
    is_problem(change(admin, "weather", (KEY, None), headers=headers), 404, "norms.unknown_table")
    assert admin.get(f"{TABLES}/route/history?key=a/b").json["items"] == []
    is_problem(admin.get(f"{TABLES}/sign_limit/history?key=bureau/x"), 422, "input.number")


def test_changes_are_tried_on_past_incidents(client: AccountClient, admin: AccountClient) -> None:
    lon, lat = centre(0, 0)
    report = {"source": "110", "external_id": "1", "category": "dispute", "lon": lon, "lat": lat}
    made = client.as_("command").post("/api/v1/incidents", json=report).json
    asked = {"changes": [{"table": "route", "key": KEY, "values": TO_COMMAND}], "days": 7}
    found = admin.post(f"{TABLES}/dry-run", json=asked).json
    assert (found["incidents"], found["differ"], found["all_of_them"]) == (1, 1, True)
    assert found["counts"] == {"route": 1, "first_step": 1, "sign_within_s": 0}
    (item,) = found["items"]
    assert (item["incident"], item["number"]) == (made["id"], made["number"])
    assert (item["from"]["route"], item["to"]["route"]) == ("community", "command")
    assert item["to"]["who"]["username"] == "room-33082401"
    is_problem(client.as_("command").post(f"{TABLES}/dry-run", json=asked), 403)
    is_problem(admin.post(f"{TABLES}/dry-run", json=asked | {"days": 0}), 422, "input.invalid")
