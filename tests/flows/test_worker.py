"""The worker as a process: it keeps deadlines, outlives an outage, and stops when told."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from gridserver import worker as worker_module
from gridserver.base.clock import SetClock, SystemClock
from gridserver.base.db import Database
from gridserver.delivery import service as delivery
from gridserver.delivery.models import InboxMessage
from gridserver.delivery.retention import KEEP_INBOX
from gridserver.delivery.rules import EXPIRED
from gridserver.delivery.service import Message
from gridserver.dispatch import service
from gridserver.dispatch.models import Offer
from gridserver.force import holidays, workdays
from gridserver.incidents.rules import read_report
from tests.county import County, centre
from tests.processes import ROOT, start_worker
from tests.waiting import until


@pytest.fixture
def worker(live_database: Database, live_county: County) -> Iterator[subprocess.Popen[bytes]]:
    process = start_worker(live_database.url)
    yield process
    process.kill()
    process.wait()


def overdue_task(database: Database, county: County, name: str) -> int:
    """Take a report two minutes ago, with one minute to sign."""
    clock = SetClock(SystemClock().now() - dt.timedelta(minutes=2))
    lon, lat = centre(0, 0)
    given = {"source": "110", "external_id": name, "category": "dispute", "priority": 1}
    report = read_report(given | {"lon": lon, "lat": lat})
    with database.transaction(clock) as session:
        taken = service.take_report(session, county.principal("command"), report)
    return taken.dossier.task.id


def offers(database: Database, task_id: int) -> int:
    with database.transaction() as session:
        mine = sa.select(sa.func.count()).where(Offer.task_id == task_id)
        return session.scalar(mine)


def test_it_keeps_deadlines_and_stops_when_told(
    worker: subprocess.Popen[bytes], live_database: Database, live_county: County
) -> None:
    task_id = overdue_task(live_database, live_county, "A")
    until(lambda: offers(live_database, task_id) == 2)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0


def test_it_outlives_an_outage_of_the_database(
    worker: subprocess.Popen[bytes],
    live_database: Database,
    live_county: County,
    superuser: sa.Engine,
) -> None:
    first = overdue_task(live_database, live_county, "B")
    until(lambda: offers(live_database, first) == 2)
    live_database.dispose()  # the outage is the worker's alone
    with superuser.connect() as connection:
        ended = sa.text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name"
        )
        assert connection.scalar(ended, {"name": live_database.url.database}) >= 1
    second = overdue_task(live_database, live_county, "C")
    # The worker rests before it tries again.
    until(lambda: offers(live_database, second) == 2, within=60)
    assert worker.poll() is None


def test_it_enters_the_holidays_by_itself(
    worker: subprocess.Popen[bytes], live_database: Database, live_county: County
) -> None:
    year = SystemClock().now().astimezone(live_database.zone).year
    if holidays.of_year(year) is None:
        pytest.skip(f"the installed chinesecalendar doesn't know {year}")

    def is_known() -> bool:
        with live_database.transaction() as session:
            return workdays.year(session, year).known

    until(is_known)


@pytest.fixture
def outdated(live_database: Database, live_county: County) -> int:
    """An account with a message from too long ago, and one that is over."""
    recipient, now = live_county.accounts["330824008"], SystemClock().now()
    old = SetClock(now - KEEP_INBOX - dt.timedelta(days=1))
    with live_database.transaction(old) as session:
        delivery.post(session, [Message(recipient, "task.changed", {"n": 1})])
    over = now - dt.timedelta(minutes=1)
    with live_database.transaction() as session:
        delivery.post(session, [Message(recipient, "task.changed", {"n": 2}, expires_at=over)])
    return recipient


def test_it_deletes_what_is_kept_no_longer(
    outdated: int, worker: subprocess.Popen[bytes], live_database: Database
) -> None:
    """At its start, and then once an hour: a message is blanked past its end, and later gone."""

    def kept() -> list[tuple[int, str]]:
        with live_database.transaction() as session:
            mine = InboxMessage.recipient == outdated
            rows = session.execute(sa.select(InboxMessage.seq, InboxMessage.type).where(mine))
            return [tuple(row) for row in rows]

    until(lambda: kept() == [(2, EXPIRED)])
    assert worker.poll() is None


def test_what_took_many_rounds_is_told_in_one_line(database: Database) -> None:
    """Even where an outage ends it half-way: what was done until then is done."""
    stop, rounds, before_it = threading.Event(), iter((100, 100, 7)), iter((100,))

    def whole(session: Session, limit: int) -> int:
        return next(rounds)

    def halfway(session: Session, limit: int) -> int:
        for done in before_it:
            return done
        stop.set()
        raise sa.exc.OperationalError("SELECT", {}, Exception("the link was lost"))

    with capture_logs() as lines:
        worker_module.run(database, stop, hourly={"whole": whole, "halfway": halfway})
    told = [(line["event"], line.get("done")) for line in lines]
    assert [line for line in told if line[0] in {"worker.whole", "worker.halfway"}] == [
        ("worker.whole", 207),
        ("worker.halfway", 100),
    ]


def test_without_a_database_it_says_what_to_set() -> None:
    environ = {k: v for k, v in os.environ.items() if k != "GRIDSERVER_DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "gridserver.worker"],
        cwd=ROOT,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "GRIDSERVER_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
