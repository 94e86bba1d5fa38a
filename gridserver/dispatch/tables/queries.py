"""Reading the tables: norms, from rows that are kept in memory until one of them changes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import OrderedDict, defaultdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridserver.base import db
from gridserver.base.effective import Effective, key_of
from gridserver.dispatch.norms import Mode, Norms, Parameters
from gridserver.dispatch.tables import book as books
from gridserver.dispatch.tables.book import Book, Entry, Key, UnitName
from gridserver.dispatch.tables.models import (
    LadderRow,
    LiaisonRow,
    Mobilisation,
    NormsRevision,
    ParameterRow,
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
    "parameter": ParameterRow,
    "liaison": LiaisonRow,
    "mobilisation": Mobilisation,
}

#: States kept in memory: the present one, and those that other transactions still see.
_KEPT = 4
_books: OrderedDict[uuid.UUID, Book] = OrderedDict()
_REVISION = select(NormsRevision.id)


def norms(
    session: Session,
    at: dt.datetime,
    category: str,
    station_code: str | None = None,
    station_mode: str | None = None,
) -> Norms:
    """Return what is laid down for a category and a station at `at`. One round trip.

    Parameters
    ----------
    station_code, station_mode
        None where the place is no station's.

    Raises
    ------
    Invalid
        ``incident.unknown_category``.
    """
    found = books.norms(book(session), at, category, station_code, station_mode)
    if found is None:
        raise incidents.unknown_category(category)
    return found


def parameters(session: Session, at: dt.datetime) -> Parameters:
    """Return the bureau's numbers at `at`. One round trip."""
    return books.parameters(book(session), at)


def mode(session: Session, at: dt.datetime, station_code: str | None = None) -> Mode:
    """Return the mode of a station, or of the bureau itself, at `at`. One round trip."""
    return books.mode_of(book(session), at, station_code)


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
