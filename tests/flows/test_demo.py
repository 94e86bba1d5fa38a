"""The demo county in a database, and the play on a real server. Loaded once: it takes a while."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from rich.console import Console
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from gridserver.access import passwords, signing_in
from gridserver.access import queries as access
from gridserver.access import service as accounts
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.errors import Conflict
from gridserver.base.settings import from_environment
from gridserver.cli import main
from gridserver.demo import accounts as demo_accounts
from gridserver.demo import load
from gridserver.demo import norms as demo_norms
from gridserver.demo.clients import Account
from gridserver.demo.county import DemoCell, read_cells
from gridserver.demo.field_units import UNITS
from gridserver.demo.play import Play
from gridserver.dispatch import help
from gridserver.dispatch import service as dispatch
from gridserver.dispatch.rules.help import TIERS
from gridserver.dispatch.tables import queries as norms_tables
from gridserver.force.importing import tables
from gridserver.grids import queries as grids
from gridserver.incidents.rules import Place
from gridserver.orders import counting
from gridserver.orders import queries as orders
from gridserver.org import service as org
from tests.processes import GRIDSERVER, WebProcess, free_port

PASSWORD = "county-demo-1"
DAYS = 1
QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def demo_url(template: URL, superuser: sa.Engine) -> Iterator[URL]:
    name = "demo_county"
    with superuser.connect() as connection:
        connection.execute(
            sa.text(f"CREATE DATABASE {name} TEMPLATE {template.database} OWNER gridserver")
        )
    yield template.set(database=name)
    with superuser.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def county(demo_url: URL) -> Iterator[Database]:
    """The loaded county, by the machine's clock, since a real server lives by it."""
    database = Database(demo_url)
    assert load.is_empty(database)
    load.load(database, PASSWORD, QUIET, days=DAYS)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def cells() -> list[DemoCell]:
    return read_cells()


def scalar(database: Database, statement: str) -> object:
    with database.transaction() as session:
        return session.scalar(sa.text(statement))


class TestLoaded:
    def test_it_is_the_demo_and_not_empty(self, county: Database) -> None:
        assert load.is_demo(county)
        assert not load.is_empty(county)

    def test_it_has_its_numbers(self, county: Database) -> None:
        with county.transaction() as session:
            force = tables(session)
        assert sum(officer.kind == "officer" for officer in force.officers) == 331
        assert sum(officer.kind == "auxiliary" for officer in force.officers) == 469
        assert len(force.ownership) == 2 * 266

    def test_it_is_loaded_once(self, county: Database) -> None:
        before = scalar(county, "SELECT count(*) FROM audit_entry")
        with pytest.raises(Conflict, match="isn't empty"):
            load.load(county, PASSWORD, QUIET, days=DAYS)
        assert scalar(county, "SELECT count(*) FROM audit_entry") == before

    @pytest.mark.parametrize(
        ("username", "role"),
        [
            ("admin", "admin"),
            ("gis", "gis_admin"),
            ("command", "command"),
            ("auditor", "auditor"),
            ("room-33082409", "command"),
            ("330824001", "officer"),
            ("330824331", "officer"),
        ],
    )
    def test_everybody_can_sign_in(self, county: Database, username: str, role: str) -> None:
        with county.transaction() as session:
            signed_in = signing_in.sign_in(session, username, PASSWORD, None)
            principal, _ = access.principal_by_token(session, signed_in.token)
        assert [grant.role for grant in principal.grants] == [role]

    def test_the_grid_is_in_force_and_says_that_it_is_illustrative(
        self, county: Database, cells: list[DemoCell]
    ) -> None:
        oldest = dt.datetime.now(dt.UTC) - dt.timedelta(days=DAYS + 1)
        middle = cells[100].shape.representative_point()
        with county.transaction() as session:
            version = grids.version_in_force(session, oldest)
            found = grids.locate(session, middle.x, middle.y, oldest)
            assert len(grids.neighbours(session)) == 6
        assert version.source["illustrative"] is True
        assert (found.cell_code, found.station_code) == (cells[100].code, cells[100].station)

    def test_its_tables_name_its_specialist_units_and_its_neighbours(
        self, county: Database
    ) -> None:
        with county.transaction() as session:
            at = county.clock.now()
            traffic = norms_tables.norms(
                norms_tables.book(session), at, "traffic", "33082401", "two_teams_one_room"
            )
            liaisons = norms_tables.rows(session, "liaison", at)
        assert (traffic.route.unit, traffic.route.unit_name) == (demo_norms.TRAFFIC, "交通警察大队")
        assert traffic.parameters.three_or_more_unit_name == "刑事侦查大队"
        assert len(liaisons) == 6
        assert {row.why for row in liaisons} == {"演示县"}

    def test_help_is_proposed_by_tiers(self, county: Database, cells: list[DemoCell]) -> None:
        middle = cells[100].shape.representative_point()
        with county.transaction() as session:
            actor = access.principal_of(
                session, accounts.account_by_username(session, "command").id
            )
            found = help.nearest(session, actor, (middle.x, middle.y))
        named = [*found.proposed, *found.passed_over]
        assert {near.unit.kind for near in named} == set(TIERS)
        assert all(near.unit.crewed and near.position is not None for near in named)

    @pytest.mark.parametrize("hours", [0, 7, 15, 24 * 20 + 3, 24 * 59])
    def test_somebody_can_sign_for_any_cell_at_any_hour(
        self, county: Database, cells: list[DemoCell], hours: int
    ) -> None:
        at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
        with county.transaction(SetClock(at)) as session:
            command = accounts.account_by_username(session, "command")
            actor = access.principal_of(session, command.id)
            for cell in cells[::10]:
                middle = cell.shape.representative_point()
                place = Place(middle.x, middle.y, "EPSG:4326", middle.x, middle.y, None)
                steps = dispatch.preview(session, actor, place, category="help").decision.steps
                kinds = [step.kind for step in steps]
                assert kinds[-3:] == ["station_room", "bureau_room", "bureau_room"]

    def test_a_new_password_goes_to_all_who_share_the_old(
        self, database_url: URL, database: Database
    ) -> None:
        shared = passwords.hash_password(PASSWORD)
        with database.transaction() as session:
            for username, password_hash in (
                ("command", shared),
                ("330824001", shared),
                ("own", passwords.hash_password("one-of-my-own")),
            ):
                accounts.add_account(
                    session,
                    None,
                    username=username,
                    display_name=username,
                    password_hash=password_hash,
                )
        demo_accounts.keep_password(database, PASSWORD)
        with database.transaction() as session:
            signing_in.sign_in(session, "330824001", PASSWORD, None)
        demo_accounts.keep_password(database, "another-password")
        assert scalar(database, "SELECT count(*) FROM login_session WHERE ended_at IS NULL") == 0
        with database.transaction() as session:
            signing_in.sign_in(session, "command", "another-password", None)
            signing_in.sign_in(session, "330824001", "another-password", None)
            signing_in.sign_in(session, "own", "one-of-my-own", None)


class TestPast:
    def test_all_of_it_has_ended(self, county: Database) -> None:
        assert scalar(county, "SELECT count(*) FROM task") > 0
        assert scalar(county, "SELECT count(*) FROM task WHERE ended_at IS NULL") == 0
        assert scalar(county, "SELECT count(*) FROM offer WHERE outcome IS NULL") == 0

    def test_most_of_what_was_handed_over_is_answered(self, county: Database) -> None:
        handed = scalar(county, "SELECT count(*) FROM hand_over")
        answered = scalar(county, "SELECT count(*) FROM hand_over WHERE answer IS NOT NULL")
        assert handed / 2 < answered <= handed

    def test_it_leaves_inboxes_empty(self, county: Database) -> None:
        unread = """
            SELECT count(*) FROM inbox_head h WHERE seq > COALESCE(
                (SELECT max(seq) FROM inbox_receipt r WHERE r.recipient = h.recipient), 0)
        """
        assert scalar(county, "SELECT count(*) FROM inbox_head") > 0
        assert scalar(county, unread) == 0

    def test_an_order_was_closed_and_another_is_running(self, county: Database) -> None:
        with county.transaction() as session:
            counting.take_receipts(session)
            counting.count_progress(session)
            actor = access.principal_of(
                session, accounts.account_by_username(session, "command").id
            )
            running, closed = orders.page(session, actor, is_open=False, limit=9)
        assert (running["state"], closed["state"]) == ("issued", "closed")
        for order in (running, closed):
            progress = order["progress"]
            assert 0 < progress["answered"] < progress["people"] == progress["received"]

    def test_it_is_real_rows_of_the_past(self, county: Database) -> None:
        first = scalar(county, "SELECT min(received_at) FROM incident")
        last = scalar(county, "SELECT max(at) FROM task_event")
        now = dt.datetime.now(dt.UTC)
        assert dt.timedelta(hours=12) < now - first < dt.timedelta(days=DAYS + 1)
        assert last < now
        tags = "SELECT count(DISTINCT tag) FROM audit_entry WHERE tag LIKE 'task:%'"
        assert scalar(county, tags) >= 5
        # Numbers follow each other in the order of time, as they do in real use.
        back = """
            SELECT count(*) FROM (
                SELECT at < lag(at) OVER (PARTITION BY recipient ORDER BY seq) AS back
                FROM inbox_message) AS m WHERE back
        """
        assert scalar(county, back) == 0


def test_an_interrupted_load_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(session: Session, *_: object) -> None:
        org.add_unit(session, None, code="330824", kind="bureau", name="开化县公安局")
        raise KeyboardInterrupt

    monkeypatch.setattr(load, "add_people", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load.load(database, PASSWORD, QUIET, days=0)
    assert load.is_empty(database)
    assert scalar(database, "SELECT count(*) FROM audit_entry") == 0


class TestCommandLine:
    def test_load_refuses_a_database_given_by_url(
        self, database_url: URL, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = database_url.render_as_string(hide_password=False)
        monkeypatch.setenv("GRIDSERVER_DATABASE_URL", url)
        refusal = CliRunner().invoke(main, ["demo", "load"])
        assert refusal.exit_code == 1
        assert "GRIDSERVER_DATABASE_URL" in refusal.stderr
        assert len(refusal.stderr.splitlines()) == 1
        assert load.is_empty(database)

    def test_the_password_is_made_once_and_kept_from_others(self, tmp_path: Path) -> None:
        settings = from_environment({"GRIDSERVER_VAR": str(tmp_path / "var")})
        password = demo_accounts.password(settings)
        assert len(password) >= passwords.LEAST
        assert demo_accounts.password(settings) == password
        assert (tmp_path / "var" / "demo-password").stat().st_mode & 0o777 == 0o600

    def test_the_environments_password_goes_first(self, tmp_path: Path) -> None:
        environ = {"GRIDSERVER_VAR": str(tmp_path), "GRIDSERVER_DEMO_PASSWORD": PASSWORD}
        assert demo_accounts.password(from_environment(environ)) == PASSWORD

    def test_play_says_that_nothing_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GRIDSERVER_DEMO_PASSWORD", PASSWORD)
        refusal = CliRunner().invoke(
            main, ["demo", "play", "--url", f"http://127.0.0.1:{free_port()}"]
        )
        assert refusal.exit_code == 1
        assert "gridserver serve" in refusal.stderr
        assert len(refusal.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def served(
    county: Database, demo_url: URL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    process = WebProcess(demo_url, tmp_path_factory.mktemp("served"))
    yield process.url
    process.stop()


class TestPlay:
    def test_an_incident_is_played_to_its_end(
        self, served: str, county: Database, cells: list[DemoCell]
    ) -> None:
        said: list[str] = []

        def say(line: str) -> None:
            said.append(line)
            if line.endswith(" close"):
                play.stop()

        play = Play(
            lambda username: Account(served, username, PASSWORD),
            cells,
            speed=3600,
            rng=Random(7),
            say=say,
        )
        play.run(seconds=60)
        closed = [line for line in said if line.endswith(" close")]
        assert closed, said
        patrolled = "SELECT count(*) FROM officer_position WHERE received_at > at"
        assert scalar(county, patrolled) >= len(UNITS)
        number = closed[0].split()[0]
        verbs = [line.split()[-1] for line in said if line.startswith(f"{number} ")][1:]
        assert verbs == ["sign", "depart", "arrive", "report", "close"]
        closed_tasks = """
            SELECT count(*) FROM task JOIN incident ON incident.id = incident_id
            WHERE external_id LIKE 'play-%' AND state = 'closed'
        """
        assert scalar(county, closed_tasks) >= 1
        assert (
            scalar(
                county,
                "SELECT count(*) FROM login_session WHERE ended_at IS NULL AND "
                "device = 'demo play'",
            )
            == 0
        )

    def test_ctrl_c_ends_it_well(self, served: str) -> None:
        process = subprocess.Popen(
            [GRIDSERVER, "demo", "play", "--url", served, "--speed", "600"],
            env=os.environ | {"GRIDSERVER_DEMO_PASSWORD": PASSWORD},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert "→" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
        assert process.returncode == 0, rest
        assert "Traceback" not in rest
