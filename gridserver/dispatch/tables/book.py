"""All rows of the tables in memory, and the norms that they make: pure.

A route, a ladder or a limit is looked for in the station's own rows, then in those of its mode,
then in the bureau's; a route also from the category itself up to its broad class, and the nearest
category that has a row anywhere decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from gridserver.dispatch.norms import (
    HOURS,
    NORMAL,
    Ladder,
    Mode,
    Norms,
    Parameters,
    Route,
    RouteKind,
    Scope,
)
from gridserver.incidents.categories import LEVELS

#: Whose row it is: the bureau's; that of a mode, by its code; or a station's, by its code.
BUREAU = "bureau"

Key = tuple[Any, ...]
#: Whose rows, and under which name.
_Scopes = tuple[tuple[Scope, str], ...]

_PRIORITIES = (1, 2, 3, 4)
_PARAMETERS = tuple(
    each.name for each in fields(Parameters) if each.name != "three_or_more_unit_name"
)


@dataclass(frozen=True)
class Entry:
    """The values of a key from `since` until `until` (None: from ever, for ever)."""

    since: dt.datetime | None
    until: dt.datetime | None
    values: Mapping[str, Any]

    def holds(self, at: dt.datetime) -> bool:
        """Say whether it holds at `at`."""
        begun = self.since is None or self.since <= at
        return begun and (self.until is None or at < self.until)


@dataclass(frozen=True)
class UnitName:
    """A unit that rows may name."""

    name: str
    kind: str


@dataclass(frozen=True, eq=False)
class Book:
    """The rows of each table by key, each key's in order, and the units by code. One state of the
    tables: no two are equal."""

    entries: Mapping[str, Mapping[Key, tuple[Entry, ...]]]
    units: Mapping[str, UnitName] = field(default_factory=dict)

    def find(self, table: str, key: Key, at: dt.datetime) -> Entry | None:
        """Return what holds for a key at `at`, or None."""
        rows = self.entries[table].get(key, ())
        return next((entry for entry in rows if entry.holds(at)), None)

    def category(self, code: str, at: dt.datetime) -> Mapping[str, Any] | None:
        """Return what a category means at `at`; where it holds no longer, or not yet, what it last
        meant; None for a code that never was one."""
        rows = self.entries["category"].get((code,), ())
        found = self.find("category", (code,), at) or (rows[-1] if rows else None)
        return None if found is None else found.values

    def lineage(self, code: str, at: dt.datetime) -> Iterator[str]:
        """Yield a category and those above it, at last the broad class; nothing for what never was
        a category."""
        meaning = self.category(code, at)
        if meaning is None:
            return
        broad_class, above = meaning["broad_class"], code
        for _ in range(LEVELS):
            if meaning is None or above == broad_class:
                break
            yield above
            above = meaning["parent"] or broad_class
            meaning = self.category(above, at)
        yield broad_class

    def parameter(self, name: str, at: dt.datetime) -> Any:
        """Return a parameter's value at `at`."""
        found = self.find("parameter", (name,), at)
        if found is None:
            raise _no_row("parameter", name)
        return found.values["value"]

    def unit_name(self, code: str | None) -> str | None:
        """Return what a unit is called; None for none."""
        return self.units[code].name if code is not None and code in self.units else None

    def changed(self, changes: Iterable[tuple[str, Key, Mapping[str, Any] | None]]) -> Book:
        """Return the book as if each of these keys of a table always had said these values; with
        None, as if it never had said anything."""
        entries = {table: dict(keys) for table, keys in self.entries.items()}
        for table, key, values in changes:
            entries[table].pop(key, None)
            if values is not None:
                entries[table][key] = (Entry(None, None, values),)
        return Book(entries, self.units)

    @cached_property
    def bureau(self) -> str | None:
        """The bureau's code; None in an empty installation."""
        return next((code for code, unit in self.units.items() if unit.kind == "bureau"), None)


def norms(
    book: Book, at: dt.datetime, category: str, station: str | None, mode: str | None
) -> Norms | None:
    """Return what is laid down for a category and a station, of some mode, at `at`.

    None where there is no such category.
    """
    values = book.category(category, at)
    if values is None:
        return None
    scopes = _scopes(station, mode)
    route = _route(book, at, category, scopes)
    kinds: tuple[RouteKind, ...] = (route.kind, "specialist", "community")
    return Norms(
        category=category,
        broad_class=values["broad_class"],
        priority=values["priority"],
        route=route,
        ladders={
            (kind, hours): _ladder(book, at, scopes, kind, hours)
            for kind in kinds
            for hours in HOURS
        },
        sign_limits_s={
            p: _scoped(book, at, "sign_limit", scopes, p)["seconds"] for p in _PRIORITIES
        },
        parameters=parameters(book, at),
        mode=mode_of(book, at, station),
    )


def parameters(book: Book, at: dt.datetime) -> Parameters:
    """Return the bureau's numbers at `at`."""
    values = {name: book.parameter(name, at) for name in _PARAMETERS}
    hours = {name: dt.time.fromisoformat(values[name]) for name in ("day_from", "day_to")}
    unit_name = book.unit_name(values["three_or_more_unit"])
    return Parameters(**{**values, **hours}, three_or_more_unit_name=unit_name)


def mode_of(book: Book, at: dt.datetime, station: str | None) -> Mode:
    """Return the mode of a station (None: of the bureau itself) at `at`; the station's own order
    goes before the bureau's."""
    for code in (station, book.bureau):
        order = book.find("mobilisation", (code,), at) if code else None
        if order is not None and code is not None:
            return Mode(
                "mobilised",
                code,
                book.units[code].name,
                order.values["ordered_by"],
                order.values["why"],
                order.since,
            )
    return NORMAL


def _scopes(station: str | None, mode: str | None) -> _Scopes:
    named: tuple[tuple[Scope, str | None], ...] = (
        ("station", station),
        ("mode", mode),
        ("bureau", BUREAU),
    )
    return tuple((scope, name) for scope, name in named if name is not None)


def _route(book: Book, at: dt.datetime, category: str, scopes: _Scopes) -> Route:
    for code in book.lineage(category, at):
        for scope, name in scopes:
            found = book.find("route", (name, code), at)
            if found is not None:
                unit = found.values["unit"]
                return Route(
                    kind=found.values["kind"],
                    decided_by=scope,
                    unit=unit,
                    unit_name=book.unit_name(unit),
                    agency=found.values["agency"],
                    category=code,
                )
    raise _no_row("route", category)


def _ladder(book: Book, at: dt.datetime, scopes: _Scopes, route: str, hours: str) -> Ladder:
    return tuple(_scoped(book, at, "ladder", scopes, route, hours)["rungs"])


def _scoped(
    book: Book, at: dt.datetime, table: str, scopes: _Scopes, *key: Any
) -> Mapping[str, Any]:
    for _, name in scopes:
        found = book.find(table, (name, *key), at)
        if found is not None:
            return found.values
    raise _no_row(table, *key)


def _no_row(table: str, *key: Any) -> LookupError:
    # `tables.service` refuses to take the bureau's own rows away.
    return LookupError(f"the bureau has no row of {table} for {key}")
