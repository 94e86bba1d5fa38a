"""New serials for all cells of a draft: from west to east, and from north to south."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gis.features import Cell, Remark, as_array
from gridserver.access.rules import Principal
from gridserver.base.errors import Conflict
from gridserver.grids import cell_rows, drafts, queries, settings
from gridserver.grids.cell_rows import CellState, Swap
from gridserver.grids.codes import Scheme
from gridserver.grids.drafts import Changed
from gridserver.grids.edit_log import Deed
from gridserver.grids.models import GridVersion

VERB = "renumber"


def plan(cells: Sequence[Cell], scheme: Scheme) -> dict[str, str]:
    """Return the code that each cell is to have, by the one that it has: pure.

    What is before the serial stays. The cells that share it are counted from 1 in rows, a row from
    west to east and the rows from north to south. A row begins with the northernmost cell that is
    left, and takes those whose inner point lies north of that cell's southern end.

    Parameters
    ----------
    cells
        With valid polygons in EPSG:4326.

    Raises
    ------
    Conflict
        ``grid.not_numbered``: free codes have no serials. ``grid.no_stem``,
        ``grid.duplicate_code``, ``grid.too_many_in_stem``: to be mended first.
    """
    digits = scheme.serial_digits
    if digits is None:
        raise Conflict(
            "grid.not_numbered",
            "Free codes have no serials: choose digits_15 or digits_20 in the settings first.",
        )
    stems: dict[str, list[int]] = {}
    for row, code in enumerate(_checked(cells, scheme)):
        stems.setdefault(code[:-digits], []).append(row)
    geoms = as_array(cell.geom for cell in cells)
    found = {}
    for stem, rows in stems.items():
        _refuse_too_many(stem, len(rows), digits)
        for serial, row in enumerate(_in_order(geoms[rows]), 1):
            found[cells[rows[row]].code] = f"{stem}{serial:0{digits}}"
    return found


def preview(session: Session, version: GridVersion) -> dict[str, str]:
    """Return the code that each cell of a version would get; raises as `plan`."""
    return plan(queries.cells(session, version.id), settings.present(session).scheme)


def renumber(session: Session, actor: Principal, version: GridVersion) -> Changed:
    """Give the cells of a draft their new codes, as one change that can be undone.

    What is known of a cell goes with it. Owners stay with the code: they own a code, in every
    version, and this is only a draft.

    Parameters
    ----------
    version : GridVersion
        From `drafts.locked_draft`.

    Raises
    ------
    Conflict
        As `plan`; ``grid.nothing_to_renumber``.
    """
    wanted = {old: new for old, new in preview(session, version).items() if old != new}
    if not wanted:
        raise Conflict(
            "grid.nothing_to_renumber",
            f"The cells of version {version.name} have their codes in order already.",
        )
    before = cell_rows.take(session, version.id, {*wanted, *wanted.values()})
    after: dict[str, list[CellState]] = {code: [] for code in before}
    for old, new in wanted.items():
        after[new] = before[old]
    said = Remark("edit.renumber", f"Gave {len(wanted)} cells new serials.", {"count": len(wanted)})
    return drafts.record_swap(session, actor, version, Deed(VERB, said, {}), Swap(before, after))


def _checked(cells: Sequence[Cell], scheme: Scheme) -> Iterator[str]:
    seen = set()
    for cell in cells:
        if not scheme.fits(cell.code):
            raise Conflict(
                "grid.no_stem",
                f"The code {cell.code!r} is not written by the scheme ({scheme.said}), so nothing "
                "says what its serial is: change it first.",
                params={"code": cell.code},
            )
        if cell.code in seen:
            raise Conflict(
                "grid.duplicate_code",
                f"Several cells have the code {cell.code}: mend that in the draft first.",
                params={"code": cell.code},
            )
        seen.add(cell.code)
        yield cell.code


def _refuse_too_many(stem: str, count: int, digits: int) -> None:
    if count >= 10**digits:
        raise Conflict(
            "grid.too_many_in_stem",
            f"There are {count} cells under {stem}, more than {digits} digits can number.",
            params={"stem": stem, "count": count},
        )


def _in_order(geoms: NDArray[np.object_]) -> Iterator[int]:
    """Places in `geoms`, in rows from north to south, each from west to east."""
    points = shapely.get_coordinates(shapely.point_on_surface(geoms))
    south = shapely.bounds(geoms)[:, 1]
    left = sorted(range(len(geoms)), key=lambda row: -points[row, 1])
    while left:
        line = [row for row in left if points[row, 1] >= south[left[0]]]
        yield from sorted(line, key=lambda row: points[row, 0])
        left = left[len(line) :]
