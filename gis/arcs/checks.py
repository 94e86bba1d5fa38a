"""What an edit of arcs must not do, and where it would do it.

Crossings are found on the segments that are new, with GEOS's exact predicates. Where nothing
crosses and arcs leave every node in the order they did, the graph is the same as before; what is
left to see is whether a piece of ground was turned inside out, or now has an island of others in
it (an edit may leap over one without crossing it).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis.arcs import planar
from gis.arcs.coverage import ArcChange, ArcCoverage, Edit
from gis.arcs.draft import Draft
from gis.arcs.planar import OUTSIDE, Arc, Arcs, Coords
from gis.areas import area_m2 as polygon_area_m2
from gis.errors import GeometryError, GisError

MIN_FACE_M2 = 1.0
"""A piece of ground smaller than this is not left by an edit, unless it was smaller before."""


@dataclass(frozen=True)
class _Segments:
    """Segments of arcs, one a row: the arc, the number along it, and both ends."""

    arc: NDArray[np.intp]
    number: NDArray[np.intp]
    ends: NDArray[np.float64]  # (n, 2, 2)

    def lines(self) -> NDArray[np.object_]:
        return np.asarray(shapely.linestrings(self.ends), dtype=object)

    def where(self, mask: NDArray[np.bool_]) -> "_Segments":
        return _Segments(self.arc[mask], self.number[mask], self.ends[mask])


def refusal(code: str, reason: str, lon: float, lat: float, **params: object) -> GeometryError:
    """Return the refusal of an edit, with the place in its message and in its parameters."""
    message = f"At {lon:.6f}, {lat:.6f}: {reason}"
    return GeometryError(f"arcs.{code}", message, "coordinates", {"lon": lon, "lat": lat, **params})


def checked_coordinates(coords: ArrayLike) -> Coords:
    """Return coordinates as an array of shape (n, 2).

    Raises
    ------
    GisError
        ``arcs.coordinates``: not pairs of finite degrees in range.
    """
    try:
        array = np.asarray(coords, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _bad_coordinates() from error
    array = array.reshape(-1, 2) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != 2 or not (np.abs(array) <= (180.0, 90.0)).all():
        raise _bad_coordinates()
    return array


def refuse_crossings(coverage: ArcCoverage, draft: Draft) -> None:
    """Refuse arcs that cross or touch another, or themselves, elsewhere than at a shared node.

    Raises
    ------
    GeometryError
        ``arcs.crossing``: `params` name the place, and the arc that is in the way.
    """
    changes = draft.changed_arcs()
    new = _new_segments(changes)
    if not len(new.arc):
        return
    low, high = new.ends.min(axis=(0, 1)), new.ends.max(axis=(0, 1))
    near = coverage.index.updated(draft.arcs, changes).near((*low.tolist(), *high.tolist()))
    others = _segments_in(draft.arcs, near, low, high)
    lines, other_lines = new.lines(), others.lines()
    ours, theirs = shapely.STRtree(other_lines).query(lines, predicate="intersects")
    meeting_only = shapely.touches(lines[ours], other_lines[theirs])
    for i, j, touches in zip(ours.tolist(), theirs.tolist(), meeting_only, strict=True):
        same = (new.arc[i], new.number[i]) == (others.arc[j], others.number[j])
        if not same and not (touches and _may_meet(draft.arcs, new, i, others, j)):
            place = shapely.get_coordinates(lines[i].intersection(other_lines[j]))[0]
            raise _crossing(int(new.arc[i]), int(others.arc[j]), *place.tolist())


def refuse_turned(before: ArcCoverage, after: ArcCoverage, edit: Edit) -> None:
    """Refuse an edit after which a face lies elsewhere among the others than before.

    Only for edits that keep the graph, once nothing crosses.

    Raises
    ------
    GeometryError
        ``arcs.flipped``: `params` name the place.
    """
    arcs = [arc for _, arc in edit.arcs.values() if arc]
    for node in {node for arc in arcs for node in arc.nodes}:
        if not _same_cycle(before.nodes[node], after.nodes[node]):
            raise _flipped(*after.node_position(node))
    for face in sorted({face for arc in arcs for face in arc.faces} - {OUTSIDE}):
        place = _misplaced(after, face)
        if place is not None:
            raise _flipped(*place)


def refuse_small(before: ArcCoverage, after: ArcCoverage, faces: Iterable[int]) -> None:
    """Refuse to leave a face of less than `MIN_FACE_M2`, unless it was as small before.

    Raises
    ------
    GeometryError
        ``arcs.too_small``: `params` name the place and the area.
    """
    for face in sorted(set(faces) & after.faces.keys()):
        area_m2 = polygon_area_m2(after.face_polygon(face))
        if area_m2 >= MIN_FACE_M2:
            continue
        former_m2 = polygon_area_m2(before.face_polygon(face)) if face in before.faces else np.inf
        if area_m2 <= 0 or former_m2 >= MIN_FACE_M2:
            lon, lat = shapely.get_coordinates(after.face_polygon(face))[0].tolist()
            reason = f"this would leave a piece of {area_m2:.2f} m²; leave it whole or give it all."
            raise refusal("too_small", reason, lon, lat, area_m2=area_m2)


def refuse_moved_outline(changes: Mapping[int, ArcChange]) -> None:
    """Refuse to change the shape of arcs that bound the whole.

    Raises
    ------
    GeometryError
        ``arcs.outline``: `params` name the place.
    """
    for arc_id, (_, arc) in changes.items():
        if arc is not None and OUTSIDE in arc.faces:
            new = _new_segments({arc_id: changes[arc_id]})
            lon, lat = (new.ends if len(new.arc) else arc.coords[None])[0, 0].tolist()
            reason = "this is the outer boundary, which stays; allow it to move, or edit inside it."
            raise refusal("outline", reason, lon, lat, arc=arc_id)


def _bad_coordinates() -> GisError:
    message = "Give pairs of longitude and latitude in degrees, finite and in range."
    return GisError("arcs.coordinates", message, "coordinates")


def _crossing(arc: int, other: int, lon: float, lat: float) -> GeometryError:
    what = "itself" if arc == other else f"arc {other}"
    reason = f"the boundary would cross or touch {what}; keep it clear."
    return refusal("crossing", reason, lon, lat, arc=arc, other=other)


def _flipped(lon: float, lat: float) -> GeometryError:
    reason = "the boundary would leap over other ground; move it in smaller steps."
    return refusal("flipped", reason, lon, lat)


def _same_cycle(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    start = one.index(other[0])
    return (*one[start:], *one[:start]) == other


def _misplaced(coverage: ArcCoverage, face: int) -> tuple[float, float] | None:
    """A place where a face is turned inside out, or has other ground in it; None if it is well."""
    rings, polygon = coverage.faces[face].rings, coverage.face_polygon(face)
    turned = [planar.is_shell(coverage.arcs, ring) != (ring is rings[0]) for ring in rings]
    if any(turned) or not polygon.is_valid:
        ring = rings[turned.index(True) if any(turned) else -1]
        lon, lat = planar.path(coverage.arcs, ring[0])[1].tolist()
        return lon, lat
    near = {
        node for arc in coverage.index.near(polygon.bounds) for node in coverage.arcs[arc].nodes
    }
    places = np.array([coverage.node_position(node) for node in sorted(near)])
    shapely.prepare(polygon)
    inside = np.flatnonzero(shapely.contains_xy(polygon, places))
    return (float(places[inside[0], 0]), float(places[inside[0], 1])) if len(inside) else None


def _new_segments(changes: Mapping[int, ArcChange]) -> _Segments:
    """Segments that the changed arcs did not have before, in either direction, or not as often."""
    former = Counter(
        key for before, _ in changes.values() if before is not None for key in _keys(before)
    )
    after = {arc_id: arc for arc_id, (_, arc) in changes.items() if arc is not None}
    new = []
    for key in (key for arc in after.values() for key in _keys(arc)):
        new.append(former[key] == 0)
        former[key] -= not new[-1]
    return _segments(after, after).where(np.array(new, dtype=bool))


def _keys(arc: Arc) -> list[tuple[tuple[float, ...], ...]]:
    points = [tuple(point) for point in arc.coords.tolist()]
    return [(min(a, b), max(a, b)) for a, b in pairwise(points)]


def _segments(arcs: Arcs, chosen: Iterable[int]) -> _Segments:
    ids = list(chosen)
    lengths = [len(arcs[arc_id].coords) - 1 for arc_id in ids]
    ends = [np.stack((arcs[i].coords[:-1], arcs[i].coords[1:]), axis=1) for i in ids]
    numbers = [np.arange(length) for length in lengths]
    return _Segments(
        np.repeat(np.array(ids, dtype=np.intp), lengths),
        np.concatenate([*numbers, np.empty(0, dtype=np.intp)]),
        np.concatenate([*ends, np.empty((0, 2, 2))]),
    )


def _segments_in(arcs: Arcs, chosen: Iterable[int], low: Coords, high: Coords) -> _Segments:
    segments = _segments(arcs, chosen)
    beside = (segments.ends.max(axis=1) < low) | (segments.ends.min(axis=1) > high)
    return segments.where(~beside.any(axis=1))


def _may_meet(arcs: Arcs, ours: _Segments, i: int, theirs: _Segments, j: int) -> bool:
    """Whether two segments that meet in one point are neighbours, along an arc or around a node."""
    one, other = arcs[int(ours.arc[i])], arcs[int(theirs.arc[j])]
    if one is other and abs(int(ours.number[i]) - int(theirs.number[j])) == 1:
        return True
    return bool(_nodes_of(one, int(ours.number[i])) & _nodes_of(other, int(theirs.number[j])))


def _nodes_of(arc: Arc, number: int) -> set[int]:
    """The nodes at the ends of a segment."""
    at_end = {arc.end} if number == len(arc.coords) - 2 else set()
    return at_end | ({arc.start} if number == 0 else set())
