"""The migrations make what the models say, and can be undone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver import schema
from gridserver.base.errors import Unavailable


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
