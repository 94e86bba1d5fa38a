"""Two who change the grid at the same moment: one waits for the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from gis import testing
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.errors import Conflict
from gridserver.grids import queries, service
from tests.conftest import MORNING
from tests.county import County
from tests.grids import put_draft
from tests.waiting import until


@pytest.fixture
def drafts(database: Database, county: County) -> None:
    for name in ("v2", "v3"):
        put_draft(database, name, testing.grid())


def in_its_own_transaction(database: Database, statement: str) -> None:
    with database.transaction() as session:
        session.execute(sa.text(statement))


def publish(database: Database, name: str) -> None:
    with database.transaction() as session:
        service.publish(session, None, name)


def meanwhile(database: Database, first: str, second: Callable[[], None]) -> Future[None]:
    """Start `second` while the publication of `first` is done but not committed; it must wait."""
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            service.publish(session, None, first)
            future = pool.submit(second)
            until(lambda: waiting(database))
        assert future.exception(timeout=30) or future.done()
    return future


def waiting(database: Database) -> bool:
    with database.transaction() as session:
        blocked = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
        return bool(session.scalar(sa.text(blocked)))


def states(database: Database) -> dict[str, str]:
    with database.transaction() as session:
        return {card.name: card.state for card in queries.versions(session)}


def test_two_publications_follow_each_other(
    database: Database, drafts: None, clock: SetClock
) -> None:
    future = meanwhile(database, "v2", lambda: publish(database, "v3"))
    assert future.exception() is None
    assert states(database) == {"v1": "retired", "v2": "retired", "v3": "published"}
    with database.transaction() as session:
        assert queries.version_in_force(session, MORNING).name == "v3"


def test_one_version_is_published_once(database: Database, drafts: None) -> None:
    error = meanwhile(database, "v2", lambda: publish(database, "v2")).exception()
    assert isinstance(error, Conflict)
    assert error.code == "grid.wrong_state"
    assert states(database)["v2"] == "published"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cell SET code = '' WHERE code = 'r00c00'",
        "DELETE FROM cell WHERE code = 'r00c00'",
        "INSERT INTO cell (version_id, code, name, geom) "
        "SELECT version_id, 'late', '', geom FROM cell WHERE code = 'r00c00'",
    ],
)
def test_no_cell_changes_between_the_check_and_the_commit(
    database: Database, drafts: None, statement: str
) -> None:
    """What takes force is what was checked: a change that comes meanwhile waits, and is refused."""
    late = meanwhile(database, "v2", lambda: in_its_own_transaction(database, statement))
    assert isinstance(late.exception(), sa.exc.IntegrityError)
    with database.transaction() as session:
        found = queries.cells(session, queries.version(session, "v2").id)
    testing.assert_same_ground(found, testing.grid())
