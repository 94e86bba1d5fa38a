"""Which cells of a draft an edit of its arcs has to write: all that are stored otherwise by now.

A file's cells may lack vertices that the arcs have, where a neighbour's boundary meets or crosses
theirs. They are stored as they came until an edit concerns them. From then on their neighbours need
the same vertices, or the edit itself would leave boundaries that don't match vertex for vertex.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gis.arcs import ArcCoverage
from gis.arcs.planar import arc_of
from gridserver.grids import cell_rows
from gridserver.grids.cell_rows import CellState

Vertices = NDArray[np.complex128]
"""Longitude + latitude · i, so that places can be looked up as numbers."""

_NONE: Vertices = np.empty(0, dtype=np.complex128)


def outdated(
    session: Session, version_id: int, after: ArcCoverage, concerned: Iterable[str]
) -> dict[str, list[CellState]]:
    """Return the rows to be replaced, by code: an empty list for a cell that has come.

    Parameters
    ----------
    after : ArcCoverage
        As the edit leaves it.
    concerned : iterable of str
        The cells along whatever the edit changed. To them are added those along a boundary that
        gains a vertex which their own rows lack.
    """
    asked = set(concerned)
    found = _differing(cell_rows.take(session, version_id, asked), after)
    gained = _gained(found, after)
    latest: Iterable[str] = found
    while beside := _beside(after, latest, gained) - asked:
        asked |= beside
        rows = _differing(cell_rows.take(session, version_id, beside), after)
        more = {
            code: states
            for code, states in rows.items()
            if np.isin(_gained({code: states}, after), gained).any()
        }
        found |= more
        gained = np.union1d(gained, _gained(more, after))
        latest = more
    return found


def _differing(rows: dict[str, list[CellState]], after: ArcCoverage) -> dict[str, list[CellState]]:
    """Those whose polygon is another than the row's, wherever its rings begin."""
    return {code: states for code, states in rows.items() if not _is_drawn(states, after, code)}


def _is_drawn(states: Sequence[CellState], after: ArcCoverage, code: str) -> bool:
    if code not in after.cells:
        return not states
    drawn = shapely.from_wkb([cell_rows.as_wkb(after.polygon(code))])
    rows = shapely.from_wkb([state.wkb for state in states])
    return len(rows) == 1 and bool(np.all(shapely.normalize(rows) == shapely.normalize(drawn)))


def _gained(rows: dict[str, list[CellState]], after: ArcCoverage) -> Vertices:
    """The vertices that these cells will have and their rows lack."""
    gained = [
        np.setdiff1d(_vertices([after.polygon(code)]), _vertices(shapely.from_wkb(wkbs)))
        for code, wkbs in ((code, [state.wkb for state in rows[code]]) for code in rows)
        if code in after.cells
    ]
    return np.unique(np.concatenate([_NONE, *gained]))


def _beside(after: ArcCoverage, codes: Iterable[str], places: Vertices) -> set[str]:
    """The cells on both sides of each boundary of these cells that has one of the places."""
    faces = (after.faces[face] for code in codes for face in after.cells.get(code, ()))
    arcs = {arc_of(ref) for face in faces for ring in face.rings for ref in ring}
    met = (
        after.arcs[arc] for arc in arcs if np.isin(_complex(after.arcs[arc].coords), places).any()
    )
    sides = {side for arc in met for side in arc.faces} & after.faces.keys()
    return {code for side in sides for code in after.faces[side].owners}


def _vertices(geoms: Sequence[shapely.Geometry] | NDArray[np.object_]) -> Vertices:
    return _complex(shapely.get_coordinates(geoms))


def _complex(coords: NDArray[np.float64]) -> Vertices:
    return np.ascontiguousarray(coords).view(np.complex128).ravel()
