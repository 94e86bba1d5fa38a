"""Changes of the tables' rows: read, and held against the rows that there would be. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gridserver.base.errors import Conflict, Invalid, NotFound
from gridserver.dispatch.tables import book as books
from gridserver.dispatch.tables.book import BUREAU, Book, Key
from gridserver.dispatch.tables.columns import (
    PARAMETERS,
    TABLES,
    Column,
    Table,
    read,
    require_known,
)
from gridserver.incidents.categories import BROAD_CLASSES, LEVELS

#: Rows in one request; a national code table has fewer.
MOST = 5000


@dataclass(frozen=True)
class Change:
    """What a key of a table is to say; `values` None: nothing any more."""

    table: str
    key: Mapping[str, Any]
    values: Mapping[str, Any] | None

    @property
    def entry(self) -> tuple[str, Key, Mapping[str, Any] | None]:
        """The change as `Book.changed` takes it."""
        return self.table, tuple(self.key.values()), self.values


def table_called(name: str) -> Table:
    """Return a table. Raises `NotFound` (``norms.unknown_table``)."""
    if name not in TABLES:
        known = ", ".join(TABLES)
        raise NotFound(
            "norms.unknown_table", f"There is no table {name!r}: {known}.", field="table"
        )
    return TABLES[name]


def read_key(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return some columns of a key as they are stored. Raises `Invalid` as `columns.read`."""
    return _columns([column for column in table.key if column.name in given], given)


def columns_of(table: Table, key: Mapping[str, Any]) -> tuple[Column, ...]:
    """Return the columns of the values of a key: a parameter's depends on its name."""
    if table.name == "parameter" and key["name"] in PARAMETERS:
        return (replace(PARAMETERS[key["name"]], name="value"),)
    return table.values


def read_changes(given: Sequence[Change], book: Book, at: dt.datetime) -> list[Change]:
    """Return changes as they are stored, once all of them together make sense at `at`.

    Raises
    ------
    NotFound
        ``norms.unknown_table``.
    Invalid
        Names the column: as `columns.read` and `columns.require_known`; ``input.unknown_field``,
        ``norms.unit``, ``norms.agency``, ``norms.hours``, ``norms.too_many``,
        ``category.no_parent``, ``category.too_deep``, ``category.broad_class``.
    Conflict
        ``norms.needed``: a row that others fall back on can't be taken away.
    """
    if not 1 <= len(given) <= MOST:
        raise Invalid("norms.too_many", f"changes: give 1 to {MOST} of them.", field="changes")
    changes = [_read(change) for change in given]
    after = book.changed(change.entry for change in changes)
    for change in changes:
        _require_known(change, after, at)
    tables = {change.table for change in changes}
    if "category" in tables:
        _check_categories(after, at)
    if "parameter" in tables:
        hours = books.parameters(after, at)
        if hours.day_from >= hours.day_to:
            raise Invalid("norms.hours", "day_from: a day begins before it ends.", field="day_from")
    return changes


def _read(change: Change) -> Change:
    table = table_called(change.table)
    key = _columns(table.key, change.key)
    if change.values is None:
        if _is_needed(table.name, key):
            raise Conflict(
                "norms.needed",
                f"{table.name}: the others fall back on this row. Change it instead.",
                field="values",
            )
        return Change(table.name, key, None)
    values = _columns(columns_of(table, key), change.values)
    if table.name == "route":
        _check_route(values)
    return Change(table.name, key, values)


def _columns(columns: Iterable[Column], given: Mapping[str, Any]) -> dict[str, Any]:
    known = {column.name: column for column in columns}
    if unknown := sorted(set(given) - set(known)):
        raise Invalid(
            "input.unknown_field",
            f"There is no column {unknown[0]!r}; there are {', '.join(known)}.",
            field=unknown[0],
        )
    return {name: read(column, given.get(name)) for name, column in known.items()}


def _require_known(change: Change, after: Book, at: dt.datetime) -> None:
    table = TABLES[change.table]
    said = {**change.key, **(change.values or {})}
    if change.values is not None:  # what is taken away may name what is gone
        for column in (*table.key, *columns_of(table, change.key)):
            require_known(column, said[column.name], after, at)


def _is_needed(table: str, key: Mapping[str, Any]) -> bool:
    if table == "category":
        return key["code"] in BROAD_CLASSES
    if table == "route":
        return key["scope"] == BUREAU and key["category"] in BROAD_CLASSES
    if table == "response_target":  # no decision needs one
        return False
    return table == "parameter" or key.get("scope") == BUREAU


def _check_route(values: Mapping[str, Any]) -> None:
    kind, unit = values["kind"], values["unit"]
    if (kind == "hand_over") != (values["agency"] is not None):
        raise Invalid(
            "norms.agency",
            "agency: name whom it is handed over to, and nobody for what isn't handed over.",
            field="agency",
        )
    if unit is None and kind == "specialist":
        raise Invalid("norms.unit", "unit: name the specialist unit.", field="unit")
    if unit is not None and kind not in ("case", "traffic", "specialist"):
        raise Invalid("norms.unit", f"unit: a route {kind} names no unit.", field="unit")


def _check_categories(book: Book, at: dt.datetime) -> None:
    """Refuse a table of categories that is no tree of the levels and classes there are."""
    for (code,) in book.entries["category"]:
        found = book.find("category", (code,), at)
        if found is None or found.values["parent"] is None:
            continue
        above = found.values["parent"]
        parent = book.find("category", (above,), at)
        if parent is None:
            raise Invalid(
                "category.no_parent",
                f"parent: there is no category {above!r} for {code} to stand below.",
                field="parent",
            )
        if parent.values["broad_class"] != found.values["broad_class"]:
            raise Invalid(
                "category.broad_class",
                f"broad_class: {code} and {above} above it are of different classes.",
                field="broad_class",
            )
        if _levels(book, code, at) > LEVELS:
            raise Invalid(
                "category.too_deep",
                f"parent: {code} stands below more than {LEVELS} levels, or below itself.",
                field="parent",
            )


def _levels(book: Book, code: str, at: dt.datetime) -> int:
    """Return the levels from the top category down to `code`; one too many for a circle."""
    levels = 0
    above: str | None = code
    while above is not None and above not in BROAD_CLASSES and levels <= LEVELS:
        levels += 1
        meaning = book.category(above, at)
        above = meaning["parent"] if meaning else None
    return levels
