"""The bureau next door where its border is near: worked out in memory, from outlines that are read
once for each state of the tables and each grid version."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import shapely
from sqlalchemy.orm import Session

from gis.nearby import Lines
from gridserver.base.clock import now
from gridserver.dispatch.rules import Border
from gridserver.dispatch.tables.book import Book
from gridserver.grids import queries as grids
from gridserver.grids.queries import Neighbour

#: How far beside our outline the neighbour's may run, which another hand has drawn.
_BESIDE_M = 50.0


class _Surroundings:
    """The outlines around, and those of our own versions that were asked for."""

    def __init__(self, neighbours: list[Neighbour]) -> None:
        self.neighbours = neighbours
        self.lines = Lines([neighbour.geom for neighbour in neighbours])
        self.own: dict[int, Lines] = {}

    def next_door(self, lon: float, lat: float, border_m: float) -> Neighbour | None:
        """Return whose ground a point near our border is on, else who is on the other side."""
        found = [self.neighbours[i] for i, _ in self.lines.near(lon, lat, border_m + _BESIDE_M)]
        point = shapely.Point(lon, lat)
        return next((each for each in found if shapely.covers(each.geom, point)), None) or next(
            iter(found), None
        )


_surroundings: WeakKeyDictionary[Book, _Surroundings] = WeakKeyDictionary()


def find(
    session: Session, book: Book, version_id: int | None, lon: float, lat: float, within_m: float
) -> Border | None:
    """Return the bureau next door and its liaison, where our border is near a point.

    Parameters
    ----------
    book : Book
        The tables, for the liaisons that hold now; the outlines are read again where they changed.
    version_id : int or None
        The grid whose outline is the border; None: there is none.
    lon, lat : float
        Degrees, EPSG:4326; on either side of the border.
    within_m : float
        How far the border may be.

    Returns
    -------
    Border or None
        None too where the outline of nobody on the other side is known.
    """
    if version_id is None:
        return None
    around = _surroundings.get(book)
    if around is None:
        around = _surroundings[book] = _Surroundings(grids.neighbours(session))
    if not around.neighbours:
        return None
    if version_id not in around.own:
        outline = grids.outline(session, version_id)
        around.own[version_id] = Lines([outline] if outline is not None else [])
    near = around.own[version_id].near(lon, lat, within_m)
    if not near:
        return None
    distance_m = near[0][1]
    neighbour = around.next_door(lon, lat, distance_m)
    if neighbour is None:
        return None
    liaison = book.find("liaison", (neighbour.code,), now(session))
    said = {} if liaison is None else liaison.values
    return Border(
        said.get("name", neighbour.name), neighbour.name_en, said.get("contact"), distance_m
    )
