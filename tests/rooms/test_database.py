"""The pool: a connection that died while it lay idle is replaced before anybody notices."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver.base import db
from gridserver.base.clock import SetClock, local_now, now
from gridserver.base.db import Database

TERMINATE = sa.text("SELECT pg_terminate_backend(:pid, 5000)")


def backend(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(sa.text("SELECT pg_backend_pid()"))


@pytest.fixture
def pings(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The connections that were pinged."""
    seen: list[object] = []
    ping = database.engine.dialect.do_ping
    monkeypatch.setattr(database.engine.dialect, "do_ping", lambda c: (seen.append(c), ping(c))[1])
    return seen


def test_a_dead_connection_is_replaced(database: Database, superuser: sa.Engine) -> None:
    first = backend(database)
    with superuser.connect() as connection:
        connection.execute(TERMINATE, {"pid": first})
    assert backend(database) != first


def test_all_are_made_anew_where_one_is_dead(database: Database, superuser: sa.Engine) -> None:
    with database.engine.connect() as one, database.engine.connect() as other:
        pids = [each.scalar(sa.text("SELECT pg_backend_pid()")) for each in (one, other)]
    with superuser.connect() as connection:
        for pid in pids:
            connection.execute(TERMINATE, {"pid": pid})
    with database.engine.connect() as one, database.engine.connect() as other:
        assert {each.scalar(sa.text("SELECT 1")) for each in (one, other)} == {1}


def test_a_connection_that_was_in_use_a_moment_ago_is_not_pinged(
    database: Database, pings: list[object]
) -> None:
    assert backend(database) == backend(database)
    assert pings == []


def test_one_that_lay_idle_is(
    database: Database, pings: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_TRUSTED_S", 0.0)
    assert backend(database) == backend(database)
    assert len(pings) == 1


def test_a_transaction_knows_the_bureaus_own_time(database_url: URL) -> None:
    """Across the hour that daylight saving skips too."""
    clock = SetClock(dt.datetime.fromisoformat("2026-03-08T07:30:00+00:00"))
    chicago = Database(database_url, clock, ZoneInfo("America/Chicago"))
    told = []
    with chicago.transaction() as session:
        for _ in range(2):
            assert local_now(session) == now(session)
            told.append(local_now(session).isoformat())
            clock.advance(dt.timedelta(hours=1))
    chicago.dispose()
    assert told == ["2026-03-08T01:30:00-06:00", "2026-03-08T03:30:00-05:00"]
