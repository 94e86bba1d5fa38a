"""Repairs carried out together: each moves what it said, and nothing else moves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.areas import areas_m2
from gis.errors import GeometryError
from gis.features import Cell, as_array
from gis.repair.faces import Faces, touching
from gis.repair.proposal import Give, Mend, Proposal
from gis.repair.snaps import snapped
from gis.repair.vertices import without_needless

_ROUNDING_M2 = 0.01
_ROUNDING_SHARE = 1e-9


def apply(
    cells: Sequence[Cell], proposals: Sequence[Proposal], outline: BaseGeometry | None = None
) -> tuple[Cell, ...]:
    """Carry out repairs, in whatever order they are given: they touch different ground.

    Parameters
    ----------
    cells
        Those that the proposals were made for.
    proposals
        At most one for each fault.
    outline
        The one that they were made with.

    Returns
    -------
    tuple of Cell
        In the order of `cells`, cells merged at the place of the first and removed ones left out.
        Cells whose ground doesn't change keep their geometry, every bit of it.

    Raises
    ------
    GeometryError
        And nothing is changed. ``repair.conflict``: two proposals for one fault.
        ``repair.mend_first``: a cell concerned has an invalid ring. ``repair.cell_lost``: a cell
        would be left with nothing. ``repair.resolve_first``: cells to be merged overlap.
        ``repair.moved_otherwise``: other ground would move than was said; `cells` are not those
        that the proposals were made for.
    """
    _refuse_conflicts(proposals)
    geoms = as_array(cell.geom for cell in cells)
    codes = [cell.code for cell in cells]
    _mend(codes, geoms, [mend for proposal in proposals for mend in proposal.mends])
    _give(codes, geoms, [give for proposal in proposals for give in proposal.gives], outline)
    geoms = snapped(geoms, [proposal.snap for proposal in proposals])
    removed = {str(p.params["code"]) for p in proposals if p.kind == "remove_cell"}
    _refuse_losses(codes, geoms, removed)
    _refuse_other_moves(cells, geoms, proposals)
    kept = [
        cell if geom is cell.geom else replace(cell, geom=geom)
        for cell, geom in zip(cells, geoms, strict=True)
        if not geom.is_empty
    ]
    return _merged(kept, {proposal.merge for proposal in proposals if proposal.merge is not None})


def _refuse_conflicts(proposals: Sequence[Proposal]) -> None:
    seen: set[int] = set()
    for proposal in proposals:
        for fault in proposal.faults:
            if fault in seen:
                message = f"Two repairs were chosen for fault {fault + 1}; choose one of them."
                raise GeometryError("repair.conflict", message, "proposals", {"fault": fault + 1})
            seen.add(fault)


def _mend(codes: Sequence[str], geoms: NDArray[np.object_], mends: Iterable[Mend]) -> None:
    for mend in mends:
        same = [
            row
            for row, code in enumerate(codes)
            if code == mend.code and geoms[row].equals_exact(mend.before, 0.0)
        ]
        if not same:
            raise _stale(mend.code)
        geoms[same[0]] = mend.after


def _give(
    codes: Sequence[str],
    geoms: NDArray[np.object_],
    gives: Sequence[Give],
    outline: BaseGeometry | None,
) -> None:
    """Put the cells around the regions together anew from faces."""
    if not gives:
        return
    regions = as_array(give.region for give in gives)
    rows = touching(geoms, list(regions))
    for row in rows:
        if not geoms[row].is_valid:
            raise _mend_first(codes[row])
    lines = [] if outline is None else [outline.boundary]
    faces = Faces(_only(geoms, rows), rows, lines)
    face, region = shapely.STRtree(regions).query(faces.points, predicate="intersects")
    given = dict(zip(face.tolist(), (gives[i] for i in region.tolist()), strict=True))
    by_code: dict[str, list[int]] = {}
    for row in rows:
        by_code.setdefault(codes[row], []).append(row)
    pieces: dict[int, list[int]] = {row: [] for row in rows}
    for number, cover in enumerate(faces.cover):
        owners: Sequence[int] = cover
        if number in given:
            owners = _owner(by_code, faces, number, given[number].to)
        for row in owners:
            pieces[row].append(number)
    built = as_array(
        faces.region(pieces[row]) if pieces[row] else shapely.Polygon() for row in rows
    )
    geoms[rows] = without_needless(geoms[rows], built)


def _only(geoms: NDArray[np.object_], rows: Sequence[int]) -> NDArray[np.object_]:
    only = np.full(len(geoms), shapely.Polygon(), dtype=object)
    only[rows] = geoms[rows]
    return only


def _owner(
    rows_of: Mapping[str, Sequence[int]], faces: Faces, face: int, to: str | None
) -> Sequence[int]:
    """The one cell of code `to` that is in the face, or has most of its rim."""
    if to is None:
        return ()
    same = rows_of.get(to, ())
    if not same:
        raise _stale(to)
    if len(same) == 1:
        return same
    rim = faces.rim_by_cell([face])
    return (min(same, key=lambda row: (row not in faces.cover[face], -rim.get(row, 0.0), row)),)


def _refuse_losses(codes: Sequence[str], geoms: NDArray[np.object_], removed: set[str]) -> None:
    for row in np.flatnonzero(shapely.is_empty(geoms)).tolist():
        if codes[row] not in removed:
            raise GeometryError(
                "repair.cell_lost",
                f"Nothing would be left of cell {codes[row]}; choose another repair.",
                "proposals",
                {"code": codes[row]},
            )


def _refuse_other_moves(
    cells: Sequence[Cell], geoms: NDArray[np.object_], proposals: Sequence[Proposal]
) -> None:
    changed = [row for row, cell in enumerate(cells) if geoms[row] is not cell.geom]
    before = areas_m2(as_array(cells[row].geom for row in changed))
    after = areas_m2(geoms[changed])
    grown: dict[str, float] = {}
    size: dict[str, float] = {}
    for row, was, now in zip(changed, before.tolist(), after.tolist(), strict=True):
        code = cells[row].code
        grown[code] = grown.get(code, 0.0) + now - was
        size[code] = size.get(code, 0.0) + was
    for proposal in proposals:
        for code in proposal.cells:
            grown[code] = grown.get(code, 0.0) - proposal.change_m2(code)
    for code, unsaid in grown.items():
        if abs(unsaid) > _ROUNDING_M2 + _ROUNDING_SHARE * size.get(code, 0.0):
            raise _stale(code, unsaid)


def _merged(cells: Sequence[Cell], merge: set[str]) -> tuple[Cell, ...]:
    groups: dict[str | int, list[Cell]] = {}
    for row, cell in enumerate(cells):
        groups.setdefault(cell.code if cell.code in merge else row, []).append(cell)
    return tuple(_joined(group) for group in groups.values())


def _joined(group: Sequence[Cell]) -> Cell:
    if len(group) == 1:
        return group[0]
    geoms = as_array(cell.geom for cell in group)
    code = group[0].code
    if not shapely.is_valid(geoms).all():
        raise _mend_first(code)
    joined = shapely.union_all(geoms)
    if abs(float(areas_m2(geoms).sum() - areas_m2([joined])[0])) > _ROUNDING_M2:
        message = f"The cells of code {code} overlap; resolve that before they are merged."
        raise GeometryError("repair.resolve_first", message, "proposals", {"code": code})
    return replace(group[0], geom=cast(shapely.MultiPolygon, joined))


def _mend_first(code: str) -> GeometryError:
    message = f"The boundary of cell {code} crosses itself; choose its mending too, or redraw it."
    return GeometryError("repair.mend_first", message, "proposals", {"code": code})


def _stale(code: str, unsaid_m2: float | None = None) -> GeometryError:
    found = (
        "it is not as it was" if unsaid_m2 is None else f"{abs(unsaid_m2):.2f} m² more would move"
    )
    message = f"Cell {code}: {found}, so nothing was changed; ask for proposals again."
    return GeometryError(
        "repair.moved_otherwise", message, "proposals", {"code": code, "area_m2": unsaid_m2}
    )
