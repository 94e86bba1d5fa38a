"""Reading incidents and their categories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from geoalchemy2.functions import ST_X, ST_Y
from numpy.typing import NDArray
from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from gridserver.base import db
from gridserver.base.effective import held_at
from gridserver.base.errors import Invalid
from gridserver.incidents.categories import BROAD_CLASSES
from gridserver.incidents.models import CategoryRow, Incident
from gridserver.org.models import Unit
from gridserver.org.queries import within


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


@dataclass(frozen=True)
class ReportedKind:
    """What kind of incident was reported when, and nothing of where."""

    id: int
    number: int
    category: str
    reported_at: dt.datetime


def kinds_since(session: Session, since: dt.datetime, limit: int) -> list[ReportedKind]:
    """Return what was reported from `since` on, the latest first."""
    columns = (Incident.id, Incident.number, Incident.category, Incident.reported_at)
    latest = (Incident.reported_at.desc(), Incident.id.desc())
    query = select(*columns).where(Incident.reported_at >= since).order_by(*latest).limit(limit)
    return [ReportedKind(*row) for row in session.execute(query)]


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


def categories(session: Session, at: dt.datetime) -> Sequence[CategoryRow]:
    """Return the bureau's table of categories as it holds at `at`, in its order."""
    ordered = select(CategoryRow).order_by(CategoryRow.position, CategoryRow.code)
    return session.scalars(ordered.where(held_at(CategoryRow, at))).all()


def category(session: Session, code: str, at: dt.datetime) -> CategoryRow:
    """Return a category as it holds at `at`. Raises `Invalid` (``incident.unknown_category``)."""
    found = session.scalar(
        select(CategoryRow).where(CategoryRow.code == code, held_at(CategoryRow, at))
    )
    if found is None:
        raise unknown_category(code)
    return found


def unknown_category(code: str) -> Invalid:
    """Return the refusal of a category that doesn't hold."""
    return Invalid(
        "incident.unknown_category",
        f"There is no category {code!r}: give one of the bureau's table, or a broad class: "
        f"{', '.join(BROAD_CLASSES)}.",
        field="category",
    )


# The category as it was when the incident was reported. A reporter's clock may be ahead: at the
# moment of receipt what holds is settled, and later it might still be changed.
# Built once, since every command asks. Most columns are called as the record's fields are.
_NAMED_ALIKE = [
    getattr(Incident, field.name)
    for field in fields(IncidentRecord)
    if field.name not in {"lon", "lat"}
]
_RECORDS = select(
    *_NAMED_ALIKE,
    ST_X(Incident.point).label("lon"),
    ST_Y(Incident.point).label("lat"),
    CategoryRow.name_zh,
    CategoryRow.name_en,
).join(
    CategoryRow,
    (CategoryRow.code == Incident.category)
    & held_at(CategoryRow, func.least(Incident.reported_at, Incident.received_at)),
)
_BY_IDS = _RECORDS.where(Incident.id.in_(bindparam("ids", expanding=True)))


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, IncidentRecord]:
    """Return incidents by id, in one query."""
    return {row.id: _record(row) for row in db.rows(session, _BY_IDS, {"ids": list(ids)})}


def find_by_external_id(
    session: Session, source: str, external_id: str
) -> tuple[IncidentRecord, bytes] | None:
    """Return the incident that `source` calls `external_id`, and its digest; None without one."""
    this = (Incident.source == source, Incident.external_id == external_id)
    digest = session.scalars(select(Incident.body_digest).where(*this)).one_or_none()
    if digest is None:
        return None
    return _record(session.execute(_RECORDS.where(*this)).one()), digest


def digests(
    session: Session, sources: Collection[str], external_ids: Collection[str]
) -> dict[tuple[str, str], bytes]:
    """Return the digests of the incidents that any of `sources` calls by any of `external_ids`, by
    the pair of both."""
    rows = session.execute(
        select(Incident.source, Incident.external_id, Incident.body_digest).where(
            Incident.source.in_(sources), Incident.external_id.in_(external_ids)
        )
    )
    return {(row.source, row.external_id): row.body_digest for row in rows}


def ids_within(paths: Iterable[str]) -> Select[int]:
    """Return a query for the ids of the incidents of the units at and below `paths`.

    For use inside the queries of the rooms above, with ``IN``.
    """
    units = select(Unit.id).where(within(paths))
    return select(Incident.id).where(Incident.unit_id.in_(units))


def ids_between(
    session: Session, paths: Iterable[str], since: dt.datetime, until: dt.datetime
) -> list[int]:
    """Return the ids of the incidents of the units at and below `paths` that were reported from
    `since` on and before `until`, in their order."""
    query = ids_within(paths).where(Incident.reported_at >= since, Incident.reported_at < until)
    return list(session.scalars(query.order_by(Incident.id)))


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


def _record(row: Row) -> IncidentRecord:
    said = row._asdict()
    category = CategoryNames(said.pop("category"), said.pop("name_zh"), said.pop("name_en"))
    return IncidentRecord(category=category, **said | {"neighbours": tuple(row.neighbours)})
