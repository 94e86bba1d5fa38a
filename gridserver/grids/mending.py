"""Faults and the proposals for them, by ids that stay while neither the fault nor they change.

Pure: this is what runs in a process of its own (`gis.killable`), over cells that are as a file from
outside had them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from gis.coverage import faults
from gis.errors import GeometryError
from gis.faults import Fault
from gis.features import Cell
from gis.outline import ENCLAVE_M2
from gis.outline import ground as enclosed
from gis.repair import Proposal, apply, first_of_each, proposals

#: Faults of a hole: of these a person may say that the ground is not the bureau's.
HOLES = frozenset({"gap", "sliver", "uncovered_outline"})
_MOST_ROUNDS = 5
_ID_BYTES = 8


@dataclass(frozen=True)
class Ground:
    """What faults are looked for in.

    Attributes
    ----------
    cells
        Of a version, in EPSG:4326; rings may be invalid.
    outline
        The version's; None where it has none.
    not_ours
        A point in each hole that a person has declared not the bureau's.
    tolerances
        Those of `gis.coverage.faults` that differ from its own.
    """

    cells: Sequence[Cell]
    outline: BaseGeometry | None = None
    not_ours: Sequence[shapely.Point] = ()
    tolerances: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """The faults of a ground, and the proposals for them, by their ids and in order."""

    faults: Mapping[str, Fault]
    proposals: Mapping[str, Proposal]

    def faults_of(self, proposal: Proposal) -> list[str]:
        """Return the ids of the faults that a proposal mends."""
        ids = list(self.faults)
        return [ids[place] for place in proposal.faults]


@dataclass(frozen=True)
class Mended:
    """Cells after repair, in the order they came in, and what was carried out."""

    cells: Sequence[Cell]
    applied: Sequence[Proposal]

    @property
    def area_change_m2(self) -> dict[str, float]:
        """By how much each cell concerned has grown."""
        codes = sorted({code for proposal in self.applied for code in proposal.cells})
        return {code: sum(proposal.change_m2(code) for proposal in self.applied) for code in codes}


def find_faults(ground: Ground) -> dict[str, Fault]:
    """Return the faults of a ground by id, without the holes that are not the bureau's."""
    found = faults(ground.cells, ground.outline, **ground.tolerances)
    return _numbered((_fault_id(fault), fault) for fault in found if _is_ours(fault, ground))


def bureau_ground(ground: Ground) -> BaseGeometry:
    """Return the outline, or what the cells enclose, without the holes that are not the bureau's.

    A point in such a hole is nobody's, however near a cell is.
    """
    whole = ground.outline
    if whole is None:
        whole = enclosed(cell.geom for cell in ground.cells)
    if not ground.not_ours:
        return whole
    found = faults(ground.cells, ground.outline, **ground.tolerances)
    holes = [fault.geometry for fault in found if not _is_ours(fault, ground)]
    return shapely.difference(whole, shapely.union_all(holes))


def survey(ground: Ground) -> Survey:
    """Return the faults of a ground and the proposals for them; see `gis.repair.proposals`."""
    found = find_faults(ground)
    own = ground.tolerances
    made = proposals(
        ground.cells,
        list(found.values()),
        ground.outline,
        person_m2=own.get("enclave_m2", ENCLAVE_M2),
        **{name: own[name] for name in ("tolerance_m", "min_area_m2") if name in own},
    )
    ids = list(found)
    named = (
        (_proposal_id([ids[i] for i in proposal.faults], proposal), proposal) for proposal in made
    )
    return Survey(found, _numbered(named))


def carry_out(ground: Ground, wanted: Sequence[str]) -> Mended:
    """Carry out the proposals with these ids.

    Raises
    ------
    GeometryError
        ``repair.unknown_proposal``: the cells are no longer those that it was made for; and as
        `gis.repair.apply`.
    """
    found = survey(ground).proposals
    if gone := [proposal_id for proposal_id in wanted if proposal_id not in found]:
        raise GeometryError(
            "repair.unknown_proposal",
            f"There is no proposal {gone[0]} for the draft as it is now: ask for proposals again.",
            "proposals",
            {"proposals": gone},
        )
    chosen = [found[proposal_id] for proposal_id in dict.fromkeys(wanted)]
    return Mended(apply(ground.cells, chosen, ground.outline), chosen)


def carry_out_small(ground: Ground, under_m2: float | None) -> Mended:
    """Carry out the first proposal of each fault, round by round, as far as no person is needed.

    Parameters
    ----------
    under_m2
        Leave out those that move this much ground or more.
    """
    done: list[Proposal] = []
    for _ in range(_MOST_ROUNDS):
        chosen = first_of_each(list(survey(ground).proposals.values()), under_m2=under_m2)
        if not chosen:
            break
        cells = apply(ground.cells, chosen, ground.outline)
        ground = Ground(cells, ground.outline, ground.not_ours, ground.tolerances)
        done += chosen
    return Mended(ground.cells, done)


def _is_ours(fault: Fault, ground: Ground) -> bool:
    return fault.kind not in HOLES or not any(
        fault.geometry.covers(point) for point in ground.not_ours
    )


def _fault_id(fault: Fault) -> str:
    return _digest(
        fault.kind.encode(), *(code.encode() for code in fault.cells), fault.geometry.wkb
    )


def _proposal_id(fault_ids: Iterable[str], proposal: Proposal) -> str:
    said = f"{proposal.kind} {proposal.moves!r} {proposal.merge}"
    return _digest(*(fault_id.encode() for fault_id in fault_ids), said.encode())


def _digest(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=_ID_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _numbered(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return a mapping by id; of several alike the later get a number."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        count, unique = 1, name
        while unique in found:
            count += 1
            unique = f"{name}-{count}"
        found[unique] = value
    return found
