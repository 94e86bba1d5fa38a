"""Rows of cells as values: taken, put back, and packed into the history of a draft.

A draft may have several cells of one code until it is mended, so a state is kept for each code: the
list of its rows, empty where it has none.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from geoalchemy2 import WKBElement
from shapely.geometry.base import BaseGeometry
from sqlalchemy import LargeBinary, delete, func, insert, select
from sqlalchemy.orm import Session

from gis.features import Cell as CellShape
from gridserver.grids.models import Cell


@dataclass(frozen=True)
class CellState:
    """What a row of a cell holds. `wkb` is its multipolygon in EPSG:4326, bit for bit."""

    name: str
    station: str | None
    attributes: Mapping[str, Any]
    wkb: bytes = field(repr=False)


States = Mapping[str, Sequence[CellState]]


@dataclass(frozen=True)
class Swap:
    """Cells by code as they were, and as they are instead."""

    before: States
    after: States

    def inverse(self) -> Swap:
        """Return the swap that puts back what was."""
        return Swap(self.after, self.before)


def take(session: Session, version_id: int, codes: Iterable[str]) -> dict[str, list[CellState]]:
    """Return the rows of these codes, an empty list for a code that no cell has."""
    states: dict[str, list[CellState]] = {code: [] for code in sorted(set(codes))}
    wkb = func.ST_AsBinary(Cell.geom, type_=LargeBinary)
    rows = select(Cell.code, Cell.name, Cell.station_code, Cell.attributes, wkb)
    which = rows.where(Cell.version_id == version_id, Cell.code.in_(list(states)))
    for code, name, station, attributes, geom in session.execute(which.order_by(Cell.id)):
        states[code].append(CellState(name, station, attributes, bytes(geom)))
    return states


def put(session: Session, version_id: int, states: States) -> None:
    """Have each of these codes the rows given, and no others."""
    gone = delete(Cell).where(Cell.version_id == version_id, Cell.code.in_(list(states)))
    session.execute(gone)
    rows = [_row(version_id, code, state) for code, found in states.items() for state in found]
    if rows:
        session.execute(insert(Cell), rows)


def as_wkb(geom: BaseGeometry) -> bytes:
    """Return a polygon or multipolygon as the multipolygon that is stored."""
    return shapely.MultiPolygon(list(shapely.get_parts(geom))).wkb


def changed_to(session: Session, version_id: int, cells: Mapping[str, Sequence[CellShape]]) -> Swap:
    """Return the swap after which each of these codes has the cells given.

    What else is known of a cell stays with its code; a new one has nothing yet.
    """
    before = take(session, version_id, cells)
    after = {}
    for code, shapes in cells.items():
        former = [state.attributes for state in before[code]]
        known = [*former, *({} for _ in shapes)]
        after[code] = [
            CellState(shape.name or code, shape.station or None, attributes, as_wkb(shape.geom))
            for shape, attributes in zip(shapes, known, strict=False)
        ]
    return Swap(before, after)


def pack(swap: Swap) -> bytes:
    """Return a swap as compressed JSON."""
    document = {"before": _as_json(swap.before), "after": _as_json(swap.after)}
    return zlib.compress(json.dumps(document, ensure_ascii=False).encode())


def unpack(data: bytes) -> Swap:
    """Read what `pack` wrote."""
    document = json.loads(zlib.decompress(data))
    return Swap(_from_json(document["before"]), _from_json(document["after"]))


def _row(version_id: int, code: str, state: CellState) -> dict[str, Any]:
    return {
        "version_id": version_id,
        "code": code,
        "name": state.name,
        "station_code": state.station,
        "attributes": dict(state.attributes),
        "geom": WKBElement(state.wkb, srid=4326),
    }


def _as_json(states: States) -> dict[str, list[Any]]:
    return {
        code: [
            [s.name, s.station, dict(s.attributes), base64.b64encode(s.wkb).decode()] for s in found
        ]
        for code, found in states.items()
    }


def _from_json(states: Mapping[str, Any]) -> dict[str, list[CellState]]:
    return {
        code: [
            CellState(name, station, attributes, base64.b64decode(wkb))
            for name, station, attributes, wkb in found
        ]
        for code, found in states.items()
    }
