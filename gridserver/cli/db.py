"""`gridserver db`: migrations."""

from __future__ import annotations

import click

from gridserver import schema
from gridserver.base.errors import Conflict
from gridserver.cli.context import database, emit, json_option, owned_database


@click.group()
def db() -> None:
    """Migrations."""


@db.command()
@json_option
def upgrade(as_json: bool) -> None:
    """Bring the schema to the newest revision."""
    with owned_database() as (db, role):
        schema.upgrade(db.engine, role)
        present, _ = schema.revisions(db.engine)
    emit({"revision": present}, as_json, f"The schema is at {present}.")


@db.command()
@json_option
def status(as_json: bool) -> None:
    """Show the schema's revision and the newest one; exit 1 where they differ."""
    with database() as db:
        present, newest = schema.revisions(db.engine)
    emit(
        {"revision": present, "newest": newest},
        as_json,
        f"The schema is at {present or 'nothing'}; the newest is {newest}.",
    )
    if present != newest:
        raise Conflict("database.old_schema", "Run `gridserver db upgrade`.")
