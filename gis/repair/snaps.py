"""Proposals to close near misses, and carrying them out."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.areas import areas_m2
from gis.faults import Fault
from gis.features import as_array
from gis.repair.faces import touching
from gis.repair.proposal import Move, Proposal, Snap
from gis.repair.snapping import Pair, Place, Snapping, ring_places, snap, undirected
from gis.tangent import TangentPlane

Numbered = tuple[int, Fault]

_AT_M = 0.002  # the lines of a fault have been to degrees and back
_ROUNDING_M2 = 1e-9


def snap_proposals(
    codes: Sequence[str],
    geoms: NDArray[np.object_],
    faults: Sequence[Numbered],
    *,
    tolerance_m: float,
    person_m2: float,
) -> Iterator[Proposal]:
    """Yield for each ``unmatched_vertex`` the snapping that closes it.

    Faults whose snapping would change the same edges are settled by one proposal. There is none
    where snapping would make a cell invalid: a person redraws the boundary.
    """
    rows = touching(geoms, [fault.geometry for _, fault in faults])
    if not rows:
        return
    west, south, east, north = shapely.total_bounds(geoms[rows])
    plane = TangentPlane(float(west + east) / 2, float(south + north) / 2)
    metric = plane.to_metres(geoms[rows])
    lines = plane.to_metres(as_array(fault.geometry for _, fault in faults))
    state = snap(metric, lines, tolerance_m)
    degrees = dict(zip(_places(metric).tolist(), _places(geoms[rows]).tolist(), strict=True))
    for places, vertices, edges in _groups(state, lines):
        edit = _edit(state, vertices, edges, degrees)
        concerned = [rows[i] for i in _concerned(state, vertices, edges)]
        if not shapely.is_valid(snapped(geoms[concerned], [edit])).all():
            continue
        moves = _moves([codes[row] for row in concerned], geoms[concerned], edit)
        around = sorted({code for place in places for code in faults[place][1].cells})
        moved = sum(move.area_m2 for move in moves)
        numbers = tuple(faults[place][0] for place in places)
        params = {"around": around}
        yield Proposal(numbers, "snap", moves, moved >= person_m2, params, snap=edit)


def snapped(geoms: NDArray[np.object_], snaps: Sequence[Snap]) -> NDArray[np.object_]:
    """Return polygons with vertices moved and put in; those not concerned are the same objects."""
    moved = {complex(*a): complex(*b) for edit in snaps for a, b in edit.moved.items()}
    bent = {
        (complex(*a), complex(*b)): [complex(*place) for place in between]
        for edit in snaps
        for (a, b), between in edit.bent.items()
    }
    concerned = np.array([*moved, *(end for edge in bent for end in edge)], dtype=np.complex128)
    _, owner = shapely.get_coordinates(geoms, return_index=True)
    result = geoms.copy()
    for row in np.unique(owner[np.isin(_places(geoms), concerned)]):
        result[row] = _redrawn(geoms[row], moved, bent)
    return result


def _places(geoms: NDArray[np.object_]) -> NDArray[np.complex128]:
    x, y = shapely.get_coordinates(geoms).T
    places: NDArray[np.complex128] = x + 1j * y
    return places


def _redrawn(
    geom: BaseGeometry, moved: Mapping[Place, Place], bent: Mapping[Pair, Sequence[Place]]
) -> BaseGeometry:
    """The polygon with its edges replaced, itself if none is; collapsed rings are left out."""
    parts, same = [], True
    for part in shapely.get_parts(geom):
        old = list(ring_places(part))
        new = [_ring(ring, moved, bent) for ring in old]
        same = same and old == new
        shell, *holes = (np.column_stack((np.real(ring), np.imag(ring))) for ring in new)
        if len(shell) > 2:
            parts.append(shapely.Polygon(shell, [hole for hole in holes if len(hole) > 2]))
    if same:
        return geom
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _ring(
    ring: Sequence[Place], moved: Mapping[Place, Place], bent: Mapping[Pair, Sequence[Place]]
) -> list[Place]:
    ends = zip(ring, [*ring[1:], ring[0]], strict=True)
    path = [place for start, end in ends for place in _path(start, end, moved, bent)[:-1]]
    return [a for a, b in zip(path, [*path[1:], path[0]], strict=True) if a != b]


def _path(
    start: Place, end: Place, moved: Mapping[Place, Place], bent: Mapping[Pair, Sequence[Place]]
) -> list[Place]:
    edge = undirected(start, end)
    between = list(bent.get(edge, ()))
    if edge != (start, end):
        between.reverse()
    return [moved.get(start, start), *between, moved.get(end, end)]


def _groups(
    state: Snapping, lines: NDArray[np.object_]
) -> Iterator[tuple[list[int], list[Place], list[Pair]]]:
    """Faults, vertices that move and edges that bend, which hang together."""
    edges = [edge for edge in state.paths if state.path(edge) != list(edge)]
    middles = as_array(shapely.Point((a + b).real / 2, (a + b).imag / 2) for a, b in edges)
    which, place = shapely.STRtree(lines).query(middles, predicate="dwithin", distance=_AT_M)
    links: list[tuple[Hashable, Hashable]] = [
        (edges[i], j) for i, j in zip(which.tolist(), place.tolist(), strict=True)
    ]
    links += [
        (edge, vertex) for edge in edges for vertex in state.paths[edge] if vertex in state.moved
    ]
    # An edge between two vertices that both move makes them one change.
    links += [
        edge for edge in state.edge_owners if edge[0] in state.moved and edge[1] in state.moved
    ]
    for group in _connected(links):
        places = sorted(item for item in group if isinstance(item, int))
        vertices = [item for item in group if isinstance(item, complex)]
        bends = [item for item in group if isinstance(item, tuple)]
        if places:
            yield places, vertices, bends


def _connected(links: Iterable[tuple[Hashable, Hashable]]) -> list[list[Hashable]]:
    """The connected components of a graph, in the order of their first link."""
    group_of: dict[Hashable, list[Hashable]] = {}
    for a, b in links:
        one, other = group_of.setdefault(a, [a]), group_of.setdefault(b, [b])
        if one is not other:
            one.extend(other)
            group_of.update(dict.fromkeys(other, one))
    return list({id(group): group for group in group_of.values()}.values())


def _concerned(state: Snapping, vertices: Iterable[Place], edges: Iterable[Pair]) -> list[int]:
    """The cells with a vertex that moves or an edge that bends."""
    ends = {*vertices, *(end for edge in edges for end in edge)}
    return sorted(set().union(*(state.vertex_owners[end] for end in ends)))


def _edit(
    state: Snapping,
    vertices: Iterable[Place],
    edges: Iterable[Pair],
    degrees: Mapping[Place, Place],
) -> Snap:
    """The change in degrees, where every vertex has the bits that it has in some cell."""

    def vertex(place: Place) -> tuple[float, float]:
        return degrees[place].real, degrees[place].imag

    bent = {}
    for a, b in edges:
        path = [vertex(place) for place in state.path((a, b))]
        ends = {vertex(state.at(a)), vertex(state.at(b))}
        between = [place for place in path if place not in ends]
        start, end = vertex(a), vertex(b)
        if undirected(complex(*start), complex(*end))[0] != complex(*start):
            start, end, between = end, start, between[::-1]
        if between:
            bent[start, end] = tuple(between)
    return Snap({vertex(place): vertex(state.at(place)) for place in vertices}, bent)


def _moves(codes: Sequence[str], geoms: NDArray[np.object_], edit: Snap) -> tuple[Move, ...]:
    """What the cells on both sides of each changed edge gain and lose."""
    moved = {complex(*a): complex(*b) for a, b in edit.moved.items()}
    bent = {
        (complex(*a), complex(*b)): [complex(*place) for place in between]
        for (a, b), between in edit.bent.items()
    }
    swept: list[list[Place]] = []
    sides: list[tuple[Pair, str]] = []
    for code, geom in zip(codes, geoms, strict=True):
        for ring in ring_places(geom):
            for start, end in zip(ring, [*ring[1:], ring[0]], strict=True):
                path = _path(start, end, moved, bent)
                if path != [start, end]:
                    swept.append([start, *path, end])
                    sides.append((undirected(start, end), code))
    between = as_array(shapely.Polygon([(p.real, p.imag) for p in ring]) for ring in swept)
    outward = np.where(shapely.is_ccw(shapely.get_exterior_ring(between)), 1.0, -1.0)
    gains: dict[Pair, list[tuple[float, str]]] = {}
    for (edge, code), gained in zip(sides, (outward * areas_m2(between)).tolist(), strict=True):
        gains.setdefault(edge, []).append((gained, code))
    return _paired(gains.values())


def _paired(sides: Iterable[Sequence[tuple[float, str]]]) -> tuple[Move, ...]:
    """From the losing to the gaining side of each edge, which is nobody where it has one side."""
    areas: dict[tuple[str | None, str | None], float] = {}
    for gains in sides:
        givers: list[str | None] = [code for gained, code in gains if gained < 0.0]
        takers: list[str | None] = [code for gained, code in gains if gained > 0.0]
        longer = max(len(givers), len(takers))
        givers += [None] * (longer - len(givers))
        takers += [None] * (longer - len(takers))
        for pair in zip(givers, takers, strict=True):
            areas[pair] = areas.get(pair, 0.0) + abs(gains[0][0])
    return tuple(
        Move(giver, taker, area)
        for (giver, taker), area in sorted(areas.items(), key=lambda item: -item[1])
        if area > _ROUNDING_M2 and giver != taker
    )
