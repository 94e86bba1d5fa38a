"""Recording incidents."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.base.errors import Conflict
from gridserver.grids.queries import Location
from gridserver.incidents import queries
from gridserver.incidents.models import Category, Incident
from gridserver.incidents.queries import IncidentRecord
from gridserver.incidents.rules import Report, reported_at


def record(
    session: Session, report: Report, category: Category, location: Location, unit_id: int
) -> tuple[IncidentRecord, bool]:
    """Record a report, once per source and external id, however often and at once it comes.

    Parameters
    ----------
    location : Location
        The cell, as the grid in force at the time of the report has it.
    unit_id : int
        The unit that answers for the place: the cell's station, else the bureau.

    Returns
    -------
    incident, created : IncidentRecord, bool
        `created` is False where the same report was recorded before; then `category`, `location`
        and `unit_id` played no part.

    Raises
    ------
    Conflict
        ``incident.exists_differently``: the source gave the id to another report.
    """
    values = _values(session, report, category, location, unit_id)
    row = session.execute(
        insert(Incident)
        .values(
            body_digest=report.digest(),
            point=func.ST_SetSRID(func.ST_MakePoint(report.lon, report.lat), 4326),
            category=category.code,
            **values,
        )
        .on_conflict_do_nothing(index_elements=["source", "external_id"])
        .returning(Incident.id, Incident.number)
    ).first()
    if row is None:
        return _recorded_before(session, report), False
    return (
        IncidentRecord(
            id=row.id,
            number=row.number,
            lon=report.lon,
            lat=report.lat,
            category=category,
            **values | {"neighbours": tuple(location.neighbours)},
        ),
        True,
    )


def _values(
    session: Session, report: Report, category: Category, location: Location, unit_id: int
) -> dict[str, Any]:
    moment = now(session)
    return {
        "source": report.source,
        "external_id": report.external_id,
        "priority": report.priority or category.priority,
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


def _recorded_before(session: Session, report: Report) -> IncidentRecord:
    found = queries.by_external_id(session, report.source, report.external_id)
    if found is None:  # pragma: no cover (incidents are never deleted)
        raise Conflict("incident.vanished", "The incident was there a moment ago; send it again.")
    incident, digest = found
    if digest != report.digest():
        raise Conflict(
            "incident.exists_differently",
            f"{report.source} reported {report.external_id} before with other contents. "
            "Give a changed report an external_id of its own.",
            field="external_id",
            incident={"id": incident.id, "number": incident.number},
        )
    return incident
