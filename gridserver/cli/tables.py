"""`gridserver dispatch tables`: the bureau's tables, shown and changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table

from gridserver.base.clock import now
from gridserver.cli import context
from gridserver.cli.options import moment_option
from gridserver.dispatch.tables import queries, service
from gridserver.dispatch.tables.changes import Change, columns_of, table_called
from gridserver.dispatch.tables.columns import TABLES, Column, from_text
from gridserver.dispatch.tables.queries import TableRow


@click.group()
def tables() -> None:
    """Categories, routes, ladders, limits and other numbers of the bureau."""


@tables.command()
@click.argument("table", required=False)
@moment_option("--at", "at", "Rows that hold then or later; default: now.")
@context.json_option
def show(table: str | None, at: dt.datetime | None, as_json: bool) -> None:
    """Show the rows of TABLE that hold and those that are planned; without TABLE, the tables."""
    if table is None:
        names = {each.name: [column.name for column in each.key] for each in TABLES.values()}
        context.emit(names, as_json, "\n".join(names))
        return
    with context.migrated_database() as database, database.transaction() as session:
        found = queries.rows(session, table, at or now(session))
    context.emit([vars(row) for row in found], as_json, lambda: _print(found))


@tables.command("set")
@click.argument("table")
@click.argument("pairs", nargs=-1, required=True, metavar="COLUMN=VALUE…")
@click.option("--why", required=True, metavar="WHY", help="Kept with the row.")
@moment_option("--from", "since", "Now or later; default: now.")
@click.option("--remove", is_flag=True, help="Take the row of this key away.")
@context.json_option
def set_(
    table: str,
    pairs: Sequence[str],
    why: str,
    since: dt.datetime | None,
    remove: bool,
    as_json: bool,
) -> None:
    """Have a row of TABLE say something else from a moment on.

    The columns of its key choose the row. Several values are separated by commas; an empty one
    says nothing:

    gridserver dispatch tables set sign_limit scope=bureau priority=1 seconds=90 --why trial
    """
    change = _change(table, dict(_pair(said) for said in pairs), remove)
    with context.migrated_database() as database, database.transaction() as session:
        made = service.change(session, None, [change], why=why, since=since)
    context.emit({"changed": len(made)}, as_json, "Changed." if made else "It said so already.")


def _pair(said: str) -> tuple[str, str]:
    name, separator, value = said.partition("=")
    if not separator:
        raise click.BadParameter(f"{said!r} is no COLUMN=VALUE.")
    return name, value


def _change(name: str, said: dict[str, str], remove: bool) -> Change:
    table = table_called(name)
    key = {column.name: said.pop(column.name, None) for column in table.key}
    columns = {column.name: column for column in columns_of(table, key)}
    values = {each: _typed(columns.get(each), text) for each, text in said.items()}
    return Change(
        name,
        {column.name: from_text(column, key[column.name]) for column in table.key},
        None if remove else values,
    )


def _typed(column: Column | None, text: str) -> Any:
    return text if column is None else from_text(column, text)


def _print(found: Sequence[TableRow]) -> None:
    if not found:
        return
    zone = context.settings().timezone
    shown = Table(*found[0].key, *found[0].values, "from", "to", "by", "why")
    for row in found:
        said = [_say(value) for value in (*row.key.values(), *row.values.values())]
        span = [_moment(row.valid_from, zone), _moment(row.valid_to, zone)]
        shown.add_row(*said, *span, row.by.username if row.by else "", row.why or "")
    context.console.print(shown)


def _say(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


def _moment(at: dt.datetime | None, zone: dt.tzinfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(" ", "minutes")
