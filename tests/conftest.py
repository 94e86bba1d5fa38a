"""Shared fixtures: one throwaway PostGIS for the run, a database per test that commits.

`session` is for rooms: one transaction, rolled back at the end. `database` is for flows and
processes: a fresh copy of the migrated template, dropped at the end.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from gridserver import schema
from gridserver.base.clock import SetClock
from gridserver.base.db import Database, run_before_commit
from gridserver.base.settings import DEFAULT_TIMEZONE
from gridserver.embedded import Cluster
from tests import reads
from tests.county import County, make_county
from tests.folders import reachable_folder

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# Property tests aren't timed: what they take depends on what else the machine does.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

#: A working Tuesday morning in Kaihua.
MORNING = dt.datetime.fromisoformat("2026-03-10T09:30:00+08:00")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a browser test that failed once more, and say so: docs/decisions/0019."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.flaky(reruns=1))
            # Which may begin with a county that is loaded and served.
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real grids and incidents, which a checkout alone does not have."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs ../shared/data, which is not beside this checkout")
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def ledger_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the seals that the tests' workers write out of the checkout's own file."""
    folder = tmp_path_factory.mktemp("ledger")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDSERVER_AUDIT_ROOTS", str(folder / "roots.jsonl"))
        patch.setenv("GRIDSERVER_AUDIT_KEY", str(folder / "key.pem"))
        yield


@pytest.fixture(scope="session", autouse=True)
def each_look_is_written_down() -> Iterator[None]:
    """Hold every test to it: each reading of a bulletin's contents has its row in the ledger."""
    with reads.watched():
        yield
    assert reads.found == []


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with reachable_folder() as folder:
        cluster = Cluster(folder, throwaway=True)
        with cluster.running():
            yield cluster


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> URL:
    """The migrated, empty database that the others are copied from."""
    engine = sa.create_engine(cluster.url)
    schema.upgrade(engine)
    engine.dispose()
    return cluster.url


@pytest.fixture(scope="session")
def superuser(cluster: Cluster) -> Iterator[sa.Engine]:
    engine = sa.create_engine(cluster.superuser_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@contextmanager
def copied(template: URL, superuser: sa.Engine) -> Iterator[URL]:
    """Give a fresh copy of the template, and drop it at the end."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with superuser.connect() as connection:
        connection.execute(
            sa.text(f"CREATE DATABASE {name} TEMPLATE {template.database} OWNER gridserver")
        )
    try:
        yield template.set(database=name)
    finally:
        with superuser.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def database_url(template: URL, superuser: sa.Engine) -> Iterator[URL]:
    with copied(template, superuser) as url:
        yield url


@pytest.fixture
def clock() -> SetClock:
    return SetClock(MORNING)


@pytest.fixture
def database(database_url: URL, clock: SetClock) -> Iterator[Database]:
    """A database of the test's own, whose transactions carry `clock`."""
    database = Database(database_url, clock)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def shared_engine(template: URL) -> Iterator[sa.Engine]:
    # No pool: a connection left open would keep the template from being copied.
    engine = Database(template, poolclass=sa.NullPool).engine
    yield engine
    engine.dispose()


@pytest.fixture
def session(shared_engine: sa.Engine, clock: SetClock) -> Iterator[Session]:
    """A session in a transaction that is rolled back. Services never commit, so nothing stays.

    The before-commit hooks of what the test did run at the end, so that a test can't pass with a
    queue that could not be written.
    """
    with shared_engine.connect() as connection, connection.begin() as outer:
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            session.info["clock"] = clock
            session.info["zone"] = ZoneInfo(DEFAULT_TIMEZONE)
            yield session
            if session.is_active:
                run_before_commit(session)
        outer.rollback()


@pytest.fixture
def county(session: Session) -> County:
    """The sample county, in `session`."""
    return make_county(session)
