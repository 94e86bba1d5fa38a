"""What every command needs: the database, and output for people or for machines."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from sqlalchemy.engine import make_url

from gridserver import schema
from gridserver.base import settings as base_settings
from gridserver.base.db import Database
from gridserver.base.errors import Unavailable
from gridserver.base.settings import Settings
from gridserver.base.texts import DEFAULT_LANGUAGE
from gridserver.embedded import Cluster
from gridserver.grids import texts

#: For people; a machine's document is the only thing on stdout.
#: No emoji: a fingerprint may hold `:AB:`, and so may what an officer wrote.
console = Console(stderr=True, emoji=False)

json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
)


def settings() -> Settings:
    """Return the settings of the environment."""
    return base_settings.from_environment(os.environ)


def language() -> str:
    """Return what to say of a grid's faults and refusals in: English, unless LC_ALL is Chinese."""
    return DEFAULT_LANGUAGE if os.environ.get("LC_ALL", "").startswith("zh") else texts.ENGLISH


@dataclass(frozen=True)
class Urls:
    """The database as the application's role, and as the one that owns its tables; one and the same
    where the installation has one role."""

    application: str
    owner: str

    @property
    def role(self) -> str | None:
        """The application's role, where the owner has to give it its rights."""
        role = make_url(self.application).username
        return None if role == make_url(self.owner).username else role


@contextmanager
def database_urls(settings: Settings) -> Iterator[Urls]:
    """Give the URLs of the database, with the private cluster running where it is that one."""
    if settings.database_url:
        yield Urls(settings.database_url, settings.database_owner_url or settings.database_url)
        return
    cluster = Cluster(settings.var)
    with cluster.running() as url:
        yield Urls(
            cluster.application_url.render_as_string(hide_password=False),
            url.render_as_string(hide_password=False),
        )


@contextmanager
def database() -> Iterator[Database]:
    """Give the installation's database."""
    chosen = settings()
    with database_urls(chosen) as urls, _opened(urls.application, chosen) as database:
        yield database


@contextmanager
def owned_database() -> Iterator[tuple[Database, str | None]]:
    """Give the installation's database as its owner, and the application's role where that is
    another: for what migrates, clears and fills."""
    chosen = settings()
    with database_urls(chosen) as urls, _opened(urls.owner, chosen) as database:
        yield database, urls.role


@contextmanager
def _opened(url: str, chosen: Settings) -> Iterator[Database]:
    database = Database(url, zone=chosen.timezone)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def migrated_database() -> Iterator[Database]:
    """Give the installation's database once its schema is the newest.

    Raises `Unavailable` with the remedy where it isn't.
    """
    with database() as db:
        schema.require_newest(db.engine)
        yield db


def emit(document: Any, as_json: bool, text: str | Callable[[], None]) -> None:
    """Print `document` as JSON on stdout, or `text` (a string, or what prints it) for people."""
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, default=str))
    elif callable(text):
        text()
    else:
        click.echo(text)


def counted(number: int, thing: str) -> str:
    """Return so many things in words: ``1 fault``, ``2 faults``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def write_json(out: Path, document: dict[str, Any]) -> None:
    """Write `document` to a file. Raises `Unavailable` where that can't be."""
    try:
        out.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise Unavailable("file.not_writable", f"{out} can't be written: {error}.") from error
