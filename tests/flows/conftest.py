"""Whole ways through the server: a test client within the process, and real web processes.

`client` and `county` share the test's set clock. `server` is a process and lives by the machine's
clock, so `live_database` and `live_county` do too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import URL
from werkzeug.datastructures import Headers

from gridserver.app import create_app
from gridserver.base.db import Database
from gridserver.base.settings import from_environment
from tests.county import PASSWORD, County, commit_county
from tests.processes import Caller, WebProcess


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
def app(database: Database) -> Flask:
    app = create_app(from_environment({}), database)
    app.test_client_class = AccountClient
    return app


@pytest.fixture
def client(app: Flask, county: County) -> AccountClient:
    """A test client: `client.as_("command").get("/api/v1/…")`."""
    return app.test_client()


@pytest.fixture
def live_database(database_url: URL) -> Iterator[Database]:
    """The test's database, by the machine's clock."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def live_county(live_database: Database) -> County:
    """The sample county, by the machine's clock."""
    return commit_county(live_database)


@pytest.fixture
def start_server(
    database_url: URL, live_county: County, tmp_path: Path
) -> Iterator[Callable[..., WebProcess]]:
    """Start web processes over the sample county: `start_server(port=…, GRIDSERVER_X=…)`."""
    started: list[WebProcess] = []

    def start(**options) -> WebProcess:
        started.append(WebProcess(database_url, tmp_path, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def server(start_server: Callable[..., WebProcess]) -> WebProcess:
    """A real web process over the sample county."""
    return start_server()


@pytest.fixture
def http(server: WebProcess) -> Callable[[str], Caller]:
    """Sign in to `server`: `http("command").post("/api/v1/incidents", json=…)`."""
    return lambda username: Caller(server.url, username)
