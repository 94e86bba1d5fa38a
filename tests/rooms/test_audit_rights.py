"""The application's role: all that the server needs, and of the ledger nothing but adding to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import psycopg2
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver import schema
from gridserver.audit import rights, sealing, service
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.embedded import Cluster
from gridserver.force import position_days
from tests.county import commit_county

LEDGER = rights.LEDGER


@pytest.fixture
def app(database_url: URL, cluster: Cluster, clock: SetClock) -> Iterator[Database]:
    """The test's database as the application connects to it."""
    owner = sa.create_engine(database_url)
    schema.upgrade(owner, cluster.application_url.username)
    owner.dispose()
    database = Database(cluster.application_url.set(database=database_url.database), clock)
    yield database
    database.dispose()


def may(database: Database, table: str) -> set[str]:
    with database.engine.connect() as connection:
        return {
            right
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER")
            if connection.scalar(
                sa.text("SELECT has_table_privilege(:table, :right)"),
                {"table": table, "right": right},
            )
        }


def test_every_table_is_the_applications_but_for_the_ledger(app: Database) -> None:
    for table in schema.metadata.tables:
        expected = {"SELECT", "INSERT"}
        if table not in LEDGER:
            expected |= {"UPDATE", "DELETE"}
        assert may(app, table) == expected, table


FORBIDDEN = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP TRIGGER {table}_append_only ON {table}",
    "DROP TABLE {table}",
    "CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql "
    "AS 'BEGIN RETURN NULL; END'",
    "SET ROLE gridserver",
    "SET gridserver.audit_purge = 'on'; DELETE FROM {table}",
)


def test_what_the_application_may_not_do(app: Database) -> None:
    columns = {"audit_entry": "tag", "audit_leaf": "seal", "audit_seal": "rows"}
    for table, column in columns.items():
        for statement in FORBIDDEN:
            words = statement.format(table=table, column=column)
            with (
                app.engine.connect() as connection,
                pytest.raises(sa.exc.ProgrammingError) as refusal,
            ):
                connection.execute(sa.text(words))
            assert isinstance(refusal.value.orig, psycopg2.errors.InsufficientPrivilege), words


def test_the_server_works_with_no_more(app: Database, clock: SetClock) -> None:
    commit_county(app)
    with app.transaction() as session:
        position_days.ensure(session)
    clock.advance(dt.timedelta(days=60))
    with app.transaction() as session:
        assert position_days.drop_old(session, 100) > 0
        service.record(session, None, "task:sign", subject_kind="task", subject_id=1)
    with app.transaction() as session:
        assert sealing.Sealer().seal(session) is not None
    with app.transaction() as session:
        assert rights.lacking(session) == []


def test_one_role_for_both_is_told(database: Database) -> None:
    with database.transaction() as session:
        said = rights.lacking(session)
    assert said[0] == "this role owns the schema: it can drop the ledger."
    assert "this role may UPDATE, DELETE, TRUNCATE, ALTER audit_entry." in said


def test_a_guard_that_is_off_is_told(app: Database, cluster: Cluster) -> None:
    url = cluster.superuser_url.set(database=app.url.database)
    hand = sa.create_engine(url, poolclass=sa.NullPool)
    with hand.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit_leaf DISABLE TRIGGER audit_leaf_append_only"))
    with app.transaction() as session:
        assert rights.lacking(session) == ["the trigger that guards audit_leaf is off or gone."]
    with Database(url).transaction() as session:
        assert "superuser" in rights.lacking(session)[0]


@pytest.mark.parametrize("other", ["postgres", "gridserver"])
def test_its_password_opens_no_other_role(cluster: Cluster, other: str) -> None:
    url = cluster.application_url
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        psycopg2.connect(
            host=url.query["host"], user=other, password=url.password, dbname="gridserver"
        )


def test_before_the_owner_granted_anything_it_is_told_to_upgrade(
    database_url: URL, cluster: Cluster
) -> None:
    url = cluster.application_url.set(database=database_url.database)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    assert schema.revisions(engine)[0] is None
