"""Edits that move a boundary and leave all else as it is: who has it on the left, who on the right.

Each returns the coverage after it and the record of it, or refuses and leaves nothing changed.
All raise `GeometryError`, with the place as ``lon`` and ``lat`` in its `params`:

- ``arcs.crossing``: the boundary would cross or touch another, or itself;
- ``arcs.flipped``: it would leap over other ground, or turn a face inside out;
- ``arcs.too_small``: a face would be left with less than a square metre;
- ``arcs.outline``: it is the outer boundary, and `allow_outline` was not given;

and `GisError` ``arcs.unknown_arc``, ``arcs.unknown_node``, ``arcs.vertex``,
``arcs.coordinates``, ``arcs.nothing_changes``. Coordinates are lon/lat in EPSG:4326. Vertices of an
arc are counted from 0; the first and the last are its nodes.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from gis.arcs.checks import (
    checked_coordinates,
    refusal,
    refuse_crossings,
    refuse_moved_outline,
    refuse_small,
    refuse_turned,
)
from gis.arcs.coverage import ArcCoverage, Edit
from gis.arcs.draft import Draft
from gis.arcs.planar import OUTSIDE, Coords
from gis.errors import GisError
from gis.tangent import metres_per_degree

Edited = tuple[ArcCoverage, Edit]


def move_vertex(
    coverage: ArcCoverage,
    arc: int,
    index: int,
    lon: float,
    lat: float,
    *,
    allow_outline: bool = False,
) -> Edited:
    """Move a vertex of an arc that is no node."""
    coords = _inner_vertex(coverage, arc, index).copy()
    coords[index] = checked_coordinates([(lon, lat)])[0]
    return _reshaped(coverage, "move_vertex", {arc: coords}, allow_outline)


def move_node(
    coverage: ArcCoverage, node: int, lon: float, lat: float, *, allow_outline: bool = False
) -> Edited:
    """Move a node, and with it the ends of all its arcs."""
    if node not in coverage.nodes:
        message = f"There is no node {node}; load the boundaries again."
        raise GisError("arcs.unknown_node", message, "node", {"node": node})
    place = checked_coordinates([(lon, lat)])[0]
    moved: dict[int, Coords] = {}
    for ref in coverage.nodes[node]:
        arc = ref if ref >= 0 else ~ref
        moved.setdefault(arc, coverage.arcs[arc].coords.copy())[0 if ref >= 0 else -1] = place
    return _reshaped(coverage, "move_node", moved, allow_outline)


def replace_stretch(
    coverage: ArcCoverage,
    arc: int,
    first: int,
    last: int,
    coords: ArrayLike,
    *,
    allow_outline: bool = False,
) -> Edited:
    """Replace what lies between two vertices of an arc.

    Parameters
    ----------
    first, last
        Vertices that stay, nodes included; 0 <= first < last.
    coords
        Shape (n, 2): the vertices to be between them, none for a straight line.
    """
    former = _arc_coords(coverage, arc)
    if not 0 <= first < last < len(former):
        raise _no_such_vertex(arc, first, len(former))
    between = checked_coordinates(coords)
    coords_now = np.vstack([former[: first + 1], between, former[last:]])
    return _reshaped(coverage, "replace_stretch", {arc: coords_now}, allow_outline)


def insert_vertex(coverage: ArcCoverage, arc: int, index: int, lon: float, lat: float) -> Edited:
    """Add a vertex to an arc behind the vertex `index`, without moving the boundary.

    It lies at the point of the segment nearest to the place given, up to the rounding of doubles;
    so the outer boundary may be given vertices too.
    """
    former = _arc_coords(coverage, arc)
    if not 0 <= index < len(former) - 1:
        raise _no_such_vertex(arc, index, len(former))
    segment = former[index : index + 2]
    point = _nearest_on(segment, checked_coordinates([(lon, lat)])[0])
    if (segment == point).all(axis=1).any():
        message = "There is a vertex already; give a place nearer to the middle of the segment."
        raise GisError("arcs.nothing_changes", message, "coordinates")
    coords = np.insert(former, index + 1, point, axis=0)
    return _reshaped(coverage, "insert_vertex", {arc: coords}, allow_outline=True)


def remove_vertex(
    coverage: ArcCoverage, arc: int, index: int, *, allow_outline: bool = False
) -> Edited:
    """Remove a vertex of an arc that is no node."""
    coords = np.delete(_inner_vertex(coverage, arc, index), index, axis=0)
    return _reshaped(coverage, "remove_vertex", {arc: coords}, allow_outline)


def _reshaped(
    coverage: ArcCoverage, verb: str, shapes: Mapping[int, Coords], allow_outline: bool
) -> Edited:
    draft = Draft(coverage.structure)
    for arc_id, coords in shapes.items():
        _check_vertices(arc_id, coords)
        draft.put(arc_id, replace(coverage.arcs[arc_id], coords=coords))
    changes = draft.changed_arcs()
    if not changes:
        message = "The boundary is there already; give another place."
        raise GisError("arcs.nothing_changes", message, "coordinates")
    if not allow_outline:
        refuse_moved_outline(changes)
    refuse_crossings(coverage, draft)
    faces = {face for arc_id in changes for face in coverage.arcs[arc_id].faces} - {OUTSIDE}
    draft.redraw(faces)
    after, edit = coverage.edited(verb, draft)
    refuse_turned(coverage, after, edit)
    refuse_small(coverage, after, faces)
    return after, edit


def _arc_coords(coverage: ArcCoverage, arc: int) -> Coords:
    if arc not in coverage.arcs:
        message = f"There is no arc {arc}; load the boundaries again."
        raise GisError("arcs.unknown_arc", message, "arc", {"arc": arc})
    return coverage.arcs[arc].coords


def _inner_vertex(coverage: ArcCoverage, arc: int, index: int) -> Coords:
    coords = _arc_coords(coverage, arc)
    if not 0 < index < len(coords) - 1:
        raise _no_such_vertex(arc, index, len(coords))
    return coords


def _no_such_vertex(arc: int, index: int, count: int) -> GisError:
    message = (
        f"Vertex {index} of arc {arc} can't be edited so: it has {count} vertices, "
        "and its ends are nodes, which are moved with all their arcs."
    )
    return GisError("arcs.vertex", message, "index", {"arc": arc, "index": index, "count": count})


def _check_vertices(arc_id: int, coords: Coords) -> None:
    """Refuse an arc that stands still, or that goes out and back."""
    still = np.flatnonzero((coords[:-1] == coords[1:]).all(axis=1))
    if len(still):
        lon, lat = coords[still[0]].tolist()
        reason = "two vertices of the boundary would lie on each other; remove one."
        raise refusal("crossing", reason, lon, lat, arc=arc_id, other=arc_id)
    if (coords[0] == coords[-1]).all() and len(coords) < 4:
        lon, lat = coords[0].tolist()
        reason = "this would leave a piece without area; keep three corners."
        raise refusal("too_small", reason, lon, lat, area_m2=0.0)


def _nearest_on(segment: Coords, place: Coords) -> Coords:
    """The point of a segment nearest to a place, all in degrees."""
    towards = (segment - place) * metres_per_degree(float(place[1]))
    along = towards[1] - towards[0]
    share = float(np.clip(-(towards[0] @ along) / (along @ along), 0.0, 1.0))
    return segment[0] + share * (segment[1] - segment[0])
