"""Cut an outline into one wavy cell per seed, with every boundary shared vertex for vertex.

The Voronoi edges of the seeds are the plan. Each edge becomes *one* polyline: displaced midpoints,
level by level (Fournier, Fussell and Carpenter, *Computer rendering of stochastic models*, 1982),
bent back into true coordinates and rounded. The cells are polygonized from these arcs and the
outline's own, so neighbours hold the very same vertices. An arc that ends on the outline ends in
one of the outline's vertices; the outline itself therefore stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from gis.crs import LocalMetric
from gridserver.demo.seeding import Bend, Floats, degrees, metres

DECIMALS = 7
"""Of a degree: about a centimetre."""
STEP_M = 25.0
"""Target distance between the vertices of an arc."""
ROUGHNESS = 0.16
"""Standard deviation of a displaced midpoint, as a share of the length that it halves."""
MARGIN_M = 30_000.0
"""How far the plan reaches beyond the outline, so that bending leaves none of it bare."""
SHORTEST_CUT = 4
"""An arc from outline to outline with fewer segments would only cut off a sliver."""
MOST_ATTEMPTS = 12
MEET_AT_ENDS_ONLY = "FF*F*****"
"""DE-9IM of two arcs that cross nowhere."""


class PartitionError(RuntimeError):
    """These seeds give no clean partition of this outline; another random seed will."""


@dataclass(frozen=True)
class Plan:
    """What stays the same while the arcs are tried.

    ``outline`` is in degrees and prepared; ``edges`` are pairs of indices into ``nodes`` (bent
    metres) and ``places`` (the same nodes in degrees).
    """

    outline: shapely.Polygon
    nodes: Floats
    places: Floats
    edges: np.ndarray
    bend: Bend
    plane: LocalMetric
    seed: int


def cut(
    outline: shapely.Polygon, seeds: Floats, bend: Bend, plane: LocalMetric, seed: int
) -> list[shapely.Polygon]:
    """Cells of ``outline`` (degrees, rounded to :data:`DECIMALS`), in the order of ``seeds``.

    ``seeds`` are *bent* metres, shape ``(n, 2)``. Raises :class:`PartitionError` where arcs cross
    even when they are almost smooth, or where a face has more than one seed.
    """
    shapely.prepare(outline)
    nodes, edges = _voronoi_graph(seeds, plane, outline)
    places = np.round(degrees(plane, bend.undo(nodes)), DECIMALS)
    linework = _uncrossed_linework(Plan(outline, nodes, places, edges, bend, plane, seed))
    faces = shapely.get_parts(shapely.polygonize(linework))
    return _one_face_per_seed(faces, np.asarray(shapely.points(degrees(plane, bend.undo(seeds)))))


def _voronoi_graph(
    seeds: Floats, plane: LocalMetric, outline: shapely.Polygon
) -> tuple[Floats, np.ndarray]:
    """Nodes in bent metres and edges as pairs of node indices, ordered by coordinates alone."""
    corners = metres(plane, np.array(outline.bounds).reshape(2, 2))
    corners += [[-MARGIN_M, -MARGIN_M], [MARGIN_M, MARGIN_M]]
    diagram = shapely.voronoi_polygons(
        shapely.multipoints(seeds), extend_to=shapely.box(*corners.ravel())
    )
    ends = [
        np.stack([ring[:-1], ring[1:]], axis=1)
        for ring in map(shapely.get_coordinates, shapely.get_parts(diagram))
    ]
    points = np.round(np.concatenate(ends).reshape(-1, 2), 6)
    nodes, index = np.unique(points, axis=0, return_inverse=True)
    edges = np.unique(np.sort(index.reshape(-1, 2), axis=1), axis=0)
    return nodes, edges[edges[:, 0] != edges[:, 1]]


def _uncrossed_linework(plan: Plan) -> list[shapely.LineString]:
    """All arcs, each as rough as it can be without crossing another: halved where it does."""
    roughness = np.full(len(plan.edges), ROUGHNESS)
    arcs: dict[int, list[Floats]] = {}
    stale = list(range(len(plan.edges)))
    for _ in range(MOST_ATTEMPTS):
        arcs |= {edge: list(_inside(plan, _path(plan, edge, roughness[edge]))) for edge in stale}
        owners = [edge for edge, parts in arcs.items() for _ in parts]
        wavy = [part for parts in arcs.values() for part in parts]
        border = _split_ring(shapely.get_coordinates(plan.outline), wavy)
        lines = [shapely.LineString(part) for part in wavy + border]
        stale = sorted({owners[line] for line in _crossed(lines) if line < len(owners)})
        if not stale:
            return lines
        roughness[stale] /= 2
    raise PartitionError(f"arcs of {len(stale)} edges cross: {plan.edges[stale].tolist()}")


def _path(plan: Plan, edge: int, roughness: float) -> Floats:
    """The edge as a rough polyline in degrees; its own random stream keeps it repeatable."""
    rng = np.random.default_rng([plan.seed, edge])
    start, end = plan.edges[edge]
    path = plan.nodes[[start, end]]
    length = float(np.linalg.norm(path[1] - path[0]))
    for _ in range(max(2, round(np.log2(max(length / STEP_M, 1))))):
        path = _displace_midpoints(path, roughness, rng)
    lonlat = np.round(degrees(plan.plane, plan.bend.undo(path)), DECIMALS)
    lonlat[[0, -1]] = plan.places[[start, end]]
    return lonlat


def _displace_midpoints(path: Floats, roughness: float, rng: np.random.Generator) -> Floats:
    along = np.diff(path, axis=0)
    across = np.column_stack([-along[:, 1], along[:, 0]])
    push = np.clip(rng.normal(0, roughness, (len(along), 1)), -2 * roughness, 2 * roughness)
    finer = np.empty((2 * len(path) - 1, 2))
    finer[::2] = path
    finer[1::2] = path[:-1] + along / 2 + across * push
    return finer


def _inside(plan: Plan, path: Floats) -> Iterator[Floats]:
    """The parts of a path within the outline, drawn to a vertex of it where they were cut."""
    segments = shapely.linestrings(np.stack([path[:-1], path[1:]], axis=1))
    inner = np.asarray(shapely.contains_properly(plan.outline, segments))
    edges_of_runs = np.flatnonzero(np.diff(np.concatenate([[False], inner, [False]])))
    for first, last in edges_of_runs.reshape(-1, 2):
        run = path[first : last + 1]
        if first > 0:
            run = _reach_outline(plan.outline, run[::-1])[::-1]
        if last < len(inner):
            run = _reach_outline(plan.outline, run)
        from_node = first == 0 or last == len(inner)
        if len(run) > (1 if from_node else SHORTEST_CUT):
            yield run


def _reach_outline(outline: shapely.Polygon, run: Floats) -> Floats:
    """Draw the end of a run on to the nearest vertex of the outline that it can see."""
    vertices = shapely.get_coordinates(outline)[:-1]
    border = outline.exterior
    for last in range(len(run) - 1, 0, -1):
        nearest = np.argsort(np.linalg.norm(vertices - run[last], axis=1))[:6]
        for vertex in vertices[nearest]:
            reach = shapely.LineString([run[last], vertex])
            if reach.intersection(border).equals(shapely.Point(vertex)):
                return np.vstack([run[: last + 1], vertex])
    return run[:0]


def _split_ring(ring: Floats, arcs: Iterable[Floats]) -> list[Floats]:
    """The outline as arcs between the vertices in which other arcs end."""
    vertex = {tuple(place): index for index, place in enumerate(ring[:-1].tolist())}
    ends = (tuple(end) for arc in arcs for end in arc[[0, -1]].tolist())
    cuts = sorted({vertex[end] for end in ends if end in vertex})
    if not cuts:
        return [ring]
    wrapped = np.vstack([ring[:-1], ring[: cuts[0] + 1]])
    stops = [*cuts, len(wrapped) - 1]
    return [wrapped[a : b + 1] for a, b in pairwise(stops)]


def _crossed(lines: list[shapely.LineString]) -> set[int]:
    """Indices of the lines that cross themselves or touch another elsewhere than at the ends."""
    geoms = np.array(lines)
    left, right = shapely.STRtree(geoms).query(geoms, predicate="intersects")
    left, right = left[left < right], right[left < right]
    clean = shapely.relate_pattern(geoms[left], geoms[right], MEET_AT_ENDS_ONLY)
    crossing = np.concatenate([left[~clean], right[~clean]])
    return set(crossing.tolist()) | set(np.flatnonzero(~shapely.is_simple(geoms)).tolist())


def _one_face_per_seed(faces: np.ndarray, seeds: np.ndarray) -> list[shapely.Polygon]:
    """Faces in the order of the seeds; a face without a seed joins its longest neighbour."""
    seed_of, face_of = shapely.STRtree(faces).query(seeds, predicate="within")
    face_of = face_of[np.argsort(seed_of)]
    if len(seed_of) != len(seeds) or len(set(face_of.tolist())) != len(seeds):
        raise PartitionError("a seed has no face of its own")
    cells = faces[face_of]
    for orphan in np.delete(faces, face_of):
        shared = shapely.length(shapely.intersection(cells, orphan))
        nearest = int(np.argmax(shared))
        if shared[nearest] == 0:
            raise PartitionError(f"a piece near {orphan.centroid.wkt} touches no cell")
        cells[nearest] = shapely.coverage_union(cells[nearest], orphan)
    return list(shapely.orient_polygons(cells))
