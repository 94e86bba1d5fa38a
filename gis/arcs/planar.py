"""Arcs around nodes: the walks that bound faces, and the rings that a walk falls into.

An arc is referred to as TopoJSON does: `n` forwards and ``~n`` (that is, -n - 1) backwards. What is
decided here is decided exactly, on the doubles as they are: which way a turn goes is a sign, and a
sign that rounding got wrong would tie two faces together.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key

import numpy as np
import shapely
from numpy.typing import NDArray

Ref = int
Ring = tuple[Ref, ...]
Walk = list[Ref]
Coords = NDArray[np.float64]

OUTSIDE = -1
"""The face around everything. It has no rings."""

_ORIENTATION_ERROR = 3.3306690738754716e-16  # Shewchuk 1997, ccwerrboundA


@dataclass(frozen=True, eq=False)
class Arc:
    """A polyline from node to node between two faces.

    Attributes
    ----------
    coords
        Shape (n, 2), lon/lat in EPSG:4326, read-only; the first and last are the nodes'.
    start, end
        Nodes; one and the same where the arc is closed.
    left, right
        Faces, as seen along the arc; `OUTSIDE` where there is none.
    """

    coords: Coords
    start: int
    end: int
    left: int
    right: int

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Arc):
            return NotImplemented
        return (
            (self.start, self.end, self.left, self.right)
            == (other.start, other.end, other.left, other.right)
            and self.coords.shape == other.coords.shape
            and self.coords.tobytes() == other.coords.tobytes()
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def nodes(self) -> tuple[int, int]:
        """Start and end."""
        return self.start, self.end

    @property
    def faces(self) -> tuple[int, int]:
        """Left and right."""
        return self.left, self.right


Arcs = Mapping[int, Arc]
Nodes = Mapping[int, tuple[Ref, ...]]


def arc_of(ref: Ref) -> int:
    """Return the arc that a reference is to, whichever way."""
    return ref if ref >= 0 else ~ref


def start_of(arcs: Arcs, ref: Ref) -> int:
    """Return the node that the referred arc sets out from."""
    return arcs[ref].start if ref >= 0 else arcs[~ref].end


def end_of(arcs: Arcs, ref: Ref) -> int:
    """Return the node that the referred arc leads to."""
    return start_of(arcs, ~ref)


def left_of(arcs: Arcs, ref: Ref) -> int:
    """Return the face on the left of the referred arc."""
    return arcs[ref].left if ref >= 0 else arcs[~ref].right


def path(arcs: Arcs, ref: Ref) -> Coords:
    """Return the coordinates of the referred arc, in its direction."""
    return arcs[ref].coords if ref >= 0 else arcs[~ref].coords[::-1]


def counterclockwise(arcs: Arcs, refs: Iterable[Ref]) -> tuple[Ref, ...]:
    """Sort references to arcs that set out from one node, from due east on."""
    first_two = {ref: path(arcs, ref)[:2].tolist() for ref in refs}

    def compare(a: Ref, b: Ref) -> int:
        (origin, towards_a), (_, towards_b) = first_two[a], first_two[b]
        halves = _is_lower_half(origin, towards_a) - _is_lower_half(origin, towards_b)
        return halves or -_orientation(origin, towards_a, towards_b)

    return tuple(sorted(first_two, key=cmp_to_key(compare)))


def walks(arcs: Arcs, nodes: Nodes, halves: Iterable[Ref]) -> Iterator[Walk]:
    """Yield the closed walks along `halves`, the region that they bound on the left.

    Parameters
    ----------
    nodes
        For each node the arcs that set out from it, counterclockwise.
    halves
        All references that have the region on their left and anything else on their right.
    """
    waiting = dict.fromkeys(halves)
    region = frozenset(waiting)
    while waiting:
        first = ref = next(iter(waiting))
        walk = []
        while True:
            del waiting[ref]
            walk.append(ref)
            ref = _following(arcs, nodes, region, ref)
            if ref == first:
                break
        yield walk


def bridges(walk: Walk) -> set[int]:
    """Return the arcs that a walk takes both ways: they part nothing."""
    taken = set(walk)
    return {ref for ref in walk if ref >= 0 and ~ref in taken}


def regions(arcs: Arcs, found: Iterable[Walk]) -> tuple[list[tuple[Ring, ...]], list[Ring]]:
    """Make regions of the walks around them.

    Returns
    -------
    regions
        The rings of each: its shell first, counterclockwise, then its holes, clockwise.
    others
        Holes in none of them: the rims of what lies in the outer face.
    """
    shells: list[list[Ring]] = []
    loose: list[list[Ring]] = []
    for walk in found:
        rings = sorted(_loops(arcs, walk), key=lambda ring: not is_shell(arcs, ring))
        (shells if is_shell(arcs, rings[0]) else loose).append(rings)
    others = _put_holes_into(arcs, shells, loose) if loose else []
    return [tuple(rings) for rings in shells], others


def is_shell(arcs: Arcs, ring: Ring) -> bool:
    """Say whether a ring runs counterclockwise."""
    return bool(shapely.is_ccw(_linear_ring(arcs, ring)))


def polygon(arcs: Arcs, rings: Sequence[Ring]) -> shapely.Polygon:
    """Return the polygon with these rings, the shell first."""
    shell, *holes = (_linear_ring(arcs, ring) for ring in rings)
    return shapely.Polygon(shell, holes)


def _linear_ring(arcs: Arcs, ring: Ring) -> shapely.LinearRing:
    paths = [path(arcs, ref) for ref in ring]
    return shapely.LinearRing(np.vstack([paths[0], *(coords[1:] for coords in paths[1:])]))


def _is_lower_half(origin: Sequence[float], towards: Sequence[float]) -> bool:
    (x, y), (to_x, to_y) = origin, towards
    return to_y < y or (to_y == y and to_x < x)


def _orientation(a: Sequence[float], b: Sequence[float], c: Sequence[float]) -> int:
    """1 where a, b, c turn left, -1 where they turn right, 0 where they are on a line."""
    one = (b[0] - a[0]) * (c[1] - a[1])
    other = (b[1] - a[1]) * (c[0] - a[0])
    if abs(one - other) > _ORIENTATION_ERROR * (abs(one) + abs(other)):
        return 1 if one > other else -1
    (ax, ay), (bx, by), (cx, cy) = ((Fraction(x), Fraction(y)) for x, y in (a, b, c))
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (turn > 0) - (turn < 0)


def _following(arcs: Arcs, nodes: Nodes, region: Container[Ref], ref: Ref) -> Ref:
    """The next reference with the region on its left: the first one clockwise of the way back."""
    around = nodes[end_of(arcs, ref)]
    back = around.index(~ref)
    return next(
        around[back - step] for step in range(1, len(around) + 1) if around[back - step] in region
    )


def _loops(arcs: Arcs, walk: Walk) -> Iterator[Ring]:
    """Cut a walk where it comes back to a node, so that no ring touches itself (OGC 06-103r4)."""
    taken: list[Ref] = []
    reached: dict[int, int] = {}
    for ref in walk:
        node = start_of(arcs, ref)
        if node in reached:
            loop = taken[reached[node] :]
            del taken[reached[node] :]
            for part in loop:
                del reached[start_of(arcs, part)]
            yield _from_lowest(loop)
        reached[node] = len(taken)
        taken.append(ref)
    yield _from_lowest(taken)


def _from_lowest(loop: Sequence[Ref]) -> Ring:
    # One way to write a ring, so that rings can be compared.
    first = loop.index(min(loop, key=arc_of))
    return (*loop[first:], *loop[:first])


def _put_holes_into(
    arcs: Arcs, shells: list[list[Ring]], loose: Iterable[list[Ring]]
) -> list[Ring]:
    """Add holes to the smallest region around them, and return those that have none."""
    areas = [polygon(arcs, rings[:1]) for rings in shells]
    shapely.prepare(areas)
    tree = shapely.STRtree(areas)
    others: list[Ring] = []
    for rings in loose:
        vertices = np.vstack([path(arcs, ref) for ring in rings for ref in ring])
        near = tree.query(shapely.Point(vertices[0]), predicate="intersects")
        # A rim's vertices lie on the shells along it, and never inside one of them.
        around = [row for row in near if shapely.contains_xy(areas[row], vertices).any()]
        home = min(around, key=lambda row: areas[row].area, default=None)
        (others if home is None else shells[home]).extend(rings)
    return others
