"""The migrations make what the models say, and can be undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import URL

from gridserver import schema
from gridserver.base.db import Database
from gridserver.base.errors import Unavailable
from gridserver.base.settings import ROOT
from gridserver.dispatch.models import Decision
from tests.conftest import MORNING
from tests.county import commit_county
from tests.rooms.dispatching import take


def test_models_and_migrations_agree(database_url: URL) -> None:
    engine = sa.create_engine(database_url)
    schema.check(engine)
    present, newest = schema.revisions(engine)
    assert present == newest
    engine.dispose()


def test_upgrade_twice_changes_nothing(database_url: URL) -> None:
    engine = sa.create_engine(database_url)
    schema.upgrade(engine)
    schema.check(engine)
    engine.dispose()


def test_unreachable_database_is_one_clear_line() -> None:
    engine = sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:9/none")
    with pytest.raises(Unavailable) as refusal:
        schema.upgrade(engine)
    assert refusal.value.code == "database.unreachable"
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
        "UPDATE {table} SET at = now()",
    ],
)
@pytest.mark.parametrize("table", ["audit_entry", "decision", "task_event"])
def test_records_are_only_ever_added(session, table: str, statement: str) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="only ever added"), session.begin_nested():
        session.execute(sa.text(statement.format(table=table)))


def test_decisions_come_along_both_ways(database: Database) -> None:
    """Down to where there was one decision an incident and no route, and up again."""
    county = commit_county(database)
    with database.transaction() as session:
        incident = take(session, county).incident.id
        again = {column.key: column for column in sa.inspect(Decision).columns}
        again["revision"] = sa.literal(2)
        again["rules_version"] = sa.literal(1)
        session.execute(sa.insert(Decision).from_select(list(again), sa.select(*again.values())))
    migrate(database, command.downgrade, "0010")
    with database.engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT rules_version FROM decision")).scalars().all()
    assert kept == [1], "the last one counts"
    migrate(database, command.upgrade, "head")
    with database.transaction() as session:
        found = session.scalars(sa.select(Decision)).one()
        assert (found.incident_id, found.revision, found.at) == (incident, 1, MORNING)
        assert (found.route, found.hours, found.notes) == ("community", "day", [])


def migrate(database: Database, verb: Callable[..., None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        verb(config, revision)
        connection.commit()
