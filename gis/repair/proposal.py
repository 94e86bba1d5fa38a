"""Repairs of a coverage as values: what would change, and how much ground from whom to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import shapely
from shapely.geometry.base import BaseGeometry

from gis.faults import worded

Kind = Literal[
    "mend_ring",
    "drop_spike",
    "resolve_overlap",
    "give_to_neighbour",
    "clip_to_outline",
    "snap",
    "merge_duplicates",
    "remove_cell",
]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""All kinds of repair."""

Vertex = tuple[float, float]
Edge = tuple[Vertex, Vertex]

TEXTS: dict[Kind, str] = {
    "mend_ring": "Redraw the boundary of {code} without its fault ({reason}); reckoned as drawn, "
    "{moved}.",
    "drop_spike": "Drop a spike of {code} that has no width; {moved}.",
    "resolve_overlap": "Leave the overlap of {a} and {b} to {to}: {moved}.",
    "give_to_neighbour": "Give the ground to {to}, which has {shared_m:.0f} m of its rim: {moved}.",
    "clip_to_outline": "Cut {code} off at the outline: {moved}.",
    "snap": "Snap the boundaries of {around} together: {moved}.",
    "merge_duplicates": "Make the {count} polygons of {code} one cell.",
    "remove_cell": "Remove {code}, which has no size to speak of: {moved}.",
}
"""The sentence of each kind; the names in it are those of `Proposal.params`, and ``moved``."""


@dataclass(frozen=True)
class Move:
    """Ground that changes hands.

    Attributes
    ----------
    from_code, to_code
        The cell that gives it up, and the cell that gets it; None where no cell does: ground that
        a gap had, or of which another cell has its share already. Empty for a cell without code.
    area_m2
        On the WGS84 ellipsoid.
    """

    from_code: str | None
    to_code: str | None
    area_m2: float

    @property
    def text(self) -> str:
        """Such as ``12.0 m² from 0312 to 0313``."""
        giver = f" from {self.from_code}" if self.from_code is not None else ""
        taker = f" to {self.to_code}" if self.to_code is not None else ""
        return f"{self.area_m2:.1f} m²{giver}{taker}"


@dataclass(frozen=True)
class Give:
    """A region in EPSG:4326 that is to be the cell's of code `to`, or nobody's, and no other's."""

    region: BaseGeometry
    to: str | None


@dataclass(frozen=True)
class Mend:
    """A cell's valid polygon in the place of its invalid one, both in EPSG:4326."""

    code: str
    before: BaseGeometry
    after: shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True)
class Snap:
    """Vertices moved, and vertices put in, of every cell that has them.

    Attributes
    ----------
    moved
        A vertex as it is, and the vertex that it is to be.
    bent
        An edge as it is, its lower end first, and the vertices to be put in between.
    """

    moved: Mapping[Vertex, Vertex]
    bent: Mapping[Edge, tuple[Vertex, ...]]


@dataclass(frozen=True)
class Proposal:
    """One way to repair a fault, or several faults that can't be told apart.

    Attributes
    ----------
    faults
        Places in the list of faults that this was made for. None for scraps of ground between
        cells that are too small to be reported.
    kind
        One of `KINDS`; ``repair.<kind>`` is the stable code for translations.
    moves
        All the ground that changes hands. A cell's area changes by what it gets less what it gives.
    needs_person
        Whether a person must decide: because much ground moves, or a cell could be lost.
    needs_mending
        Codes of cells with an invalid ring that it concerns: they must be mended with it or before.
    params
        The values in `text`, for translations; ``moved`` is the list of moves in words.
    gives, mends, snap, merge
        What is to be done; `gis.repair.apply` does it.
    """

    faults: tuple[int, ...]
    kind: Kind
    moves: tuple[Move, ...]
    needs_person: bool
    params: Mapping[str, Any]
    gives: tuple[Give, ...] = ()
    mends: tuple[Mend, ...] = ()
    snap: Snap = field(default_factory=lambda: Snap({}, {}))
    merge: str | None = None
    needs_mending: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The stable code, such as ``repair.snap``."""
        return f"repair.{self.kind}"

    @property
    def text(self) -> str:
        """One English sentence: what would be done, and what would move."""
        return TEXTS[self.kind].format(**worded(self.params), moved=in_words(self.moves))

    @property
    def area_m2(self) -> float:
        """All the ground that changes hands."""
        return sum(move.area_m2 for move in self.moves)

    def change_m2(self, code: str) -> float:
        """Return by how much the area of the cells with this code would grow."""
        gets = sum(move.area_m2 for move in self.moves if move.to_code == code)
        return gets - sum(move.area_m2 for move in self.moves if move.from_code == code)

    @property
    def cells(self) -> tuple[str, ...]:
        """Codes of the cells that give or get ground or are redrawn, the lower first."""
        codes = {move.from_code for move in self.moves} | {move.to_code for move in self.moves}
        codes |= {mend.code for mend in self.mends} | {give.to for give in self.gives}
        return tuple(sorted(code for code in codes | {self.merge} if code is not None))


def in_words(moves: Sequence[Move], most: int = 3) -> str:
    """Return moves as a list for a sentence, the largest first, cut after `most`."""
    if not moves:
        return "no ground moves"
    ordered = sorted(moves, key=lambda move: -move.area_m2)
    words = ", ".join(move.text for move in ordered[:most])
    rest = ordered[most:]
    if not rest:
        return words
    return f"{words} and {sum(move.area_m2 for move in rest):.1f} m² in {len(rest)} more moves"
