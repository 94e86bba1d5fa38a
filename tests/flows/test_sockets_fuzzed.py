"""Every event of every namespace, said well and badly by everybody who is let in, on a real web
process: each is answered, nobody's connection dies of it, and nobody is told another unit's words.

The cases are the same in each run, so one that failed fails again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import simple_websocket
import socketio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from socketio.exceptions import ConnectionError as SocketConnectionError
from sqlalchemy import select

from gridserver.access.models import Account, Device
from gridserver.api import terminal_commands
from gridserver.api.sockets import AuthSchema
from gridserver.base.clock import SystemClock
from gridserver.base.db import Database
from gridserver.bulletins.hits import SIGHT
from gridserver.dispatch.lifecycle import TASK
from gridserver.force.rules import SWAP
from gridserver.orders.rules import VERBS as ORDER_VERBS
from tests import asyncapi
from tests.county import County, centre
from tests.flows.test_bulletins_http import body as a_bulletin
from tests.permissions.actors import HOLDER, let_in
from tests.permissions.events import DOORS, ROWS
from tests.permissions.world import SECRETS
from tests.processes import Caller, WebProcess
from tests.sockets import PATIENCE, SocketClient
from tests.waiting import until

#: Cases for each actor on a namespace, and for each kind of frame.
FUZZED = settings(
    derandomize=True,
    database=None,
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
#: What a namespace says first to whoever it serves.
FIRST = {"/terminal": "ready", "/command": "resync"}
WITHIN = [(namespace, actor) for namespace in DOORS for actor in sorted(DOORS[namespace])]
#: With these a room gives its own call to others, who are told of it then.
_GIVEN_ON = {"reassign", "hand_over", "call_support", "link"}
VERBS = sorted(
    {*TASK.verbs, *SWAP.verbs, *ORDER_VERBS, "removed", SIGHT, *terminal_commands.MAKERS}
    - _GIVEN_ON
)
STATION, ROOM = "33082401", "room-33082401"

# --- what is said

#: Halves of surrogate pairs, U+0000 and controls too: JSON carries them all.
_TEXTS = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["", "\0", "\ud800", "a\udfff", "x" * 3_000, "1e999", "2026-03-10T09:30:00+08:00", "__proto__"]
)
#: None of more than a hundred digits, which end the connection: see the frames below.
_NUMBERS = (
    st.integers(-3, 3)
    | st.sampled_from([2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**90])
    | st.floats()
)
_SCALARS = st.none() | st.booleans() | _NUMBERS | _TEXTS
ANYTHING = st.recursive(
    _SCALARS,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(_TEXTS, part, max_size=3),
    max_leaves=6,
)


def changed(whole: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
    """Give `whole`, or with one of its members lost, another or one more."""
    names = st.sampled_from(sorted(whole))
    return st.one_of(
        st.just(whole),
        names.map(lambda lost: {name: value for name, value in whole.items() if name != lost}),
        st.tuples(names | _TEXTS, ANYTHING).map(lambda more: whole | {more[0]: more[1]}),
    )


def commands(things: dict[str, int]) -> SearchStrategy[Any]:
    """Give commands to what there is and what there isn't, most of them well formed."""
    subjects = st.sampled_from(sorted(things.items())) | st.tuples(
        st.sampled_from(sorted(terminal_commands.SUBJECTS)), st.integers(0, 9)
    )
    whole = st.builds(
        lambda id_, verb, subject, data: {
            "id": str(id_),
            "verb": verb,
            "occurred_at": SystemClock().now().isoformat(),
            "data": data,
            subject[0]: subject[1],
        },
        st.uuids() | st.just(uuid.UUID(int=7)),
        st.sampled_from(VERBS),
        subjects,
        st.dictionaries(
            st.sampled_from(["outcome", "text", "reason", "remark", "kind", "name"]) | _TEXTS,
            ANYTHING,
            max_size=3,
        ),
    )
    return whole.flatmap(changed)


def positions() -> SearchStrategy[Any]:
    """Give batches of positions, most of them well formed."""
    lon, lat = centre(0, 0)
    whole = {"lon": lon, "lat": lat, "battery": 0.5, "accuracy_m": 5.0}
    now = st.builds(lambda: whole | {"at": SystemClock().now().isoformat()})
    return st.lists(now.flatmap(changed), max_size=3)


def payloads(event: str, things: dict[str, int]) -> SearchStrategy[Any]:
    """Give what may be said with an event of the registry."""
    known = {
        "/terminal command": commands(things),
        "/terminal position": positions(),
        "/terminal ack": st.builds(lambda seq: {"seq": seq}, _NUMBERS),
        "/command beat": st.just({}),
    }
    return known[event]


def said(namespace: str, things: dict[str, int]) -> SearchStrategy[tuple[str, list[Any]]]:
    """Give events of a namespace with what is said by them, and others that nobody handles."""
    events = [row.name for row in ROWS if row.name.startswith(f"{namespace} ")]
    whole = st.sampled_from(events).flatmap(
        lambda event: st.tuples(
            st.just(event.partition(" ")[2]),
            payloads(event, things).map(lambda payload: [payload]) | st.lists(ANYTHING, max_size=2),
        )
    )
    unknown = st.tuples(_TEXTS | st.sampled_from(["connect", "__class__"]), st.just([{}]))
    return whole | whole | whole | unknown


# --- to whom


@pytest.fixture(scope="module")
def tokens(live_database: Database, live_county: County) -> dict[str, str]:
    with live_database.transaction() as session:
        return let_in(session)


@pytest.fixture(scope="module")
def things(http: Callable[[str], Caller], tokens: dict[str, str]) -> dict[str, int]:
    """A call, an order and a bulletin of the southern station, with words in them."""
    room, bureau = http(ROOM), http("command")
    lon, lat = centre(0, 0)
    call = {
        "source": "110",
        "external_id": "1",
        "category": "dispute",
        "lon": lon,
        "lat": lat,
        "description": "caller-of-the-south",
    }
    order = {
        "unit": STATION,
        "kind": "order",
        "urgency": "routine",
        "asks": "text",
        "title": "notice-for-one-of-the-south",
        "text": "x",
        "audience": {"officers": [HOLDER]},
    }
    bulletin = a_bulletin()
    bulletin["basis"]["date"] = SystemClock().now().date().isoformat()
    bulletin["contents"]["fact"] = "bulletin-of-the-south"
    made = {
        "task": _made(bureau, "incidents", call)["task"]["id"],
        "order": _made(room, "orders", order)["id"],
        "bulletin": _made(room, "bulletins", bulletin)["id"],
    }
    steps = f"bulletins/{made['bulletin']}/steps"
    _made(bureau, steps, {"verb": "approve", "version": 1})
    _made(room, steps, {"verb": "issue"})
    return made


def _made(who: Caller, path: str, document: dict[str, Any]) -> Any:
    answer = who.post(f"/api/v1/{path}", json=document)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


@pytest.fixture
def visit(server: WebProcess, tokens: dict[str, str]) -> Iterator[Callable[..., SocketClient]]:
    """Open a socket that is served: `visit("/terminal", "officer@own")`. Nothing may be left in
    the log of what is done with it."""
    before = len(server.log.read_text())
    opened: list[SocketClient] = []

    def visit(namespace: str, actor: str) -> SocketClient:
        client = SocketClient(server.url, namespace, {"token": tokens[actor]})
        opened.append(client)
        client.hear(FIRST[namespace])
        return client

    yield visit
    for client in opened:
        client.close()
    written = server.log.read_text()[before:]
    assert "Traceback" not in written
    assert "socket.failed" not in written
    assert "pump." not in written


# --- what comes of it


@pytest.mark.parametrize(("namespace", "actor"), WITHIN)
def test_whatever_is_said_is_answered(
    namespace: str, actor: str, visit: Callable[..., SocketClient], things: dict[str, int]
) -> None:
    client = visit(namespace, actor)

    @FUZZED
    @given(said(namespace, things))
    def say(what: tuple[str, list[Any]]) -> None:
        event, payload = what
        answer = client.ask(event, *payload)
        asyncapi.check_answer(answer)
        assert answer.get("code") != "server.error"
        assert not client.gone.is_set()

    say()
    for event, payload in client.heard:
        asyncapi.check(namespace, event, payload)
    told = json.dumps([client.heard, client.answers])
    assert [word for word, whose in SECRETS.items() if word in told and actor not in whose] == []


@pytest.mark.parametrize("namespace", DOORS)
def test_whatever_comes_with_a_connect_is_taken_or_refused(
    namespace: str, server: WebProcess, tokens: dict[str, str], live_database: Database
) -> None:
    """And what a device said of itself keeps nobody's from being stored."""
    member = sorted(DOORS[namespace])[0]
    token = {"token": tokens[member]}
    names = st.sampled_from(sorted(AuthSchema().fields.keys() - {"token"})) | _TEXTS
    mine = st.dictionaries(names, ANYTHING, max_size=3).map(lambda more: token | more)
    # A number would be the packet's own.
    nobodys = ANYTHING.filter(lambda given: not isinstance(given, int | float))

    @FUZZED
    @given(mine | mine | nobodys)
    @example(token | {"app": "\0"})
    @example(token | {"app": "\ud800"})
    def connect(auth: Any) -> None:
        assert knock(server.url, namespace, auth) != "server.error"

    connect()
    last = SocketClient(server.url, namespace, token | {"battery": 0.375})
    last.hear(FIRST[namespace])
    until(lambda: 0.375 in batteries(live_database, member), within=PATIENCE)
    last.close()
    assert "Traceback" not in server.log.read_text()


def knock(url: str, namespace: str, auth: Any) -> str:
    """Return ``open``, or the code with which a connect was refused."""
    client, refusals = socketio.Client(reconnection=False), []
    client.on("connect_error", refusals.append, namespace=namespace)
    try:
        client.connect(
            url,
            auth=auth,
            namespaces=[namespace],
            transports=["websocket"],
            wait_timeout=PATIENCE,
        )
    except SocketConnectionError:
        return refusals[0]["data"]["code"]
    client.disconnect()
    return "open"


def batteries(database: Database, username: str) -> list[float | None]:
    """Return the charges of the account's devices, as they are stored."""
    its = select(Device.battery).join(Account, Account.id == Device.account_id)
    with database.transaction() as session:
        return list(session.scalars(its.where(Account.username == username)))


#: An event that is taken of everybody who is let in.
_WELL: dict[str, tuple[str, Any]] = {"/terminal": ("ack", {"seq": 0}), "/command": ("beat", {})}

_BRACKETS = st.sampled_from(
    ["[" * 1_500, "[" * 900 + "]" * 900, '{"a":' * 800, "[" * 99_000, "9" * 200]
)
_BEGUN = (
    "42/terminal,",
    "42/terminal,7",
    '42/terminal,["position",',
    '42/terminal,["ack",',
    "4",
    "",
)
_FRAMES = st.tuples(
    st.sampled_from(_BEGUN),
    _BRACKETS | ANYTHING.map(json.dumps) | st.text(max_size=20),
    st.sampled_from(["", "]", "]]"]),
).map("".join)
#: By RFC 6455, 7.4.1.
_REASONS = {1000, 1002, 1003, 1007, 1009}


def test_a_frame_of_any_kind_is_passed_over_or_ends_its_connection_with_a_reason(
    server: WebProcess,
    tokens: dict[str, str],
    visit: Callable[..., SocketClient],
    things: dict[str, int],
) -> None:
    @FUZZED
    @given(_FRAMES)
    def say(frame: str) -> None:
        assert _after(server, tokens[HOLDER], frame) in _REASONS | {"answered"}

    say()
    assert visit("/terminal", HOLDER).ask("ack", {"seq": 0})["status"] == "done"


def _after(server: WebProcess, token: str, frame: str) -> int | str:
    """Return what came of a frame: the code with which the connection was ended, or that the next
    event on it is answered."""
    address = f"{server.url}/socket.io/?EIO=4&transport=websocket"
    line = simple_websocket.Client(address.replace("http", "ws", 1))
    try:
        line.send("40/terminal," + json.dumps({"token": token}))
        _wait_for(line, "42/terminal,")
        line.send(frame)
        line.send('42/terminal,99["ack",{"seq":0}]')
        _wait_for(line, "43/terminal,99")
    except simple_websocket.ConnectionClosed as closed:
        return int(closed.reason)
    line.close()
    return "answered"


def _wait_for(line: simple_websocket.Client, start: str) -> None:
    while not (heard := line.receive(PATIENCE) or "").startswith(start):
        assert heard, "no answer, and no end"


def test_positions_that_cannot_even_be_parsed_keep_nobody_else_s_from_being_shown(
    visit: Callable[..., SocketClient], http: Callable[[str], Caller]
) -> None:
    """They are read a moment later, where an error would end the process."""
    room = http(ROOM)
    view = SocketClient(room.url, "/command", {"token": room.token})
    view.hear("resync")
    terminal = visit("/terminal", HOLDER)
    for brackets in ("[" * 1_900, "[" * 950 + "]" * 950, '{"lon":' * 250 + "1" + "}" * 250):
        terminal._client.eio.send(f'2/terminal,["position",{brackets}]')
    lon, lat = centre(0, 0)

    def is_shown() -> bool:
        moment = SystemClock().now().isoformat()
        terminal.emit("position", [{"lon": lon, "lat": lat, "at": moment}])
        return any(each["username"] == HOLDER for each in view.all("position"))

    until(is_shown, within=PATIENCE)
    view.close()
