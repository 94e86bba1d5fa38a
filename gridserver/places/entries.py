"""Reading the gazetteer's entries as an editor sees them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from gridserver.base.errors import NotFound
from gridserver.places.models import Place
from gridserver.places.rules import PLACE


@dataclass(frozen=True)
class Standing:
    """An entry as it stands; `lon`, `lat` in EPSG:4326."""

    id: int
    kind: str
    name: str
    aliases: list[str]
    address: str | None
    lon: float
    lat: float
    has_extent: bool
    source: str
    external_id: str
    by_hand: bool
    state: str
    reason: str | None
    version: int
    updated_at: dt.datetime

    @property
    def allowed(self) -> tuple[str, ...]:
        """The verbs that fit its state."""
        return PLACE.allowed(self.state)


_COLUMNS = (
    *(Place.id, Place.kind, Place.name, Place.aliases, Place.address),
    *(ST_X(Place.point), ST_Y(Place.point), Place.extent.is_not(None)),
    *(Place.source, Place.external_id, Place.by_hand, Place.state, Place.reason),
    *(Place.version, Place.updated_at),
)


def place(session: Session, place_id: int) -> Standing:
    """Return an entry. Raises `NotFound` ``place.unknown``."""
    return places(session, [place_id])[0]


def locked_place(session: Session, place_id: int) -> Place:
    """Return an entry's row, locked. Raises `NotFound` ``place.unknown``."""
    row = session.get(Place, place_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise _unknown(place_id)
    return row


def places(session: Session, ids: Sequence[int]) -> list[Standing]:
    """Return entries in the order of `ids`. Raises `NotFound` ``place.unknown``."""
    found = {each.id: each for each in _standing(session, Place.id.in_(ids))}
    if missing := [place_id for place_id in ids if place_id not in found]:
        raise _unknown(missing[0])
    return [found[place_id] for place_id in ids]


def place_of(session: Session, source: str, external_id: str) -> int | None:
    """Return the id of what `source` calls `external_id`, or None."""
    wanted = (Place.source == source, Place.external_id == external_id)
    return session.scalar(select(Place.id).where(*wanted))


def places_of(session: Session, source: str, external_ids: Sequence[str]) -> dict[str, int]:
    """Return the ids of those that `source` calls so, by what it calls them."""
    wanted = (Place.source == source, Place.external_id.in_(external_ids))
    rows = session.execute(select(Place.external_id, Place.id).where(*wanted))
    return {row.external_id: row.id for row in rows}


def page(
    session: Session,
    *,
    kinds: Sequence[str] = (),
    state: str | None = None,
    source: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[Standing]:
    """Return entries, the newest first.

    Parameters
    ----------
    kinds, state, source
        Only those; none: all.
    before
        The id to go on after (the list's cursor).
    """
    conditions: list[ColumnElement[bool]] = []
    if kinds:
        conditions.append(Place.kind.in_(kinds))
    if state is not None:
        conditions.append(Place.state == state)
    if source is not None:
        conditions.append(Place.source == source)
    if before is not None:
        conditions.append(Place.id < before)
    return _standing(session, *conditions, limit=limit)


def _standing(
    session: Session, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[Standing]:
    query = select(*_COLUMNS).where(*conditions).order_by(Place.id.desc()).limit(limit)
    return [Standing(*row) for row in session.execute(query)]


def _unknown(place_id: int) -> NotFound:
    return NotFound("place.unknown", f"There is no place {place_id}.")
