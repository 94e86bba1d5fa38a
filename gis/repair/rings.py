"""Invalid rings mended: in a process of its own, since repair is what an attacker would ask for."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis import killable
from gis.areas import areas_m2
from gis.errors import ProcessError
from gis.faults import Fault
from gis.features import Cell, as_array
from gis.repair.proposal import Kind, Mend, Move, Proposal
from gis.tangles import is_tangled

_SECONDS_FOR_ALL = 20.0
_SECONDS_FOR_ONE = 5.0
_MOST_ALONE = 4
_SAME_AREA_M2 = 0.01


def make_sound(geoms: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the polygons with invalid ones mended, or empty where that can't be done in time.

    Mending keeps what an odd or even number of windings encloses alike, and every part of it
    (``make_valid(method="structure")``); lines and points left over are dropped.
    """
    sound = np.array(geoms)
    rows = np.flatnonzero(~shapely.is_valid(geoms))
    sound[rows] = [shapely.Polygon()] * len(rows)
    simple = [int(row) for row in rows if not is_tangled(geoms[row])]
    for row, mended in zip(simple, _mended_safely([geoms[row] for row in simple]), strict=True):
        sound[row] = mended
    return sound


def mended(geoms: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Return valid polygons of the ground of invalid ones; for the process that may be killed."""
    valid = shapely.make_valid(as_array(geoms), method="structure", keep_collapsed=False)
    return [geom if geom.area > 0 else shapely.Polygon() for geom in valid]


def _mended_safely(geoms: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    if not geoms:
        return []
    try:
        return killable.run(mended, geoms, seconds=_SECONDS_FOR_ALL)
    except ProcessError:
        # One of them spoils it for all: the first few are tried alone, the rest is for a person.
        tried = [_mended_alone(geom) for geom in geoms[:_MOST_ALONE]]
        return [*tried, *([shapely.Polygon()] * (len(geoms) - len(tried)))]


def _mended_alone(geom: BaseGeometry) -> BaseGeometry:
    try:
        return killable.run(mended, [geom], seconds=_SECONDS_FOR_ONE)[0]
    except ProcessError:
        return shapely.Polygon()


def ring_proposals(
    cells: Sequence[Cell],
    sound: NDArray[np.object_],
    faults: Sequence[tuple[int, Fault]],
    person_m2: float,
) -> Iterator[Proposal]:
    """Yield the mending of each cell that an ``invalid_ring`` of `faults` is about.

    A cell that can't be mended has none: a person draws it again.
    """
    rows = [row for row, geom in enumerate(sound) if geom is not cells[row].geom]
    for number, fault in faults:
        row = _row_of(cells, rows, fault)
        if row is None or sound[row].is_empty:
            continue
        cell, after = cells[row], sound[row]
        before_m2, after_m2 = areas_m2([cell.geom, after])
        moves = _change(cell.code, float(after_m2 - before_m2))
        yield Proposal(
            (number,),
            _kind(cell.geom, after, moves),
            moves,
            abs(float(after_m2 - before_m2)) >= person_m2,
            {"code": cell.code, "reason": fault.params["reason"]},
            mends=(Mend(cell.code, cell.geom, after),),
        )


def _row_of(cells: Sequence[Cell], rows: Sequence[int], fault: Fault) -> int | None:
    """The invalid cell of the fault's code, and of several the one whose ring is at the place."""
    same = [row for row in rows if cells[row].code == fault.params["code"]]
    place = shapely.Point(fault.lon, fault.lat)
    return min(same, key=lambda row: cells[row].geom.boundary.distance(place), default=None)


def _change(code: str, gained_m2: float) -> tuple[Move, ...]:
    if gained_m2 == 0.0:
        return ()
    return (Move(None, code, gained_m2) if gained_m2 > 0 else Move(code, None, -gained_m2),)


def _kind(before: BaseGeometry, after: BaseGeometry, moves: Sequence[Move]) -> Kind:
    lost = set(map(tuple, shapely.get_coordinates(before))) - set(
        map(tuple, shapely.get_coordinates(after))
    )
    same_area = sum(move.area_m2 for move in moves) < _SAME_AREA_M2
    return "drop_spike" if lost and same_area else "mend_ring"
