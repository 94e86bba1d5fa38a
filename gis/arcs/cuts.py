"""Cutting faces along a line: where it meets their boundary, arcs get a node there for both sides.

A line is drawn by hand, and through a browser that rounds. So what comes within a millimetre of a
vertex, or of the boundary, is taken to lie on it, and a stretch along the boundary cuts nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.arcs import planar
from gis.arcs.checks import refusal, refuse_crossings
from gis.arcs.coverage import ArcCoverage
from gis.arcs.draft import Draft, Point, Stop
from gis.arcs.planar import OUTSIDE, Arc, Coords
from gis.tangent import TangentPlane

_SAME_PLACE_M = 0.001


@dataclass(frozen=True)
class _Contact:
    """A point of the line on the boundary: where along which arc."""

    arc: int
    stop: Stop

    @property
    def point(self) -> Point:
        return self.stop.point


@dataclass(frozen=True)
class _Vertex:
    """A point of the line; without contact it is off the boundary."""

    point: Point
    contact: _Contact | None = None


class _Boundary:
    """The arcs around faces, in segments, in degrees and in metres."""

    def __init__(self, draft: Draft, faces: Iterable[int], plane: TangentPlane) -> None:
        rings = (ring for face in sorted(faces) for ring in draft.faces[face].rings)
        arcs = dict.fromkeys(planar.arc_of(ref) for ring in rings for ref in ring)
        coords = [draft.arcs[arc].coords for arc in arcs]
        self._arc = np.repeat(list(arcs), [len(each) - 1 for each in coords])
        self._number = np.concatenate([np.arange(len(each) - 1) for each in coords])
        self._ends = np.concatenate([np.stack((c[:-1], c[1:]), axis=1) for c in coords])
        self._lines = np.asarray(shapely.linestrings(self._ends), dtype=object)
        self._plane = plane
        self._metric = plane.to_metres(self._lines)
        self._tree = shapely.STRtree(self._lines)
        self._metric_tree = shapely.STRtree(self._metric)

    def contact_near(self, place: Coords, within_m: float) -> _Contact | None:
        """The point of the boundary nearest to a place, a vertex where that is as near."""
        point = self._plane.to_metres(shapely.Point(place))
        rows = self._metric_tree.query_nearest(point, max_distance=within_m)
        return self._contact(int(rows[0]), point) if len(rows) else None

    def crossings(self, segment: Coords) -> list[_Contact]:
        """Where a segment of the line meets the boundary."""
        line = shapely.LineString(segment)
        rows = self._tree.query(line, predicate="intersects")
        shared = shapely.intersection(self._lines[rows], line)
        points, index = shapely.get_coordinates(shared, return_index=True)
        metric = self._plane.to_metres(shapely.points(points))
        return [self._contact(int(rows[i]), at) for i, at in zip(index, metric, strict=True)]

    def runs_along(self, segment: Coords) -> bool:
        """Say whether the middle of a segment lies on the boundary."""
        return self.contact_near(segment.mean(axis=0), _SAME_PLACE_M / 10.0) is not None

    def _contact(self, row: int, point: shapely.Point) -> _Contact:
        line = self._metric[row]
        along_m = float(shapely.line_locate_point(line, point))
        number, share = int(self._number[row]), along_m / line.length
        start, end = self._ends[row]
        if along_m <= _SAME_PLACE_M:
            place, share = start, 0.0
        elif line.length - along_m <= _SAME_PLACE_M:
            place, number, share = end, number + 1, 0.0
        else:
            place = start + share * (end - start)
        lon, lat = place.tolist()
        return _Contact(int(self._arc[row]), Stop(number, share, (lon, lat)))


def cut(
    coverage: ArcCoverage, draft: Draft, faces: Iterable[int], line: Coords, snap_m: float
) -> list[int]:
    """Cut faces along a line, and return those that are in their place then.

    Parameters
    ----------
    draft
        Of the coverage; it is changed.
    line
        Shape (n, 2), lon/lat in EPSG:4326, no point twice in a row; a ring where it is closed.
    snap_m
        How far from the boundary an end of an open line may lie and count as on it.

    Raises
    ------
    GeometryError
        ``arcs.line_crosses_itself``; ``arcs.line_ends_inside``: an end lies in a face;
        ``arcs.no_parts``: the line doesn't part a face, though it runs in it;
        ``arcs.crossing``: it comes too close to a boundary to be told apart. `params` name the
        place.
    """
    chosen = set(faces)
    boundary = _Boundary(draft, chosen, TangentPlane(*line.mean(axis=0).tolist()))
    vertices = list(_vertices(boundary, line, snap_m))
    if len(vertices) < 2:  # all of it lies at one place on the boundary
        return sorted(chosen)
    _check_simple(vertices)
    chords = list(_chords(draft, boundary, chosen, vertices))
    _add_chords(draft, chords)
    refuse_crossings(coverage, draft)
    touched = {face for _, arc in draft.changed_arcs().values() if arc for face in arc.faces}
    _check_parted(draft, chosen | touched)
    now = draft.retrace(chosen | touched)
    return sorted(face for face, former in now.items() if former & chosen)


def _vertices(boundary: _Boundary, line: Coords, snap_m: float) -> Iterator[_Vertex]:
    """The line's points, put on the boundary where they are near it, and where it meets it."""
    closed = bool((line[0] == line[-1]).all())
    own = []
    for i, place in enumerate(line):
        is_end = not closed and i in (0, len(line) - 1)
        contact = boundary.contact_near(
            place, max(snap_m, _SAME_PLACE_M) if is_end else _SAME_PLACE_M
        )
        lon, lat = place.tolist()
        own.append(_Vertex(contact.point if contact else (lon, lat), contact))
    last: Point | None = None
    for i, vertex in enumerate(own):
        following = [vertex]
        if i + 1 < len(own):
            following += _between(boundary, vertex, own[i + 1])
        for each in following:
            if each.point != last:
                yield each
            last = each.point


def _between(boundary: _Boundary, start: _Vertex, end: _Vertex) -> list[_Vertex]:
    """Where the boundary is met between two points of the line, in order."""
    if start.point == end.point:
        return []
    segment = np.array([start.point, end.point])
    near_ends = [vertex.point for vertex in (start, end) if vertex.contact]
    met = [
        _Vertex(contact.point, contact)
        for contact in boundary.crossings(segment)
        if not any(_same_place(contact.point, point) for point in near_ends)
    ]
    along = segment[1] - segment[0]
    return sorted(met, key=lambda vertex: float((np.array(vertex.point) - segment[0]) @ along))


def _same_place(one: Point, other: Point) -> bool:
    lon, lat = TangentPlane(*one).to_metres(shapely.Point(other)).coords[0]
    return bool(np.hypot(lon, lat) <= _SAME_PLACE_M)


def _check_simple(vertices: Sequence[_Vertex]) -> None:
    line = shapely.LineString([vertex.point for vertex in vertices])
    if not line.is_simple:
        noded = shapely.get_parts(shapely.node(line))
        lon, lat = shapely.get_coordinates(noded[0])[-1].tolist()
        raise refusal("line_crosses_itself", "the line crosses itself; draw it anew.", lon, lat)


def _chords(
    draft: Draft, boundary: _Boundary, faces: set[int], vertices: list[_Vertex]
) -> Iterator[tuple[list[_Vertex], int]]:
    """The stretches of the line that run through a face, and which face."""
    at = [i for i, vertex in enumerate(vertices) if vertex.contact]
    closed = vertices[0].point == vertices[-1].point
    if closed and at:
        vertices = [*vertices[at[0] : -1], *vertices[: at[0] + 1]]
        at = [i for i, vertex in enumerate(vertices) if vertex.contact]
    stops = at if closed and at else sorted({0, *at, len(vertices) - 1})
    for first, last in pairwise(stops):
        stretch = vertices[first : last + 1]
        coords = np.array([vertex.point for vertex in stretch])
        face = _face_at(draft, faces, coords[:2].mean(axis=0))
        if face is None or (len(stretch) == 2 and boundary.runs_along(coords)):
            continue
        if not closed:
            for vertex in (stretch[0], stretch[-1]):
                if vertex.contact is None:
                    reason = "the line ends inside; draw it from boundary to boundary."
                    raise refusal("line_ends_inside", reason, *vertex.point)
        yield stretch, face


def _face_at(draft: Draft, faces: set[int], place: NDArray[np.float64]) -> int | None:
    point = shapely.Point(place)
    return next((face for face in sorted(faces) if draft.polygons[face].contains(point)), None)


def _add_chords(draft: Draft, chords: Sequence[tuple[list[_Vertex], int]]) -> None:
    ends = [v for stretch, _ in chords for v in (stretch[0], stretch[-1])]
    contacts = {vertex.point: vertex.contact for vertex in ends if vertex.contact}
    node_at: dict[Point, int] = {}
    stops: dict[int, list[Stop]] = {}
    for point, contact in contacts.items():
        arc, stop = draft.arcs[contact.arc], contact.stop
        if stop.share == 0.0 and stop.segment in (0, len(arc.coords) - 1):
            node_at[point] = arc.start if stop.segment == 0 else arc.end
        else:
            stops.setdefault(contact.arc, []).append(stop)
    former_ends = {node for arc_id in stops for node in draft.arcs[arc_id].nodes}
    for arc_id, places in stops.items():
        node_at |= draft.split(arc_id, places)
    for vertex in ends:
        if vertex.contact is None:  # a ring inside a face
            node_at[vertex.point] = draft.new_node()
    for stretch, face in chords:
        start, end = node_at[stretch[0].point], node_at[stretch[-1].point]
        coords = np.array([vertex.point for vertex in stretch])
        draft.add(Arc(coords, start, end, face, face))
    for node in sorted(former_ends):
        draft.join(node)  # a closed arc was cut elsewhere than at its node


def _check_parted(draft: Draft, faces: set[int]) -> None:
    idle = draft.bridges(faces - {OUTSIDE})
    if idle:
        lon, lat = draft.arcs[min(idle)].coords[0].tolist()
        raise refusal("no_parts", "the line doesn't part the cell; lead it through.", lon, lat)
