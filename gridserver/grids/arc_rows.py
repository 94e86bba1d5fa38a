"""The arcs and faces of a draft as rows: read, written, and kept in memory between requests.

They are drawn from the cells when a draft is first opened for editing. After that an edit writes
the rows that it changes, and whoever has the former state in memory finds by its name
(`GridVersion.arcs`) that it is a former one, and makes the edits since on it, too.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import shapely
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from gis import killable
from gis.arcs import OUTSIDE, Arc, ArcCoverage, Edit, Face
from gis.features import Cell as CellShape
from gis.features import as_array
from gridserver.base.errors import Conflict
from gridserver.grids import queries
from gridserver.grids.models import DraftArc, DraftFace, GridVersion
from gridserver.grids.replaying import replayed

_DOUBLES = "<f8"
_NAMED = 20
_AT_ONCE_VERTICES = 20_000


class Recent:
    """The coverages that were in use last, by the name of their state."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[uuid.UUID, ArcCoverage] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: uuid.UUID) -> ArcCoverage | None:
        """Return the coverage of this name, or None."""
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
            return self._kept.get(name)

    def put(self, name: uuid.UUID, coverage: ArcCoverage) -> None:
        """Keep a coverage, and let go of the one that was not asked for the longest."""
        with self._lock:
            self._kept[name] = coverage
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


_recent = Recent(most=8)


def forget() -> None:
    """Keep nothing in memory any longer: what is asked for next is read from its rows."""
    global _recent
    _recent = Recent(most=8)


def load(session: Session, version: GridVersion) -> ArcCoverage:
    """Return the arcs of a draft; they are drawn, and stored, where they are not there yet.

    The version's row must be locked for update.

    Raises
    ------
    Conflict
        ``grid.not_editable``: names the cells that have to be mended first.
    GeometryError
        ``arcs.tangled``, ``arcs.no_ground``: names the place, or the cell.
    ProcessError
        As `gis.killable.run`: drawing took too long, or too much.
    """
    if version.arcs is None:
        return _drawn(session, version)
    kept = _recent.get(version.arcs)
    if kept is None:
        kept = replayed(session, version, _recent.get) or _read(session, version.id)
        _recent.put(version.arcs, kept)
    return kept


def save(
    session: Session,
    version: GridVersion,
    coverage: ArcCoverage,
    edit: Edit,
    name: uuid.UUID | None = None,
) -> None:
    """Write what an edit has changed. The version's row must be locked for update.

    `name`: of the state that it comes back to; None for one that there has not been.
    """
    for table, changes in ((DraftArc, edit.arcs), (DraftFace, edit.faces)):
        if changes:
            gone = delete(table).where(table.version_id == version.id, table.id.in_(list(changes)))
            session.execute(gone)
    arcs = {i: arc for i, (_, arc) in edit.arcs.items() if arc is not None}
    faces = {i: face for i, (_, face) in edit.faces.items() if face is not None}
    _write(session, version, coverage, arcs, faces, name)


def drop(session: Session, version: GridVersion) -> None:
    """Remove the arcs: they are drawn anew from the cells when they are next asked for."""
    for table in (DraftArc, DraftFace):
        session.execute(delete(table).where(table.version_id == version.id))
    version.arcs = None
    session.flush()


def _drawn(session: Session, version: GridVersion) -> ArcCoverage:
    cells = queries.cells(session, version.id)
    _refuse_unfit(version.name, cells)
    rings = as_array(cell.geom for cell in cells)
    is_small = shapely.get_num_coordinates(rings).sum() < _AT_ONCE_VERTICES
    parts = [cell.code for cell in cells], [cell.geom for cell in cells]
    # Of many vertices in a process of its own, so that the web process goes on answering.
    coverage = (
        ArcCoverage.from_cells(*parts) if is_small else killable.run(ArcCoverage.from_cells, *parts)
    )
    _write(session, version, coverage, coverage.arcs, coverage.faces)
    return coverage


def _refuse_unfit(name: str, cells: Sequence[CellShape]) -> None:
    """Refuse cells of which no arcs can be drawn, naming all of them."""
    rings = as_array(cell.geom for cell in cells)
    sound = shapely.is_valid(rings) & (shapely.area(rings) > 0)
    counts = Counter(cell.code for cell in cells)
    unfit: dict[str, set[str]] = {
        "have boundaries that cross themselves": {
            cell.code for cell, is_sound in zip(cells, sound, strict=True) if not is_sound
        },
        "share a code": {code for code, count in counts.items() if count > 1 and code},
        "have no code": {code for code in counts if not code},
    }
    if not cells or any(unfit.values()):
        said = "; ".join(
            f"{', '.join(sorted(codes)[:_NAMED]) or 'some'} {what}"
            for what, codes in unfit.items()
            if codes
        )
        raise Conflict(
            "grid.not_editable",
            f"The boundaries of version {name} can't be edited yet: {said or 'it has no cells'}. "
            "Repair these first.",
            field="name",
            cells=sorted({code for codes in unfit.values() for code in codes}),
        )


def _read(session: Session, version_id: int) -> ArcCoverage:
    arcs = {
        row.id: Arc(
            np.frombuffer(bytes(row.coords), dtype=_DOUBLES).reshape(-1, 2),
            row.start_node,
            row.end_node,
            *(OUTSIDE if side is None else side for side in (row.left_face, row.right_face)),
        )
        for row in session.execute(
            select(*DraftArc.__table__.columns).where(DraftArc.version_id == version_id)
        )
    }
    faces = {
        row.id: Face(tuple(row.owners), tuple(tuple(ring) for ring in row.rings))
        for row in session.execute(
            select(*DraftFace.__table__.columns).where(DraftFace.version_id == version_id)
        )
    }
    return ArcCoverage.restored(arcs, faces, _codes(faces.values()))


def _codes(faces: Iterable[Face]) -> list[str]:
    return sorted({code for face in faces for code in face.owners})


def _write(
    session: Session,
    version: GridVersion,
    coverage: ArcCoverage,
    arcs: Mapping[int, Arc],
    faces: Mapping[int, Face],
    name: uuid.UUID | None = None,
) -> None:
    if arcs:
        session.execute(insert(DraftArc), [_arc_row(version.id, *item) for item in arcs.items()])
    if faces:
        session.execute(insert(DraftFace), [_face_row(version.id, *item) for item in faces.items()])
    version.arcs = name or uuid.uuid4()
    session.flush()
    _recent.put(version.arcs, coverage)


def _arc_row(version_id: int, arc_id: int, arc: Arc) -> dict[str, object]:
    left, right = (None if face == OUTSIDE else face for face in arc.faces)
    return {
        "version_id": version_id,
        "id": arc_id,
        "start_node": arc.start,
        "end_node": arc.end,
        "left_face": left,
        "right_face": right,
        "coords": arc.coords.astype(_DOUBLES).tobytes(),
    }


def _face_row(version_id: int, face_id: int, face: Face) -> dict[str, object]:
    return {
        "version_id": version_id,
        "id": face_id,
        "owners": list(face.owners),
        "rings": [list(ring) for ring in face.rings],
    }
