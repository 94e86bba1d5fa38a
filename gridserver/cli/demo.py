"""`gridserver demo`: the demo county, and made-up callers and officers who act in it."""

from __future__ import annotations

from random import Random

import click

from gridserver import schema
from gridserver.base.errors import Conflict
from gridserver.cli import context
from gridserver.demo import accounts, rosters
from gridserver.demo import load as demo_load
from gridserver.demo.clients import Account
from gridserver.demo.county import read_cells
from gridserver.demo.play import Play


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
    with context.owned_database() as (database, role):
        schema.upgrade(database.engine, role)
        password = accounts.password(settings)
        demo_load.load(database, password, context.console, days=days)
    context.emit(
        {"password": password},
        as_json,
        f"The demo county is loaded. The password of its accounts: {password}",
    )


@demo.command()
@click.option(
    "--speed",
    type=click.FloatRange(0, 3600, min_open=True),
    default=60.0,
    show_default=True,
    help="How much faster than life: at 60 an hour takes a minute.",
)
@click.option("--url", help="Where the demo county is served; default: as `gridserver serve` does.")
@click.option(
    "--for", "seconds", type=click.FloatRange(0, min_open=True), help="Seconds; default: no end."
)
def play(speed: float, url: str | None, seconds: float | None) -> None:
    """Have made-up callers and officers act through the API and the socket. Ctrl-C ends it."""
    settings = context.settings()
    password = accounts.password(settings)
    address = (url or f"http://{settings.host}:{settings.port}").rstrip("/")
    played = Play(
        lambda username: Account(address, username, password),
        read_cells(),
        speed=speed,
        rng=Random(),  # noqa: S311 (made-up calls, no secret)
        say=lambda line: context.console.print(line, markup=False),
    )
    try:
        played.run(seconds)
    except KeyboardInterrupt:
        context.console.print("The play has ended.")
