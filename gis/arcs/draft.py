"""A working copy of a planar structure, on which one edit is carried out before it is judged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from gis.arcs import planar
from gis.arcs.planar import OUTSIDE, Arc, Coords, Ref, Ring, Walk

Owners = tuple[str, ...]
Point = tuple[float, float]


@dataclass(frozen=True)
class Face:
    """A connected piece of ground.

    Attributes
    ----------
    owners
        Codes of the cells that have it, in order: none for a gap, two or more for an overlap.
    rings
        Signed arcs, the face on their left; the shell first, then the holes.
    """

    owners: Owners
    rings: tuple[Ring, ...]


@dataclass(frozen=True, eq=False)
class Structure:
    """Arcs, nodes and faces that belong together; an identifier is never given twice.

    Attributes
    ----------
    nodes
        For each node the arcs that set out from it, counterclockwise.
    polygons
        Of each face, in EPSG:4326.
    next_arc, next_node, next_face
        The lowest identifiers that were never given.
    """

    arcs: Mapping[int, Arc]
    nodes: Mapping[int, tuple[Ref, ...]]
    faces: Mapping[int, Face]
    polygons: Mapping[int, shapely.Polygon]
    next_arc: int = 0
    next_node: int = 0
    next_face: int = 0


@dataclass(frozen=True)
class Stop:
    """A place on an arc: this share of the way along a segment; 0 is the vertex it sets out from.

    The ends of an arc are no stops: there is a node already.
    """

    segment: int
    share: float
    point: Point


class Draft:
    """A structure that can be changed. What is not touched is shared with the former one."""

    def __init__(self, former: Structure) -> None:
        self._former = former
        self.arcs = dict(former.arcs)
        self.nodes = dict(former.nodes)
        self.faces = dict(former.faces)
        self.polygons = dict(former.polygons)
        self._next_arc, self._next_node = former.next_arc, former.next_node
        self._next_face = former.next_face
        self._touched_arcs: dict[int, None] = {}
        self._touched_faces: dict[int, None] = {}

    def structure(self) -> Structure:
        """Return the structure as it is now. The draft must not be changed after that."""
        counters = self._next_arc, self._next_node, self._next_face
        return Structure(self.arcs, self.nodes, self.faces, self.polygons, *counters)

    def changed_arcs(self) -> dict[int, tuple[Arc | None, Arc | None]]:
        """Return the arcs that differ from the former ones, as they were and as they are."""
        pairs = {i: (self._former.arcs.get(i), self.arcs.get(i)) for i in self._touched_arcs}
        return {i: pair for i, pair in pairs.items() if pair[0] != pair[1]}

    def changed_faces(self) -> dict[int, tuple[Face | None, Face | None]]:
        """Return the faces that differ from the former ones, as they were and as they are."""
        pairs = {i: (self._former.faces.get(i), self.faces.get(i)) for i in self._touched_faces}
        return {i: pair for i, pair in pairs.items() if pair[0] != pair[1]}

    def new_node(self) -> int:
        """Return the identifier of a node to be."""
        self._next_node += 1
        return self._next_node - 1

    def add(self, arc: Arc) -> int:
        """Add an arc and return its identifier."""
        arc_id = self._next_arc
        self.put(arc_id, arc)
        return arc_id

    def put(self, arc_id: int, arc: Arc | None) -> None:
        """Set an arc, or remove it; its faces are traced, or their polygons drawn, later."""
        former = self.arcs.pop(arc_id, None)
        if arc is not None:
            arc.coords.flags.writeable = False
            self.arcs[arc_id] = arc
        self._next_arc = max(self._next_arc, arc_id + 1)
        self._touched_arcs[arc_id] = None
        for node in {node for each in (former, arc) if each is not None for node in each.nodes}:
            self._next_node = max(self._next_node, node + 1)
            self._turn_arcs_around(node, arc_id)

    def put_face(self, face_id: int, face: Face | None) -> None:
        """Set a face, or remove it; its polygon is drawn later."""
        self.faces.pop(face_id, None)
        if face is None:
            self.polygons.pop(face_id, None)
        else:
            self.faces[face_id] = face
        self._next_face = max(self._next_face, face_id + 1)
        self._touched_faces[face_id] = None

    def redraw(self, faces: Iterable[int]) -> None:
        """Draw the polygons of faces whose rings or arcs have changed."""
        for face_id in faces:
            self.polygons[face_id] = planar.polygon(self.arcs, self.faces[face_id].rings)

    def load(self, lines: Sequence[Coords]) -> None:
        """Take in linework and find the faces in it, without owners. What parts nothing is left."""
        untraced = self._next_face
        self.put_face(untraced, Face((), ()))
        node_at: dict[bytes, int] = {}
        outs: dict[int, list[Ref]] = {}
        for arc_id, line in enumerate(lines, self._next_arc):
            line.flags.writeable = False
            ends = line[0].tobytes(), line[-1].tobytes()
            start, end = (node_at.setdefault(place, len(node_at)) for place in ends)
            self.arcs[arc_id] = Arc(line, start, end, untraced, untraced)
            outs.setdefault(start, []).append(arc_id)
            outs.setdefault(end, []).append(~arc_id)
        self._touched_arcs.update(dict.fromkeys(self.arcs))
        self._next_arc, self._next_node = self._next_arc + len(lines), len(node_at)
        self.nodes = {node: planar.counterclockwise(self.arcs, outs[node]) for node in outs}
        while dangling := self.bridges([untraced]):
            self._remove(dangling)
        self.retrace([untraced])

    def split(self, arc_id: int, stops: Sequence[Stop]) -> dict[Point, int]:
        """Cut an arc at places along it, and return the new nodes by their points.

        The node of a closed arc may then be one too many: `join` it, once all arcs are there.
        """
        arc = self.arcs[arc_id]
        ordered = sorted(stops, key=lambda stop: (stop.segment, stop.share))
        coords, cuts = _with_vertices(arc.coords, ordered)
        nodes = [self.new_node() for _ in ordered]
        ends, bounds = [arc.start, *nodes, arc.end], [0, *cuts, len(coords) - 1]
        self.put(arc_id, None)
        for i in range(len(bounds) - 1):
            piece = coords[bounds[i] : bounds[i + 1] + 1].copy()
            self.add(replace(arc, coords=piece, start=ends[i], end=ends[i + 1]))
        return {stop.point: node for stop, node in zip(ordered, nodes, strict=True)}

    def join(self, node: int) -> set[int]:
        """Make one arc of two that meet where no other does; return the faces along it."""
        outs = self.nodes.get(node, ())
        if len(outs) != 2 or outs[0] == ~outs[1]:
            return set()
        before, after = ~outs[0], outs[1]
        halves = [planar.path(self.arcs, before), planar.path(self.arcs, after)[1:]]
        ends = planar.start_of(self.arcs, before), planar.end_of(self.arcs, after)
        sides = planar.left_of(self.arcs, after), planar.left_of(self.arcs, ~after)
        former = [self.arcs[planar.arc_of(ref)] for ref in outs]
        for ref in outs:
            self.put(planar.arc_of(ref), None)
        self.add(Arc(np.vstack(halves), *ends, *sides))
        return {face for arc in former for face in arc.faces}

    def bridges(self, faces: Iterable[int]) -> set[int]:
        """Return the arcs around `faces` that have the same ground on both sides."""
        found = self._walks(self._halves(set(faces)))
        return {arc for walk in found for arc in planar.bridges(walk)}

    def retrace(self, faces: Iterable[int]) -> dict[int, set[int]]:
        """Find anew the faces in the place of `faces`, after arcs along them have changed.

        Returns
        -------
        dict
            For each face that is there now, the former faces in its place. It keeps the owners,
            and a number: the larger faces choose first, and take the lowest.
        """
        former = set(faces) - {OUTSIDE}
        halves = self._halves(former)
        origin = {ref: planar.left_of(self.arcs, ref) for ref in halves}
        found, rims = planar.regions(self.arcs, self._walks(halves))
        shapes = [planar.polygon(self.arcs, rings) for rings in found]
        now: dict[int, set[int]] = {}
        for i in sorted(range(len(found)), key=lambda i: -shapes[i].area):
            origins = {origin[ref] for ring in found[i] for ref in ring}
            face_id = min(origins & former - now.keys(), default=self._next_face)
            self.put_face(face_id, Face(self.faces[min(origins)].owners, found[i]))
            self.polygons[face_id] = shapes[i]
            now[face_id] = origins
            self._set_left(found[i], face_id)
        self._set_left(rims, OUTSIDE)
        for face_id in former - now.keys():
            self.put_face(face_id, None)
        return now

    def dissolve(self, faces: Iterable[int]) -> None:
        """Remove arcs along `faces` that part the same owners, and nodes that then part nothing."""
        along = {planar.arc_of(ref) for face in faces for ref in self._refs(face)}
        gone = [arc_id for arc_id in sorted(along) if self._parts_the_same(self.arcs[arc_id])]
        if gone:
            self.retrace(self._remove(gone))

    def _remove(self, gone: Iterable[int]) -> set[int]:
        """Remove arcs; return the faces that need to be traced anew."""
        removed = [self.arcs[arc_id] for arc_id in gone]
        for arc_id in gone:
            self.put(arc_id, None)
        touched = {face for arc in removed for face in arc.faces}
        for node in sorted({node for arc in removed for node in arc.nodes}):
            touched |= self.join(node)
        return touched

    def _turn_arcs_around(self, node: int, arc_id: int) -> None:
        outs = [ref for ref in self.nodes.pop(node, ()) if planar.arc_of(ref) != arc_id]
        arc = self.arcs.get(arc_id)
        if arc is not None:
            outs += [arc_id] * (arc.start == node) + [~arc_id] * (arc.end == node)
        if outs:
            self.nodes[node] = planar.counterclockwise(self.arcs, outs)

    def _refs(self, face_id: int) -> Iterator[Ref]:
        return (ref for ring in self.faces[face_id].rings for ref in ring)

    def _halves(self, faces: set[int]) -> list[Ref]:
        """All references that have one of `faces` on their left."""
        along = {planar.arc_of(ref): None for face in sorted(faces) for ref in self._refs(face)}
        arcs = [arc_id for arc_id in along | self._touched_arcs if arc_id in self.arcs]
        both = (ref for arc_id in arcs for ref in (arc_id, ~arc_id))
        return [ref for ref in both if planar.left_of(self.arcs, ref) in faces]

    def _walks(self, halves: Iterable[Ref]) -> Iterator[Walk]:
        return planar.walks(self.arcs, self.nodes, halves)

    def _parts_the_same(self, arc: Arc) -> bool:
        if OUTSIDE in arc.faces:
            return False
        return self.faces[arc.left].owners == self.faces[arc.right].owners

    def _set_left(self, rings: Iterable[Ring], face_id: int) -> None:
        for ref in (ref for ring in rings for ref in ring):
            arc_id = planar.arc_of(ref)
            arc = self.arcs[arc_id]
            sides = (face_id, arc.right) if ref >= 0 else (arc.left, face_id)
            self.arcs[arc_id] = replace(arc, left=sides[0], right=sides[1])
            self._touched_arcs[arc_id] = None


def _with_vertices(coords: Coords, stops: Sequence[Stop]) -> tuple[Coords, list[int]]:
    """Insert those stops that are no vertices yet; return where all of them are then."""
    cuts, before = [], 0
    for stop in stops:
        before += stop.share > 0.0
        cuts.append(stop.segment + before)
    inserted = [stop for stop in stops if stop.share > 0.0]
    rows = [stop.segment + 1 for stop in inserted]
    points = np.array([stop.point for stop in inserted]).reshape(-1, 2)
    return np.insert(coords, rows, points, axis=0), cuts
