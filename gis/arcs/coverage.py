"""The coverage as a value: cells over faces over arcs, and the record of what an edit changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.arcs import planar
from gis.arcs.draft import Draft, Face, Owners, Structure
from gis.arcs.index import ArcIndex
from gis.arcs.noding import linework
from gis.arcs.planar import Arc
from gis.areas import area_m2, areas_m2
from gis.errors import GeometryError, GisError
from gis.features import as_array

Area = shapely.Polygon | shapely.MultiPolygon
ArcChange = tuple[Arc | None, Arc | None]
FaceChange = tuple[Face | None, Face | None]

_ROUNDING_M2 = 0.001


@dataclass(frozen=True)
class Edit:
    """What an edit changed: enough to do it again, or to undo it bit for bit.

    Attributes
    ----------
    verb
        Which edit it was, such as ``move_vertex``.
    arcs, faces
        By identifier, what was there before and what is there after; None for nothing.
    area_change_m2
        For each cell whose area changed by how much, on the ellipsoid; under 0.001 m² is
        rounding. What an overlap gains counts for each of its cells.
    """

    verb: str
    arcs: Mapping[int, ArcChange]
    faces: Mapping[int, FaceChange]
    area_change_m2: Mapping[str, float]

    def inverse(self) -> "Edit":
        """Return the edit that undoes this one."""
        return Edit(
            self.verb,
            {i: (after, before) for i, (before, after) in self.arcs.items()},
            {i: (after, before) for i, (before, after) in self.faces.items()},
            {code: -change for code, change in self.area_change_m2.items()},
        )


@dataclass(frozen=True, eq=False)
class ArcCoverage:
    """Cells as faces of a planar graph: neighbours share their boundary, so no edit opens a gap.

    A value: an edit (`gis.arcs.edits`, `gis.arcs.transfers`) returns another coverage, which
    shares with this one all that the edit did not touch.

    Attributes
    ----------
    structure
        Arcs, nodes, faces. A face without owner is a gap, one with several is an overlap; an arc
        parts different owners, always.
    cells
        For each code its faces.
    index
        Which arcs are near.
    """

    structure: Structure
    cells: Mapping[str, tuple[int, ...]]
    index: ArcIndex

    @classmethod
    def from_cells(
        cls, codes: Sequence[str], geoms: Iterable[Area], outline: BaseGeometry | None = None
    ) -> "ArcCoverage":
        """Take cells apart into the boundaries that they share.

        Where cells match vertex for vertex, every coordinate is kept bit for bit (a point that a
        ring repeats is dropped). Where they don't, vertices are added where boundaries meet, and
        overlaps and gaps become faces of their own.

        Parameters
        ----------
        codes, geoms
            A code of its own for each polygon or multipolygon in EPSG:4326.
        outline
            The bureau's area: ground in it that no cell has becomes faces without owner. Without
            it, only ground that cells enclose does.

        Raises
        ------
        GisError
            ``arcs.codes``, ``arcs.empty_code``, ``arcs.duplicate_code``.
        GeometryError
            ``arcs.invalid_ring``: names the cell and the place. ``arcs.tangled``: boundaries that
            run too close to each other to be told apart.
        """
        areas = as_array(shapely.force_2d(geom) for geom in geoms)
        _check_cells(codes, areas, outline)
        draft = Draft(Structure({}, {}, {}, {}))
        draft.load(linework(areas, outline))
        _check_faces(draft.polygons)
        for face, owners in _owners(draft.polygons, codes, areas).items():
            draft.put_face(face, replace(draft.faces[face], owners=owners))
        draft.dissolve(list(draft.faces))
        return cls.of(draft.structure(), codes)

    @classmethod
    def of(cls, structure: Structure, codes: Sequence[str]) -> "ArcCoverage":
        """Return the coverage of a structure, with its cells in this order.

        Raises
        ------
        GeometryError
            ``arcs.no_ground``: a cell has no face. GisError ``arcs.codes``: a face has another
            owner.
        """
        faces = {face_id: (None, face) for face_id, face in sorted(structure.faces.items())}
        cells = _with_faces(dict.fromkeys(codes, ()), faces)
        if len(cells) > len(codes):
            raise GisError("arcs.codes", "A face belongs to a cell that is not listed.", "codes")
        for code in codes:
            if not cells[code]:
                message = f"Cell {code} has no ground to be edited; remove it first."
                raise GeometryError("arcs.no_ground", message, "geoms", {"cell": code})
        return cls(structure, cells, ArcIndex.of(structure.arcs))

    @classmethod
    def restored(
        cls, arcs: Mapping[int, Arc], faces: Mapping[int, Face], codes: Sequence[str]
    ) -> "ArcCoverage":
        """Return the coverage that has these arcs and faces, as they were kept.

        They are not judged: take them from where a coverage was stored, never from a client
        (`gis.arcs.from_topology`). An identifier that went out of use before may be given again.
        """
        draft = Draft(Structure({}, {}, {}, {}))
        for arc_id, arc in sorted(arcs.items()):
            draft.put(arc_id, arc)
        for face_id, face in sorted(faces.items()):
            draft.put_face(face_id, face)
        draft.redraw(faces)
        return cls.of(draft.structure(), codes)

    @property
    def arcs(self) -> Mapping[int, Arc]:
        """Arcs by identifier."""
        return self.structure.arcs

    @property
    def nodes(self) -> Mapping[int, tuple[planar.Ref, ...]]:
        """For each node the signed arcs that set out from it, counterclockwise."""
        return self.structure.nodes

    @property
    def faces(self) -> Mapping[int, Face]:
        """Faces by identifier; the one around everything, `planar.OUTSIDE`, is not among them."""
        return self.structure.faces

    def node_position(self, node: int) -> tuple[float, float]:
        """Return longitude and latitude of a node."""
        lon, lat = planar.path(self.arcs, self.nodes[node][0])[0].tolist()
        return lon, lat

    @cached_property
    def unowned(self) -> tuple[int, ...]:
        """Faces that no cell has: gaps."""
        return tuple(i for i, face in sorted(self.faces.items()) if not face.owners)

    @cached_property
    def contested(self) -> tuple[int, ...]:
        """Faces that several cells have: overlaps."""
        return tuple(i for i, face in sorted(self.faces.items()) if len(face.owners) > 1)

    def face_polygon(self, face: int) -> shapely.Polygon:
        """Return the polygon of a face in EPSG:4326, oriented as RFC 7946 wants it."""
        return self.structure.polygons[face]

    def polygon(self, code: str) -> Area:
        """Return the polygon of a cell in EPSG:4326, oriented as RFC 7946 wants it.

        Overlaps belong to each cell that claims them.
        """
        faces = self.cells[code]
        if all(len(self.faces[face].owners) == 1 for face in faces):
            parts = [self.face_polygon(face) for face in faces]
        else:
            parts = self._joined(set(faces))
        return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)

    def polygons(self) -> dict[str, Area]:
        """Return the polygons of all cells, as `polygon` does."""
        return {code: self.polygon(code) for code in self.cells}

    def neighbours(self, face: int) -> set[str]:
        """Return the cells that have the face, or ground along an arc of it."""
        refs = (ref for ring in self.faces[face].rings for ref in ring)
        beside = {planar.left_of(self.arcs, ~ref) for ref in refs} - {planar.OUTSIDE}
        return {code for each in beside | {face} for code in self.faces[each].owners}

    def area_m2(self, code: str) -> float:
        """Return the area of a cell on the ellipsoid, overlaps included."""
        return float(areas_m2(self.face_polygon(face) for face in self.cells[code]).sum())

    def edited(self, verb: str, draft: Draft) -> tuple["ArcCoverage", Edit]:
        """Return the coverage that a draft of this one has become, and the record of it."""
        structure = draft.structure()
        arcs, faces = draft.changed_arcs(), draft.changed_faces()
        touched = {face for pair in arcs.values() for arc in pair if arc for face in arc.faces}
        change = _area_change(self.structure, structure, touched | faces.keys())
        cells = _with_faces(dict(self.cells), faces)
        index = self.index.updated(structure.arcs, arcs)
        return ArcCoverage(structure, cells, index), Edit(verb, arcs, faces, change)

    def apply(self, edit: Edit) -> "ArcCoverage":
        """Do an edit again, or with `Edit.inverse` undo it, on the coverage that it was made on.

        It was judged when it was made, and is not judged again: take edits from where they are
        kept, never from a client.

        Raises
        ------
        GisError
            ``arcs.stale_edit``: something that the edit would replace has changed meanwhile.
        """
        stale = any(self.arcs.get(i) != before for i, (before, _) in edit.arcs.items())
        if stale or any(self.faces.get(i) != before for i, (before, _) in edit.faces.items()):
            message = "The boundary has changed since this edit was made; load it again."
            raise GisError("arcs.stale_edit", message, "edit", {"verb": edit.verb})
        draft = Draft(self.structure)
        for arc_id, (_, arc) in edit.arcs.items():
            draft.put(arc_id, arc)
        for face_id, (_, face) in edit.faces.items():
            draft.put_face(face_id, face)
        along = {face for _, arc in edit.arcs.values() if arc for face in arc.faces}
        draft.redraw((along | edit.faces.keys()) & draft.faces.keys())
        return self.edited(edit.verb, draft)[0]

    def _joined(self, faces: set[int]) -> list[shapely.Polygon]:
        """The polygons of faces some of which lie side by side."""
        refs = (ref for face in sorted(faces) for ring in self.faces[face].rings for ref in ring)
        rim = [ref for ref in refs if planar.left_of(self.arcs, ~ref) not in faces]
        found, _ = planar.regions(self.arcs, planar.walks(self.arcs, self.nodes, rim))
        return [planar.polygon(self.arcs, rings) for rings in found]


def _check_cells(
    codes: Sequence[str], areas: NDArray[np.object_], outline: BaseGeometry | None
) -> None:
    if len(codes) != len(areas):
        raise GisError("arcs.codes", "Give one code for each polygon.", "codes")
    seen: set[str] = set()
    for number, code in enumerate(codes, 1):
        if not code:
            message = f"The cell of row {number} has no code; give it one."
            raise GisError("arcs.empty_code", message, "codes", {"row": number})
        if code in seen:
            message = f"Several cells have the code {code}; rename them or merge the parts."
            raise GisError("arcs.duplicate_code", message, "codes", {"cell": code})
        seen.add(code)
    if outline is not None and not (outline.is_valid and outline.area > 0):
        message = "The outline is no valid polygon; repair it before cells are edited in it."
        raise GeometryError("outline.invalid", message, "outline")
    unfit = ~(shapely.is_valid(areas) & (shapely.area(areas) > 0))
    for row in np.flatnonzero(unfit).tolist():
        # GEOS says "Self-intersection[118.5 29.1]": the reason and the place.
        reason, _, place = shapely.is_valid_reason(areas[row]).rstrip("]").partition("[")
        where = dict(zip(("lon", "lat"), map(float, place.split()[:2]), strict=False))
        message = f"The boundary of cell {codes[row]} is invalid ({reason}); redraw it first."
        params: dict[str, Any] = {"cell": codes[row], "reason": reason, **where}
        raise GeometryError("arcs.invalid_ring", message, f"geoms[{row}]", params)


def _check_faces(polygons: Mapping[int, shapely.Polygon]) -> None:
    shapes = as_array(polygons.values())
    for shape in shapes[~shapely.is_valid(shapes)]:
        lon, lat = shapely.get_coordinates(shape)[0].tolist()
        message = f"Boundaries run too close to be told apart at {lon:.6f}, {lat:.6f}; snap them."
        raise GeometryError("arcs.tangled", message, "geoms", {"lon": lon, "lat": lat})


def _owners(
    polygons: Mapping[int, shapely.Polygon], codes: Sequence[str], areas: NDArray[np.object_]
) -> dict[int, Owners]:
    """For each face the cells that cover a point in it."""
    inside = shapely.point_on_surface(as_array(polygons.values()))
    rows, covering = shapely.STRtree(areas).query(inside, predicate="within")
    owners: dict[int, list[str]] = {face: [] for face in polygons}
    faces = list(polygons)
    for row, cell in zip(rows, covering, strict=True):
        owners[faces[row]].append(codes[cell])
    return {face: tuple(sorted(found)) for face, found in owners.items()}


def _with_faces(
    cells: dict[str, tuple[int, ...]], changes: Mapping[int, FaceChange]
) -> dict[str, tuple[int, ...]]:
    """Bring the faces of cells up to date; new cells come last, and those without a face go."""
    for face_id, (before, after) in changes.items():
        lost, won = (set(face.owners) if face else set() for face in (before, after))
        for code in sorted(lost - won):
            cells[code] = tuple(face for face in cells[code] if face != face_id)
        for code in sorted(won - lost):
            cells[code] = (*cells.get(code, ()), face_id)
    touched = {code for pair in changes.values() for face in pair if face for code in face.owners}
    for code in touched:
        if not cells[code]:
            del cells[code]
    return cells


def _area_change(before: Structure, after: Structure, faces: Iterable[int]) -> dict[str, float]:
    change: dict[str, float] = {}
    for face_id in sorted(faces):
        for sign, structure in ((-1.0, before), (1.0, after)):
            if face_id in structure.faces:
                area = sign * area_m2(structure.polygons[face_id])
                for code in structure.faces[face_id].owners:
                    change[code] = change.get(code, 0.0) + area
    return {code: m2 for code, m2 in sorted(change.items()) if abs(m2) > _ROUNDING_M2}
