"""Whole ways through the server: a test client within the process, and real web processes.

`client` and `county` share the test's set clock. `server` is a process and lives by the machine's
clock, so `live_database` and `live_county` do too; a module's tests share them. `own_database` and
`own_county` are the same for a test that starts processes of its own.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import URL
from werkzeug.datastructures import Headers

from gridserver.app import create_app
from gridserver.base.db import Database
from gridserver.base.settings import from_environment
from gridserver.cli import main
from tests import asyncapi
from tests.commands import Run
from tests.conftest import copied
from tests.county import PASSWORD, County, commit_county
from tests.processes import Caller, WebProcess, free_port
from tests.sockets import Connect, SocketClient
from tests.waiting import until


class AccountClient(FlaskClient):
    """A test client that can sign in."""

    token: str | None = None

    def as_(self, username: str) -> AccountClient:
        """Return a client of the same application that is signed in as `username`."""
        client = self.application.test_client()
        answer = client.post("/api/v1/sessions", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        client.token = answer.json["token"]
        return client

    def open(self, *args, **kwargs):
        headers = Headers(kwargs.pop("headers", None))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return super().open(*args, headers=headers, **kwargs)


@pytest.fixture
def county(database: Database) -> County:
    """The sample county, by the test's clock."""
    return commit_county(database)


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Flask:
    app = create_app(from_environment({"GRIDSERVER_VAR": str(tmp_path)}), database)
    app.test_client_class = AccountClient
    return app


@pytest.fixture
def client(app: Flask, county: County) -> AccountClient:
    """A test client: `client.as_("command").get("/api/v1/…")`."""
    return app.test_client()


@pytest.fixture
def gis(client: AccountClient) -> AccountClient:
    """The test client, signed in as the GIS admin."""
    return client.as_("gis")


@pytest.fixture
def run(database_url: URL, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line on the test's database and assert its exit code."""
    url = database_url.render_as_string(hide_password=False)
    monkeypatch.setenv("GRIDSERVER_DATABASE_URL", url)

    def run(*arguments: object, code: int = 0, stdin: str | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        result = CliRunner().invoke(main, words, input=stdin)
        assert result.exit_code == code, result.output
        return result

    return run


# --- one web process for a module's tests, which share its county


@pytest.fixture(scope="module")
def live_database(template: URL, superuser: sa.Engine) -> Iterator[Database]:
    """The database of `server`, by the machine's clock."""
    with copied(template, superuser) as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture(scope="module")
def live_county(live_database: Database) -> County:
    """The sample county in it, with everyone on duty now."""
    return commit_county(live_database)


@pytest.fixture(scope="module")
def server(
    live_database: Database, live_county: County, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebProcess]:
    """A real web process."""
    process = WebProcess(live_database.url, tmp_path_factory.mktemp("server"))
    yield process
    assert process.stop() == 0, process.log.read_text()


@pytest.fixture(scope="module")
def http(server: WebProcess) -> Callable[[str], Caller]:
    """Sign in to `server`: `http("command").post("/api/v1/incidents", json=…)`."""
    return lambda username: Caller(server.url, username)


# --- processes of a test's own, which it may kill


@pytest.fixture
def own_database(database_url: URL) -> Iterator[Database]:
    """The test's own database, by the machine's clock, as the processes over it have it."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def own_county(own_database: Database) -> County:
    """The sample county in it, with everyone on duty now."""
    return commit_county(own_database)


@pytest.fixture
def start_server(database_url: URL, tmp_path: Path) -> Iterator[Callable[..., WebProcess]]:
    """Start web processes over the test's own database: `start_server(port=…, GRIDSERVER_X=…)`."""
    started: list[WebProcess] = []

    def start(**options) -> WebProcess:
        started.append(WebProcess(database_url, tmp_path, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Open sockets that are closed at the end: `connect(caller, "/terminal", seq=3)`."""
    opened: list[SocketClient] = []

    def connect(
        caller: Caller,
        namespace: str = "/terminal",
        *,
        url: str | None = None,
        acknowledges: bool = False,
        transports: tuple[str, ...] = ("websocket",),
        **auth: object,
    ) -> SocketClient:
        client = SocketClient(
            url or caller.url,
            namespace,
            {"token": caller.token, **auth},
            acknowledges=acknowledges,
            transports=transports,
        )
        opened.append(client)
        return client

    yield connect
    for client in opened:
        client.close()
    for client in opened:
        for event, payload in client.heard:
            asyncapi.check(client.namespace, event, payload)
        for answer in client.answers:
            asyncapi.check_answer(answer)


@pytest.fixture
def redis() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of the test's own, which it may kill."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server")
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--save", "", "--bind", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
    )
    until(lambda: _listens(port))
    yield f"redis://127.0.0.1:{port}/0", process
    process.kill()
    process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
