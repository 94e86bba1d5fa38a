"""Reading incidents and their categories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from geoalchemy2.functions import ST_X, ST_Y
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session

from gridserver.base.errors import Invalid
from gridserver.incidents.models import Category, Incident
from gridserver.org.models import Unit


@dataclass(frozen=True)
class CategoryNames:
    """A category as it is shown."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True)
class IncidentRecord:
    """An incident as it was recorded. `lon`, `lat` are EPSG:4326; `raw_*` as the source gave it."""

    id: int
    number: int
    source: str
    external_id: str
    category: CategoryNames
    priority: int
    raw_x: float
    raw_y: float
    raw_crs: str
    lon: float
    lat: float
    accuracy_m: float | None
    address: str | None
    description: str | None
    occurred_at: dt.datetime | None
    reported_at: dt.datetime
    received_at: dt.datetime
    grid_version_id: int | None
    cell_code: str | None
    method: str
    neighbours: tuple[str, ...]
    distance_m: float | None
    unit_id: int


@dataclass(frozen=True)
class ReportedPlace:
    """Where an incident was reported (EPSG:4326), and nothing of what."""

    id: int
    number: int
    lon: float
    lat: float
    accuracy_m: float | None


def places_since(session: Session, since: dt.datetime) -> list[ReportedPlace]:
    """Return where the incidents reported from `since` on were, oldest first."""
    rows = session.execute(
        select(
            Incident.id,
            Incident.number,
            ST_X(Incident.point),
            ST_Y(Incident.point),
            Incident.accuracy_m,
        )
        .where(Incident.reported_at >= since)
        .order_by(Incident.reported_at, Incident.id)
    )
    return [ReportedPlace(*row) for row in rows]


def categories(session: Session) -> Sequence[Category]:
    """Return the bureau's table of categories, in its order."""
    return session.scalars(select(Category).order_by(Category.position, Category.code)).all()


def category(session: Session, code: str) -> Category:
    """Return the category. Raises `Invalid` naming the field and the codes that there are."""
    found = session.get(Category, code)
    if found is None:
        known = ", ".join(entry.code for entry in categories(session))
        raise Invalid(
            "incident.unknown_category",
            f"There is no category {code!r}: give one of {known}.",
            field="category",
        )
    return found


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, IncidentRecord]:
    """Return incidents by id, in one query."""
    return {record.id: record for record in _records(session, Incident.id.in_(list(ids)))}


def by_external_id(session: Session, source: str, external_id: str) -> tuple[IncidentRecord, bytes]:
    """Return the incident that `source` calls `external_id`, and its digest. It must be there."""
    this = (Incident.source == source, Incident.external_id == external_id)
    digest = session.scalars(select(Incident.body_digest).where(*this)).one()
    return _records(session, *this)[0], digest


def ids_within(paths: Iterable[str]) -> Select[int]:
    """Return a query for the ids of the incidents of the units at and below `paths`.

    For use inside the queries of the rooms above, with ``IN``.
    """
    units = select(Unit.id).where(or_(false(), *(_at_or_below(path) for path in paths)))
    return select(Incident.id).where(Incident.unit_id.in_(units))


def points_since(
    session: Session, since: dt.datetime, within: tuple[float, float, float, float] | None = None
) -> NDArray[np.float64]:
    """Return where incidents were reported from `since` on, and nothing else about them.

    Parameters
    ----------
    within : tuple of float, optional
        West, south, east, north in degrees.

    Returns
    -------
    array of shape (n, 2)
        Longitude and latitude, EPSG:4326.
    """
    query = select(ST_X(Incident.point), ST_Y(Incident.point)).where(Incident.reported_at >= since)
    if within is not None:
        query = query.where(Incident.point.op("&&")(func.ST_MakeEnvelope(*within, 4326)))
    rows = [(lon, lat) for lon, lat in session.execute(query)]
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _at_or_below(path: str) -> ColumnElement[bool]:
    return or_(Unit.path == path, Unit.path.startswith(path + ".", autoescape=True))


def _records(session: Session, *which: ColumnElement[bool]) -> list[IncidentRecord]:
    rows = session.execute(
        select(
            Incident,
            ST_X(Incident.point),
            ST_Y(Incident.point),
            Category.code,
            Category.name_zh,
            Category.name_en,
        )
        .join(Category, Category.code == Incident.category)
        .where(*which)
    )
    return [
        _record(incident, lon, lat, CategoryNames(*names)) for incident, lon, lat, *names in rows
    ]


def _record(incident: Incident, lon: float, lat: float, category: CategoryNames) -> IncidentRecord:
    return IncidentRecord(
        id=incident.id,
        number=incident.number,
        source=incident.source,
        external_id=incident.external_id,
        category=category,
        priority=incident.priority,
        raw_x=incident.raw_x,
        raw_y=incident.raw_y,
        raw_crs=incident.raw_crs,
        lon=lon,
        lat=lat,
        accuracy_m=incident.accuracy_m,
        address=incident.address,
        description=incident.description,
        occurred_at=incident.occurred_at,
        reported_at=incident.reported_at,
        received_at=incident.received_at,
        grid_version_id=incident.grid_version_id,
        cell_code=incident.cell_code,
        method=incident.method,
        neighbours=tuple(incident.neighbours),
        distance_m=incident.distance_m,
        unit_id=incident.unit_id,
    )
