"""Cells without an owner (A角), now and in the days to come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Text, bindparam, text
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.base import db
from gridserver.base.clock import now
from gridserver.grids import queries as grids
from gridserver.org import queries as org

#: How far ahead one looks.
DAYS = 30


@dataclass(frozen=True)
class UnownedCell:
    """A cell and a time in which nobody owns it; `until` is None where that goes on for longer than
    one looks ahead."""

    code: str
    name: str
    station: str | None
    since: dt.datetime
    until: dt.datetime | None


def cells(
    session: Session, actor: Principal, station: str | None = None
) -> tuple[dt.datetime, list[UnownedCell]]:
    """Return the present moment, and the cells of the grid in force that have no primary owner then
    or at some time within `DAYS`; those that are without one soonest first.

    Raises
    ------
    Forbidden
        The actor sees nobody's force, or not that of `station`.
    NotFound
        ``unit.unknown``.
    """
    unit = None if station is None else org.unit_by_code(session, station, field="station")
    require(actor, "force.read", unit.path if unit else None)
    moment = now(session)
    version = grids.find_version_in_force(session, moment)
    asked = {
        "since": moment,
        "until": moment + dt.timedelta(days=DAYS),
        "version": version and version.id,
        "paths": [unit.path] if unit else list(actor.paths("force.read")),
    }
    return moment, [UnownedCell(*row) for row in db.rows(session, _UNOWNED, asked)]


# A cell of no station is the bureau's.
_UNOWNED = text(
    """
    WITH owned AS (
        SELECT cell_code, range_agg(valid) AS during
        FROM ownership
        WHERE role = 'primary' AND valid && tstzrange(:since, :until)
        GROUP BY cell_code
    )
    SELECT cell.code, cell.name, cell.station_code, lower(gap.during),
        CASE WHEN upper(gap.during) < :until THEN upper(gap.during) END
    FROM cell
    LEFT JOIN owned ON owned.cell_code = cell.code
    LEFT JOIN unit ON unit.code = cell.station_code
    CROSS JOIN LATERAL unnest(
        tstzmultirange(tstzrange(:since, :until)) - coalesce(owned.during, '{}')
    ) AS gap (during)
    WHERE cell.version_id = :version AND EXISTS (
        SELECT FROM unnest(:paths) AS seen (path)
        WHERE CASE
            WHEN unit.path IS NULL THEN strpos(seen.path, '.') = 0
            ELSE unit.path = seen.path OR starts_with(unit.path, seen.path || '.')
        END
    )
    ORDER BY lower(gap.during), cell.code
    """
).bindparams(
    bindparam("version", type_=BigInteger),
    bindparam("paths", type_=ARRAY(Text)),
    *(bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("since", "until")),
)
