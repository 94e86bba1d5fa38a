"""Reading the tables: norms, from rows that are kept in memory until one of them changes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import AccountRef
from gridserver.base import db
from gridserver.base.effective import Effective, key_of
from gridserver.dispatch.norms import Norms, Parameters
from gridserver.dispatch.tables import book as books
from gridserver.dispatch.tables.book import Book, Entry, Key, UnitName
from gridserver.dispatch.tables.changes import read_key, table_called
from gridserver.dispatch.tables.columns import Table
from gridserver.dispatch.tables.models import (
    LadderRow,
    LiaisonRow,
    Mobilisation,
    NormsRevision,
    ParameterRow,
    ResponseTarget,
    RouteRow,
    SignLimit,
)
from gridserver.incidents import queries as incidents
from gridserver.incidents.models import CategoryRow
from gridserver.org import queries as org

#: Every table whose rows make norms.
MODELS: dict[str, type[Effective]] = {
    "category": CategoryRow,
    "route": RouteRow,
    "ladder": LadderRow,
    "sign_limit": SignLimit,
    "response_target": ResponseTarget,
    "parameter": ParameterRow,
    "liaison": LiaisonRow,
    "mobilisation": Mobilisation,
}

#: States kept in memory: the present one, and those that other transactions still see.
_KEPT = 4
_books: OrderedDict[uuid.UUID, Book] = OrderedDict()
_REVISION = select(NormsRevision.id)


def norms(
    book: Book,
    at: dt.datetime,
    category: str,
    station_code: str | None = None,
    station_mode: str | None = None,
) -> Norms:
    """Return what a state of the tables lays down for a category and a station at `at`.

    Parameters
    ----------
    station_code, station_mode
        None where the place is no station's.

    Raises
    ------
    Invalid
        ``incident.unknown_category``.
    """
    found = books.norms(book, at, category, station_code, station_mode)
    if found is None:
        raise incidents.unknown_category(category)
    return found


def parameters(session: Session, at: dt.datetime) -> Parameters:
    """Return the bureau's numbers at `at`. One round trip."""
    return books.parameters(book(session), at)


def lock(session: Session) -> None:
    """Have whoever else would change the tables wait until this transaction ends."""
    session.execute(_REVISION.with_for_update())


def book(session: Session) -> Book:
    """Return all rows as this transaction sees them. One round trip, unless one has changed."""
    revision = db.rows(session, _REVISION)[0].id
    found = _books.get(revision)
    if found is None:
        # Whatever is committed meanwhile has another name, which the next call will see.
        found = _books[revision] = _read(session)
        while len(_books) > _KEPT:
            _books.popitem(last=False)
    return found


def _read(session: Session) -> Book:
    return Book(
        entries={table: _entries(session, model) for table, model in MODELS.items()},
        units={unit.code: UnitName(unit.name, unit.kind) for unit in org.units(session)},
    )


def _entries(session: Session, model: type[Effective]) -> dict[Key, tuple[Entry, ...]]:
    table = model.__table__  # type: ignore[attr-defined]
    standing = select(table).where(table.c.withdrawn_at.is_(None))
    entries: dict[Key, list[Entry]] = defaultdict(list)
    key = key_of(model)
    for row in db.rows(session, standing.order_by(func.lower(table.c.valid).nulls_first())):
        values: dict[str, Any] = row._asdict()
        valid = values["valid"]
        entries[tuple(values[name] for name in key)].append(Entry(valid.lower, valid.upper, values))
    return {key: tuple(found) for key, found in entries.items()}


@dataclass(frozen=True)
class TableRow:
    """A row as a list shows it. `by` is None where the installation itself wrote it."""

    id: int
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None
    why: str | None
    by: AccountRef | None
    at: dt.datetime
    withdrawn_at: dt.datetime | None


def rows(session: Session, table: str, at: dt.datetime) -> list[TableRow]:
    """Return the rows of a table that hold at `at` or will later, by key and time.

    Raises
    ------
    NotFound
        ``norms.unknown_table``.
    """
    columns = table_called(table)
    entries = book(session).entries[table]
    found = [
        entry.values
        for key in sorted(entries)
        for entry in entries[key]
        if entry.until is None or at < entry.until
    ]
    return _listed(session, columns, found)


def history(
    session: Session, table: str, key: Mapping[str, Any], *, before: int | None, limit: int
) -> list[TableRow]:
    """Return all rows that a table ever had, the last written first.

    Parameters
    ----------
    key : mapping
        Only those with these values of the key's columns; it may name some of them.
    before : int, optional
        The row to go on after (the list's cursor).

    Raises
    ------
    NotFound
        ``norms.unknown_table``.
    Invalid
        ``input.unknown_field``, ``input.number`` and others: a column that is none of the key's.
    """
    columns = table_called(table)
    model = MODELS[table]
    query = select(model.__table__).order_by(model.id.desc()).limit(limit)  # type: ignore[attr-defined]
    for name, value in read_key(columns, key).items():
        query = query.where(getattr(model, name) == value)
    if before is not None:
        query = query.where(model.id < before)
    return _listed(session, columns, [row._asdict() for row in session.execute(query)])


def tag(session: Session, table: str) -> str:
    """Return a name of the table's state that every change of it gives up for another."""
    model = MODELS[table_called(table).name]
    counted = select(
        func.max(model.id), func.count(func.upper(model.valid)), func.count(model.withdrawn_at)
    )
    return "-".join(str(number) for number in session.execute(counted).one())


def _listed(session: Session, table: Table, found: Sequence[Mapping[str, Any]]) -> list[TableRow]:
    accounts = {said["account_id"] for said in found if said["account_id"] is not None}
    people = access.account_refs(session, accounts)
    return [
        TableRow(
            id=said["id"],
            key={column.name: said[column.name] for column in table.key},
            values={column.name: said[column.name] for column in table.values},
            valid_from=said["valid"].lower,
            valid_to=said["valid"].upper,
            why=said["why"],
            by=people.get(said["account_id"]),
            at=said["at"],
            withdrawn_at=said["withdrawn_at"],
        )
        for said in found
    ]
