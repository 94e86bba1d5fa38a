"""Near misses closed: which vertices are to be moved or put in, so that boundaries coincide.

A vertex that lies nearly on a neighbour's edge becomes a vertex of it; one that lies nearly on a
neighbour's vertex becomes that vertex. No place is made up: every vertex lies where some cell had
one before. (A snapping noder, as JTS's ``SnappingNoder``, for the edges at fault only.)
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.features import as_array

Place = complex
"""A vertex in a metric plane; a complex number can be sorted by NumPy and kept in a set."""
Pair = tuple[Place, Place]

_MOST_ROUNDS = 12
_AT_M = 0.002  # the lines of a fault have been to degrees and back


def undirected(start: Place, end: Place) -> Pair:
    """Return an edge with its lower end first."""
    return (start, end) if (start.real, start.imag) <= (end.real, end.imag) else (end, start)


def ring_places(geom: BaseGeometry) -> Iterator[list[Place]]:
    """Yield the vertices of each ring, the first not repeated, interior to the left."""
    rings = shapely.get_rings(shapely.get_parts(shapely.orient_polygons(geom)))
    for ring in rings:
        xy = shapely.get_coordinates(ring)[:-1]
        yield (xy[:, 0] + 1j * xy[:, 1]).tolist()


@dataclass
class Snapping:
    """The edges at fault, and what has been decided about them so far.

    Attributes
    ----------
    paths
        Each edge at fault, and the vertices that it runs through by now.
    edge_owners, vertex_owners
        The cells that have an edge, or by now a vertex.
    moved
        Vertices that were moved onto another.
    """

    paths: dict[Pair, list[Place]]
    edge_owners: dict[Pair, frozenset[int]]
    vertex_owners: dict[Place, set[int]]
    moved: dict[Place, Place] = field(default_factory=dict)

    def at(self, vertex: Place) -> Place:
        """Return where a vertex is by now."""
        while vertex in self.moved:
            vertex = self.moved[vertex]
        return vertex

    def path(self, edge: Pair) -> list[Place]:
        """Return the vertices of an edge by now, none twice in a row."""
        now = [self.at(vertex) for vertex in self.paths[edge]]
        return [now[0], *(b for a, b in pairwise(now) if a != b)]


def snap(geoms: NDArray[np.object_], lines: Sequence[BaseGeometry], tolerance_m: float) -> Snapping:
    """Decide how the edges at fault along `lines` are made to coincide.

    Parameters
    ----------
    geoms
        The cells around, valid polygons in a metric plane.
    lines
        Where edges at fault may be changed.
    tolerance_m
        How far a vertex may lie from the edge or vertex that it becomes part of.
    """
    state = _at_fault(geoms, lines, tolerance_m)
    for _ in range(_MOST_ROUNDS):
        near = sorted(_near_misses(state, tolerance_m), key=lambda miss: (miss[0], abs(miss[1])))
        if not (_merge(state, near, tolerance_m) or _bend(state, near)):
            break
    return state


def _at_fault(
    geoms: NDArray[np.object_], lines: Sequence[BaseGeometry], tolerance_m: float
) -> Snapping:
    edge_owners: dict[Pair, set[int]] = {}
    vertex_owners: dict[Place, set[int]] = {}
    for row, geom in enumerate(geoms):
        for ring in ring_places(geom):
            for start, end in zip(ring, [*ring[1:], ring[0]], strict=True):
                vertex_owners.setdefault(start, set()).add(row)
                edge_owners.setdefault(undirected(start, end), set()).add(row)
    invalid = shapely.coverage_invalid_edges(geoms, gap_width=tolerance_m)
    chosen = [edge for edge in _edges(invalid) if edge in edge_owners]
    middles = as_array(shapely.Point((a + b).real / 2, (a + b).imag / 2) for a, b in chosen)
    along, _ = shapely.STRtree(as_array(lines)).query(middles, predicate="dwithin", distance=_AT_M)
    edges = [chosen[i] for i in np.unique(along)]
    return Snapping(
        {edge: list(edge) for edge in edges},
        {edge: frozenset(owners) for edge, owners in edge_owners.items()},
        vertex_owners,
    )


def _edges(lines: Iterable[BaseGeometry]) -> list[Pair]:
    found = set()
    for part in shapely.get_parts(as_array(lines)):
        places = [complex(x, y) for x, y in shapely.get_coordinates(part)]
        found |= {undirected(a, b) for a, b in pairwise(places)}
    return sorted(found, key=lambda edge: (edge[0].real, edge[0].imag, edge[1].real, edge[1].imag))


def _near_misses(
    state: Snapping, tolerance_m: float
) -> Iterator[tuple[float, Place, Pair, Place, Place]]:
    """Distance, vertex, edge, and the ends of the piece of that edge that the vertex is near."""
    pieces = [
        (edge, a, b)
        for edge in state.paths
        for path in (state.path(edge),)
        for a, b in pairwise(path)
    ]
    vertices = sorted({v for _, *ends in pieces for v in ends}, key=lambda v: (v.real, v.imag))
    if not vertices:
        return
    segments = shapely.linestrings([[(a.real, a.imag), (b.real, b.imag)] for _, a, b in pieces])
    points = shapely.points([(v.real, v.imag) for v in vertices])
    which, near = shapely.STRtree(segments).query(points, predicate="dwithin", distance=tolerance_m)
    away = shapely.distance(points[which], segments[near])
    for i, j, distance in zip(which.tolist(), near.tolist(), away.tolist(), strict=True):
        vertex, (edge, a, b) = vertices[i], pieces[j]
        if vertex not in (a, b) and not state.vertex_owners[vertex] & state.edge_owners[edge]:
            yield distance, vertex, edge, a, b


def _merge(
    state: Snapping, near: Iterable[tuple[float, Place, Pair, Place, Place]], tolerance_m: float
) -> bool:
    """Move vertices onto vertices of other cells; each takes part in one move a round."""
    busy: set[Place] = set()
    for _, vertex, _, *ends in near:
        other = min(ends, key=lambda end: (abs(end - vertex), end.real, end.imag))
        owners = state.vertex_owners
        if abs(other - vertex) > tolerance_m or busy & {vertex, other}:
            continue
        if owners[vertex] & owners[other]:
            continue
        busy |= {vertex, other}
        # The vertex of fewer cells moves.
        goes, stays = sorted(
            (vertex, other), key=lambda place: (len(owners[place]), place.real, place.imag)
        )
        state.moved[goes] = stays
        owners[stays] |= owners[goes]
    return bool(busy)


def _bend(state: Snapping, near: Iterable[tuple[float, Place, Pair, Place, Place]]) -> bool:
    """Put vertices into the edges that they lie at."""
    inserted: dict[tuple[Pair, Place, Place], set[Place]] = {}
    for _, vertex, edge, a, b in near:
        along = ((vertex - a) * (b - a).conjugate()).real / abs(b - a) ** 2
        if 0.0 < along < 1.0:
            inserted.setdefault((edge, a, b), set()).add(vertex)
    for (edge, a, b), vertices in inserted.items():
        path = state.path(edge)
        at = next(i for i, pair in enumerate(pairwise(path)) if pair == (a, b))
        ordered = sorted(vertices, key=lambda v: ((v - a) * (b - a).conjugate()).real)
        state.paths[edge] = path[: at + 1] + ordered + path[at + 1 :]
        for vertex in ordered:
            state.vertex_owners[vertex] |= state.edge_owners[edge]
    return bool(inserted)
