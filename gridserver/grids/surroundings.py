"""How far some cells and those beside them reach."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from gridserver.grids.models import Cell

#: West, south, east, north in degrees, EPSG:4326.
Bounds = tuple[float, float, float, float]


def bounds_with_neighbours(
    session: Session, version_id: int, codes: Sequence[str]
) -> Bounds | None:
    """Return the bounding box of the cells of `codes` and of all that touch one of them.

    For a published version only: its rings are valid, so PostGIS may look at them. None where the
    version has none of the codes.
    """
    own, beside = aliased(Cell), aliased(Cell)
    extent = func.ST_Extent(beside.geom)
    found = (
        select(extent.label("extent"))
        .join(own, (own.version_id == beside.version_id) & own.geom.ST_Intersects(beside.geom))
        .where(own.version_id == version_id, own.code.in_(codes))
        .subquery()
    )
    box = found.c.extent
    row = session.execute(
        select(func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box), func.ST_YMax(box))
    ).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])
