"""Which face is which fault's, whose it could be, and what would move."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.areas import areas_m2
from gis.faults import Fault
from gis.features import Cell, as_array
from gis.repair.faces import Faces, touching
from gis.repair.proposal import Give, Kind, Move, Proposal

REGION_KINDS = frozenset(
    {"overlap", "gap", "sliver", "outside_outline", "uncovered_outline", "unmatched_vertex"}
    | {"too_small"}
)
_MOST_NEIGHBOURS = 4
_NEAR_DEG = 1e-5  # a metre: a scrap of ground this far from a fault still belongs to it

Numbered = tuple[int, Fault]


@dataclass(frozen=True)
class Ground:
    """What the repairs of one report are decided from.

    Attributes
    ----------
    codes, geoms
        Of all cells; `geoms` are valid, in EPSG:4326, or empty where they can't be mended.
    cell_m2, code_m2
        Their areas, and that of the smallest cell of each code.
    faces
        The ground around the faults.
    scrap_m2
        Area up to which an overlap or hole is rounding and no fault of its own.
    person_m2
        Ground from which on a person decides.
    """

    codes: Sequence[str]
    geoms: NDArray[np.object_]
    cell_m2: NDArray[np.float64]
    code_m2: Mapping[str, float]
    faces: Faces
    scrap_m2: float
    person_m2: float


def survey(
    cells: Sequence[Cell],
    sound: NDArray[np.object_],
    faults: Sequence[Numbered],
    outline: BaseGeometry | None,
    *,
    scrap_m2: float,
    person_m2: float,
) -> Ground:
    """Cut up the ground around `faults`."""
    rows = touching(sound, [fault.geometry for _, fault in faults])
    about_outline = any(fault.kind.endswith("_outline") for _, fault in faults)
    lines = [outline.boundary] if about_outline and outline is not None else []
    faces = Faces(sound, rows, lines)
    codes = [cell.code for cell in cells]
    sizes = areas_m2(sound)
    smallest: dict[str, float] = {}
    for code, size in zip(codes, sizes.tolist(), strict=True):
        smallest[code] = min(size, smallest.get(code, size))
    return Ground(codes, sound, sizes, smallest, faces, scrap_m2, person_m2)


def region_proposals(ground: Ground, faults: Sequence[Numbered]) -> Iterator[Proposal]:
    """Yield proposals to give the faces at fault to a cell, the best of each fault first.

    Scraps of overlaps and holes that are too small to be reported go with a fault beside them, or
    in a proposal of their own that is no fault's.
    """
    by_number = dict(faults)
    belongs, scraps = _faces_by_fault(ground, faults)
    for faces in _by_cells(ground, scraps):
        yield _matched(ground, (), faces)
    for number, faces in sorted(belongs.items()):
        fault = by_number[number]
        if fault.kind == "unmatched_vertex":
            yield _matched(ground, (number,), faces)
        elif fault.kind == "overlap":
            yield from _overlap(ground, number, faces, fault)
        elif fault.kind == "outside_outline":
            yield _clipped(ground, number, faces, fault)
        elif fault.kind == "too_small":
            yield _removed(ground, number, faces, fault)
        else:
            yield from _filled(ground, number, faces)


def _faces_by_fault(
    ground: Ground, faults: Sequence[Numbered]
) -> tuple[dict[int, list[int]], list[int]]:
    """The faces that each fault is about, none of them two faults', and those left over."""
    areas = [(number, fault) for number, fault in faults if fault.kind != "unmatched_vertex"]
    within = _faults_at(ground, areas)
    by_number = dict(faults)

    def order(number: int) -> tuple[list[float], int]:
        """Of several overlaps at a place, that of the smallest cells settles it for all."""
        return sorted(ground.code_m2[code] for code in by_number[number].cells), number

    belongs: dict[int, list[int]] = {}
    scraps = []
    for face, cover in enumerate(ground.faces.cover):
        fitting = [number for number, fault in within.get(face, ()) if _fits(ground, cover, fault)]
        if fitting:
            belongs.setdefault(min(fitting, key=order), []).append(face)
        elif len(cover) != 1 and ground.faces.areas_m2[face] <= ground.scrap_m2:
            scraps.append(face)
    nearest = _nearest_fault(ground, scraps, faults)
    for face, number in nearest.items():
        belongs.setdefault(number, []).append(face)
    return belongs, [face for face in scraps if face not in nearest]


def _faults_at(ground: Ground, faults: Sequence[Numbered]) -> dict[int, list[Numbered]]:
    places = as_array(fault.geometry for _, fault in faults)
    face, place = shapely.STRtree(places).query(ground.faces.points, predicate="intersects")
    found: dict[int, list[Numbered]] = {}
    for row, index in zip(face.tolist(), place.tolist(), strict=True):
        found.setdefault(row, []).append(faults[index])
    return found


def _fits(ground: Ground, cover: tuple[int, ...], fault: Fault) -> bool:
    if fault.kind == "overlap":
        return len(cover) > 1
    if fault.kind in ("outside_outline", "too_small"):
        return len(cover) == 1 and ground.codes[cover[0]] == fault.params["code"]
    return not cover


def _nearest_fault(
    ground: Ground, scraps: Sequence[int], faults: Sequence[Numbered]
) -> dict[int, int]:
    """Scraps of ground with the fault they lie at: near misses before all others."""
    found: dict[int, int] = {}
    for kinds in ({"unmatched_vertex"}, {"overlap", "gap", "sliver"}):
        # A fault that waits for a person must not keep its scraps waiting.
        among = [
            (number, fault)
            for number, fault in faults
            if fault.kind in kinds and fault.area_m2 < ground.person_m2
        ]
        rest = [face for face in scraps if face not in found]
        tree = shapely.STRtree(as_array(fault.geometry for _, fault in among))
        which, place = tree.query_nearest(
            ground.faces.polygons[rest], max_distance=_NEAR_DEG, all_matches=False
        )
        for i, j in zip(which.tolist(), place.tolist(), strict=True):
            found[rest[i]] = among[j][0]
    return found


def _overlap(ground: Ground, number: int, faces: Sequence[int], fault: Fault) -> Iterator[Proposal]:
    """To the smaller cell first: the larger loses the lesser share of itself."""
    a, b = (*fault.cells, fault.params["a"], fault.params["b"])[:2]
    for code in sorted({a, b}, key=lambda code: (ground.code_m2[code], code)):
        whose = {face: _settled(ground, face, code) for face in faces}
        yield _given(ground, (number,), "resolve_overlap", whose, {"a": a, "b": b, "to": code})


def _filled(ground: Ground, number: int, faces: Sequence[int]) -> Iterator[Proposal]:
    """To the neighbour with the longest shared edge first."""
    empty = [face for face in faces if not ground.faces.cover[face]]
    rim = ground.faces.rim_by_cell(empty)
    best = sorted(rim, key=lambda row: (-rim[row], ground.codes[row], row))
    for row in best[:_MOST_NEIGHBOURS]:
        whose = {face: row if face in empty else _settled(ground, face) for face in faces}
        params = {"to": ground.codes[row], "shared_m": rim[row]}
        yield _given(ground, (number,), "give_to_neighbour", whose, params)


def _by_cells(ground: Ground, faces: Iterable[int]) -> Iterator[list[int]]:
    """Faces in groups of those that lie in or between the same cells."""
    groups: dict[frozenset[int], list[int]] = {}
    for face in faces:
        cells = frozenset(ground.faces.cover[face] or ground.faces.rim_by_cell([face]))
        groups.setdefault(cells, []).append(face)
    yield from groups.values()


def _matched(ground: Ground, numbers: tuple[int, ...], faces: Sequence[int]) -> Proposal:
    whose = {face: _settled(ground, face) for face in faces}
    rows = {row for face in faces for row in ground.faces.cover[face]} | set(whose.values())
    codes = sorted({ground.codes[row] for row in rows if row is not None})
    return _given(ground, numbers, "snap", whose, {"around": codes})


def _settled(ground: Ground, face: int, code: str | None = None) -> int | None:
    """Whose a face is to be: in an overlap a cell of `code`, or else the smallest, keeps its own.

    Where boundaries nearly coincide, the smaller cell keeps its boundary so, and the larger adapts:
    of what no cell has, the largest gets its scrap.
    """
    if cover := ground.faces.cover[face]:
        return min(cover, key=lambda row: (ground.codes[row] != code, ground.cell_m2[row], row))
    rim = ground.faces.rim_by_cell([face])
    along = [row for row in rim if rim[row] >= max(rim.values()) / 2.0]
    return max(along, key=lambda row: (ground.cell_m2[row], -row), default=None)


def _clipped(ground: Ground, number: int, faces: Sequence[int], fault: Fault) -> Proposal:
    whose: dict[int, int | None] = dict.fromkeys(faces)
    return _given(ground, (number,), "clip_to_outline", whose, {"code": fault.params["code"]})


def _removed(ground: Ground, number: int, faces: Sequence[int], fault: Fault) -> Proposal:
    rim = ground.faces.rim_by_cell(faces)
    to = min(rim, key=lambda row: (-rim[row], row), default=None)
    params = {"code": fault.params["code"]}
    return _given(ground, (number,), "remove_cell", dict.fromkeys(faces, to), params, True)


def _given(
    ground: Ground,
    numbers: tuple[int, ...],
    kind: Kind,
    whose: Mapping[int, int | None],
    params: Mapping[str, object],
    needs_person: bool = False,
) -> Proposal:
    """The proposal that each face be that cell's and no other's."""
    areas: dict[tuple[str | None, str | None], float] = {}
    regions: dict[int | None, list[int]] = {}
    for face, owner in whose.items():
        cover = ground.faces.cover[face]
        regions.setdefault(owner, []).append(face)
        gainer = ground.codes[owner] if owner is not None and owner not in cover else None
        losers = [ground.codes[row] for row in cover if row != owner]
        pairs: list[tuple[str | None, str | None]] = [(loser, None) for loser in losers[1:]]
        pairs.append((losers[0] if losers else None, gainer))
        for pair in pairs:
            if pair != (None, None):
                areas[pair] = areas.get(pair, 0.0) + float(ground.faces.areas_m2[face])
    moves = tuple(
        Move(giver, taker, area)
        for (giver, taker), area in sorted(areas.items(), key=lambda item: -item[1])
    )
    gives = tuple(
        Give(ground.faces.region(faces), None if owner is None else ground.codes[owner])
        for owner, faces in regions.items()
    )
    moved = sum(move.area_m2 for move in moves)
    large = needs_person or moved >= ground.person_m2
    return Proposal(numbers, kind, moves, large, params, gives)
