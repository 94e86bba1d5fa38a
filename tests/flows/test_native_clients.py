"""Whoever writes a client of their own: the examples of docs/native-clients.md, and curl.

Each receives, acknowledges, has a command carried out that it sends twice, is killed, and goes on
where it stopped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gridserver.base.db import Database
from gridserver.delivery import queries, service
from gridserver.delivery.service import Message
from tests.county import PASSWORD, County, centre
from tests.processes import ROOT, Caller, WebProcess
from tests.waiting import until

EXAMPLES = ROOT / "docs" / "examples"
LONGEST = 60
#: Officers of different cells: their inboxes have nothing to do with each other.
BY_PYTHON, BY_NODE, BY_CURL = "330824001", "330824003", "330824005"
CELL_OF = {BY_PYTHON: (0, 0), BY_NODE: (1, 0), BY_CURL: (0, 1)}


class Example:
    """A running example, with what it said so far."""

    def __init__(self, command: list[str], url: str, username: str, state: Path) -> None:
        self.state = state
        self._process = subprocess.Popen(
            [*command, url, username, PASSWORD, str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def hear(self, event: str) -> Any:
        """Wait until it says `event`, and return what it says of it. The rest is passed over."""
        for line in self._process.stdout:
            said = json.loads(line)
            if said["event"] == event:
                return said["data"]
        raise AssertionError(f"the example ended instead of saying {event}")

    def say(self, **command: Any) -> None:
        self._process.stdin.write(json.dumps(command) + "\n")

    def kept(self) -> Any:
        return json.loads(self.state.read_text())

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def python() -> list[str]:
    return [sys.executable, str(EXAMPLES / "terminal.py")]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The example beside the packages that it imports."""
    program, packages = shutil.which("node"), ROOT / "web" / "node_modules"
    if program is None or not (packages / "socket.io-client").is_dir():
        pytest.skip("needs node and web/node_modules (npm ci in web/)")
    folder = tmp_path_factory.mktemp("node")
    (folder / "node_modules").symlink_to(packages)
    copied = shutil.copy(EXAMPLES / "terminal.mjs", folder)
    return [program, str(copied)]


@pytest.fixture
def start(server: WebProcess, tmp_path: Path) -> Iterator[Callable[..., Example]]:
    """Start an example, each time with the state that the last one left."""
    started: list[Example] = []

    def start(command: list[str], username: str) -> Example:
        started.append(Example(command, server.url, username, tmp_path / "state.json"))
        return started[-1]

    yield start
    for example in started:
        example.kill()


@pytest.fixture
def report(http: Callable[[str], Caller]) -> Callable[[str], int]:
    """Report something where an officer's cell is; return the task."""

    def report(username: str) -> int:
        lon, lat = centre(*CELL_OF[username])
        said = {"source": "test", "external_id": str(uuid.uuid4()), "category": "dispute"}
        answer = http("command").post("/api/v1/incidents", json=said | {"lon": lon, "lat": lat})
        return answer.json()["task"]["id"]

    return report


def post(database: Database, county: County, username: str, nth: int) -> None:
    with database.transaction() as session:
        recipient = county.accounts[username]
        service.post(session, [Message(recipient, "task.changed", {"nth": nth})])


def acknowledged(database: Database, county: County, username: str) -> int:
    with database.transaction() as session:
        return queries.last_acknowledged(session, county.accounts[username])


@pytest.mark.parametrize("example", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_an_example_is_read_in_a_minute(example: Path) -> None:
    lines = example.read_text("utf-8").splitlines()
    assert sum(1 for line in lines if line.strip()) <= LONGEST


@pytest.mark.parametrize(("language", "username"), [("python", BY_PYTHON), ("node", BY_NODE)])
def test_an_example_receives_acts_once_and_goes_on_where_it_was_killed(
    language: str,
    username: str,
    request: pytest.FixtureRequest,
    start: Callable[..., Example],
    report: Callable[[str], int],
    live_database: Database,
    live_county: County,
) -> None:
    command = request.getfixturevalue(language)
    held = report(username)
    first = start(command, username)
    fresh = first.hear("resync")
    assert [card["id"] for card in fresh["snapshot"]["tasks"]] == [held]
    task = report(username)
    offered = first.hear("message")
    assert (offered["type"], offered["data"]["task"]["id"]) == ("task.offered", task)
    until(lambda: acknowledged(live_database, live_county, username) == offered["seq"])
    first.say(verb="sign", task=task)
    assert first.hear("answer")["task"]["state"] == "signed"

    def kept_up_to(seq: int) -> bool:
        return first.kept() == {"cursor": {"epoch": fresh["epoch"], "seq": seq}, "outbox": []}

    until(lambda: kept_up_to(3))
    first.kill()

    post(live_database, live_county, username, nth=4)
    depart = {"id": str(uuid.uuid4()), "verb": "depart", "task": task, "data": {}}
    depart["occurred_at"] = "2026-03-10T09:30:00+08:00"
    answers = []
    for _ in range(2):
        first.state.write_text(json.dumps(first.kept() | {"outbox": [depart]}))
        later = start(command, username)
        answers.append(later.hear("answer"))
        until(lambda: kept_up_to(5))
        later.kill()
    assert answers[0] == answers[1]
    history = answers[1]["task"]["history"]
    assert [event["verb"] for event in history] == ["dispatch", "sign", "depart"]


@pytest.fixture
def curl(server: WebProcess) -> Callable[..., Any]:
    """Ask the server by curl, and return what it answered."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("needs curl")

    def ask(path: str, said: Any = None, token: str = "") -> Any:
        headers = ["-H", f"Authorization: Bearer {token}"] if token else []
        if said is not None:
            headers += ["-H", "Content-Type: application/json", "-d", json.dumps(said)]
        done = subprocess.run(
            [program, "-sS", *headers, f"{server.url}/api/v1{path}"],
            stdout=subprocess.PIPE,
            check=True,
            timeout=60,
        )
        return json.loads(done.stdout)

    return ask


def test_curl_is_a_client_too(
    curl: Callable[..., Any],
    report: Callable[[str], int],
    live_database: Database,
    live_county: County,
) -> None:
    task = report(BY_CURL)
    asked = {"username": BY_CURL, "password": PASSWORD, "device": "curl"}
    token = curl("/sessions", asked)["token"]
    page = curl("/inbox?wait=25", token=token)
    (offered,) = page["messages"]
    assert (offered["seq"], offered["data"]["task"]["id"]) == (1, task)
    assert curl("/inbox/ack", {"seq": 1}, token) == {"seq": 1}
    sign = {"id": str(uuid.uuid4()), "verb": "sign"}
    first, again = (curl(f"/tasks/{task}/commands", sign, token) for _ in range(2))
    assert first == again
    assert first["task"]["state"] == "signed"
    post(live_database, live_county, BY_CURL, nth=3)
    resumed = curl(f"/inbox?after=1&epoch={page['epoch']}&wait=25", token=token)
    assert [m["seq"] for m in resumed["messages"]] == [2, 3]
    lost = curl("/inbox?after=1&epoch=another", token=token)
    assert lost["code"] == "inbox.unknown_cursor"
    fresh = curl("/inbox/snapshot", token=token)
    assert (fresh["seq"], [card["id"] for card in fresh["snapshot"]["tasks"]]) == (3, [task])
