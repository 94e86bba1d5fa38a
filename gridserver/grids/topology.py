"""A draft as its editor sees it: arcs, faces, nodes and cells, whole or what an edit changed.

Arcs in rings and around nodes are signed: ``n`` forwards, ``-n - 1`` backwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.arcs import ArcCoverage
from gis.areas import areas_m2
from gridserver.grids.drafts import Changed
from gridserver.grids.models import Cell, GridVersion


def whole(session: Session, version: GridVersion, coverage: ArcCoverage) -> dict[str, Any]:
    """Return all of a draft, JSON-able; a face with no cell is a gap, with several an overlap."""
    return {
        "revision": version.revision,
        "arcs": {i: arc.coords.tolist() for i, arc in coverage.arcs.items()},
        "nodes": {i: list(refs) for i, refs in coverage.nodes.items()},
        "faces": {i: _face(coverage, i) for i in coverage.faces},
        "cells": _cells(session, version.id, coverage, coverage.cells),
    }


def delta(session: Session, changed: Changed) -> dict[str, Any]:
    """Return what a change of a draft has changed, JSON-able; null is for what is gone.

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
        "nodes": {},
        "faces": {},
        "cells": {},
    }
    if edit is None or coverage is None:
        return document
    nodes = {node for pair in edit.arcs.values() for arc in pair if arc for node in arc.nodes}
    return document | {
        "arcs": {
            i: coverage.arcs[i].coords.tolist() if i in coverage.arcs else None for i in edit.arcs
        },
        "nodes": {i: list(coverage.nodes[i]) if i in coverage.nodes else None for i in nodes},
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
    return {key: attributes.get(key) for key in ("team", "class", "households")}


def _areas(coverage: ArcCoverage, codes: list[str]) -> dict[str, float]:
    """Areas on the ellipsoid, all at once; an overlap counts for each of its cells."""
    pairs = [(code, face) for code in codes for face in coverage.cells[code]]
    areas = dict.fromkeys(codes, 0.0)
    found = areas_m2(coverage.face_polygon(face) for _, face in pairs)
    for (code, _), area in zip(pairs, found.tolist(), strict=True):
        areas[code] += area
    return areas
