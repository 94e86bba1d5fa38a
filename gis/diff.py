"""What changed between two coverages: codes, and ground and points that change hands."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from gis.areas import areas_m2
from gis.errors import GeometryError, GisError
from gis.features import Cell, as_array
from gis.locator import Locator

Kind = Literal["added", "removed", "renamed", "transfer", "gained", "lost"]

TEXTS: dict[Kind, str] = {
    "added": "Cell {cell} is new, with {area_m2:.0f} m².",
    "removed": "Cell {cell} is gone, with {area_m2:.0f} m².",
    "renamed": "Cell {before} is now called {after}.",
    "transfer": "{area_m2:.0f} m² pass from cell {before} to cell {after}.",
    "gained": "{area_m2:.0f} m² that no cell had come to cell {after}.",
    "lost": "{area_m2:.0f} m² of cell {before} come to no cell.",
}
"""The sentence of each kind; the names in it are those of `Change.params`."""


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes
    ----------
    kind
        ``added``, ``removed`` and ``renamed`` are about a code; ``transfer``, ``gained`` and
        ``lost`` about ground. ``diff.<kind>`` is the stable code for translations.
    before, after
        Who had it, and who has it: codes, or None.
    area_m2
        Area of `geometry` on the ellipsoid.
    geometry
        Polygon or multipolygon in EPSG:4326: the ground, or the whole cell.
    """

    kind: Kind
    before: str | None
    after: str | None
    area_m2: float
    geometry: BaseGeometry

    @property
    def code(self) -> str:
        """The stable code, such as ``diff.transfer``."""
        return f"diff.{self.kind}"

    @property
    def params(self) -> dict[str, Any]:
        """The values in `text`, for translations."""
        cell = self.after if self.before is None else self.before
        values = {"cell": cell, "before": self.before, "after": self.after}
        return {**values, "area_m2": self.area_m2}

    @property
    def text(self) -> str:
        """One English sentence."""
        return TEXTS[self.kind].format(**self.params)


@dataclass(frozen=True)
class Diff:
    """The differences of two coverages.

    Attributes
    ----------
    added, removed, renamed
        Codes that are new, gone, or other for the same ground; by code.
    ground
        What changes hands: from one cell to another, or to or from none. Largest first. A
        renamed cell's ground stays in its hand; ground of new and removed cells does not.
    moved
        Codes on both sides whose ground is another.
    unchanged
        Codes on both sides on the same ground.
    """

    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    renamed: tuple[Change, ...]
    ground: tuple[Change, ...]
    moved: tuple[str, ...]
    unchanged: tuple[str, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """All of them: codes first, then ground."""
        return self.added + self.removed + self.renamed + self.ground

    @property
    def area_m2(self) -> float:
        """The area that changes hands."""
        return sum(change.area_m2 for change in self.ground)


@dataclass(frozen=True)
class MovedPoints:
    """Points whose cell is another: row in the input, and the codes; None for no cell."""

    rows: NDArray[np.intp]
    before: NDArray[np.object_]
    after: NDArray[np.object_]


def diff(before: Sequence[Cell], after: Sequence[Cell], *, min_area_m2: float = 1.0) -> Diff:
    """Compare two coverages.

    Parameters
    ----------
    before, after
        Cells with valid polygons in EPSG:4326 and a code each. Where cells overlap, ground that a
        cell keeps has not changed hands, whoever else claims it.
    min_area_m2
        Up to this, for a pair of cells together, is rounding.

    Raises
    ------
    GisError
        ``diff.duplicate_code``, ``diff.min_area``.
    GeometryError
        ``diff.invalid_ring``: `params` name the cell.
    """
    if not 0.0 <= min_area_m2 < math.inf:
        message = "The least area is a finite number of square metres, from 0 on."
        raise GisError("diff.min_area", message, "min_area_m2")
    old, new = _by_code(before, "before"), _by_code(after, "after")
    common = sorted(old.keys() & new.keys())
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    renamed = list(_renamed(_only(old, gone), _only(new, come), min_area_m2))
    left = gone - {change.before for change in renamed}
    entered = come - {change.after for change in renamed}
    lost = _differences(common, old, new) | _only(old, left)
    won = _differences(common, new, old) | _only(new, entered)
    ground = [*_transfers(lost, won), *_without_cell(lost, won, old, new)]
    ground = [change for change in ground if change.area_m2 > min_area_m2]
    moved = {code for code in common if _area_of(code, lost, won) > min_area_m2}
    return Diff(
        tuple(_whole("added", None, code, new[code]) for code in sorted(entered)),
        tuple(_whole("removed", code, None, old[code]) for code in sorted(left)),
        tuple(sorted(renamed, key=lambda change: change.before or "")),
        tuple(sorted(ground, key=lambda c: (-c.area_m2, c.before or "", c.after or ""))),
        tuple(code for code in common if code in moved),
        tuple(code for code in common if code not in moved),
    )


def moved_points(
    before: Sequence[Cell], after: Sequence[Cell], lons: ArrayLike, lats: ArrayLike
) -> MovedPoints:
    """Find the points (EPSG:4326) that lie in another cell after than before.

    By the rules of `gis.locator`; points without usable coordinates are in no cell.
    """
    codes = [
        Locator([cell.code for cell in side], [cell.geom for cell in side]).locate_many(lons, lats)[
            0
        ]
        for side in (before, after)
    ]
    rows = np.flatnonzero(codes[0] != codes[1])
    return MovedPoints(rows, codes[0][rows], codes[1][rows])


def _by_code(cells: Iterable[Cell], side: str) -> dict[str, BaseGeometry]:
    found: dict[str, BaseGeometry] = {}
    for cell in cells:
        if cell.code in found:
            message = f"Several cells have the code {cell.code!r}; give each its own."
            raise GisError("diff.duplicate_code", message, side, {"cell": cell.code})
        found[cell.code] = cell.geom
    for code, valid in zip(found, shapely.is_valid(as_array(found.values())), strict=True):
        if not valid:
            message = f"The boundary of cell {code} is invalid; redraw it before you compare."
            raise GeometryError("diff.invalid_ring", message, side, {"cell": code})
    return found


def _only(cells: Mapping[str, BaseGeometry], codes: Iterable[str]) -> dict[str, BaseGeometry]:
    return {code: cells[code] for code in sorted(codes)}


def _whole(kind: Kind, before: str | None, after: str | None, geom: BaseGeometry) -> Change:
    return Change(kind, before, after, float(areas_m2([geom])[0]), geom)


def _differences(
    codes: Sequence[str], cells: Mapping[str, BaseGeometry], others: Mapping[str, BaseGeometry]
) -> dict[str, BaseGeometry]:
    """What of each cell is not in the other of the same code."""
    mine, theirs = (as_array(side[code] for code in codes) for side in (cells, others))
    changed = np.flatnonzero(~shapely.equals_identical(mine, theirs))
    parts = _areal(shapely.difference(mine[changed], theirs[changed]))
    return {
        codes[row]: part for row, part in zip(changed.tolist(), parts, strict=True) if part.area > 0
    }


def _area_of(code: str, *sides: Mapping[str, BaseGeometry]) -> float:
    return float(areas_m2(side[code] for side in sides if code in side).sum())


def _areal(geoms: NDArray[np.object_]) -> NDArray[np.object_]:
    """Only the polygons of what an overlay left: cells also share lines and points."""
    parts, owner = shapely.get_parts(geoms, return_index=True)
    areal = shapely.get_dimensions(parts) == 2
    empty = shapely.MultiPolygon()
    return as_array(
        shapely.multipolygons(parts[areal & (owner == row)]) if geom.area > 0 else empty
        for row, geom in enumerate(geoms)
    )


def _meeting(
    one: Mapping[str, BaseGeometry], other: Mapping[str, BaseGeometry]
) -> Iterator[tuple[str, str]]:
    codes, other_codes = list(one), list(other)
    tree = shapely.STRtree(as_array(other.values()))
    for i, j in tree.query(as_array(one.values()), predicate="intersects").T.tolist():
        yield codes[i], other_codes[j]


def _renamed(
    gone: Mapping[str, BaseGeometry], come: Mapping[str, BaseGeometry], min_area_m2: float
) -> Iterator[Change]:
    inside = {code: shapely.point_on_surface(geom) for code, geom in gone.items()}
    for before, after in _meeting(inside, come):
        one, other = gone[before], come[after]
        if shapely.equals_identical(one, other) or (
            areas_m2([shapely.symmetric_difference(one, other)])[0] <= min_area_m2
        ):
            yield _whole("renamed", before, after, come[after])


def _transfers(
    lost: Mapping[str, BaseGeometry], won: Mapping[str, BaseGeometry]
) -> Iterator[Change]:
    pairs = [pair for pair in _meeting(lost, won) if pair[0] != pair[1]]
    shared = _areal(
        shapely.intersection(
            as_array(lost[a] for a, _ in pairs), as_array(won[b] for _, b in pairs)
        )
    )
    for (a, b), geom, area in zip(pairs, shared, areas_m2(shared), strict=True):
        yield Change("transfer", a, b, float(area), geom)


def _without_cell(
    lost: Mapping[str, BaseGeometry],
    won: Mapping[str, BaseGeometry],
    old: Mapping[str, BaseGeometry],
    new: Mapping[str, BaseGeometry],
) -> Iterator[Change]:
    """Ground that comes to no cell, and ground that none had."""
    for code, geom in _uncovered(lost, new).items():
        yield _whole("lost", code, None, geom)
    for code, geom in _uncovered(won, old).items():
        yield _whole("gained", None, code, geom)


def _uncovered(
    pieces: Mapping[str, BaseGeometry], cells: Mapping[str, BaseGeometry]
) -> dict[str, BaseGeometry]:
    covers: dict[str, list[BaseGeometry]] = {code: [] for code in pieces}
    for code, cell in _meeting(pieces, cells):
        covers[code].append(cells[cell])
    unions = as_array(shapely.union_all(covers[code]) for code in pieces)
    rest = _areal(shapely.difference(as_array(pieces.values()), unions))
    return {code: geom for code, geom in zip(pieces, rest, strict=True) if geom.area > 0}
