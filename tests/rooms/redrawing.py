"""Other grids for the sample county: the same ground, cut otherwise."""

from __future__ import annotations

from shapely import box
from sqlalchemy.orm import Session

from gis.crs import WGS84
from gis.features import Cell, Layer
from gridserver.grids import service
from tests.county import CELLS, SIDE, SOUTH, WEST

SW, SE, NW, NE = (code for code, _ in CELLS.values())
_STATIONS = dict(CELLS.values())


def with_boundary_at(share: float) -> list[Cell]:
    """The county's four cells, with the boundary between west and east at `share` of a cell's
    side from the county's western edge: 1.0 is where it is."""
    west, middle, east = WEST, WEST + SIDE * share, WEST + SIDE * 2
    south, centre, north = SOUTH, SOUTH + SIDE, SOUTH + SIDE * 2
    ground = {
        SW: box(west, south, middle, centre),
        SE: box(middle, south, east, centre),
        NW: box(west, centre, middle, north),
        NE: box(middle, centre, east, north),
    }
    return [Cell(code, geom, code, _STATIONS[code]) for code, geom in ground.items()]


def draft(session: Session, name: str, cells: list[Cell]) -> None:
    """Store cells as a draft."""
    service.import_draft(session, None, Layer(tuple(cells), WGS84), name=name, source={})
