"""A coverage and an edit as JSON: what a browser edits, and what is stored to undo.

Numbers are written as Python does, in the shortest form that reads back as the same double, so
that nothing is lost. Signed arcs and the order of rings are TopoJSON's, without its quantisation.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import shapely

from gis.arcs import planar
from gis.arcs.coverage import ArcCoverage, Edit
from gis.arcs.draft import Draft, Face, Structure
from gis.arcs.planar import OUTSIDE, Arc
from gis.errors import GisError
from gis.features import as_array

T = TypeVar("T")

_SIDES = ("left", "right")


def to_topology(coverage: ArcCoverage) -> dict[str, Any]:
    """Return a coverage as JSON.

    Returns
    -------
    dict
        ``arcs``: ``{id, coordinates, start, end, left, right}``, a side without face null;
        ``nodes``: ``{id, coordinates, arcs}``, the arcs counterclockwise; ``faces``:
        ``{id, owners, rings}``; ``cells``: the codes in order. Arcs in ``arcs`` and ``rings`` are
        signed: ``n`` forwards, ``-n - 1`` backwards.
    """
    return {
        "arcs": [{"id": i, **_arc_json(arc)} for i, arc in sorted(coverage.arcs.items())],
        "nodes": [
            {"id": i, "coordinates": list(coverage.node_position(i)), "arcs": list(refs)}
            for i, refs in sorted(coverage.nodes.items())
        ],
        "faces": [{"id": i, **_face_json(face)} for i, face in sorted(coverage.faces.items())],
        "cells": list(coverage.cells),
    }


def from_topology(data: Mapping[str, Any]) -> ArcCoverage:
    """Read what `to_topology` wrote; ``nodes`` are found anew.

    Raises
    ------
    GisError
        ``arcs.topology``: it is not of that form, or its parts don't belong together.
    """
    draft = Draft(Structure({}, {}, {}, {}))
    try:
        for item in data["arcs"]:
            draft.put(_identifier(item["id"]), _arc(item))
        for item in data["faces"]:
            draft.put_face(_identifier(item["id"]), _face(item))
        codes = [str(code) for code in data["cells"]]
        _check_rings(draft)
        draft.redraw(draft.faces)
    except (KeyError, TypeError, ValueError, AttributeError, shapely.GEOSException) as error:
        raise _malformed("topology", error) from error
    if not shapely.is_valid(as_array(draft.polygons.values())).all():
        raise _malformed("topology", "a face is no valid polygon")
    return ArcCoverage.of(draft.structure(), codes)


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """Return an edit as JSON: what it replaced, and with what."""
    return {
        "verb": edit.verb,
        "arcs": [
            {"id": i, "before": before and _arc_json(before), "after": after and _arc_json(after)}
            for i, (before, after) in sorted(edit.arcs.items())
        ],
        "faces": [
            {"id": i, "before": before and _face_json(before), "after": after and _face_json(after)}
            for i, (before, after) in sorted(edit.faces.items())
        ],
        "area_change_m2": dict(edit.area_change_m2),
    }


def edit_from_json(data: Mapping[str, Any]) -> Edit:
    """Read what `edit_to_json` wrote.

    Raises
    ------
    GisError
        ``arcs.edit``: it is not of that form.
    """
    try:
        return Edit(
            str(data["verb"]),
            {_identifier(item["id"]): _pair(item, _arc) for item in data["arcs"]},
            {_identifier(item["id"]): _pair(item, _face) for item in data["faces"]},
            {str(code): float(change) for code, change in data["area_change_m2"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _malformed("edit", error) from error


def _arc_json(arc: Arc) -> dict[str, Any]:
    sides = {"left": arc.left, "right": arc.right}
    return {
        "coordinates": arc.coords.tolist(),
        "start": arc.start,
        "end": arc.end,
        **{side: None if face == OUTSIDE else face for side, face in sides.items()},
    }


def _face_json(face: Face) -> dict[str, Any]:
    return {"owners": list(face.owners), "rings": [list(ring) for ring in face.rings]}


def _identifier(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no identifier")
    return value


def _arc(item: Mapping[str, Any]) -> Arc:
    coords = np.array(item["coordinates"], dtype=np.float64)
    if coords.ndim != 2 or coords.shape[1] != 2 or len(coords) < 2:
        raise ValueError("an arc has two points or more, of two coordinates each")
    if not (np.abs(coords) <= (180.0, 90.0)).all():
        raise ValueError("a coordinate is out of range")
    sides = (OUTSIDE if item[side] is None else _identifier(item[side]) for side in _SIDES)
    return Arc(coords, _identifier(item["start"]), _identifier(item["end"]), *sides)


def _face(item: Mapping[str, Any]) -> Face:
    rings = tuple(tuple(_signed(ref) for ref in ring) for ring in item["rings"])
    if not rings or not all(rings):
        raise ValueError("a face has a ring or more, of an arc or more each")
    return Face(tuple(sorted({str(code) for code in item["owners"]})), rings)


def _signed(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} refers to no arc")
    return value


def _pair(
    item: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]
) -> tuple[T | None, T | None]:
    before, after = item["before"], item["after"]
    return None if before is None else read(before), None if after is None else read(after)


def _check_rings(draft: Draft) -> None:
    """Raise ValueError unless rings are closed and have each side of an arc once."""
    used: list[int] = []
    for face_id, face in draft.faces.items():
        for ring in face.rings:
            for ref, following in zip(ring, (*ring[1:], ring[0]), strict=True):
                joined = planar.end_of(draft.arcs, ref) == planar.start_of(draft.arcs, following)
                if not joined or planar.left_of(draft.arcs, ref) != face_id:
                    raise ValueError(f"a ring of face {face_id} is broken")
            used += ring
    both = [ref for arc_id in draft.arcs for ref in (arc_id, ~arc_id)]
    inner = [ref for ref in both if planar.left_of(draft.arcs, ref) != OUTSIDE]
    if sorted(used) != sorted(inner):
        raise ValueError("an arc's side is in no ring, or in two")
    for refs in draft.nodes.values():
        if len({tuple(planar.path(draft.arcs, ref)[0].tolist()) for ref in refs}) > 1:
            raise ValueError("the arcs around a node don't meet")


def _malformed(what: str, reason: object) -> GisError:
    message = f"This is no {what} of a coverage ({reason}); load the boundaries again."
    return GisError(f"arcs.{what}", message, what)
