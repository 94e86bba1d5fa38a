"""Repair in rounds, until a new fault report has nothing more that can be mended unasked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry

from gis.coverage import faults
from gis.faults import Fault
from gis.features import Cell
from gis.repair.applying import apply
from gis.repair.making import proposals
from gis.repair.proposal import Proposal

_MOST_ROUNDS = 5


@dataclass(frozen=True)
class Repaired:
    """Cells after repair, what was carried out, and what is left.

    Attributes
    ----------
    cells
        In the order they came in.
    applied
        All that was carried out, in order. Places of faults are those in the report of its round.
    faults
        The report of `cells`.
    """

    cells: tuple[Cell, ...]
    applied: tuple[Proposal, ...]
    faults: tuple[Fault, ...]


def first_of_each(
    found: Sequence[Proposal], *, under_m2: float | None = None, with_person: bool = False
) -> list[Proposal]:
    """Return the first proposal of each fault that may be carried out unasked.

    Parameters
    ----------
    under_m2
        Leave out those that move this much ground or more.
    with_person
        A person has seen them: take also those that need one.
    """
    chosen: list[Proposal] = []
    settled: set[int] = set()
    for proposal in found:
        if settled & set(proposal.faults):
            continue
        settled |= set(proposal.faults)
        small = under_m2 is None or proposal.area_m2 < under_m2
        if small and (with_person or not proposal.needs_person):
            chosen.append(proposal)
    mended = {mend.code for proposal in chosen for mend in proposal.mends}
    return [proposal for proposal in chosen if mended.issuperset(proposal.needs_mending)]


def changed(
    cells: Sequence[Cell], proposal: Proposal, outline: BaseGeometry | None = None
) -> dict[str, list[BaseGeometry]]:
    """Return the new geometries of the cells that a proposal changes, by code, for a preview."""
    before = {id(cell) for cell in cells}
    new: dict[str, list[BaseGeometry]] = {}
    for cell in apply(cells, [proposal], outline):
        if id(cell) not in before:
            new.setdefault(cell.code, []).append(cell.geom)
    return new


def repair(
    cells: Sequence[Cell],
    outline: BaseGeometry | None = None,
    *,
    under_m2: float | None = None,
    **tolerances: Any,
) -> Repaired:
    """Carry out the first proposal of each fault, round by round, as far as no person is needed.

    Parameters
    ----------
    under_m2
        As in `first_of_each`.
    tolerances
        `tolerance_m` and `min_area_m2` of `gis.coverage.faults`.
    """
    now = tuple(cells)
    done: list[Proposal] = []
    report = faults(now, outline, **tolerances)
    for _ in range(_MOST_ROUNDS):
        chosen = first_of_each(proposals(now, report, outline, **tolerances), under_m2=under_m2)
        if not chosen:
            break
        now = apply(now, chosen, outline)
        done += chosen
        report = faults(now, outline, **tolerances)
    return Repaired(now, tuple(done), tuple(report))
