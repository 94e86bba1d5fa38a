"""Recording incidents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.base.errors import Conflict
from gridserver.grids.queries import Location
from gridserver.incidents import queries
from gridserver.incidents.models import Category, Incident
from gridserver.incidents.queries import CategoryNames, IncidentRecord
from gridserver.incidents.rules import Report, reported_at


def record(
    session: Session, report: Report, location: Location, unit_id: int
) -> tuple[IncidentRecord, bool]:
    """Record a report, once per source and external id, however often and at once it comes. One
    round trip.

    Parameters
    ----------
    location : Location
        The cell, as the grid in force at the time of the report has it.
    unit_id : int
        The unit that answers for the place: the cell's station, else the bureau.

    Returns
    -------
    incident, created : IncidentRecord, bool
        `created` is False where the same report was recorded before; then `location` and `unit_id`
        played no part.

    Raises
    ------
    Invalid
        ``incident.unknown_category``, ``incident.from_the_future``.
    Conflict
        ``incident.exists_differently``: the source gave the id to another report.
    """
    values = _values(session, report, location, unit_id)
    columns: dict[str, Any] = {
        "category": report.category,
        "digest": report.digest(),
        "priority": report.priority,
        "lon": report.lon,
        "lat": report.lat,
    }
    row = session.execute(_RECORD, values | columns).first()
    if row is None:
        found = queries.find_by_external_id(session, report.source, report.external_id)
        if found is None:
            raise queries.unknown_category(report.category)
        return _same(report, *found), False
    return (
        IncidentRecord(
            id=row.id,
            number=row.number,
            priority=row.priority,
            category=CategoryNames(report.category, row.name_zh, row.name_en),
            lon=report.lon,
            lat=report.lat,
            **values | {"neighbours": tuple(location.neighbours)},
        ),
        True,
    )


def add_category_codes(session: Session, codes: Iterable[str]) -> set[str]:
    """Have these be codes of categories; return those that were none before."""
    rows = [{"code": code} for code in sorted(set(codes))]
    added = insert(Category).on_conflict_do_nothing().returning(Category.code)
    return set(session.scalars(added, rows)) if rows else set()


def relocate(session: Session, incident_id: int, location: Location, unit_id: int) -> None:
    """Give an incident the cell of another grid version, and the unit that answers for it there.

    The place itself stays as it was reported. Who asks for this keeps in the ledger what was.
    """
    session.execute(
        update(Incident)
        .where(Incident.id == incident_id)
        .values(
            grid_version_id=location.version_id,
            cell_code=location.cell_code,
            method=location.method,
            neighbours=list(location.neighbours),
            distance_m=location.distance_m,
            unit_id=unit_id,
        )
    )


# No row comes back where the category is unknown, or the source used the id before. A source that
# is still at it in another transaction is waited for.
_RECORD = text(
    """
    WITH kind AS (
        SELECT code, name_zh, name_en, priority FROM category_row
        WHERE code = :category AND valid @> CAST(least(:reported_at, :received_at) AS timestamptz)
            AND withdrawn_at IS NULL
    ), made AS (
        INSERT INTO incident (
            source, external_id, body_digest, category, priority, raw_x, raw_y, raw_crs, point,
            accuracy_m, address, description, occurred_at, reported_at, received_at,
            grid_version_id, cell_code, method, neighbours, distance_m, unit_id
        )
        SELECT
            :source, :external_id, :digest, kind.code, coalesce(:priority, kind.priority),
            :raw_x, :raw_y, :raw_crs, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),
            :accuracy_m, :address, :description, :occurred_at, :reported_at, :received_at,
            :grid_version_id, :cell_code, :method, CAST(:neighbours AS text[]),
            :distance_m, :unit_id
        FROM kind
        ON CONFLICT (source, external_id) DO NOTHING
        RETURNING id, number, priority
    )
    SELECT made.id, made.number, made.priority, kind.name_zh, kind.name_en FROM made, kind
    """
)


def _values(session: Session, report: Report, location: Location, unit_id: int) -> dict[str, Any]:
    moment = now(session)
    return {
        "source": report.source,
        "external_id": report.external_id,
        "raw_x": report.x,
        "raw_y": report.y,
        "raw_crs": report.crs,
        "accuracy_m": report.accuracy_m,
        "address": report.address,
        "description": report.description,
        "occurred_at": report.occurred_at,
        "reported_at": reported_at(report.reported_at, moment),
        "received_at": moment,
        "grid_version_id": location.version_id,
        "cell_code": location.cell_code,
        "method": location.method,
        "neighbours": list(location.neighbours),
        "distance_m": location.distance_m,
        "unit_id": unit_id,
    }


def _same(report: Report, incident: IncidentRecord, digest: bytes) -> IncidentRecord:
    if digest != report.digest():
        raise Conflict(
            "incident.exists_differently",
            f"{report.source} reported {report.external_id} before with other contents. "
            "Give a changed report an external_id of its own.",
            field="external_id",
            incident={"id": incident.id, "number": incident.number},
        )
    return incident
