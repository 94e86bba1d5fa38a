"""In which cells several points lie: for lists of places, where `locate` alone would take its time
for each."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Double, Row, bindparam, text
from sqlalchemy.orm import Session

from gridserver.base import db
from gridserver.grids.queries import CellPlace, locate
from gridserver.org import queries as org


@dataclass(frozen=True)
class NamedCell(CellPlace):
    """A cell with its station's name; empty where there is no such station."""

    station_name: str


def cells_at(
    session: Session, points: Sequence[tuple[float, float]], at: dt.datetime
) -> list[NamedCell | None]:
    """Return the cell of each point in the version in force at `at`, as `locate` decides it; None
    where there is none.

    One round trip for those that one cell covers; for the others one more, and one or two for each.

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
    alone = {number for number, cells in covering.items() if len(cells) == 1}
    names = {} if len(alone) == len(points) else _station_names(session)
    return [
        NamedCell(*covering[number][0][1:])
        if number in alone
        else _located(session, point, at, names)
        for number, point in enumerate(points)
    ]


def _located(
    session: Session, point: tuple[float, float], at: dt.datetime, names: Mapping[str, str]
) -> NamedCell | None:
    found = locate(session, *point, at)
    if found.cell_code is None:
        return None
    station = found.station_code
    return NamedCell(found.cell_code, found.cell_name or "", station, names.get(station or "", ""))


def _station_names(session: Session) -> dict[str, str]:
    return {unit.code: unit.name for unit in org.units(session, "station")}


_COVERING = text(
    """
    SELECT asked.number, cell.code, cell.name, cell.station_code, coalesce(station.name, '')
    FROM unnest(:lons, :lats) WITH ORDINALITY AS asked(lon, lat, number)
    JOIN grid_version AS version ON version.valid @> CAST(:at AS timestamptz)
    JOIN cell ON cell.version_id = version.id
        AND ST_Covers(cell.geom, ST_SetSRID(ST_MakePoint(asked.lon, asked.lat), 4326))
    LEFT JOIN unit AS station ON station.code = cell.station_code AND station.kind = 'station'
    ORDER BY asked.number
    """
).bindparams(bindparam("lons", type_=ARRAY(Double)), bindparam("lats", type_=ARRAY(Double)))
