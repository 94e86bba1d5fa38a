"""A view of another database, read row by row: nothing twice, nothing lost, whatever dies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.keyring import Key, Keyring
from gridserver.exchange import pulls, rejects, service
from gridserver.exchange.models import Pull
from gridserver.exchange.puller import Puller
from gridserver.exchange.pulls import LEASE, Terms
from gridserver.incidents.models import Incident
from tests.conftest import MORNING, copied
from tests.county import County, centre, commit_county
from tests.exchange import RULES, add_partner

VIEW = Terms(view="cad.v_jjd", cursor_column="gxsj", overlap=60, start="2026-03-10 09:00:00")
#: Civil time, as the platform's column has it.
NINE = dt.datetime.fromisoformat("2026-03-10T09:00:00")
COLUMNS = RULES["fields"] | {"lon": "jd", "lat": "wd"}


@pytest.fixture(scope="module")
def platform(template: URL, superuser: sa.Engine) -> Iterator[sa.Engine]:
    """The 110 platform's own database."""
    with copied(template, superuser) as url:
        engine = sa.create_engine(url.set(drivername="postgresql+psycopg2"))
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    """
                    CREATE SCHEMA cad;
                    CREATE TABLE cad.jjd (
                        nr bigint GENERATED ALWAYS AS IDENTITY, jjdbh text, bjlb char(4),
                        jd numeric(9, 6), wd numeric(9, 6), bjnr text, bjsj text,
                        gxsj timestamp NOT NULL, zp bytea
                    );
                    CREATE VIEW cad.v_jjd AS SELECT * FROM cad.jjd;
                    """
                )
            )
        yield engine
        engine.dispose()


@pytest.fixture
def elsewhere(platform: sa.Engine) -> sa.Engine:
    """The same, with no calls yet."""
    with platform.begin() as connection:
        connection.execute(sa.text("TRUNCATE cad.jjd RESTART IDENTITY"))
    return platform


Call = Callable[..., None]


@pytest.fixture
def call(elsewhere: sa.Engine) -> Call:
    """Have the platform take a call: its number, minutes after 9, and its category."""

    def call(number: str, minute: float, category: str = "0101") -> None:
        lon, lat = centre(0, 0)
        at = NINE + dt.timedelta(minutes=minute)
        with elsewhere.begin() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO cad.jjd (jjdbh, bjlb, jd, wd, bjnr, bjsj, gxsj, zp) "
                    "VALUES (:number, :category, :lon, :lat, '争吵', '20260310085900', :at, 'x')"
                ),
                {"number": number, "category": category, "lon": lon, "lat": lat, "at": at},
            )

    return call


@pytest.fixture
def county(database: Database) -> County:
    county = commit_county(database)
    with database.transaction() as session:
        add_partner(session, county, rules=RULES | {"fields": COLUMNS})
    return county


@pytest.fixture
def keyring(elsewhere: sa.Engine) -> Keyring:
    url = elsewhere.url.render_as_string(hide_password=False)
    return Keyring({"110": Key((), url.replace("+psycopg2", ""))})


def decide(database: Database, county: County, terms: Terms = VIEW) -> None:
    with database.transaction() as session:
        pulls.put(session, county.principal("admin"), "110", terms)


def read(database: Database, keyring: Keyring, clock: SetClock) -> None:
    """Read what is due, to the end; then let the next reading be due."""
    puller = Puller(database, keyring)
    puller.round()
    puller.close()
    clock.advance(dt.timedelta(seconds=VIEW.interval_s))


def taken(database: Database) -> list[str]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(Incident.external_id).order_by(Incident.id)))


def pull(database: Database) -> Pull:
    with database.transaction() as session:
        return session.scalars(sa.select(Pull)).one()


def test_rows_are_taken_in_order_and_once(
    database: Database, county: County, keyring: Keyring, call: Call, clock: SetClock
) -> None:
    decide(database, county)
    for number, minute in (("A", 1), ("C", 3), ("B", 2)):
        call(number, minute)
    read(database, keyring, clock)
    assert taken(database) == ["A", "B", "C"]
    call("D", 4)
    read(database, keyring, clock)
    read(database, keyring, clock)
    assert taken(database) == ["A", "B", "C", "D"]
    state = pull(database)
    assert (state.position, state.error) == ("2026-03-10T09:04:00", None)
    assert state.read_at is not None and state.busy_until is None


def test_history_makes_no_tasks(
    database: Database, county: County, keyring: Keyring, call: Call, clock: SetClock
) -> None:
    call("old", 10)
    decide(database, county, Terms(view="cad.v_jjd", cursor_column="gxsj"))
    read(database, keyring, clock)
    assert taken(database) == []
    call("new", 11)
    read(database, keyring, clock)
    assert taken(database) == ["new"]


def test_the_first_row_of_an_empty_view_is_taken(
    database: Database, county: County, keyring: Keyring, call: Call, clock: SetClock
) -> None:
    decide(database, county, Terms(view="cad.v_jjd", cursor_column="gxsj"))
    read(database, keyring, clock)
    call("first", 0)
    read(database, keyring, clock)
    assert taken(database) == ["first"]


def test_a_row_committed_late_is_not_lost(
    database: Database, county: County, keyring: Keyring, call: Call, clock: SetClock
) -> None:
    decide(database, county)
    call("B", 2)
    read(database, keyring, clock)
    call("A", 1.5)
    call("too late", 0.5)
    read(database, keyring, clock)
    assert taken(database) == ["B", "A"]


def test_many_rows_of_one_moment(
    database: Database, county: County, keyring: Keyring, call: Call, clock: SetClock
) -> None:
    decide(database, county)
    for number in range(120):  # more than a page
        call(f"{number:03}", 1)
    read(database, keyring, clock)
    assert sorted(taken(database)) == [f"{number:03}" for number in range(120)]


def test_a_column_of_numbers(
    database: Database, county: County, keyring: Keyring, call: Call, clock: SetClock
) -> None:
    decide(database, county, Terms(view="cad.v_jjd", cursor_column="nr", start="1"))
    for number in ("A", "B", "C"):
        call(number, 1)
    read(database, keyring, clock)
    assert taken(database) == ["B", "C"]
    assert pull(database).position == "3"


def test_what_cant_be_read_is_kept_once_and_the_rest_goes_on(
    database: Database, county: County, keyring: Keyring, call: Call, clock: SetClock
) -> None:
    decide(database, county)
    call("A", 1, "9999")
    call("B", 2)
    for _ in range(3):
        read(database, keyring, clock)
    assert taken(database) == ["B"]
    with database.transaction() as session:
        (card,) = rejects.page(session, county.principal("admin"), state="open")
        assert (card.code, card.times) == ("incident.unknown_category", 1)
        body = service.read_body(rejects.body(session, county.principal("admin"), card.id)[1])
        assert body["jjdbh"] == "A" and body["gxsj"] == "2026-03-10T09:01:00"
        assert "zp" not in body  # bytes say nothing to a mapping


def test_a_worker_that_dies_is_followed_by_another(
    database: Database,
    county: County,
    keyring: Keyring,
    call: Call,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decide(database, county)
    for minute in range(1, 6):
        call(f"{minute}", minute)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    take, rows_left = service.take, iter((True, True, False))
    monkeypatch.setattr(
        service, "take", lambda *a, **k: (take if next(rows_left) else die)(*a, **k)
    )
    read(database, keyring, clock)
    assert taken(database) == ["1", "2"]
    assert pull(database).position == "2026-03-10T09:02:00"
    monkeypatch.undo()
    read(database, keyring, clock)
    assert taken(database) == ["1", "2"]  # its lease still holds
    clock.advance(LEASE)
    read(database, keyring, clock)
    assert taken(database) == ["1", "2", "3", "4", "5"]


def test_an_admins_change_ends_a_reading(database: Database, county: County) -> None:
    decide(database, county)
    with database.transaction() as session:
        (reading,) = pulls.claim(session, 4)
        assert pulls.claim(session, 4) == []
        reading = pulls.go_on(session, reading, "2026-03-10T09:01:00")
    decide(database, county, Terms(**vars(VIEW) | {"start": "2026-03-10 12:00:00"}))
    with database.transaction() as session:
        assert pulls.go_on(session, reading, "2026-03-10T09:02:00") is None
        pulls.end(session, reading, "2026-03-10T09:02:00")
        assert pulls.claim(session, 4)[0].position == "2026-03-10 12:00:00"


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(view="cad.nothing", cursor_column="gxsj"), "no view 'cad.nothing'"),
        (Terms(view="cad.v_jjd", cursor_column="nothing"), "no column 'nothing'"),
        (Terms(view="cad.v_jjd", cursor_column="zp", start="1"), "take a column of numbers"),
        (Terms(view="cad.v_jjd", cursor_column="gxsj", start="noon"), "no value of the cursor"),
        (Terms(view='cad.v_jjd"; DROP TABLE cad.jjd; --', cursor_column="nr"), "no view"),
    ],
)
def test_what_keeps_a_view_from_being_read_is_said(
    database: Database,
    county: County,
    keyring: Keyring,
    clock: SetClock,
    terms: Terms,
    said: str,
) -> None:
    decide(database, county, terms)
    read(database, keyring, clock)
    assert said in pull(database).error
    decide(database, county)
    read(database, keyring, clock)
    assert pull(database).error is None


def test_an_unreachable_database_is_said_without_its_password(
    database: Database, county: County, clock: SetClock
) -> None:
    decide(database, county)
    for key, said in (
        (Key((), "postgresql://reader:hush@127.0.0.1:9/cad"), "refused"),
        (Key((), "oracle+oracledb://reader:hush@127.0.0.1/cad"), "no driver"),
        (Key(), "No URL"),
    ):
        read(database, Keyring({"110": key}), clock)
        error = pull(database).error
        assert said in error and "hush" not in error


def test_only_what_is_due_and_switched_on_is_read(
    database: Database, county: County, keyring: Keyring, call: Call, clock: SetClock
) -> None:
    decide(database, county, Terms(**vars(VIEW) | {"enabled": False}))
    call("A", 1)
    puller = Puller(database, keyring)
    assert puller.round() == 0
    decide(database, county)
    assert puller.round() == 1
    puller.close()
    again = Puller(database, keyring)
    assert again.round() == 0
    clock.advance(dt.timedelta(seconds=VIEW.interval_s))
    assert again.round() == 1
    again.close()
    assert taken(database) == ["A"]
    assert clock.now() > MORNING
