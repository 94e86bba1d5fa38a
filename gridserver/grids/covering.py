"""In which cells several points lie: for lists of places, where `locate` alone would take its time
for each."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ARRAY, Double, Row, bindparam, text
from sqlalchemy.orm import Session

from gridserver.base import db
from gridserver.grids.queries import CellPlace, locate


def cells_at(
    session: Session, points: Sequence[tuple[float, float]], at: dt.datetime
) -> list[CellPlace | None]:
    """Return the cell of each point in the version in force at `at`, as `locate` decides it; None
    where there is none.

    One round trip for those that one cell covers, and one or two more for each of the others.

    Parameters
    ----------
    points
        Longitude and latitude, degrees, EPSG:4326.
    """
    if not points:
        return []
    lons, lats = zip(*points, strict=True)
    rows = db.rows(session, _COVERING, {"lons": list(lons), "lats": list(lats), "at": at})
    covering: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        covering[row.number - 1].append(row)
    return [
        CellPlace(*covering[number][0][1:])
        if len(covering[number]) == 1
        else _located(session, *point, at)
        for number, point in enumerate(points)
    ]


def _located(session: Session, lon: float, lat: float, at: dt.datetime) -> CellPlace | None:
    found = locate(session, lon, lat, at)
    if found.cell_code is None:
        return None
    return CellPlace(found.cell_code, found.cell_name or "", found.station_code)


_COVERING = text(
    """
    SELECT asked.number, cell.code, cell.name, cell.station_code
    FROM unnest(:lons, :lats) WITH ORDINALITY AS asked(lon, lat, number)
    JOIN grid_version AS version ON version.valid @> CAST(:at AS timestamptz)
    JOIN cell ON cell.version_id = version.id
        AND ST_Covers(cell.geom, ST_SetSRID(ST_MakePoint(asked.lon, asked.lat), 4326))
    ORDER BY asked.number
    """
).bindparams(bindparam("lons", type_=ARRAY(Double)), bindparam("lats", type_=ARRAY(Double)))
