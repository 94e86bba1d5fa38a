"""The relay without sockets: what it sends when, with an outlet that only remembers."""

from __future__ import annotations

import datetime as dt
import json
import math
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver.access import queries as access_queries
from gridserver.access import signing_in
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.delivery import channels, queries, retention, service
from gridserver.delivery.hub import Hub
from gridserver.delivery.listener import Listener
from gridserver.delivery.models import FeedEntry, InboxMessage
from gridserver.delivery.outlet import Connection
from gridserver.delivery.retention import KEEP_INBOX
from gridserver.delivery.rules import WINDOW, Cursor
from gridserver.delivery.service import Message
from tests.county import PASSWORD, County, commit_county
from tests.waiting import until

OFFICER = "330824001"


class Outlet:
    """Sockets that only remember."""

    def __init__(self) -> None:
        self.sent: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        self.closed: set[str] = set()
        self.waiting: dict[str, int] = {}

    def send(self, connection_id: str, event: str, data: dict[str, Any]) -> None:
        self.sent[connection_id].append((event, data))

    def send_ready_made(self, connection_id: str, event: str, texts: Sequence[str]) -> None:
        self.sent[connection_id] += [(event, json.loads(text)) for text in texts]

    def close(self, connection_id: str) -> None:
        self.closed.add(connection_id)

    def backlog(self, connection_id: str) -> int | None:
        return self.waiting.get(connection_id, 0)

    def seqs(self, connection_id: str, event: str = "message") -> list[int]:
        return [data["seq"] for name, data in list(self.sent[connection_id]) if name == event]


class Running:
    """A hub over the sample county."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.county: County = commit_county(database)
        self.terminals, self.rooms = Outlet(), Outlet()
        self.crashed = threading.Event()
        self.hub = Hub(
            database,
            self.terminals,
            self.rooms,
            terminal_snapshot=lambda _session, account_id: {"of": account_id},
            command_snapshot=lambda _session, principal: {"of": principal.username},
            crashed=self.crashed.set,
        )

    def sign_in(self, connection_id: str, username: str = OFFICER) -> Connection:
        with self.database.transaction() as session:
            token = signing_in.sign_in(session, username, PASSWORD, device=connection_id).token
            principal, _ = access_queries.principal_by_token(session, token)
        return Connection(
            connection_id, principal.account_id, principal.device, principal.session_id
        )

    def connect(self, connection_id: str, cursor: Cursor | None = None) -> Connection:
        connection = self.sign_in(connection_id)
        self.hub.relay.connect(connection, cursor or Cursor())
        return connection

    def watch(
        self, connection_id: str, username: str = "command", cursor: Cursor | None = None
    ) -> Connection:
        connection = self.sign_in(connection_id, username)
        principal = self.county.principal(username)
        self.hub.feed.connect(connection, principal, cursor or Cursor())
        return connection

    def post(self, count: int = 1, username: str = OFFICER) -> None:
        with self.database.transaction() as session:
            recipient = self.county.accounts[username]
            service.post(
                session, [Message(recipient, "task.changed", {"n": n}) for n in range(count)]
            )

    def feed(self, count: int = 1, unit_path: str = "330824") -> None:
        with self.database.transaction() as session:
            for n in range(count):
                service.append_feed(session, "task.changed", {"n": n}, unit_path)

    def last_seen(self, username: str = OFFICER) -> dt.datetime | None:
        account_id = self.county.accounts[username]
        with self.database.transaction() as session:
            return queries.last_seen(session, [account_id]).get(account_id)

    def heard(self, connection_id: str, last: int) -> list[int]:
        until(lambda: self.terminals.seqs(connection_id)[-1:] == [last])
        return self.terminals.seqs(connection_id)


@pytest.fixture
def running(database: Database) -> Iterator[Running]:
    running = Running(database)
    running.hub.start()
    yield running
    running.hub.stop()
    assert not running.crashed.is_set()


# --- terminals


def test_a_window_holds_back_what_is_not_acknowledged(running: Running) -> None:
    running.post(3 * WINDOW)
    running.connect("a")
    assert running.heard("a", WINDOW) == list(range(1, WINDOW + 1))
    running.post()
    other = running.connect("b", Cursor(seq=3 * WINDOW))
    assert running.heard("b", 3 * WINDOW + 1)
    assert running.terminals.seqs("a")[-1] == WINDOW, "the wake-up must not push past the window"
    assert running.hub.relay.acknowledge("a", WINDOW)
    assert running.heard("a", 2 * WINDOW) == list(range(1, 2 * WINDOW + 1))
    assert running.hub.relay.acknowledge("a", 2 * WINDOW)
    assert running.hub.relay.acknowledge(other.id, 3 * WINDOW + 1)
    assert running.heard("a", 3 * WINDOW) == list(range(1, 3 * WINDOW + 1))


def test_who_was_away_for_longer_than_messages_are_kept_gets_a_snapshot(
    running: Running, clock: SetClock
) -> None:
    """Never a part of what they missed."""
    running.post(3)
    clock.advance(KEEP_INBOX + dt.timedelta(seconds=1))
    running.post(2)
    with running.database.transaction() as session:
        assert retention.purge_inboxes(session, 100, keepers=()) == 3
    away, back_in_time = running.connect("away", Cursor(seq=1)), running.connect("b", Cursor(seq=3))
    assert running.heard("b", 5) == [4, 5]
    (resync,) = [data for event, data in running.terminals.sent["away"] if event == "resync"]
    assert (resync["seq"], resync["snapshot"]) == (5, {"of": away.account_id})
    running.post()
    assert running.heard("away", 6) == [6]
    assert running.heard(back_in_time.id, 6) == [4, 5, 6]


def test_a_terminal_that_acknowledges_one_by_one_gets_everything(running: Running) -> None:
    running.post(3 * WINDOW)
    running.connect("a")
    for seq in range(1, 3 * WINDOW + 1):
        until(lambda seq=seq: seq in running.terminals.seqs("a"))
        assert running.hub.relay.acknowledge("a", seq)
    assert running.terminals.seqs("a") == list(range(1, 3 * WINDOW + 1))


def test_a_receipt_beyond_what_was_sent_is_refused(running: Running) -> None:
    running.post(2)
    running.connect("a", Cursor(seq=2))
    assert not running.hub.relay.acknowledge("a", 3)
    assert not running.hub.relay.acknowledge("a", -1)
    assert not running.hub.relay.acknowledge("nobody", 1)
    assert running.hub.relay.acknowledge("a", 2)


def test_saying_where_one_stands_is_a_receipt(running: Running) -> None:
    running.post(3)
    connection = running.connect("a", Cursor(seq=2))

    def acknowledged() -> int:
        with running.database.transaction() as session:
            return queries.last_acknowledged(session, connection.account_id, "a")

    until(lambda: acknowledged() == 2)


def test_a_lost_notification_delays_and_no_more(running: Running) -> None:
    """Written past `post`, so that nothing is notified: the round finds it."""
    connection = running.connect("a")
    with running.database.transaction() as session:
        session.execute(
            sa.text("INSERT INTO inbox_head VALUES (:r, 1)"), {"r": connection.account_id}
        )
        session.execute(
            sa.insert(InboxMessage).values(
                recipient=connection.account_id,
                seq=1,
                type="task.changed",
                at=running.database.clock.now(),
                data={},
            )
        )
    assert running.heard("a", 1) == [1]


def test_a_killed_listener_comes_back_and_nothing_is_lost(running: Running) -> None:
    running.connect("a")
    running.post()
    running.heard("a", 1)
    killed = _kill_listeners(running.database)
    assert killed == 1
    running.post(3)
    assert running.heard("a", 4) == [1, 2, 3, 4]
    until(lambda: _listeners(running.database))
    running.post()
    assert running.heard("a", 5) == [1, 2, 3, 4, 5]


def test_killing_every_connection_loses_nothing(running: Running) -> None:
    running.connect("a")
    running.post()
    running.heard("a", 1)
    with running.database.engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    running.post(2)
    assert running.heard("a", 3) == [1, 2, 3]


def test_a_session_that_ended_is_closed_and_sent_nothing(running: Running) -> None:
    connection = running.connect("a")
    with running.database.transaction() as session:
        signing_in.sign_out(
            session, access_queries.principal_by_session(session, connection.session_id)
        )
        service.post(session, [Message(connection.account_id, "task.changed", {})])
    until(lambda: "a" in running.terminals.closed, within=5)
    assert running.terminals.seqs("a") == []


def test_what_is_written_after_a_session_ended_is_never_sent_to_it(running: Running) -> None:
    connection = running.connect("a")
    running.post()
    running.heard("a", 1)
    with running.database.transaction() as session:
        principal = access_queries.principal_by_session(session, connection.session_id)
    looks = 0

    def end_after_the_first_look(*executed: Any) -> None:
        nonlocal looks
        if threading.current_thread().name != "relay" or "role_grant" not in executed[2]:
            return
        looks += 1
        if looks == 1:
            with running.database.transaction() as session:
                signing_in.sign_out(session, principal)
                service.post(session, [Message(connection.account_id, "task.changed", {})])

    running.hub.relay._next_round = math.inf  # which looks at sessions, too
    sa.event.listen(running.database.engine, "after_cursor_execute", end_after_the_first_look)
    running.hub.relay.wake(None)
    until(lambda: looks > 1)
    assert running.terminals.seqs("a") == [1]


def test_a_session_that_ended_before_its_snapshot_gets_none(running: Running) -> None:
    connection = running.sign_in("a")
    with running.database.transaction() as session:
        signing_in.sign_out(
            session, access_queries.principal_by_session(session, connection.session_id)
        )
    running.hub.relay.connect(connection, Cursor(str(uuid.uuid4()), 5))
    until(lambda: "a" in running.terminals.closed)
    assert [event for event, _ in running.terminals.sent["a"]] == ["ready"]


def test_receipts_of_an_ended_session_are_not_stored(running: Running) -> None:
    running.post()
    connection = running.connect("a")
    running.heard("a", 1)
    with running.database.transaction() as session:
        signing_in.sign_out(
            session, access_queries.principal_by_session(session, connection.session_id)
        )
    running.hub.relay.acknowledge("a", 1)
    running.hub.receipts.stop()
    with running.database.transaction() as session:
        assert queries.last_acknowledged(session, connection.account_id) == 0


def test_a_connection_that_is_gone_is_forgotten(running: Running) -> None:
    running.connect("a")
    running.terminals.waiting["a"] = None  # type: ignore[assignment]
    until(lambda: not running.hub.relay._terminals)
    assert not running.hub.relay._by_account


@pytest.mark.parametrize("cursor", [Cursor(epoch="another", seq=1), Cursor(seq=9)])
def test_an_unknown_cursor_gets_a_snapshot_of_one_moment(running: Running, cursor: Cursor) -> None:
    running.post(3)
    connection = running.connect("a", cursor)
    (ready, _), (resync, data) = running.terminals.sent["a"]
    assert (ready, resync) == ("ready", "resync")
    assert (data["seq"], data["snapshot"]) == (3, {"of": connection.account_id})
    running.post()
    assert running.heard("a", 4) == [4]


def test_where_messages_were_purged_a_snapshot_takes_their_place(running: Running) -> None:
    """Never a silent partial replay."""
    running.post(5)
    with running.database.transaction() as session:
        session.execute(sa.delete(InboxMessage).where(InboxMessage.seq <= 3))
    running.connect("a", Cursor(seq=1))
    until(lambda: [name for name, _ in running.terminals.sent["a"]] == ["ready", "resync"])
    assert running.terminals.seqs("a", "resync") == [5]


# --- the feed


def test_the_feed_goes_to_those_whose_scope_covers_it(running: Running) -> None:
    running.watch("bureau")
    running.watch("south", "room-33082401")
    running.feed(1, "330824.33082402")
    running.feed(1, "330824.33082401")
    until(lambda: running.rooms.seqs("bureau", "feed") == [1, 2])
    until(lambda: running.rooms.seqs("south", "feed") == [2])


def test_a_view_that_does_not_read_is_sent_no_more_until_it_does(running: Running) -> None:
    running.watch("stuck")
    running.watch("reads")
    running.rooms.waiting["stuck"] = 200_000
    running.feed(3)
    until(lambda: running.rooms.seqs("reads", "feed") == [1, 2, 3])
    assert running.rooms.seqs("stuck", "feed") == []
    running.rooms.waiting["stuck"] = 0
    until(lambda: running.rooms.seqs("stuck", "feed") == [1, 2, 3])
    running.rooms.waiting["stuck"] = 500_000
    until(lambda: "stuck" in running.rooms.closed)


def test_a_gap_in_the_feed_gets_a_snapshot(running: Running) -> None:
    running.watch("first")
    running.feed(5)
    until(lambda: running.rooms.seqs("first", "feed") == [1, 2, 3, 4, 5])
    with running.database.transaction() as session:
        session.execute(sa.delete(FeedEntry).where(FeedEntry.seq <= 3))
    running.watch("late", cursor=Cursor(seq=1))
    until(lambda: running.rooms.seqs("late", "resync") == [5])
    assert running.rooms.seqs("late", "feed") == []
    running.watch("in time", cursor=Cursor(seq=3))
    until(lambda: running.rooms.seqs("in time", "feed") == [4, 5])


def test_a_view_whose_scope_changes_or_session_ends_is_closed(running: Running) -> None:
    running.watch("changes", "room-33082401")
    ends = running.watch("ends")
    with running.database.transaction() as session:
        session.execute(
            sa.text("DELETE FROM role_grant WHERE account_id = :a"),
            {"a": running.county.accounts["room-33082401"]},
        )
        _sign_out(session, ends)
    running.feed()
    until(lambda: running.rooms.closed == {"changes", "ends"}, within=5)
    assert running.rooms.seqs("changes", "feed") == running.rooms.seqs("ends", "feed") == []


# --- failing


def test_a_step_that_fails_for_another_reason_than_the_database_is_reported(
    database: Database,
) -> None:
    """A relay that stands still while sockets stay open would lose messages silently."""

    def broken(_session: Session, _account_id: int) -> dict[str, Any]:
        raise RuntimeError("broken on purpose")

    running = Running(database)
    running.hub.relay._snapshot = broken
    running.post(2)
    with running.database.transaction() as session:
        session.execute(sa.delete(InboxMessage).where(InboxMessage.seq == 1))
    threading.excepthook, before = (lambda _: None), threading.excepthook
    try:
        running.hub.start()
        running.connect("a", Cursor(seq=0))
        assert running.crashed.wait(10)
    finally:
        threading.excepthook = before
        running.hub.stop()


# --- signs of life


def test_a_terminal_is_seen_when_it_connects_and_while_its_socket_is_open(
    running: Running, clock: SetClock
) -> None:
    running.connect("a")
    until(lambda: running.last_seen() == clock.now())
    clock.advance(dt.timedelta(minutes=3))
    until(lambda: running.last_seen() == clock.now())


def test_a_socket_that_is_gone_or_signed_out_is_not_seen(running: Running, clock: SetClock) -> None:
    connection = running.connect("a")
    running.connect("b")
    until(lambda: running.last_seen() == clock.now())
    with running.database.transaction() as session:
        _sign_out(session, connection)
    running.hub.relay.disconnect("b")
    until(lambda: running.terminals.closed == {"a"})
    seen = clock.now()
    clock.advance(dt.timedelta(minutes=3))
    running.terminals.closed.clear()
    until(lambda: running.terminals.closed == {"a"}, within=10)  # another round
    assert running.last_seen() == seen


def test_what_was_heard_last_is_stored_at_the_stop(database: Database, clock: SetClock) -> None:
    running = Running(database)
    contacts = running.hub.contacts
    account_id = running.county.accounts[OFFICER]
    contacts.take(account_id)
    contacts.stop()
    stored = clock.now()
    assert running.last_seen() == stored
    clock.advance(dt.timedelta(seconds=59))
    contacts.take(account_id)
    contacts.stop()
    assert running.last_seen() == stored, "not worth a write"


# --- the listener


def test_the_listener_sweeps_after_it_has_begun_to_listen(database: Database) -> None:
    """Never before: what is notified between a sweep and a later LISTEN would be lost."""
    listening_at_sweep: list[int] = []
    swept = threading.Event()

    def sweep() -> None:
        listening_at_sweep.append(_listeners(database))
        swept.set()

    listener = Listener(database.url, (channels.INBOX,), lambda *_: None, sweep)
    listener.start()
    assert swept.wait(10)
    listener.stop()
    assert listening_at_sweep == [1]


_LISTENERS = """
    FROM pg_stat_activity
    WHERE application_name = 'gridserver listener' AND datname = current_database()
"""


def _sign_out(session: Session, connection: Connection) -> None:
    signing_in.sign_out(
        session, access_queries.principal_by_session(session, connection.session_id)
    )


def _listeners(database: Database) -> int:
    """Count the backends that have listened (and do nothing else at the moment)."""
    with database.engine.connect() as connection:
        return connection.scalar(
            sa.text(f"SELECT count(*) {_LISTENERS} AND state = 'idle' AND query LIKE 'LISTEN%'")
        )


def _kill_listeners(database: Database) -> int:
    with database.engine.connect() as connection:
        return len(
            connection.execute(sa.text(f"SELECT pg_terminate_backend(pid) {_LISTENERS}")).all()
        )
