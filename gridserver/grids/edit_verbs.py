"""What can be done to a draft's boundaries, by name: pure.

Each verb takes a coverage and its arguments by name, as `gis.arcs` has them, and raises what that
raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from gis import arcs
from gis.arcs import ArcCoverage, Edit
from gis.errors import GeometryError, GisError
from gis.faults import worded
from gis.features import Remark
from gis.jsonrings import as_ring
from gridserver.base.errors import Invalid

Arguments = Mapping[str, Any]
Edited = tuple[ArcCoverage, Edit]


@dataclass(frozen=True)
class Verb:
    """A verb: what it needs, what it may be given, how it is done, and how that is said."""

    needed: frozenset[str]
    allowed: frozenset[str]
    run: Callable[..., Edited]
    text: str
    code: str


def _move_area(coverage: ArcCoverage, **given: Any) -> Edited:
    area = _polygon(given["polygon"])
    return arcs.move_area(coverage, given["from"], given["to"], area)


def _verb(run: Callable[..., Edited], said: tuple[str, str], needed: str, *allowed: str) -> Verb:
    code, text = said
    return Verb(frozenset(needed.split()), frozenset(allowed), run, text, code)


_MOVED = ("edit.moved", "Moved the boundary of {cells}.")

VERBS: Mapping[str, Verb] = {
    "replace_stretch": _verb(
        arcs.replace_stretch, _MOVED, "arc first last coords", "allow_outline"
    ),
    "move_vertex": _verb(arcs.move_vertex, _MOVED, "arc index lon lat", "allow_outline"),
    "move_node": _verb(arcs.move_node, _MOVED, "node lon lat", "allow_outline"),
    "insert_vertex": _verb(
        arcs.insert_vertex,
        ("edit.insert_vertex", "Added a vertex to the boundary of {cells}."),
        "arc index lon lat",
    ),
    "remove_vertex": _verb(
        arcs.remove_vertex,
        ("edit.remove_vertex", "Removed a vertex from the boundary of {cells}."),
        "arc index",
        "allow_outline",
    ),
    "split_cell": _verb(
        arcs.split_cell,
        ("edit.split_cell", "Split {code}; {new_code} is new."),
        "code line",
        "new_code",
    ),
    "merge_cells": _verb(
        arcs.merge_cells, ("edit.merge_cells", "Merged {codes} into {into}."), "codes into"
    ),
    "assign_face": _verb(
        arcs.assign_face, ("edit.assign_face", "Gave a piece of ground to {code}."), "face code"
    ),
    "move_area": _verb(
        _move_area, ("edit.move_area", "Moved ground from {from} to {to}."), "from to polygon"
    ),
}
"""The verbs that change boundaries."""


def check_arguments(verb: str, arguments: Arguments) -> None:
    """Refuse arguments that a verb of `VERBS` lacks or does not know: see `check_names`."""
    check_names(verb, arguments, VERBS[verb].needed, VERBS[verb].allowed)


def check_names(
    verb: str, arguments: Arguments, needed: frozenset[str], allowed: frozenset[str]
) -> None:
    """Refuse arguments that are missing, or that the verb does not know.

    Raises
    ------
    Invalid
        ``grid.edit_lacks``, ``grid.edit_knows_not``: name the field.
    """
    for name in sorted(needed - arguments.keys()):
        raise Invalid("grid.edit_lacks", f"{verb} needs {name}.", field=name)
    for name in sorted(arguments.keys() - needed - allowed):
        raise Invalid("grid.edit_knows_not", f"{verb} takes no {name}: leave it out.", field=name)


def run(coverage: ArcCoverage, verb: str, arguments: Arguments, *, snap_m: float) -> Edited:
    """Carry out a verb of `VERBS`, its arguments checked.

    Parameters
    ----------
    snap_m
        How far from the boundary a line that splits a cell may end.

    Raises
    ------
    GisError
        ``arcs.*``: the edit is refused; where it has a place, `params` hold ``lon`` and ``lat``.
    """
    snapping = {"snap_m": snap_m} if verb == "split_cell" else {}
    return VERBS[verb].run(coverage, **arguments, **snapping)


def said(coverage: ArcCoverage, verb: str, arguments: Arguments, edit: Edit) -> Remark:
    """Say what was done; `coverage` is the one after it."""
    params: dict[str, Any] = {
        name: arguments[name]
        for name in ("code", "new_code", "into", "from", "to")
        if name in arguments
    }
    params["cells"] = sorted(concerned(edit, coverage))
    if "codes" in arguments:
        params["codes"] = sorted(arguments["codes"])
    text = VERBS[verb].text.format(**worded(params))
    return Remark(VERBS[verb].code, text, params)


def concerned(edit: Edit, *coverages: ArcCoverage) -> set[str]:
    """Return the cells on both sides of every boundary that an edit changed, and of its faces."""
    faces = {face for pair in edit.arcs.values() for arc in pair if arc for face in arc.faces}
    owners = {
        code
        for coverage in coverages
        for face in faces & coverage.faces.keys()
        for code in coverage.faces[face].owners
    }
    changed = (face for pair in edit.faces.values() for face in pair if face is not None)
    return owners | {code for face in changed for code in face.owners}


def _polygon(area: Any) -> shapely.Polygon:
    """The polygon of a GeoJSON geometry, checked before GEOS sees it."""
    kind = area.get("type") if isinstance(area, dict) else None
    rings = area.get("coordinates") if kind == "Polygon" else None
    if not isinstance(rings, list) or len(rings) != 1:
        message = "Give the area as a GeoJSON Polygon of one ring."
        raise GisError("arcs.area", message, "polygon")
    try:
        return shapely.Polygon(as_ring(rings[0], 0))
    except GeometryError as error:
        message = "The area is no valid polygon without holes; draw it anew."
        raise GeometryError("arcs.area", message, "polygon") from error
