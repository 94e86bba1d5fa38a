"""A version's cells as the features of a collection: a box, equal properties, one page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from sqlalchemy import LargeBinary, Select, func, select
from sqlalchemy.orm import Session

from gis.features import Cell as CellShape
from gridserver.base.errors import NotFound
from gridserver.grids import queries
from gridserver.grids.models import Cell

Bounds = tuple[float, float, float, float]

#: Properties that a collection can be asked for, and the columns that they are.
PROPERTIES = {"code": Cell.code, "name": Cell.name, "station": Cell.station_code}


@dataclass(frozen=True)
class Page:
    """Some of the cells that were asked for, by code, and how many there are in all."""

    matched: int
    cells: Sequence[CellShape]


def page(
    session: Session,
    version_id: int,
    *,
    bbox: Bounds | None = None,
    equal: Mapping[str, str] | None = None,
    offset: int = 0,
    limit: int,
) -> Page:
    """Return a page of a version's cells; a draft's too, whatever their rings.

    Parameters
    ----------
    bbox
        West, south, east, north in EPSG:4326: only cells that meet it.
    equal
        Values of `PROPERTIES`: only cells that have them.
    """
    query = select(Cell.id).where(Cell.version_id == version_id).order_by(Cell.code, Cell.id)
    for name, value in (equal or {}).items():
        query = query.where(PROPERTIES[name] == value)
    if bbox is None:
        matched = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        return Page(matched, _cells(session, query.offset(offset).limit(limit)))
    # By their boxes in the database, exactly here: PostGIS's own may hang on a draft's rings.
    boxed = query.where(Cell.geom.op("&&")(func.ST_MakeEnvelope(*bbox, 4326)))
    found = _cells(session, boxed)
    meets = shapely.intersects(np.array([c.geom for c in found], dtype=object), shapely.box(*bbox))
    met = [cell for cell, yes in zip(found, meets, strict=True) if yes]
    return Page(len(met), met[offset : offset + limit])


def one(session: Session, version_id: int, code: str) -> CellShape:
    """Return a cell by its code. Raises `NotFound`."""
    found = queries.cells(session, version_id, [code])
    if not found:
        raise NotFound(
            "grid.unknown_cell", f"There is no cell {code!r}.", field="code", params={"code": code}
        )
    return found[0]


def tag(cell: CellShape) -> str:
    """Return what two cells share only where they are alike in every bit (for an ETag)."""
    said = json.dumps([cell.code, cell.name, cell.station], ensure_ascii=False).encode()
    return hashlib.sha256(said + shapely.to_wkb(cell.geom)).hexdigest()[:32]


def _cells(session: Session, ids: Select[int]) -> list[CellShape]:
    wkb = func.ST_AsBinary(Cell.geom, type_=LargeBinary)
    columns = select(Cell.code, Cell.name, Cell.station_code, wkb)
    rows = session.execute(columns.where(Cell.id.in_(ids)).order_by(Cell.code, Cell.id)).all()
    shapes = shapely.from_wkb([bytes(row[3]) for row in rows])
    return [
        CellShape(code, shape, name, station)
        for (code, name, station, _), shape in zip(rows, shapes, strict=True)
    ]
