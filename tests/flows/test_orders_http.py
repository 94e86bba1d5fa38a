"""Orders by HTTP, and by the sockets of persons and rooms."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from gridserver.base.db import Database
from gridserver.orders import counting
from tests.conftest import MORNING
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.processes import Caller
from tests.rooms.ordering import SOUTH
from tests.sockets import Connect

ORDERS = "/api/v1/orders"
EVERYONE = {"everyone": True}
ORDER: dict[str, Any] = {
    "unit": "33082401",
    "kind": "order",
    "title": "集结",
    "text": "19:00 前到所里集合。",
    "urgency": "urgent",
    "asks": "choice",
    "choices": ["能到", "不能到"],
    "answer_by": (MORNING + dt.timedelta(hours=1)).isoformat(),
    "audience": EVERYONE,
}


def command(verb: str, **data: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "verb": verb,
        "occurred_at": MORNING.isoformat(),
        "data": data,
    }


def sent(client: AccountClient, **changes: Any) -> dict[str, Any]:
    answer = client.as_("room-33082401").post(ORDERS, json=ORDER | changes)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_the_preview_is_who_gets_it(client: AccountClient) -> None:
    room = client.as_("room-33082401")
    shown = room.post(f"{ORDERS}/preview", json={"unit": "33082401", "audience": EVERYONE})
    assert shown.status_code == 200, shown.text
    assert (shown.json["people"], shown.json["on_duty"]) == (4, 4)
    first = shown.json["first"][0]
    assert first == {
        "username": "330824001",
        "display_name": "330824001",
        "service_number": "330824001",
        "unit": {"code": "33082401", "name": "南所"},
        "on_duty": True,
    }
    order = sent(client, expected=4)
    assert order["progress"]["people"] == 4
    assert order["allowed"] == ["remind", "recall", "close"]
    is_problem(room.post(ORDERS, json=ORDER | {"expected": 5}), 409, "order.audience_changed")


def test_an_order_sent_again_is_sent_once(client: AccountClient) -> None:
    room, key = client.as_("room-33082401"), {"Idempotency-Key": "a"}
    one = room.post(ORDERS, json=ORDER, headers=key)
    two = room.post(ORDERS, json=ORDER, headers=key)
    assert one.json["id"] == two.json["id"]
    assert one.headers["Location"] == f"{ORDERS}/{one.json['id']}"
    is_problem(room.post(ORDERS, json=ORDER | {"title": "解散"}, headers=key), 422)


def test_what_is_wrong_is_named(client: AccountClient) -> None:
    room = client.as_("room-33082401")
    north = ORDER | {"audience": {"units": ["33082402"]}}
    found = is_problem(room.post(ORDERS, json=north), 422, "audience.unknown")
    assert found["field"] == "audience.units"
    found = is_problem(room.post(ORDERS, json=ORDER | {"answer_by": None, "asks": "none"}), 422)
    assert found["field"] == "choices"
    is_problem(client.as_("room-33082402").post(ORDERS, json=ORDER), 403)
    is_problem(client.as_("330824001").get(ORDERS), 403)


def test_an_officer_answers_and_the_room_sees_it(client: AccountClient, database: Database) -> None:
    order, officer = sent(client), client.as_("330824001")
    (mine,) = officer.get(f"{ORDERS}/mine").json["items"]
    assert (mine["id"], mine["read_at"]) == (order["id"], None)
    commands = f"{ORDERS}/{order['id']}/commands"
    assert officer.post(commands, json=command("read")).json["order"]["read_at"]
    said = command("answer", choice="能到")
    done = officer.post(commands, json=said)
    assert done.json["order"]["answer"] == {"choice": "能到"}
    assert officer.post(commands, json=said).json == done.json
    again = officer.post(commands, json=command("answer", choice="不能到"))
    assert is_problem(again, 409, "order.answered")["order"]["answer"] == {"choice": "能到"}

    with database.transaction() as session:
        counting.count_progress(session)
    room, one = client.as_("room-33082401"), f"{ORDERS}/{order['id']}"
    shown = room.get(one)
    assert shown.json["progress"] == {"people": 4, "received": 1, "read": 1, "answered": 1}
    assert room.get(one, headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304
    (person,) = room.get(f"{one}/recipients?filter=answered").json["items"]
    assert (person["username"], person["answer"]) == ("330824001", {"choice": "能到"})
    missing = room.get(f"{one}/recipients?filter=not_answered&limit=2").json
    after = room.get(f"{one}/recipients?filter=not_answered&limit=2&cursor={missing['next']}").json
    people = [each["username"] for page in (missing, after) for each in page["items"]]
    assert (people, after["next"]) == (SOUTH[1:], None)
    assert room.post(f"{one}/remind").json == {"people": 3}


def test_a_recall_is_done_once_and_ends_it(client: AccountClient) -> None:
    order, room = sent(client), client.as_("room-33082401")
    one, key = f"{ORDERS}/{order['id']}", {"Idempotency-Key": "r"}
    for _ in range(2):
        answer = room.post(f"{one}/recall", json={"reason": "误发"}, headers=key)
        assert answer.status_code == 200, answer.text
        assert (answer.json["state"], answer.json["recall_reason"]) == ("recalled", "误发")
        assert answer.json["allowed"] == []
    for verb in ("close", "remind"):
        found = is_problem(room.post(f"{one}/{verb}"), 409, "order.wrong_state")
        assert found["state"] == "recalled"
    assert room.get(ORDERS).json["items"] == []
    assert [each["id"] for each in room.get(f"{ORDERS}?state=all").json["items"]] == [order["id"]]
    (mine,) = client.as_("330824001").get(f"{ORDERS}/mine").json["items"]
    assert mine["state"] == "recalled"


def test_lists_are_paged(client: AccountClient) -> None:
    numbers = [sent(client)["id"] for _ in range(3)]
    for who, url in (("command", ORDERS), ("330824001", f"{ORDERS}/mine")):
        one = client.as_(who)
        first = one.get(f"{url}?limit=2").json
        rest = one.get(f"{url}?limit=2&cursor={first['next']}").json
        assert [each["id"] for each in first["items"] + rest["items"]] == numbers[::-1]
        assert rest["next"] is None


def test_by_socket_to_the_person_and_back(
    http: Callable[[str], Caller],
    connect: Connect,
    live_county: County,
    live_database: Database,
) -> None:
    room, officer = http("room-33082401"), http("330824001")
    view = connect(room, "/command")
    terminal = connect(officer, acknowledges=True)
    view.hear("resync")
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()
    order = room.post(ORDERS, json=ORDER | {"answer_by": soon}).json()

    (message,) = terminal.hear("message")
    assert (message["type"], message["data"]["order"]["id"]) == ("order.issued", order["id"])
    said = command("answer", choice="能到") | {"order": order["id"]}
    done = terminal.ask("command", said)
    assert (done["status"], done["order"]["answer"]) == ("done", {"choice": "能到"})
    assert terminal.ask("command", said) == done
    by_http = {name: value for name, value in said.items() if name != "order"}
    assert officer.post(f"{ORDERS}/{order['id']}/commands", json=by_http).json() == done
    assert terminal.hear("message", 2)[1]["type"] == "order.updated"
    again = terminal.ask("command", said | {"id": str(uuid.uuid4())})
    assert (again["status"], again["code"]) == ("refused", "order.answered")

    with live_database.transaction() as session:
        counting.count_progress(session)
    heard = view.hear("feed", 2)
    assert {entry["type"] for entry in heard} == {"order.changed"}
    assert [entry["data"]["order"]["progress"]["answered"] for entry in heard[:2]] == [0, 1]

    room.post(f"{ORDERS}/{order['id']}/recall", json={"reason": "误发"})
    assert terminal.hear("message", 3)[2]["type"] == "order.recalled"


def test_a_terminal_that_comes_anew_starts_from_its_orders(
    http: Callable[[str], Caller], connect: Connect, live_county: County
) -> None:
    notice = ORDER | {"kind": "notice", "asks": "none", "choices": [], "answer_by": None}
    order = http("command").post(ORDERS, json=notice | {"unit": "330824"}).json()
    terminal = connect(http("330824008"), epoch="of another life", seq=1)
    (resync,) = terminal.hear("resync")
    assert [each["id"] for each in resync["snapshot"]["orders"]] == [order["id"]]
