"""A draft as its editor sees it: arcs, faces, nodes and cells, whole or what an edit changed.

Arcs in rings and around nodes are signed: ``n`` forwards, ``-n - 1`` backwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.arcs import OUTSIDE, ArcCoverage
from gis.arcs.planar import arc_of
from gis.areas import areas_m2
from gis.features import as_array
from gridserver.grids.attributes import COUNTED
from gridserver.grids.drafts import Changed
from gridserver.grids.models import Cell, GridVersion

Bounds = tuple[float, float, float, float]


def whole(session: Session, version: GridVersion, coverage: ArcCoverage) -> dict[str, Any]:
    """Return all of a draft, JSON-able; a face with no cell is a gap, with several an overlap."""
    nodes = {i: list(refs) for i, refs in coverage.nodes.items()}
    return _document(session, version, coverage, coverage.faces, coverage.arcs, nodes)


def within(
    session: Session, version: GridVersion, coverage: ArcCoverage, bounds: Bounds
) -> dict[str, Any]:
    """Return what of a draft a window shows, as `whole` does: the faces that meet it, in full.

    Their arcs are whole, too, and of the nodes those of which every arc is there.

    Parameters
    ----------
    bounds
        West, south, east, north in EPSG:4326.
    """
    faces = _meeting(coverage, bounds)
    arcs = {arc_of(ref) for face in faces for ring in coverage.faces[face].rings for ref in ring}
    reached = {node for arc in arcs for node in coverage.arcs[arc].nodes}
    outs = {node: list(coverage.nodes[node]) for node in sorted(reached)}
    nodes = {node: refs for node, refs in outs.items() if arcs.issuperset(map(arc_of, refs))}
    return _document(session, version, coverage, faces, sorted(arcs), nodes)


def delta(session: Session, changed: Changed) -> dict[str, Any]:
    """Return what a change of a draft has changed, JSON-able; null is for what is gone.

    With a face come all its arcs, and with a node, so that it fits whatever window is shown.
    ``reload``: the arcs were drawn anew and are to be loaded again; nothing else is said of them.
    """
    version, entry, edit, coverage = changed.version, changed.entry, changed.edit, changed.coverage
    document: dict[str, Any] = {
        "revision": version.revision,
        "edit": {
            "id": entry.number,
            "verb": entry.verb,
            "text": entry.text,
            "area_change_m2": dict(entry.area_change_m2 if edit is None else edit.area_change_m2),
            "undone": entry.undone,
        },
        "reload": coverage is None,
        "arcs": {},
        "outline": [],
        "nodes": {},
        "faces": {},
        "cells": {},
    }
    if edit is None or coverage is None:
        return document
    nodes = {node for pair in edit.arcs.values() for arc in pair if arc for node in arc.nodes}
    there = nodes & coverage.nodes.keys()
    refs = {ref for node in there for ref in coverage.nodes[node]}
    for face in edit.faces.keys() & coverage.faces.keys():
        refs.update(ref for ring in coverage.faces[face].rings for ref in ring)
    arcs = sorted({*edit.arcs, *map(arc_of, refs)})
    return document | {
        "arcs": {i: coverage.arcs[i].coords.tolist() if i in coverage.arcs else None for i in arcs},
        "outline": _outline(coverage, [i for i in arcs if i in coverage.arcs]),
        "nodes": {i: list(coverage.nodes[i]) if i in there else None for i in nodes},
        "faces": {i: _face(coverage, i) if i in coverage.faces else None for i in edit.faces},
        "cells": dict.fromkeys(changed.codes)
        | _cells(session, version.id, coverage, changed.codes & coverage.cells.keys()),
    }


def calls(
    coverage: ArcCoverage, codes: Iterable[str], points: NDArray[np.float64]
) -> dict[str, int]:
    """Return how many of the points (n, 2) lie in each of these cells, or on its boundary."""
    named = list(codes)
    polygons = [coverage.polygon(code) for code in named]
    tree = shapely.STRtree([shapely.Point(point) for point in points.tolist()])
    rows = tree.query(polygons, predicate="intersects")[0]
    return dict(zip(named, np.bincount(rows, minlength=len(named)).tolist(), strict=True))


def _document(
    session: Session,
    version: GridVersion,
    coverage: ArcCoverage,
    faces: Collection[int],
    arcs: Collection[int],
    nodes: Mapping[int, list[int]],
) -> dict[str, Any]:
    codes = {code for face in faces for code in coverage.faces[face].owners}
    return {
        "revision": version.revision,
        "cells_total": len(coverage.cells),
        "arcs": {i: coverage.arcs[i].coords.tolist() for i in arcs},
        "outline": _outline(coverage, arcs),
        "nodes": nodes,
        "faces": {i: _face(coverage, i) for i in faces},
        "cells": _cells(session, version.id, coverage, codes),
    }


def _meeting(coverage: ArcCoverage, bounds: Bounds) -> list[int]:
    """The faces that meet a box, in order."""
    faces = np.array(sorted(coverage.faces), dtype=np.intp)
    polygons = as_array(coverage.face_polygon(face) for face in faces.tolist())
    west, south, east, north = bounds
    boxes = shapely.bounds(polygons)
    near = (boxes[:, 0] <= east) & (boxes[:, 2] >= west)
    near &= (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    return faces[near][shapely.intersects(polygons[near], shapely.box(*bounds))].tolist()


def _outline(coverage: ArcCoverage, arcs: Iterable[int]) -> list[int]:
    return sorted(arc for arc in arcs if OUTSIDE in coverage.arcs[arc].faces)


def _face(coverage: ArcCoverage, face_id: int) -> dict[str, Any]:
    face = coverage.faces[face_id]
    return {"cells": list(face.owners), "rings": [list(ring) for ring in face.rings]}


def _cells(
    session: Session, version_id: int, coverage: ArcCoverage, codes: Iterable[str]
) -> dict[str, dict[str, Any]]:
    areas = _areas(coverage, list(codes))
    rows = select(Cell.code, Cell.name, Cell.station_code, Cell.attributes)
    which = rows.where(Cell.version_id == version_id, Cell.code.in_(list(areas)))
    return {
        code: {"name": name, "station": station, "area_m2": areas[code], **_known(attributes)}
        for code, name, station, attributes in session.execute(which.order_by(Cell.code))
    }


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: attributes.get(key) for key in ("team", "class", *COUNTED)}


def _areas(coverage: ArcCoverage, codes: list[str]) -> dict[str, float]:
    """Areas on the ellipsoid, all at once; an overlap counts for each of its cells."""
    pairs = [(code, face) for code in codes for face in coverage.cells[code]]
    areas = dict.fromkeys(codes, 0.0)
    found = areas_m2(coverage.face_polygon(face) for _, face in pairs)
    for (code, _), area in zip(pairs, found.tolist(), strict=True):
        areas[code] += area
    return areas
