"""The sockets against a real web process: who is let in, what is answered, who sees what."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
import simple_websocket
import socketio
import sqlalchemy as sa
from socketio.exceptions import ConnectionError as SocketConnectionError

from gridserver.access import passwords
from gridserver.access import service as access
from gridserver.api.sockets import MOST_BYTES
from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.service import Message
from gridserver.org.queries import unit_by_code
from tests.county import PASSWORD, County, centre
from tests.processes import Caller, WebProcess
from tests.sockets import PATIENCE, Connect, SocketClient
from tests.waiting import until

#: A command that names no subject.
UNADDRESSED = {
    "id": str(uuid.uuid4()),
    "verb": "sign",
    "occurred_at": "2026-03-10T09:30:00+08:00",
}
Http = Callable[[str], Caller]
Post = Callable[..., None]
#: The primaries of the south-western, south-eastern and north-western cell.
SOUTH_WEST, SOUTH_EAST, NORTH_WEST = "330824001", "330824003", "330824005"


@pytest.fixture
def new_officer(live_database: Database, live_county: County) -> Callable[[], str]:
    """Make an officer of the southern station, whose inbox is empty."""

    def make() -> str:
        username = f"new-{uuid.uuid4().hex[:8]}"
        with live_database.transaction() as session:
            account = access.add_account(
                session,
                None,
                username=username,
                display_name=username,
                password_hash=passwords.hash_password(PASSWORD),
            )
            station = unit_by_code(session, "33082401")
            access.grant(session, None, account, "officer", station)
        return username

    return make


@pytest.fixture
def officer(new_officer: Callable[[], str]) -> str:
    return new_officer()


@pytest.fixture
def post(live_database: Database) -> Callable[..., None]:
    """Post to an inbox: `post("330824001", 0, 1, 2)`."""

    def post(username: str, *nths: int) -> None:
        with live_database.transaction() as session:
            account = access.account_by_username(session, username).id
            service.post(session, [Message(account, "task.changed", {"nth": nth}) for nth in nths])

    return post


def feed(database: Database, unit_path: str, *nths: int) -> None:
    with database.transaction() as session:
        for nth in nths:
            service.append_feed(session, "task.changed", {"nth": nth}, unit_path)


# --- who is let in


@pytest.mark.parametrize("namespace", ["/terminal", "/command"])
@pytest.mark.parametrize(
    ("auth", "code"),
    [
        ({}, "access.unauthenticated"),
        ({"token": "no such token"}, "access.unauthenticated"),
        ({"token": 7}, "socket.bad_payload"),
        ({"token": "x" * 300}, "socket.bad_payload"),
        ({"unknown": 1}, "socket.bad_payload"),
        ({"seq": "three"}, "socket.bad_payload"),
        ({"token": "\ud800"}, "socket.bad_payload"),
        ({"app": "\0"}, "socket.bad_payload"),
        (["token"], "socket.bad_payload"),
        ("token", "socket.bad_payload"),
    ],
)
def test_without_a_good_session_the_connect_is_refused(
    server: WebProcess, namespace: str, auth: Any, code: str
) -> None:
    client = socketio.Client(reconnection=False)
    refusals: list[Any] = []
    client.on("connect_error", refusals.append, namespace=namespace)
    with pytest.raises(SocketConnectionError):
        client.connect(server.url, auth=auth, namespaces=[namespace], transports=["websocket"])
    assert [refusal["data"]["code"] for refusal in refusals] == [code]


@pytest.mark.parametrize(
    ("username", "namespace"),
    [(SOUTH_WEST, "/command"), ("auditor", "/terminal"), ("gis", "/command")],
)
def test_a_role_that_has_no_business_there_is_refused(
    http: Http, username: str, namespace: str
) -> None:
    caller = http(username)
    with pytest.raises(SocketConnectionError):
        SocketClient(caller.url, namespace, {"token": caller.token})


def test_a_browser_connects_by_cookie_and_csrf_token(server: WebProcess, officer: str) -> None:
    browser = requests.Session()
    signed_in = browser.post(
        f"{server.url}/api/v1/sessions",
        json={"username": officer, "password": PASSWORD, "cookie": True},
        timeout=20,
    ).json()
    for csrf, welcome in (("wrong", False), (signed_in["csrf_token"], True)):
        client = socketio.Client(reconnection=False, http_session=browser)
        ready: list[Any] = []
        client.on("ready", ready.append, namespace="/terminal")
        options = {"namespaces": ["/terminal"], "transports": ["websocket"]}
        if welcome:
            client.connect(server.url, auth={"csrf": csrf}, **options)
            until(lambda ready=ready: ready)
            client.disconnect()
        else:
            with pytest.raises(SocketConnectionError):
                client.connect(server.url, auth={"csrf": csrf}, **options)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"X-Forwarded-Host": "evil.example"}, 421),
        ({"Host": "evil.example"}, 421),
    ],
)
def test_a_foreign_origin_is_refused_whatever_it_claims(
    server: WebProcess, headers: dict[str, str], status: int
) -> None:
    address = f"{server.url}/socket.io/?EIO=4&transport=polling"
    foreign = headers | {"Origin": "http://evil.example"}
    assert requests.get(address, headers=foreign, timeout=20).status_code == status
    own = {"Origin": server.url}
    assert requests.get(address, headers=own, timeout=20).status_code == 200


# --- messages and receipts


def test_ready_comes_first_and_then_what_follows_the_cursor(
    http: Http, connect: Connect, post: Post, officer: str
) -> None:
    post(officer, *range(5))
    caller = http(officer)
    client = connect(caller, seq=2)
    client.hear("message", 3)
    post(officer, 5)
    client.hear("message", 4)
    name, ready = client.heard[0]
    assert (name, ready["head"]) == ("ready", 5)
    sent_at = dt.datetime.fromisoformat(ready["server_time"])
    assert sent_at <= dt.datetime.now(dt.UTC)
    assert client.seqs() == [3, 4, 5, 6]
    assert set(client.all("message")[0]) == {"seq", "id", "type", "at", "data"}


def test_a_devices_wrong_clock_is_measured_and_held_against_nobody(
    http: Http, connect: Connect
) -> None:
    """Said three hours ago by its own clock, which is three hours slow: it was just now."""
    task = report(http("command"), column=1)["task"]["id"]
    slow_by = dt.timedelta(hours=3)
    device_time = dt.datetime.now(dt.UTC) - slow_by
    terminal = connect(http(SOUTH_EAST), device_time=device_time.isoformat())
    said = command("sign", task) | {"occurred_at": device_time.isoformat()}
    entry = terminal.ask("command", said)["task"]["history"][-1]
    assert dt.datetime.fromisoformat(entry["occurred_at"]) == device_time
    assert entry["clock_offset_s"] == pytest.approx(slow_by.total_seconds(), abs=60)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_websocket_alone_and_polling_alone_both_work(
    http: Http, connect: Connect, post: Post, officer: str, transport: str
) -> None:
    client = connect(http(officer), transports=(transport,))
    post(officer, 0)
    assert client.hear("message")[0]["data"] == {"nth": 0}


def test_a_receipt_counts_for_the_next_device(
    http: Http, connect: Connect, post: Post, officer: str
) -> None:
    post(officer, *range(4))
    caller = http(officer)
    client = connect(caller)
    client.hear("message", 4)
    assert client.ask("ack", {"seq": 3}) == {"status": "done", "seq": 3}
    until(lambda: [m["seq"] for m in caller.get("/api/v1/inbox").json()["messages"]] == [4])
    second = connect(http(officer))
    assert [m["seq"] for m in second.hear("message")] == [4]


def test_two_devices_of_one_officer_each_keep_their_own_cursor(
    http: Http, connect: Connect, post: Post, officer: str
) -> None:
    post(officer, *range(3))
    phone, car = connect(http(officer), seq=0), connect(http(officer), seq=2)
    phone.hear("message", 3)
    car.hear("message", 1)
    post(officer, 3)
    phone.hear("message", 4)
    car.hear("message", 2)
    assert (phone.seqs(), car.seqs()) == ([1, 2, 3, 4], [3, 4])


def test_nobody_hears_the_messages_of_another(
    http: Http, connect: Connect, post: Post, officer: str, new_officer: Callable[[], str]
) -> None:
    other = new_officer()
    mine, theirs = connect(http(officer)), connect(http(other))
    post(other, 0)
    theirs.hear("message")
    post(officer, 1)
    assert [m["data"]["nth"] for m in mine.hear("message")] == [1]


@pytest.mark.parametrize("cursor", [{"epoch": "before the restore", "seq": 1}, {"seq": 99}])
def test_a_cursor_that_means_nothing_here_gets_a_snapshot(
    http: Http,
    connect: Connect,
    post: Post,
    officer: str,
    cursor: dict[str, Any],
) -> None:
    post(officer, *range(3))
    client = connect(http(officer), **cursor)
    resync = client.hear("resync")[0]
    assert resync["seq"] == 3
    assert resync["epoch"] == client.all("ready")[0]["epoch"]
    assert set(map(len, resync["snapshot"].values())) == {0}
    post(officer, 3)
    client.hear("message")
    assert client.seqs() == [4]


# --- events from the client


def refusal(answer: Any) -> tuple[str, str]:
    assert answer["status"] == "refused"
    assert answer["detail"]
    return answer["code"], answer.get("field", "")


@pytest.mark.parametrize(
    ("event", "payload", "code", "field"),
    [
        ("ack", (), "socket.bad_payload", ""),
        ("ack", ({"seq": 1}, {"seq": 2}), "socket.bad_payload", ""),
        ("ack", (None,), "socket.bad_payload", "_schema"),
        ("ack", ({"seq": "1"},), "socket.bad_payload", "seq"),
        ("ack", ({"seq": -1},), "socket.bad_payload", "seq"),
        ("ack", ({"seq": 1},), "inbox.beyond_head", ""),
        ("command", ("sign",), "socket.bad_payload", "_schema"),
        ("command", ({"verb": "sign"},), "socket.bad_payload", "id"),
        ("command", (UNADDRESSED,), "socket.bad_payload", "task"),
        ("command", (UNADDRESSED | {"data": {"a": ["\0"]}},), "socket.bad_payload", "data"),
        ("command", (UNADDRESSED | {"verb": "\ud800"},), "socket.bad_payload", "verb"),
        ("position", ({"lon": 1},), "socket.bad_payload", "_schema"),
        ("position", ([{"lon": 118.4, "lat": 29.1}],), "socket.bad_payload", "0.at"),
        ("position", ([{"lon": "NaN", "lat": 29, "at": "x"}],), "socket.bad_payload", "0.lon"),
        ("dance", ({},), "socket.unknown_event", ""),
        ("__init__", ({},), "socket.unknown_event", ""),
        ("answered", ({},), "socket.unknown_event", ""),
        ("connect", ({},), "socket.unknown_event", ""),
        ("disconnect", ({},), "socket.unknown_event", ""),
    ],
)
def test_a_malformed_event_is_refused_and_the_connection_lives_on(
    http: Http,
    connect: Connect,
    server: WebProcess,
    event: str,
    payload: tuple[Any, ...],
    code: str,
    field: str,
    officer: str,
) -> None:
    client = connect(http(officer))
    client.hear("ready")
    assert refusal(client.ask(event, *payload)) == (code, field)
    assert client.ask("ack", {"seq": 0})["status"] == "done"
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "x",
        '42/terminal,1["ack",{"seq":' + "9" * 200 + "}]",
        '42/terminal,1["ack",' + "[" * 30_000 + "]" * 30_000 + "]",
        '42/terminal,1["ack","' + "x" * MOST_BYTES + '"]',
        '451-/terminal,1["ack",{"_placeholder":true,"num":0}]',
    ],
    ids=["empty", "no digit", "endless number", "endless lists", "too long", "binary"],
)
@pytest.mark.parametrize("by_upgrade", [False, True])
def test_a_frame_that_is_no_packet_ends_the_connection(
    server: WebProcess, frame: str, by_upgrade: bool
) -> None:
    """At once, and without a word in the log; an upgrade that fails leaves its client polling."""
    address = f"{server.url}/socket.io/?EIO=4&transport="
    if by_upgrade:
        opened = json.loads(requests.get(f"{address}polling", timeout=PATIENCE).text[1:])
        address += f"websocket&sid={opened['sid']}"
    else:
        address += "websocket"
    socket = simple_websocket.Client(address.replace("http", "ws", 1))
    socket.send(frame)
    with pytest.raises(simple_websocket.ConnectionClosed):
        while socket.receive(PATIENCE) is not None:  # the packet that opens comes first
            pass
    assert "Traceback" not in server.log.read_text()


def report(caller: Caller, column: int = 0, row: int = 0) -> dict[str, Any]:
    lon, lat = centre(column, row)
    answer = caller.post(
        "/api/v1/incidents",
        json={
            "source": "test",
            "external_id": str(uuid.uuid4()),
            "category": "dispute",
            "lon": lon,
            "lat": lat,
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def command(verb: str, task: int, **data: Any) -> dict[str, Any]:
    moment = dt.datetime.now(dt.UTC).isoformat()
    return {
        "id": str(uuid.uuid4()),
        "verb": verb,
        "task": task,
        "occurred_at": moment,
        "data": data,
    }


def test_a_task_is_offered_signed_and_seen(http: Http, connect: Connect) -> None:
    """From the report to the signature: the officer's terminal and the command view."""
    room = http("command")
    view, terminal = connect(room, "/command"), connect(http(SOUTH_WEST))
    view.hear("resync")
    terminal.hear("ready")
    task = report(room)["task"]
    assert terminal.hear("message")[0]["data"]["task"]["id"] == task["id"]
    assert terminal.all("message")[0]["type"] == "task.offered"
    signed = terminal.ask("command", command("sign", task["id"]))
    assert signed["status"] == "done"
    assert signed["task"]["state"] == "signed"
    kinds = [(entry["type"], entry["data"]["task"]["state"]) for entry in view.hear("feed", 2)]
    assert kinds == [("incident.created", "assigned"), ("task.changed", "signed")]
    assert view.seqs("feed") == sorted(view.seqs("feed"))


def test_a_command_sent_twice_is_done_once_and_answered_alike(http: Http, connect: Connect) -> None:
    """By both doors: the socket and HTTP share the memory of what was done."""
    task = report(http("command"), column=1)["task"]["id"]
    officer = http(SOUTH_EAST)
    terminal = connect(officer)
    sign = command("sign", task)
    first = terminal.ask("command", sign)
    again = terminal.ask("command", sign)
    by_http = officer.post(
        f"/api/v1/tasks/{task}/commands", json={k: v for k, v in sign.items() if k != "task"}
    )
    assert first == again == by_http.json()
    assert [event["verb"] for event in again["task"]["history"]].count("sign") == 1
    assert refusal(terminal.ask("command", sign | {"verb": "depart"})) == ("command.reused", "id")


def test_a_late_command_is_kept_and_answered_with_the_present_state(
    http: Http, connect: Connect
) -> None:
    room = http("command")
    task = report(room, row=1)["task"]["id"]
    terminal = connect(http(NORTH_WEST))
    cancelled = room.post(
        f"/api/v1/tasks/{task}/commands",
        json={k: v for k, v in command("cancel", task, reason="mistake").items() if k != "task"},
    )
    assert cancelled.status_code == 200, cancelled.text
    late = terminal.ask("command", command("sign", task))
    assert refusal(late)[0] == "task.wrong_state"
    assert (late["state"], late["task"]["state"]) == ("cancelled", "cancelled")
    history = room.get(f"/api/v1/tasks/{task}").json()["history"]
    assert [(event["verb"], event["late"]) for event in history][-1] == ("sign", True)


# --- the command view


def test_each_room_sees_what_its_scope_covers(
    http: Http, connect: Connect, live_database: Database, live_county: County
) -> None:
    bureau = connect(http("command"), "/command")
    south = connect(http("room-33082401"), "/command")
    for view in (bureau, south):
        view.hear("resync")
    feed(live_database, "330824.33082402", 0)
    feed(live_database, "330824", 1)
    feed(live_database, "330824.33082401", 2)
    assert [e["data"]["nth"] for e in bureau.hear("feed", 3)] == [0, 1, 2]
    assert [e["data"]["nth"] for e in south.hear("feed", 1)] == [2]


def test_a_view_comes_back_with_its_number_and_misses_nothing(
    http: Http, connect: Connect, live_database: Database, live_county: County
) -> None:
    caller = http("command")
    first = connect(caller, "/command")
    epoch = first.hear("resync")[0]["epoch"]
    feed(live_database, "330824", 0, 1)
    seq = first.hear("feed", 2)[-1]["seq"]
    first.close()
    feed(live_database, "330824", 2, 3)
    second = connect(caller, "/command", epoch=epoch, seq=seq)
    assert [e["data"]["nth"] for e in second.hear("feed", 2)] == [2, 3]
    assert second.all("resync") == []


def test_positions_and_presence_reach_the_rooms_above_and_no_other(
    http: Http, connect: Connect
) -> None:
    bureau = connect(http("command"), "/command")
    south = connect(http("room-33082401"), "/command")
    north = connect(http("room-33082402"), "/command")
    for view in (bureau, south, north):
        view.hear("resync")
    username = "330824002"
    officer = connect(http(username))
    lon, lat = centre(0, 0)
    position = {"lon": lon, "lat": lat, "at": dt.datetime.now(dt.UTC).isoformat()}
    answer = officer.ask("position", [position | {"accuracy_m": 5, "battery": 0.5}])
    assert answer == {"status": "done", "accepted": 1}
    for view in (bureau, south):
        heard = view.hear("position")[0]
        assert (heard["username"], heard["lon"], heard["lat"]) == (username, lon, lat)
        until(lambda view=view: {"username": username, "online": True} in view.all("presence"))
    officer.close()
    for view in (bureau, south):
        until(lambda view=view: {"username": username, "online": False} in view.all("presence"))
    assert north.all("position") == []
    assert (heard["accuracy_m"], heard["battery"]) == (5, 0.5)
    assert username not in {presence["username"] for presence in north.all("presence")}


def test_positions_that_nobody_waits_to_be_answered(http: Http, connect: Connect) -> None:
    """Those that can't be are dropped, and those beside them are shown."""
    view = connect(http("command"), "/command")
    view.hear("resync")
    officer = connect(http("330824002"))
    lon, lat = centre(0, 0)
    position = {"lon": lon, "lat": lat, "at": dt.datetime.now(dt.UTC).isoformat()}
    for wrong in ([position | {"lon": 400}], [{"at": position["at"]}], position, []):
        officer.emit("position", wrong)
    officer.emit("position", [position])
    assert [(each["lon"], each["lat"]) for each in view.hear("position")] == [(lon, lat)]
    assert officer.ask("position", [position]) == {"status": "done", "accepted": 1}


def test_positions_by_http_reach_the_rooms_too(http: Http, connect: Connect) -> None:
    view = connect(http("command"), "/command")
    view.hear("resync")
    lon, lat = centre(0, 0)
    position = {"lon": lon, "lat": lat, "at": dt.datetime.now(dt.UTC).isoformat()}
    answer = http("330824004").post("/api/v1/positions", json={"positions": [position]})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    heard = view.hear("position")[0]
    assert (heard["username"], heard["lon"], heard["lat"]) == ("330824004", lon, lat)


# --- authority is of now


def test_a_disabled_account_is_disconnected_and_gets_nothing_more(
    http: Http, connect: Connect, live_database: Database, officer: str
) -> None:
    client = connect(http(officer))
    client.hear("ready")
    with live_database.transaction() as session:
        access.disable(session, None, officer)
        account = access.account_by_username(session, officer).id
        service.post(session, [Message(account, "task.changed", {})])
    assert client.gone.wait(5)
    assert client.all("message") == []


def test_an_event_after_the_session_ended_is_refused(
    http: Http, connect: Connect, officer: str
) -> None:
    caller = http(officer)
    client = connect(caller)
    client.hear("ready")
    caller.delete("/api/v1/sessions/current")
    answer = client.ask("command", command("sign", 1))
    assert refusal(answer)[0] == "access.unauthenticated"
    assert client.gone.wait(20)


def test_a_position_by_a_session_that_ended_meanwhile_is_not_kept(
    http: Http, connect: Connect, live_database: Database, live_county: County
) -> None:
    """Authority is asked for when it is stored: the socket was open when it came."""
    caller = http("330824006")
    view = connect(http("command"), "/command")
    view.hear("resync")
    client = connect(caller)
    client.hear("ready")
    lon, lat = centre(1, 1)
    position = {"lon": lon, "lat": lat, "at": dt.datetime.now(dt.UTC).isoformat()}
    with live_database.transaction() as session:
        account = live_county.accounts["330824006"]
        ended = "UPDATE login_session SET ended_at = now() WHERE account_id = :account"
        session.execute(sa.text(ended), {"account": account})
    assert client.ask("position", [position])["status"] == "done"
    other = connect(http("330824007"))
    other.ask("position", [position])
    until(lambda: "330824007" in {each["username"] for each in view.all("position")})
    assert "330824006" not in {each["username"] for each in view.all("position")}


def test_a_view_hears_that_its_link_stands(connect: Connect, http: Http) -> None:
    room = connect(http("command"), "/command")
    assert room.ask("beat") == {"status": "done"}
