"""Edits that give ground to another cell: split, merge, and hand over a face or a piece.

Each returns the coverage after it and the record of it, or refuses and leaves nothing changed.
Boundaries between ground that comes into one hand are taken out, and so are the nodes at which
then only two stretches meet. All raise `GisError` ``arcs.unknown_cell`` or ``arcs.unknown_face``,
``arcs.nothing_changes``, ``arcs.cell_vanishes``, and the `GeometryError`\\ s of `gis.arcs.cuts.cut`
and ``arcs.too_small``, with the place as ``lon`` and ``lat`` in their `params`.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import ArrayLike

from gis.arcs.checks import checked_coordinates, refuse_small
from gis.arcs.coverage import ArcCoverage, Edit
from gis.arcs.cuts import cut
from gis.arcs.draft import Draft, Owners
from gis.arcs.planar import Coords
from gis.errors import GeometryError, GisError

Edited = tuple[ArcCoverage, Edit]

SNAP_M = 1.0
"""How far from the boundary a drawn line may end and still be taken to reach it."""


def split_cell(
    coverage: ArcCoverage, code: str, line: ArrayLike, new_code: str, *, snap_m: float = SNAP_M
) -> Edited:
    """Split a cell along a line. The largest piece keeps the code, the others get the new one.

    Parameters
    ----------
    line
        Shape (n, 2), from boundary to boundary, lon/lat in EPSG:4326. Closed, it cuts out what
        lies inside. Where it ends within `snap_m` of the boundary it is led there.

    Raises
    ------
    GisError
        ``arcs.empty_code``, ``arcs.code_taken``; ``arcs.not_split``: the line runs past the cell.
    """
    faces = _faces_of(coverage, code)
    _check_new(coverage, new_code)
    draft = Draft(coverage.structure)
    split_off = set(cut(coverage, draft, faces, _line(line), snap_m)) - set(faces)
    if not split_off:
        message = f"The line does not cross cell {code}; draw it from boundary to boundary."
        raise GisError("arcs.not_split", message, "line", {"cell": code})
    if any(len(draft.faces[face].owners) > 1 for face in split_off):
        message = f"The line crosses an overlap of cell {code}; give it to one cell first."
        raise GisError("arcs.contested", message, "line", {"cell": code})
    return _handed_over(coverage, draft, "split_cell", split_off, lambda owners: (new_code,))


def merge_cells(coverage: ArcCoverage, codes: Collection[str], into: str) -> Edited:
    """Make one cell of neighbours.

    Parameters
    ----------
    into
        The code it gets: one of `codes`, or one that no cell has.

    Raises
    ------
    GisError
        ``arcs.code_taken``, ``arcs.not_neighbours``, ``arcs.nothing_changes``.
    """
    merged = set(codes)
    faces = {face for code in sorted(merged) for face in _faces_of(coverage, code)}
    if into in coverage.cells.keys() - merged or not into:
        message = f"{into!r} is no code for the merged cell; take one of theirs, or a free one."
        raise GisError("arcs.code_taken", message, "into", {"cell": into})
    if len(merged) < 2:
        message = "Name two cells or more to merge."
        raise GisError("arcs.nothing_changes", message, "codes")
    apart = merged - _connected(coverage, min(merged), merged)
    if apart:
        message = f"Cell {min(apart)} has no boundary with the others; merge neighbours only."
        raise GisError("arcs.not_neighbours", message, "codes", {"cell": min(apart)})

    def renamed(owners: Owners) -> Owners:
        return tuple(sorted({into if code in merged else code for code in owners}))

    draft = Draft(coverage.structure)
    return _handed_over(coverage, draft, "merge_cells", faces, renamed, may_vanish=merged)


def rename_cell(coverage: ArcCoverage, code: str, new_code: str) -> Edited:
    """Give a cell another code; no ground changes hands.

    Raises
    ------
    GisError
        ``arcs.empty_code``, ``arcs.code_taken``.
    """
    faces = _faces_of(coverage, code)
    _check_new(coverage, new_code)
    draft = Draft(coverage.structure)
    for face_id in faces:
        owners = (new_code if owner == code else owner for owner in draft.faces[face_id].owners)
        draft.put_face(face_id, replace(draft.faces[face_id], owners=tuple(sorted(owners))))
    after, edit = coverage.edited("rename_cell", draft)
    return after, replace(edit, area_change_m2={})


def assign_face(
    coverage: ArcCoverage, face: int, code: str, within: shapely.Polygon | None = None
) -> Edited:
    """Give a face to a cell alone: a gap, an overlap, or a part of another cell.

    Parameters
    ----------
    within
        Give only what lies in this polygon, in EPSG:4326.

    Raises
    ------
    GisError
        ``arcs.area``: `within` is no valid polygon without holes.
    """
    _faces_of(coverage, code)
    if face not in coverage.faces:
        message = f"There is no face {face}; load the boundaries again."
        raise GisError("arcs.unknown_face", message, "face", {"face": face})
    draft = Draft(coverage.structure)
    given = {face} if within is None else _cut_out(coverage, draft, {face}, within)
    return _handed_over(coverage, draft, "assign_face", given, lambda owners: (code,))


def move_area(coverage: ArcCoverage, from_code: str, to_code: str, area: shapely.Polygon) -> Edited:
    """Move what a cell has within a polygon to another cell.

    Parameters
    ----------
    area
        In EPSG:4326. It may reach over the cell's boundary; only that cell gives.

    Raises
    ------
    GisError
        ``arcs.area``: no valid polygon without holes.
    """
    faces = set(_faces_of(coverage, from_code))
    _faces_of(coverage, to_code)

    def moved(owners: Owners) -> Owners:
        return tuple(sorted({to_code if code == from_code else code for code in owners}))

    draft = Draft(coverage.structure)
    given = _cut_out(coverage, draft, faces, area)
    return _handed_over(coverage, draft, "move_area", given, moved)


def _handed_over(
    coverage: ArcCoverage,
    draft: Draft,
    verb: str,
    faces: Iterable[int],
    owners_now: Callable[[Owners], Owners],
    may_vanish: Collection[str] = (),
) -> Edited:
    changed = set()
    for face_id in sorted(faces):
        face = draft.faces[face_id]
        owners = owners_now(face.owners)
        if owners != face.owners:
            draft.put_face(face_id, replace(face, owners=owners))
            changed.add(face_id)
    if not changed:
        message = "No ground would change hands; choose ground that the cell does not have."
        raise GisError("arcs.nothing_changes", message, "area")
    draft.dissolve(changed)
    after, edit = coverage.edited(verb, draft)
    for code in sorted(coverage.cells.keys() - after.cells.keys() - set(may_vanish)):
        message = f"Cell {code} would have no ground left; merge it instead."
        raise GisError("arcs.cell_vanishes", message, "area", {"cell": code})
    refuse_small(coverage, after, edit.faces)
    return after, edit


def _faces_of(coverage: ArcCoverage, code: str) -> tuple[int, ...]:
    if code not in coverage.cells:
        message = f"There is no cell {code}; load the boundaries again."
        raise GisError("arcs.unknown_cell", message, "code", {"cell": code})
    return coverage.cells[code]


def _check_new(coverage: ArcCoverage, new_code: str) -> None:
    if not new_code:
        raise GisError("arcs.empty_code", "Give the new cell a code.", "new_code")
    if new_code in coverage.cells:
        message = f"There is a cell {new_code} already; choose another code."
        raise GisError("arcs.code_taken", message, "new_code", {"cell": new_code})


def _line(coords: ArrayLike) -> Coords:
    """A line as an array of shape (n, 2), no point twice in a row."""
    line = checked_coordinates(coords)
    line = line[np.append(True, (line[1:] != line[:-1]).any(axis=1))[: len(line)]]
    if len(line) < 2 or (len(line) < 4 and (line[0] == line[-1]).all()):
        message = "Give a line of two points or more, a closed one of three corners or more."
        raise GisError("arcs.line", message, "line")
    return line


def _cut_out(
    coverage: ArcCoverage, draft: Draft, faces: set[int], area: shapely.Polygon
) -> set[int]:
    """Cut faces along the rim of an area, and return the pieces in it."""
    usable = area.geom_type == "Polygon" and area.is_valid and area.area > 0 and not area.interiors
    if not usable:
        message = "The area is no valid polygon without holes; draw it anew."
        raise GeometryError("arcs.area", message, "area")
    rim = _line(shapely.get_coordinates(area.exterior))
    pieces = cut(coverage, draft, faces, rim, snap_m=0.0)
    inner = {piece: shapely.point_on_surface(draft.polygons[piece]) for piece in pieces}
    return {piece for piece, point in inner.items() if area.contains(point)}


def _connected(coverage: ArcCoverage, first: str, codes: Collection[str]) -> set[str]:
    """The cells that can be reached from the first over common boundaries, or share ground."""
    reached, waiting = {first}, [first]
    while waiting:
        for face in coverage.cells[waiting.pop()]:
            new = (coverage.neighbours(face) & set(codes)) - reached
            reached |= new
            waiting += sorted(new)
    return reached
