"""The exchange in a real worker: letters go out signed, nobody waits for them, views are read."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver.base.clock import SetClock, SystemClock
from gridserver.base.db import Database
from gridserver.certificates import certify
from gridserver.delivery.commands import Command
from gridserver.dispatch import service
from gridserver.dispatch.models import Offer, Task
from gridserver.exchange import pulls
from gridserver.exchange.models import Pull
from gridserver.incidents.models import Incident
from gridserver.incidents.rules import read_report
from gridserver.partners import outbox
from gridserver.partners.courier import DELIVERY, EVENT, Courier
from gridserver.partners.models import Letter, Partner
from gridserver.partners.signatures import Request, verify
from tests.conftest import copied
from tests.county import County, centre, commit_county
from tests.exchange import ENVIRON, KEYRING, RULES, SECRETS, Agency, Heard, add_partner
from tests.processes import ROOT
from tests.waiting import until


@pytest.fixture
def county(database: Database, clock: SetClock) -> County:
    """The sample county, by the machine's clock, as the worker is."""
    clock.set(SystemClock().now())
    return commit_county(database)


@pytest.fixture
def agency() -> Iterator[Agency]:
    with Agency().listening() as agency:
        yield agency


@pytest.fixture
def hotline(database: Database, county: County, agency: Agency) -> Agency:
    """The city's hotline, which listens."""
    with database.transaction() as session:
        add_partner(session, county, "12345", webhook_url=f"{agency.url}/police?from=110")
    return agency


@pytest.fixture
def start_worker(database: Database) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start workers: `start_worker(GRIDSERVER_X=…)`."""
    started = []

    def start(**environ: str) -> subprocess.Popen[bytes]:
        url = database.url.render_as_string(hide_password=False)
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "gridserver.worker"],
                cwd=ROOT,
                env=os.environ | {"GRIDSERVER_DATABASE_URL": url} | ENVIRON | environ,
                stdin=subprocess.DEVNULL,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def take(database: Database, county: County, ago_s: float = 0.0) -> int:
    """Take a report of priority 1 some seconds ago; return the task's id."""
    clock = SetClock(SystemClock().now() - dt.timedelta(seconds=ago_s))
    lon, lat = centre(0, 0)
    given = {"source": "110", "external_id": uuid.uuid4().hex, "category": "dispute"}
    report = read_report(given | {"lon": lon, "lat": lat, "priority": 1})
    with database.transaction(clock) as session:
        return service.take_report(session, county.principal("command"), report).dossier.task.id


def hand_over(database: Database, county: County, agency: str) -> int:
    """Hand a new task over to an agency; return its id."""
    task_id = take(database, county)
    data = {"agency": agency, "text": "路灯坏了"}
    command = Command(uuid.uuid4(), "hand_over", data=data)
    with database.transaction(SystemClock()) as session:
        done = service.command(session, county.principal("command"), task_id, command)
    assert done.status == 200, done.body
    return task_id


def letter(database: Database, task_id: int) -> Letter:
    with database.transaction() as session:
        return session.scalars(sa.select(Letter).where(Letter.subject_id == str(task_id))).one()


def offers(database: Database, task_id: int) -> int:
    with database.transaction() as session:
        mine = sa.select(sa.func.count()).where(Offer.task_id == task_id)
        return session.scalar(mine)


def send_now(database: Database, clock: SetClock) -> None:
    """Send what is due, without a worker, and wait for what comes of it."""
    clock.set(SystemClock().now())
    courier = Courier(database, KEYRING)
    assert courier.round() == 1
    courier.close()


def is_signed(heard: Heard, secret: str) -> None:
    path = heard.path.split("?")[0]
    verify([secret], Request("POST", path, heard.body), heard.headers, SystemClock().now())


def test_a_letter_arrives_signed(
    database: Database, county: County, hotline: Agency, start_worker: Callable[[], object]
) -> None:
    start_worker()
    task_id = hand_over(database, county, "单位12345")
    (heard,) = until(lambda: hotline.heard)
    is_signed(heard, SECRETS["12345"])
    assert heard.path == "/police?from=110"
    assert heard.document["task"] == task_id
    assert heard.document["text"] == "路灯坏了"
    assert heard.headers[EVENT] == "task.handed_over"
    until(lambda: letter(database, task_id).state == "sent")
    assert heard.headers[DELIVERY] == str(letter(database, task_id).delivery)


def test_an_agency_that_hangs_holds_up_nobody(
    database: Database, county: County, hotline: Agency, start_worker: Callable[[], object]
) -> None:
    """While the hotline doesn't answer, other agencies hear, and deadlines are kept."""
    answer = threading.Event()
    hotline.answer = lambda _: 204 if answer.wait(60) else 500
    with Agency().listening() as other:
        with database.transaction() as session:
            add_partner(session, county, "97", webhook_url=other.url)
        start_worker()
        stuck = hand_over(database, county, "12345")
        until(lambda: hotline.heard)
        overdue = take(database, county, ago_s=120)
        until(lambda: offers(database, overdue) >= 2)
        for count in (1, 2):
            hand_over(database, county, "97")
            until(lambda count=count: len(other.heard) == count)
        assert letter(database, stuck).state == "pending"
        assert not answer.is_set()
        answer.set()
        until(lambda: letter(database, stuck).state == "sent")


def test_a_claim_holds_up_no_hand_over(database: Database, county: County, hotline: Agency) -> None:
    """While one worker claims, another finds nothing, and a command goes through."""
    hand_over(database, county, "12345")
    with database.transaction(SystemClock()) as claiming:
        assert len(outbox.claim(claiming, 8)) == 1
        with database.transaction(SystemClock()) as other:
            other.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
            assert outbox.claim(other, 8) == []
            queued = outbox.queue(
                other, "12345", "test", subject_kind="task", subject_id=0, body={}
            )
            assert queued is not None


def test_a_killed_worker_is_followed_by_another(
    database: Database, county: County, hotline: Agency, start_worker: Callable
) -> None:
    """Killed between the agency's taking the letter and the note of it: it comes again, under the
    same delivery id."""
    heard, killed = threading.Event(), threading.Event()

    def hang(_: Heard) -> int:
        heard.set()
        killed.wait(60)
        return 204

    hotline.answer = hang
    first = start_worker()
    task_id = hand_over(database, county, "12345")
    assert heard.wait(30)
    first.kill()
    first.wait()
    killed.set()
    with database.transaction() as session:  # as when the lease has run out
        session.execute(sa.update(Partner).values(busy_until=SystemClock().now()))
    start_worker()
    until(lambda: letter(database, task_id).state == "sent")
    assert len({request.headers[DELIVERY] for request in hotline.heard}) == 1
    assert len(hotline.heard) == 2


@pytest.mark.parametrize("status", [301, 307, 400, 503])
def test_what_is_no_success_is_tried_again(
    database: Database, county: County, hotline: Agency, clock: SetClock, status: int
) -> None:
    """A redirect is followed nowhere: only an admin says where letters go."""
    hotline.answer = lambda _: status
    task_id = hand_over(database, county, "12345")
    send_now(database, clock)
    failed = letter(database, task_id)
    assert (failed.state, failed.tries, failed.status) == ("pending", 1, status)
    assert failed.due_at > clock.now()
    assert [heard.path for heard in hotline.heard] == ["/police?from=110"]


def test_an_unreachable_agency_is_said(
    database: Database, county: County, hotline: Agency, clock: SetClock
) -> None:
    with database.transaction() as session:
        session.execute(sa.update(Partner).values(webhook_url="http://127.0.0.1:9/"))
    task_id = hand_over(database, county, "12345")
    send_now(database, clock)
    failed = letter(database, task_id)
    assert (failed.state, failed.status, failed.error) == ("pending", None, "ConnectionError")


def test_without_a_secret_nothing_goes_out(
    database: Database, county: County, hotline: Agency, clock: SetClock
) -> None:
    with database.transaction() as session:
        add_partner(session, county, "new", webhook_url=hotline.url)
    task_id = hand_over(database, county, "new")
    send_now(database, clock)
    assert hotline.heard == []
    assert "no secret" in letter(database, task_id).error


def test_nothing_goes_out_without_tls(
    database: Database, county: County, hotline: Agency, clock: SetClock
) -> None:
    """An address from before it was asked for: the letter waits, and says why."""
    with database.transaction() as session:
        session.execute(sa.update(Partner).values(webhook_url="http://agency.invalid/"))
    task_id = hand_over(database, county, "12345")
    send_now(database, clock)
    failed = letter(database, task_id)
    assert (failed.state, failed.status) == ("pending", None)
    assert "give an https address" in failed.error
    clock.set(failed.due_at)
    courier = Courier(database, KEYRING, trusts_links=True)
    assert courier.round() == 1
    courier.close()
    assert letter(database, task_id).error == "ConnectionError"


def test_an_agencys_certificate_is_looked_at(
    database: Database,
    county: County,
    clock: SetClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = certify(tmp_path, ["127.0.0.1"], SystemClock().now())
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(made.certificate, made.key)
    with Agency().listening(tls) as agency:
        with database.transaction() as session:
            add_partner(session, county, "12345", webhook_url=agency.url)
        task_id = hand_over(database, county, "12345")
        send_now(database, clock)
        assert letter(database, task_id).error == "SSLError"
        assert agency.heard == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.authority))
        clock.set(letter(database, task_id).due_at)
        courier = Courier(database, KEYRING)
        assert courier.round() == 1
        courier.close()
    assert letter(database, task_id).state == "sent"


def test_a_netrc_adds_nothing(
    database: Database,
    county: County,
    hotline: Agency,
    clock: SetClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password hush\n")
    monkeypatch.setenv("NETRC", str(netrc))
    hand_over(database, county, "12345")
    send_now(database, clock)
    assert "Authorization" not in hotline.heard[0].headers


def test_a_view_is_read_whatever_is_killed(
    database: Database,
    county: County,
    template: URL,
    superuser: sa.Engine,
    start_worker: Callable[..., subprocess.Popen[bytes]],
) -> None:
    """Every row becomes one incident and one task, though the worker is killed again and again."""
    rows = 60
    with copied(template, superuser) as elsewhere:
        _make_view(elsewhere, rows)
        with database.transaction() as session:
            add_partner(session, county, rules=RULES | {"fields": FIELDS, "categories": {}})
            admin = county.principal("admin")
            terms = pulls.Terms("v_jjd", "nr", interval_s=1, overlap=5, start="0")
            pulls.put(session, admin, "110", terms)
        url = elsewhere.render_as_string(hide_password=False)
        for least in (5, 20, 35, rows):
            worker = start_worker(GRIDSERVER_EXCHANGE_DATABASE_110=url)
            until(lambda least=least: taken(database) >= least, within=60)
            worker.kill()
            worker.wait()
            with database.transaction() as session:  # as when the lease has run out
                session.execute(sa.update(Pull).values(busy_until=None))
    assert taken(database) == rows
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Task)) == rows


FIELDS = {"external_id": "nr", "category": "lb", "lon": "jd", "lat": "wd"}


def _make_view(url: URL, rows: int) -> None:
    lon, lat = centre(0, 0)
    numbers = sa.func.generate_series(1, rows).column_valued("nr")
    view = sa.select(
        numbers,
        sa.literal("dispute").label("lb"),
        sa.literal(lon).label("jd"),
        sa.literal(lat).label("wd"),
    )
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg2"), poolclass=sa.NullPool)
    said = view.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE VIEW v_jjd AS {said}"))
    engine.dispose()


def taken(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Incident))
