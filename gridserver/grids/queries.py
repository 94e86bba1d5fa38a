"""Reading grid versions and their cells, and which cell a point lies in at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import TIMESTAMP, ColumnElement, Double, LargeBinary, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from gis import features
from gis.crs import WGS84, to_wgs84
from gis.locator import Locator, Method, choose, reach_box
from gridserver.base import db
from gridserver.base.clock import now
from gridserver.base.errors import NotFound
from gridserver.grids.models import Cell, GridVersion, NeighbourBureau
from gridserver.grids.rules import state_at


@dataclass(frozen=True)
class Location:
    """Where a point lies in a grid version.

    Attributes
    ----------
    cell_code, cell_name, station_code
        The cell and its station; None where `method` is ``outside``.
    version_id, version_name
        The version that was asked; None where no grid was in force.
    method, neighbours, distance_m
        As `gis.locator.Located`.
    """

    cell_code: str | None
    cell_name: str | None
    station_code: str | None
    version_id: int | None
    version_name: str | None
    method: Method
    neighbours: tuple[str, ...] = ()
    distance_m: float | None = None


@dataclass(frozen=True)
class VersionCard:
    """A version as a list shows it; `state` is the one at the moment of asking, `revision` counts
    the changes of its cells while it was a draft."""

    id: int
    name: str
    state: str
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None
    cells: int
    revision: int


@dataclass(frozen=True)
class CellPlace:
    """A cell and the code of its station, without the geometry."""

    code: str
    name: str
    station_code: str | None


@dataclass(frozen=True)
class Neighbour:
    """A bureau next door; `geom` in EPSG:4326."""

    code: str
    name: str
    name_en: str | None
    geom: BaseGeometry


def find_version_in_force(session: Session, at: dt.datetime) -> GridVersion | None:
    """Return the version in force at `at`, or None. The ranges of two never overlap."""
    return session.scalar(select(GridVersion).where(GridVersion.valid.contains(at)))


def version_in_force(session: Session, at: dt.datetime) -> GridVersion:
    """Return the version in force at `at`. Raises `NotFound` with the remedy."""
    version = find_version_in_force(session, at)
    if version is None:
        raise NotFound(
            "grid.none_in_force",
            f"No grid version is in force at {at.isoformat()}: publish one first.",
            field="at",
        )
    return version


def version(session: Session, name: str) -> GridVersion:
    """Return the version called `name`. Raises `NotFound`."""
    found = session.scalar(select(GridVersion).where(GridVersion.name == name))
    if found is None:
        raise NotFound(
            "grid.unknown_version",
            f"There is no grid version {name!r}.",
            field="name",
            params={"name": name},
        )
    return found


def versions(session: Session, *, after_id: int = 0, limit: int | None = None) -> list[VersionCard]:
    """Return the versions, oldest first; a page of them where `limit` is given."""
    ordered = select(GridVersion).where(GridVersion.id > after_id).order_by(GridVersion.id)
    found = session.scalars(ordered.limit(limit)).all()
    counted = select(Cell.version_id, func.count()).group_by(Cell.version_id)
    rows = session.execute(counted.where(Cell.version_id.in_([v.id for v in found])))
    counts = {row[0]: row[1] for row in rows}
    return [_card(v, counts.get(v.id, 0), now(session)) for v in found]


def card(session: Session, version: GridVersion) -> VersionCard:
    """Return one version as the list shows it."""
    count = session.scalar(select(func.count()).where(Cell.version_id == version.id))
    return _card(version, count or 0, now(session))


def cells(
    session: Session, version_id: int, codes: Sequence[str] | None = None
) -> list[features.Cell]:
    """Return the cells of a version, or those of the given codes, by code.

    Geometry leaves the database as WKB and is only looked at here: PostGIS's own functions may
    hang or crash on the invalid rings of a draft.
    """
    query = select(Cell.code, Cell.name, Cell.station_code, _wkb(Cell.geom))
    query = query.where(Cell.version_id == version_id).order_by(Cell.code, Cell.id)
    if codes is not None:
        query = query.where(Cell.code.in_(codes))
    rows = session.execute(query).all()
    shapes = _shapes([row[3] for row in rows])
    return [
        features.Cell(code, shape, name, station)
        for (code, name, station, _), shape in zip(rows, shapes, strict=True)
    ]


@dataclass(frozen=True)
class DescribedCell:
    """What is known of a cell beside its ground."""

    code: str
    name: str
    station: str | None
    attributes: Mapping[str, Any]


def described(session: Session, version_id: int) -> list[DescribedCell]:
    """Return what is known of a version's cells, by code."""
    columns = (Cell.code, Cell.name, Cell.station_code, Cell.attributes)
    query = select(*columns).where(Cell.version_id == version_id).order_by(Cell.code, Cell.id)
    return [DescribedCell(*row) for row in session.execute(query)]


@dataclass(frozen=True)
class CellPoint:
    """A cell, and a point well inside it: the centre of the largest circle that fits. Degrees,
    EPSG:4326."""

    code: str
    name: str
    station_code: str | None
    lon: float
    lat: float


def cell_points(session: Session, version_id: int, part: str, limit: int) -> list[CellPoint]:
    """Return the cells whose code contains `part`; those that begin with it first, then by code.

    A version that was published has valid cells, so that looking for the point is safe.
    """
    begins = Cell.code.startswith(part, autoescape=True)
    query = (
        select(Cell.code, Cell.name, Cell.station_code, _wkb(Cell.geom))
        .where(Cell.version_id == version_id, Cell.code.contains(part, autoescape=True))
        .order_by(begins.desc(), Cell.code)
        .limit(limit)
    )
    rows = session.execute(query).all()
    circles = shapely.maximum_inscribed_circle(_shapes([wkb for *_, wkb in rows]))
    centres = shapely.get_coordinates(shapely.get_point(circles, 0)).tolist()
    return [
        CellPoint(code, name, station, lon, lat)
        for (code, name, station, _), (lon, lat) in zip(rows, centres, strict=True)
    ]


def cells_by_station(session: Session, version_id: int) -> dict[str, int]:
    """Return how many cells of a version each station has, by the station's code."""
    counted = select(Cell.station_code, func.count()).group_by(Cell.station_code)
    rows = session.execute(
        counted.where(Cell.version_id == version_id, Cell.station_code.is_not(None))
    )
    return {code: count for code, count in rows if code is not None}


def cell_places(session: Session, version_id: int) -> list[CellPlace]:
    """Return which station each cell of a version belongs to, by code; without the geometry."""
    query = select(Cell.code, Cell.name, Cell.station_code).where(Cell.version_id == version_id)
    return [CellPlace(*row) for row in session.execute(query.order_by(Cell.code))]


def locator(session: Session, version_id: int) -> Locator:
    """Return the cells of a version in memory, ready for many points; drafts too."""
    found = cells(session, version_id)
    return Locator(
        [cell.code for cell in found],
        [cell.geom for cell in found],
        ground=outline(session, version_id),
    )


def _wkb(column: InstrumentedAttribute[Any]) -> ColumnElement[bytes]:
    return func.ST_AsBinary(column, type_=LargeBinary)


_SIDES = ("west", "south", "east", "north")
#: The version in force with its cells whose box meets one; built once, since `locate` is hot.
_NEAR = (
    select(
        GridVersion.id,
        GridVersion.name,
        Cell.code,
        Cell.name,
        Cell.station_code,
        _wkb(Cell.geom),
    )
    .outerjoin(
        Cell,
        (Cell.version_id == GridVersion.id)
        & Cell.geom.op("&&")(
            func.ST_MakeEnvelope(
                *(bindparam(side, type_=Double) for side in _SIDES),
                4326,
            )
        ),
    )
    .where(GridVersion.valid.contains(bindparam("at", type_=TIMESTAMP(timezone=True))))
)


def locate(
    session: Session,
    lon: float,
    lat: float,
    at: dt.datetime,
    accuracy_m: float | None = None,
) -> Location:
    """Find the cell that a point lies in, in the version in force at `at`.

    The database gives the few cells whose box comes near the point, and `gis.locator.choose`
    decides among them, as it does in bulk (docs/decisions/0004). One round trip; for a point in no
    cell, but near one, a second one for the outline.

    Parameters
    ----------
    lon, lat : float
        Degrees, EPSG:4326.
    at : datetime
        Timezone-aware; chooses the version.
    accuracy_m : float, optional
        Radius of the circle that holds the true place.

    Raises
    ------
    GisError
        ``coordinates.*``, ``locate.accuracy``.
    """
    lon, lat = to_wgs84(lon, lat, WGS84, field="lon/lat")
    # The driver knows no NumPy numbers.
    box = dict(zip(_SIDES, map(float, reach_box(lon, lat, accuracy_m)), strict=True))
    rows = db.rows(session, _NEAR, {"at": at, **box})
    if not rows:
        return Location(None, None, None, None, None, "outside")
    found = {code: (name, station, wkb) for *_, code, name, station, wkb in rows if code}
    shapes = _shapes([wkb for *_, wkb in found.values()])
    version_id, version_name = rows[0][:2]
    chosen = choose(
        shapely.Point(lon, lat),
        list(zip(found, shapes, strict=True)),
        accuracy_m,
        on_ground=lambda point: bool(shapely.covers(outline(session, version_id), point)),
    )
    name, station, _ = found[chosen.code] if chosen.code else (None, None, None)
    return Location(
        chosen.code,
        name,
        station,
        version_id,
        version_name,
        chosen.method,
        chosen.neighbours,
        chosen.distance_m,
    )


def bounds(session: Session, version_id: int) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of a version's cells in degrees; None without cells."""
    boxes = select(
        func.min(func.ST_XMin(Cell.geom)),
        func.min(func.ST_YMin(Cell.geom)),
        func.max(func.ST_XMax(Cell.geom)),
        func.max(func.ST_YMax(Cell.geom)),
    )
    west, south, east, north = session.execute(boxes.where(Cell.version_id == version_id)).one()
    return None if west is None else (west, south, east, north)


def outline(session: Session, version_id: int) -> BaseGeometry | None:
    """Return a version's outline in EPSG:4326; None for a draft that came without one.

    A version that was published has a valid one.
    """
    wkb = session.scalar(select(_wkb(GridVersion.outline)).where(GridVersion.id == version_id))
    return None if wkb is None else shapely.from_wkb(bytes(wkb))


def neighbours(session: Session) -> list[Neighbour]:
    """Return the bureaus next door, by code."""
    query = select(
        NeighbourBureau.code,
        NeighbourBureau.name,
        NeighbourBureau.name_en,
        _wkb(NeighbourBureau.geom),
    )
    return [
        Neighbour(code, name, name_en, shapely.from_wkb(bytes(wkb)))
        for code, name, name_en, wkb in session.execute(query.order_by(NeighbourBureau.code))
    ]


def _card(version: GridVersion, cells: int, at: dt.datetime) -> VersionCard:
    valid = version.valid
    return VersionCard(
        version.id,
        version.name,
        state_at(version.state, valid.upper if valid else None, at),
        valid.lower if valid else None,
        valid.upper if valid else None,
        cells,
        version.revision,
    )


def _shapes(wkbs: Sequence[bytes]) -> NDArray[np.object_]:
    shapes: NDArray[np.object_] = shapely.from_wkb(np.array([bytes(w) for w in wkbs], dtype=object))
    return shapes
