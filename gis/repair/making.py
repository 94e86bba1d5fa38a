"""Proposals for a fault report."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.areas import areas_m2
from gis.faults import Fault
from gis.features import Cell, as_array
from gis.repair.faces import TOUCHING_DEG
from gis.repair.proposal import Proposal
from gis.repair.regions import REGION_KINDS, region_proposals, survey
from gis.repair.rings import make_sound, ring_proposals
from gis.repair.snaps import snap_proposals

_MOST_LOST = 0.5

Numbered = tuple[int, Fault]


def proposals(
    cells: Sequence[Cell],
    faults: Sequence[Fault],
    outline: BaseGeometry | None = None,
    *,
    tolerance_m: float = 1.0,
    min_area_m2: float = 1.0,
    person_m2: float = 50_000.0,
) -> list[Proposal]:
    """Propose repairs for the faults of a coverage.

    =====================  ==================================================================
    fault                  proposals, the best first
    =====================  ==================================================================
    ``invalid_ring``       the ring mended; none where it is too tangled
    ``overlap``            to the smaller cell, which would lose the greater share of itself;
                           to the larger
    ``gap``, ``sliver``    to the neighbour with the longest shared edge; to the next three
    ``unmatched_vertex``   the boundaries snapped together; none while an overlap or hole
                           lies at the same place
    ``outside_outline``    cut off
    ``uncovered_outline``  as a gap
    ``duplicate_code``     one cell of all
    ``too_small``          removed, its ground to the neighbour with the longest shared edge
    ``empty_code``         none: a code is for a person to give
    =====================  ==================================================================

    Parameters
    ----------
    cells
        Polygons in EPSG:4326; rings may be invalid.
    faults
        Of these cells, from `gis.coverage.faults`; all of them or some.
    outline
        What the faults were found with.
    tolerance_m, min_area_m2
        What the faults were found with.
    person_m2
        Ground from which on a person decides: real enclaves and lakes are larger.

    Returns
    -------
    list of Proposal
        By fault. Proposals of different faults touch different ground, so that they can be carried
        out together. One `needs_person` where it moves much ground; where a cell would lose half
        of its own or be removed; and where cells of one code don't agree in name and station.
    """
    sound = make_sound(as_array(cell.geom for cell in cells))
    numbered = list(enumerate(faults))
    found = list(ring_proposals(cells, sound, _of(numbered, {"invalid_ring"}), person_m2))
    found += _merges(cells, _of(numbered, {"duplicate_code"}))
    about_ground = _of(numbered, REGION_KINDS)
    ground = survey(cells, sound, about_ground, outline, scrap_m2=min_area_m2, person_m2=person_m2)
    regions = list(region_proposals(ground, about_ground))
    found += regions
    apart = _apart(_of(numbered, {"unmatched_vertex"}), regions)
    found += snap_proposals(
        ground.codes, sound, apart, tolerance_m=tolerance_m, person_m2=person_m2
    )
    found = _after_mending(cells, sound, faults, found)
    # The sort keeps the order of the proposals of one fault.
    return sorted(_cautious(cells, found), key=lambda proposal: proposal.faults)


def _of(faults: Sequence[Numbered], kinds: frozenset[str] | set[str]) -> list[Numbered]:
    return [(number, fault) for number, fault in faults if fault.kind in kinds]


def _apart(faults: Sequence[Numbered], regions: Sequence[Proposal]) -> list[Numbered]:
    """Faults that lie away from all ground that other proposals would give."""
    given = as_array(give.region for proposal in regions for give in proposal.gives)
    lines = as_array(fault.geometry for _, fault in faults)
    near, _ = shapely.STRtree(given).query(lines, predicate="dwithin", distance=TOUCHING_DEG)
    settled = set(near.tolist())
    return [numbered for i, numbered in enumerate(faults) if i not in settled]


def _merges(cells: Sequence[Cell], faults: Sequence[Numbered]) -> Iterator[Proposal]:
    for number, fault in faults:
        code = fault.params["code"]
        named = {(cell.name, cell.station) for cell in cells if cell.code == code}
        agree = len(named) == 1 and None not in next(iter(named))
        params = {"code": code, "count": fault.params["count"]}
        yield Proposal((number,), "merge_duplicates", (), not agree, params, merge=code)


def _after_mending(
    cells: Sequence[Cell],
    sound: NDArray[np.object_],
    faults: Sequence[Fault],
    found: Sequence[Proposal],
) -> list[Proposal]:
    """Say of each proposal which invalid cells it concerns."""
    rows = [row for row, cell in enumerate(cells) if sound[row] is not cell.geom]
    tree = shapely.STRtree(sound[rows])
    codes: dict[int, set[str]] = {}
    for number, proposal in enumerate(found):
        places = [give.region for give in proposal.gives]
        places += [faults[fault].geometry for fault in proposal.faults if proposal.kind == "snap"]
        _, near = tree.query(as_array(places), predicate="dwithin", distance=TOUCHING_DEG)
        codes[number] = {cells[rows[i]].code for i in near.tolist()}
    return [
        replace(proposal, needs_mending=tuple(sorted(codes[number])))
        for number, proposal in enumerate(found)
    ]


def _cautious(cells: Sequence[Cell], found: Sequence[Proposal]) -> Iterator[Proposal]:
    """Leave to a person what would take half of a cell from it, alone or with all the others."""
    sizes: dict[str, float] = {}
    for cell, size in zip(cells, areas_m2([cell.geom for cell in cells]).tolist(), strict=True):
        sizes[cell.code] = sizes.get(cell.code, 0.0) + size
    lost = dict.fromkeys(sizes, 0.0)
    seen: set[tuple[int, ...]] = set()
    for proposal in found:
        if proposal.faults not in seen:
            seen.add(proposal.faults)
            for code in proposal.cells:
                lost[code] -= min(0.0, proposal.change_m2(code))
    for proposal in found:
        much = any(
            proposal.change_m2(code) < 0.0
            and max(lost[code], -proposal.change_m2(code)) > _MOST_LOST * sizes[code]
            for code in proposal.cells
        )
        yield replace(proposal, needs_person=proposal.needs_person or much)
