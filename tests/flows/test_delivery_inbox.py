"""The inbox by HTTP: the same rows in the same order as by socket, waiting included."""

from __future__ import annotations

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from gridserver.api import inbox
from gridserver.api.terminal_snapshot import terminal_snapshot
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.delivery import queries, retention, service
from gridserver.delivery.hub import Hub
from gridserver.delivery.queries import StoredMessage
from gridserver.delivery.retention import KEEP_INBOX
from gridserver.delivery.service import Message
from tests.county import PASSWORD, County, centre
from tests.flows.conftest import AccountClient
from tests.waiting import until

OFFICER = "330824001"


def _post(database: Database, county: County, *nths: int) -> None:
    with database.transaction() as session:
        service.post(
            session,
            [Message(county.accounts[OFFICER], "task.changed", {"nth": nth}) for nth in nths],
        )


@pytest.fixture
def officer(client: AccountClient) -> AccountClient:
    return client.as_(OFFICER)


def test_the_inbox_is_read_page_by_page(
    officer: AccountClient, database: Database, county: County
) -> None:
    _post(database, county, *range(5))
    first = officer.get("/api/v1/inbox?limit=3").json
    assert [m["seq"] for m in first["messages"]] == [1, 2, 3]
    assert first["head"] == 5
    rest = officer.get(f"/api/v1/inbox?after=3&epoch={first['epoch']}").json
    assert [m["data"]["nth"] for m in rest["messages"]] == [3, 4]
    assert set(rest["messages"][0]) == {"seq", "id", "type", "at", "data"}


def test_without_a_number_it_starts_after_the_last_receipt(
    officer: AccountClient, database: Database, county: County
) -> None:
    _post(database, county, *range(3))
    assert officer.post("/api/v1/inbox/ack", json={"seq": 2}).json == {"seq": 2}
    assert officer.post("/api/v1/inbox/ack", json={"seq": 1}).json == {"seq": 2}
    assert [m["seq"] for m in officer.get("/api/v1/inbox").json["messages"]] == [3]


@pytest.mark.parametrize("query", ["after=1", "epoch=another&after=0"])
def test_a_cursor_that_means_nothing_here_is_refused_with_the_one_that_does(
    officer: AccountClient, query: str
) -> None:
    refusal = officer.get(f"/api/v1/inbox?{query}")
    assert (refusal.status_code, refusal.json["code"]) == (409, "inbox.unknown_cursor")
    assert refusal.json["head"] == 0
    assert refusal.json["epoch"] == officer.get("/api/v1/inbox").json["epoch"]


def test_past_its_end_a_message_is_a_tombstone_here_too(
    officer: AccountClient, database: Database, county: County, clock: SetClock
) -> None:
    with database.transaction() as session:
        said = {"order": {"id": 7, "text": "private"}}
        over = clock.now() + dt.timedelta(hours=1)
        recipient = county.accounts[OFFICER]
        service.post(session, [Message(recipient, "order.issued", said, expires_at=over)])
    before = officer.get("/api/v1/inbox").json["messages"][0]
    clock.advance(dt.timedelta(hours=1))
    after = officer.get("/api/v1/inbox").json["messages"][0]
    assert before["data"] == said
    assert (after["seq"], after["id"], after["type"]) == (1, before["id"], "expired")
    assert after["data"] == {"type": "order.issued", "order": {"id": 7}}


def test_a_cursor_from_before_what_is_kept_is_refused_and_a_snapshot_helps(
    client: AccountClient, database: Database, county: County, clock: SetClock
) -> None:
    """The same snapshot, at the same number, as a socket's `resync` has."""
    _post(database, county, *range(3))
    clock.advance(KEEP_INBOX + dt.timedelta(seconds=1))
    with database.transaction() as session:
        assert retention.purge_inboxes(session, 100, keepers=()) == 3
    officer = client.as_(OFFICER)
    for query in ("", "?after=0", "?after=2"):
        refusal = officer.get(f"/api/v1/inbox{query}")
        assert (refusal.status_code, refusal.json["code"]) == (409, "inbox.unknown_cursor")
    fresh = officer.get("/api/v1/inbox/snapshot").json
    with database.transaction() as session:
        expected = terminal_snapshot(session, county.accounts[OFFICER])
    assert (fresh["seq"], fresh["snapshot"]) == (3, expected)
    _post(database, county, 3)
    went_on = officer.get(f"/api/v1/inbox?after={fresh['seq']}&epoch={fresh['epoch']}").json
    assert [m["data"]["nth"] for m in went_on["messages"]] == [3]


def test_a_purge_between_the_two_reads_is_no_hole(
    officer: AccountClient,
    database: Database,
    county: County,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _post(database, county, *range(3))
    read_page = queries.page

    def purge_and_read(*arguments: object) -> list[StoredMessage]:
        with database.transaction() as session:
            session.execute(sa.text("DELETE FROM inbox_message WHERE seq = 1"))
        return read_page(*arguments)

    monkeypatch.setattr(queries, "page", purge_and_read)
    refusal = officer.get("/api/v1/inbox?after=0")
    assert (refusal.status_code, refusal.json["code"]) == (409, "inbox.unknown_cursor")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"seq": 1}, 422, "seq"),
        ({"seq": -1}, 422, "seq"),
        ({"seq": "1"}, 422, "seq"),
        ({"seq": True}, 422, "seq"),
        ({}, 422, "seq"),
        ({"seq": 0, "more": 1}, 422, "more"),
    ],
)
def test_a_bad_receipt_is_refused(
    officer: AccountClient, body: dict[str, object], status: int, field: str
) -> None:
    refusal = officer.post("/api/v1/inbox/ack", json=body)
    assert (refusal.status_code, refusal.json["field"]) == (status, field)


def test_who_has_no_inbox_reads_none(client: AccountClient) -> None:
    for username in ("auditor", "gis", "admin"):
        for path in ("/api/v1/inbox", "/api/v1/inbox/snapshot"):
            assert client.as_(username).get(path).status_code == 403


def test_a_waiting_request_is_woken_by_the_commit_and_holds_no_transaction(
    app: Flask,
    officer: AccountClient,
    database: Database,
    county: County,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It never looks by itself here, so only the bell can have woken it."""
    monkeypatch.setattr(inbox, "_LOOK_AGAIN", 60.0)
    hub: Hub = app.extensions["gridserver_live"].hub
    hub.start()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(officer.get, "/api/v1/inbox?wait=25")
        until(lambda: _idle_in_transaction(database) == 0 and hub.doorbells._waiting)
        _post(database, county, 0)
        assert [m["seq"] for m in answer.result().json["messages"]] == [1]
    hub.stop()


def test_a_lost_wake_up_delays_a_waiting_request_and_no_more(
    officer: AccountClient, database: Database, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No listener runs here: the request finds the message by looking again."""
    monkeypatch.setattr(inbox, "_LOOK_AGAIN", 0.1)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(officer.get, "/api/v1/inbox?wait=25")
        _post(database, county, 0)
        assert [m["seq"] for m in answer.result().json["messages"]] == [1]


def test_a_session_that_ends_ends_the_wait(
    app: Flask, officer: AccountClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_LOOK_AGAIN", 0.1)
    hub: Hub = app.extensions["gridserver_live"].hub
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(officer.get, "/api/v1/inbox?wait=25")
        until(lambda: hub.doorbells._waiting)
        assert officer.delete("/api/v1/sessions/current").status_code == 204
        assert answer.result().json["code"] == "access.unauthenticated"


def _idle_in_transaction(database: Database) -> int:
    with database.engine.connect() as connection:
        return connection.scalar(
            sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
            )
        )


def test_who_has_no_socket_tells_the_devices_clock_at_the_sign_in(
    client: AccountClient, clock: SetClock
) -> None:
    lon, lat = centre(0, 0)
    said = {"source": "test", "external_id": "1", "category": "dispute", "lon": lon, "lat": lat}
    task = client.as_("command").post("/api/v1/incidents", json=said).json["task"]["id"]
    fast = clock.now() + dt.timedelta(minutes=30)
    credentials = {"username": OFFICER, "password": PASSWORD, "device_time": fast.isoformat()}
    officer = client.as_(OFFICER)
    officer.token = client.post("/api/v1/sessions", json=credentials).json["token"]
    sign = {"id": str(uuid.uuid4()), "verb": "sign", "occurred_at": fast.isoformat()}
    done = officer.post(f"/api/v1/tasks/{task}/commands", json=sign).json
    assert done["task"]["history"][-1]["clock_offset_s"] == -1800


@pytest.mark.parametrize("path", ["/api/v1/inbox", "/api/v1/tasks?mine=true"])
def test_every_request_is_a_sign_of_life(
    officer: AccountClient, app: Flask, database: Database, county: County, path: str
) -> None:
    officer.get(path)
    hub: Hub = app.extensions["gridserver_live"].hub
    hub.contacts.stop()
    with database.transaction() as session:
        assert queries.last_seen(session, county.accounts.values()) == {
            county.accounts[OFFICER]: database.clock.now()
        }
