"""Incidents and tasks by HTTP: from the call to closing, and every refusal's shape."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from sqlalchemy import event, func, select

from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.dispatch import escalation
from gridserver.incidents.models import Incident
from tests.conftest import MORNING
from tests.county import SIDE, SOUTH, WEST, County, centre
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

INCIDENTS, TASKS = "/api/v1/incidents", "/api/v1/tasks"
PRIMARY, BACKUP = "330824001", "330824002"
ROOM, OTHER_ROOM = "room-33082401", "room-33082402"
LON, LAT = centre(0, 0)


def body(**fields: Any) -> dict[str, Any]:
    given = {"source": "110", "external_id": "A-1", "category": "dispute", "lon": LON, "lat": LAT}
    return given | fields


def say(client: AccountClient, who: str, task_id: int, verb: str, **data: Any) -> Any:
    command = {
        "id": str(uuid.uuid4()),
        "verb": verb,
        "occurred_at": MORNING.isoformat(),
        "data": data,
    }
    return client.as_(who).post(f"{TASKS}/{task_id}/commands", json=command)


@pytest.fixture
def command(client: AccountClient) -> AccountClient:
    return client.as_("command")


@pytest.fixture
def incident(command: AccountClient) -> dict[str, Any]:
    return command.post(INCIDENTS, json=body()).json


def test_an_incident_is_answered_with_its_decision(command: AccountClient, county: County) -> None:
    answer = command.post(INCIDENTS, json=body(crs="EPSG:4490"), headers={"Accept-Language": "en"})
    assert answer.status_code == 201
    incident = answer.json
    assert answer.headers["Location"] == f"{INCIDENTS}/{incident['id']}"
    assert 1001 <= incident["number"] <= 9999
    assert incident["cell"] == {"code": "330824001001001", "name": "村00"}
    assert (incident["grid_version"], incident["method"]) == ("v1", "covers")
    assert incident["raw"] == {"x": LON, "y": LAT, "crs": "EPSG:4490"}
    assert incident["category"] == {"code": "dispute", "name": "Dispute"}
    assert incident["priority"] == 3
    assert incident["task"]["state"] == "assigned"
    assert incident["task"]["assignee"] == {"username": PRIMARY, "display_name": PRIMARY}
    first, *others = incident["decision"]
    assert first == {
        "step": 1,
        "kind": "primary",
        "who": {"username": PRIMARY, "display_name": PRIMARY, "kind": "officer"},
        "because": {
            "code": "primary.owns_cell",
            "params": {
                "cell": "330824001001001",
                "cell_name": "村00",
                "station": "33082401",
                "station_name": "南所",
            },
            "text": "The place is in cell 村00; its primary officer goes.",
        },
        "sign_within_s": 300,
        "tell": "in_turn",
    }
    assert [step["who"]["kind"] for step in others] == ["officer", "room", "room"]


def test_reasons_come_in_the_readers_language(command: AccountClient) -> None:
    text = command.post(INCIDENTS, json=body()).json["decision"][0]["because"]["text"]
    assert "A角" in text


def test_the_same_again_and_another_body(command: AccountClient, database: Database) -> None:
    first = command.post(INCIDENTS, json=body())
    again = command.post(INCIDENTS, json=body())
    other = command.post(INCIDENTS, json=body(description="worse"))
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.json == first.json
    assert other.json["code"] == "incident.exists_differently"
    assert other.json["incident"]["id"] == first.json["id"]
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Incident)) == 1


def test_an_idempotency_key_is_honoured(command: AccountClient) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = command.post(INCIDENTS, json=body(), headers=headers)
    again = command.post(INCIDENTS, json=body(), headers=headers)
    other = command.post(INCIDENTS, json=body(external_id="A-2"), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert (other.status_code, other.json["code"]) == (422, "command.reused")


def test_a_refusal_under_a_key_is_kept_too(command: AccountClient) -> None:
    headers = {"Idempotency-Key": "k-2"}
    for _ in range(2):
        answer = command.post(INCIDENTS, json=body(category="gossip"), headers=headers)
        assert (answer.status_code, answer.json["field"]) == (422, "category")
        assert answer.content_type == "application/problem+json"


#: What is wrong, the refusal's code, and the field that it names.
BAD_REPORTS = [
    ({"category": "gossip"}, "incident.unknown_category", "category"),
    ({"lon": LAT, "lat": LON}, "coordinates.swapped", "lat"),
    ({"lon": float("nan")}, "coordinates.not_finite", "lon"),
    ({"lon": 181.0}, "coordinates.out_of_range", "lon"),
    ({"crs": "EPSG:4214"}, "crs.old_datum", "crs"),
    ({"crs": "nonsense"}, "crs.unknown", "crs"),
    ({"accuracy_m": -1}, "input.number", "accuracy_m"),
    ({"priority": 9}, "incident.priority", "priority"),
    ({"reported_at": "2026-03-10T10:00:00+08:00"}, "incident.from_the_future", "reported_at"),
    ({"reported_at": "2026-03-10T09:00:00"}, "input.invalid", "reported_at"),
    ({"reported_at": "0001-01-01T00:00:00+14:00"}, "input.not_moment", "reported_at"),
    ({"source": "a\u0000b"}, "input.characters", "source"),
    ({"description": "\ud800"}, "input.characters", "description"),
    ({"surprise": 1}, "input.invalid", "surprise"),
    ({"lon": True}, "input.invalid", "lon"),
]


def test_a_refusal_can_be_kept_whatever_it_repeats(command: AccountClient) -> None:
    for number, fields in enumerate(({"crs": "a\0b"}, {"crs": "\ud800"}, {"category": "a\0"})):
        answer = command.post(
            INCIDENTS,
            data=json.dumps(body(**fields)),
            content_type="application/json",
            headers={"Idempotency-Key": f"bad-{number}"},
        )
        assert answer.status_code == 422, answer.text


def test_bad_reports_name_the_field_and_leave_nothing(
    command: AccountClient, database: Database
) -> None:
    for fields, code, field in BAD_REPORTS:
        text = json.dumps(body(**fields))
        answer = command.post(INCIDENTS, data=text, content_type="application/json")
        assert answer.status_code == 422, answer.text
        assert (answer.json["code"], answer.json["field"]) == (code, field)
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Incident)) == 0


def test_who_may_not_report(client: AccountClient, county: County) -> None:
    assert client.post(INCIDENTS, json={}).status_code == 401
    answer = client.as_(PRIMARY).post(INCIDENTS, json=body())
    assert (answer.status_code, answer.json["code"]) == (403, "access.forbidden")


def test_a_preview_says_who_and_writes_nothing(command: AccountClient, database: Database) -> None:
    edge = {"category": "dispute", "lon": WEST + SIDE, "lat": SOUTH + SIDE / 2}
    seen = command.post(f"{INCIDENTS}/preview", json=edge)
    assert seen.status_code == 200, seen.text
    assert (seen.json["method"], seen.json["neighbours"]) == ("boundary", ["330824001001002"])
    assert seen.json["station"] == {"code": "33082401", "name": "南所"}
    assert seen.json["decision"][0]["because"]["code"] == "primary.boundary"
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Incident)) == 0


def test_a_preview_of_a_place_alone_decides_nothing(command: AccountClient) -> None:
    # The middle of the first cell, as PROJ has it in the zone of 120 degrees east.
    place = {"lon": 344731.624, "lat": 3221958.567, "crs": "EPSG:4549", "accuracy_m": 80}
    seen = command.post(f"{INCIDENTS}/preview", json=place)
    assert seen.status_code == 200, seen.text
    assert (seen.json["lon"], seen.json["lat"]) == (pytest.approx(LON), pytest.approx(LAT))
    assert seen.json["cell"]["code"] == "330824001001001"
    assert (seen.json["route"], seen.json["hours"]) == (None, None)
    assert (seen.json["decision"], seen.json["notes"], seen.json["related"]) == ([], [], [])
    wrong_zone = command.post(f"{INCIDENTS}/preview", json=place | {"crs": "EPSG:4528"})
    is_problem(wrong_zone, 422, "coordinates.zone_prefix")


def test_a_second_call_is_suggested_and_linked_by_a_person(
    client: AccountClient, command: AccountClient, incident: dict[str, Any]
) -> None:
    place = {name: incident[name] for name in ("lon", "lat")}
    seen = command.post(f"{INCIDENTS}/preview", json={"category": "dispute", **place}).json
    assert [each["incident"]["id"] for each in seen["related"]] == [incident["id"]]
    second = command.post(INCIDENTS, json=body(external_id="A-2", **place)).json
    found = command.get(f"{INCIDENTS}/{second['id']}/related").json
    (same,) = found["suggested"]
    assert (same["incident"]["number"], same["alike"]) == (incident["number"], "category")
    assert (same["distance_m"], found["linked"]) == (0.0, [])
    link = {"to": same["incident"]["task"]["id"], "kind": "duplicate"}
    assert say(client, "command", second["task"]["id"], "link", **link).status_code == 200
    parent = command.get(f"{INCIDENTS}/{second['id']}/related").json
    assert parent["suggested"] == []
    assert [(each["kind"], each["role"]) for each in parent["linked"]] == [("duplicate", "parent")]
    child = command.get(f"{INCIDENTS}/{incident['id']}/related").json["linked"]
    assert [(each["role"], each["incident"]["id"]) for each in child] == [("child", second["id"])]
    assert client.as_("330824005").get(f"{INCIDENTS}/{second['id']}/related").status_code == 403


def test_a_call_about_the_same_event_sends_nobody(
    command: AccountClient, incident: dict[str, Any]
) -> None:
    main = incident["task"]["id"]
    place = {name: incident[name] for name in ("lon", "lat")}
    again = body(external_id="A-2", duplicate_of=main, **place)
    answer = command.post(INCIDENTS, json=again)
    assert (answer.status_code, answer.json["task"]["state"]) == (201, "cancelled")
    assert answer.json["task"]["assignee"] is None
    task = command.get(f"{TASKS}/{answer.json['task']['id']}").json
    assert (task["offers"], [each["verb"] for each in task["history"]]) == (
        [],
        ["dispatch", "link", "cancel"],
    )
    assert command.post(INCIDENTS, json=again).status_code == 200
    unknown = body(external_id="A-3", duplicate_of=2**62, **place)
    is_problem(command.post(INCIDENTS, json=unknown), 422, "task.bad_data")
    assert command.post(INCIDENTS, json=unknown | {"duplicate_of": "x"}).status_code == 422


def test_a_place_outside_is_for_the_bureau(command: AccountClient) -> None:
    incident = command.post(INCIDENTS, json=body(lon=100.0, lat=30.0)).json
    assert (incident["cell"], incident["station"], incident["method"]) == (None, None, "outside")
    assert incident["task"]["assignee"]["username"] == "command"
    assert incident["decision"][0]["because"]["code"] == "bureau_room.outside"


def test_the_whole_life_of_a_task(client: AccountClient, incident: dict[str, Any]) -> None:
    task_id = incident["task"]["id"]
    report = {"outcome": "resolved", "text": "calm again", "persons_helped": 2}
    way = [
        (PRIMARY, "sign", {}, "signed"),
        (PRIMARY, "depart", {}, "en_route"),
        (PRIMARY, "arrive", {}, "on_scene"),
        (PRIMARY, "report", report, "reported"),
        (ROOM, "close", {}, "closed"),
    ]
    for who, verb, data, state in way:
        answer = say(client, who, task_id, verb, **data)
        assert answer.status_code == 200, answer.text
        assert answer.json["status"] == "done"
        assert answer.json["task"]["state"] == state
    task = client.as_(ROOM).get(f"{TASKS}/{task_id}").json
    assert task["report"] == report | {"suspects": None, "offences": None}
    assert [entry["verb"] for entry in task["history"]] == [
        "dispatch",
        *(verb for _, verb, _, _ in way),
    ]
    assert [offer["outcome"] for offer in task["offers"]] == ["signed"]
    assert task["version"] == 6
    assert task["allowed"] == ["link"]


def test_receipts_show_when_a_device_had_the_message(
    client: AccountClient, incident: dict[str, Any]
) -> None:
    path = f"{TASKS}/{incident['task']['id']}"
    officer = client.as_(PRIMARY)
    assert officer.get(path).json["offers"][0]["received_at"] is None
    assert officer.post("/api/v1/inbox/ack", json={"seq": 1}).status_code == 200
    assert officer.get(path).json["offers"][0]["received_at"] is not None


def test_a_late_command_gets_the_present_state(
    client: AccountClient, incident: dict[str, Any]
) -> None:
    task_id = incident["task"]["id"]
    say(client, ROOM, task_id, "cancel", reason="taken back")
    late = say(client, PRIMARY, task_id, "sign")
    assert (late.status_code, late.json["code"]) == (409, "task.wrong_state")
    assert late.json["state"] == late.json["task"]["state"] == "cancelled"
    assert late.content_type == "application/problem+json"
    history = client.as_(ROOM).get(f"{TASKS}/{task_id}").json["history"]
    assert [(entry["verb"], entry["late"]) for entry in history] == [
        ("dispatch", False),
        ("cancel", False),
        ("sign", True),
    ]


REFUSED_COMMANDS = [
    (BACKUP, "sign", 403, "task.not_yours"),
    (OTHER_ROOM, "cancel", 403, "task.out_of_scope"),
    (PRIMARY, "close", 403, "task.for_command_room"),
    (PRIMARY, "dance", 422, "task.unknown_verb"),
    (PRIMARY, "arrive", 409, "task.wrong_state"),
]


def test_refused_commands(client: AccountClient, incident: dict[str, Any]) -> None:
    for who, verb, status, code in REFUSED_COMMANDS:
        data = {"reason": "x"} if verb == "cancel" else {}
        answer = say(client, who, incident["task"]["id"], verb, **data)
        assert (answer.status_code, answer.json["code"]) == (status, code)


def test_there_is_no_such_thing(command: AccountClient) -> None:
    for path in (f"{TASKS}/999999", f"{INCIDENTS}/999999", f"{TASKS}/{2**70}"):
        assert command.get(path).status_code == 404


def test_another_stations_task_and_incident(
    client: AccountClient, incident: dict[str, Any]
) -> None:
    other = client.as_(OTHER_ROOM)
    for path in (f"{TASKS}/{incident['task']['id']}", f"{INCIDENTS}/{incident['id']}"):
        answer = other.get(path)
        assert (answer.status_code, answer.json["code"]) == (403, "task.out_of_scope")
    assert other.get(TASKS).json["items"] == other.get(INCIDENTS).json["items"] == []


def test_an_etag_saves_a_reader_the_body(client: AccountClient, incident: dict[str, Any]) -> None:
    path = f"{TASKS}/{incident['task']['id']}"
    officer = client.as_(PRIMARY)
    etag = officer.get(path).headers["ETag"]
    assert officer.get(path, headers={"If-None-Match": etag}).status_code == 304
    say(client, PRIMARY, incident["task"]["id"], "sign")
    assert officer.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_lists_are_paged_and_filtered(client: AccountClient, command: AccountClient) -> None:
    made = [command.post(INCIDENTS, json=body(external_id=f"A-{n}")).json["id"] for n in range(3)]
    made.append(
        command.post(INCIDENTS, json=body(external_id="N", lon=LON, lat=centre(0, 1)[1])).json["id"]
    )
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = command.get(INCIDENTS, query_string=query).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]
    north = command.get(INCIDENTS, query_string={"station": "33082402"}).json
    assert [item["id"] for item in north["items"]] == made[-1:]
    assert command.get(INCIDENTS, query_string={"station": "nowhere"}).status_code == 404
    assert command.get(INCIDENTS, query_string={"cursor": "???"}).status_code == 422
    tasks = client.as_(PRIMARY).get(TASKS, query_string={"mine": "true"}).json["items"]
    assert len(tasks) == 3
    assert {task["step"]["kind"] for task in tasks} == {"primary"}


def test_a_list_is_a_fixed_number_of_queries(command: AccountClient, database: Database) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    def asked(how_many: int) -> int:
        for _ in range(how_many):
            command.post(INCIDENTS, json=body(external_id=str(uuid.uuid4())))
        statements.clear()
        assert command.get(INCIDENTS, query_string={"limit": 50}).status_code == 200
        return len(statements)

    assert asked(1) == asked(5)


def test_an_unsigned_task_shows_all_who_were_told(
    command: AccountClient, incident: dict[str, Any], database: Database, clock: SetClock
) -> None:
    clock.advance(dt.timedelta(minutes=5))
    with database.transaction() as session:
        assert escalation.escalate_due(session) == 1
    task = command.get(f"{TASKS}/{incident['task']['id']}").json
    assert [(o["recipient"]["username"], o["open"]) for o in task["offers"]] == [
        (PRIMARY, True),
        (BACKUP, True),
    ]
    assert task["assignee"]["username"] == PRIMARY


def test_categories(client: AccountClient, county: County) -> None:
    items = client.as_(PRIMARY).get("/api/v1/categories").json["items"]
    assert [item["code"] for item in items][:2] == ["criminal", "public_order"]
    assert items[0]["name"] == items[0]["name_zh"] == "刑事"
