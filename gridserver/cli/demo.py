"""`gridserver demo`: the demo county, and made-up callers and officers who act in it."""

from __future__ import annotations

import click

from gridserver import schema
from gridserver.base.errors import Conflict
from gridserver.cli import context
from gridserver.demo import accounts, rosters
from gridserver.demo import load as demo_load


@click.group()
def demo() -> None:
    """The demo county Kaihua (illustrative cells)."""


@demo.command()
@click.option(
    "--days",
    type=click.IntRange(0, rosters.DAYS_BEFORE),
    default=demo_load.DAYS,
    show_default=True,
    help="Days of past incidents.",
)
@context.json_option
def load(days: int, as_json: bool) -> None:
    """Load the demo county into the empty private database."""
    settings = context.settings()
    if settings.database_url:
        raise Conflict(
            "demo.foreign_database",
            "The demo county goes only into the private database: unset GRIDSERVER_DATABASE_URL.",
        )
    with context.database() as database:
        schema.upgrade(database.engine)
        password = accounts.password(settings)
        demo_load.load(database, password, context.console, days=days)
    context.emit(
        {"password": password},
        as_json,
        f"The demo county is loaded. The password of its accounts: {password}",
    )
