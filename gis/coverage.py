"""Faults of a set of cells that should cover a bureau's ground once and without holes.

What touches what is decided in a plane that scales degrees to metres (`gis.tangent`), and what is
found is measured on the ellipsoid. Shapely's coverage check (GEOS; JTS ``CoverageValidator``)
finds the edges at fault in one pass over all cells; only the cells that own such edges are then
intersected, so a clean grid of 10,000 cells costs little more than reading it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.crowding import refuse_crowding
from gis.crs import geodesic_area_m2, local_metric
from gis.dissolve import dissolved
from gis.errors import GeometryError, GisError
from gis.faults import KINDS, Fault, Kind
from gis.features import Cell, as_array
from gis.outline import ENCLAVE_M2, holes, outside, uncovered
from gis.overlaps import overlaps
from gis.tangent import TangentPlane
from gis.tangles import stand_in

__all__ = ["Fault", "faults"]

_MEASURED_STEP_DEG = 0.001
_SPECK_M2 = 1e-6  # so small that its vertices may coincide once they are in degrees
_TOUCHING_M = 0.001  # faults are joined to the cells around them across this rounding


@dataclass(frozen=True)
class _Tolerances:
    sliver_m: float
    area_m2: float
    enclave_m2: float
    cell_m2: float

    def __post_init__(self) -> None:
        if not all(0.0 <= value < math.inf for value in astuple(self)):
            message = "A tolerance is a finite number of metres or square metres, from 0 on."
            raise GisError("coverage.tolerance", message, "tolerance_m")


@dataclass(frozen=True)
class _Plane:
    """The cells in the tangent plane, with what each step of the check needs.

    `geoms` are valid: a cell with an invalid ring is replaced by a stand-in, or by an empty
    polygon where it is too tangled; `tangled` holds the boxes of the latter.
    """

    tangent: TangentPlane
    codes: tuple[str, ...]
    geoms: NDArray[np.object_]
    tangled: NDArray[np.object_]
    tolerances: _Tolerances


@dataclass(frozen=True)
class _Finding:
    """A fault in the plane, before it is measured."""

    kind: Kind
    blocking: bool
    cells: Sequence[str]
    geometry: BaseGeometry
    point: BaseGeometry | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


def faults(
    cells: Sequence[Cell],
    outline: BaseGeometry | None = None,
    *,
    tolerance_m: float = 1.0,
    min_area_m2: float = 1.0,
    enclave_m2: float = ENCLAVE_M2,
    min_cell_m2: float = 1.0,
) -> list[Fault]:
    """Find what is wrong with a set of cells.

    ======================  ==========  =======================================================
    kind                    blocks      one entry for each
    ======================  ==========  =======================================================
    ``empty_code``          yes         cell without a code
    ``duplicate_code``      yes         code that several cells have
    ``invalid_ring``        yes         cell that is invalid by OGC Simple Features
    ``too_small``           yes         cell of no area to speak of
    ``overlap``             yes         pair of cells that share an area
    ``gap``                 under 5 ha  hole enclosed by cells
    ``sliver``              no          such a hole of a mean width (2 area / length) under 1 m
    ``unmatched_vertex``    no          pair of cells whose boundaries run side by side, but not
                                        vertex for vertex, where neither of the above explains it
    ``outside_outline``     no          cell that reaches over the outline
    ``uncovered_outline``   no          piece of the outline without a cell, gaps not repeated
    ======================  ==========  =======================================================

    Parameters
    ----------
    cells
        Polygons in EPSG:4326; rings may be invalid.
    outline
        The bureau's area in EPSG:4326. Holes that lie outside it are no gaps.
    tolerance_m
        A hole of less mean width is a sliver, and boundaries that run closer than this without
        sharing vertices are reported. Slivers don't block: `gis.locator` gives a point in one to
        the nearest cell.
    min_area_m2
        Overlaps and holes up to this area are rounding, and are reported as unmatched vertices.
    enclave_m2
        Holes from this area on are reported, but don't block; see `gis.outline.ENCLAVE_M2`.
    min_cell_m2
        A cell up to this area is too small to be meant.

    Returns
    -------
    list of Fault
        By kind, in the order of the table, then by area, the largest first, then by code.

    Raises
    ------
    GeometryError
        ``outline.invalid``: the outline is invalid or no polygon. ``coverage.crowded``: so many
        cells lie on top of each other that they can't be one grid.
    GisError
        ``coverage.tolerance``: negative or not finite.
    """
    if outline is not None and not (outline.is_valid and outline.area > 0):
        message = "The outline is no valid polygon; repair it before cells are checked against it."
        raise GeometryError("outline.invalid", message, "outline")
    tolerances = _Tolerances(tolerance_m, min_area_m2, enclave_m2, min_cell_m2)
    if not cells:
        return []
    refuse_crowding(as_array(cell.geom for cell in cells))
    plane = _plane(cells, tolerances)
    area = None if outline is None else plane.tangent.to_metres(outline)
    findings = [*_code_faults(plane, cells), *_shape_faults(plane, cells)]
    findings += _topology_faults(plane, area)
    found = _measured(findings, plane.tangent)
    return sorted(found, key=lambda f: (KINDS.index(f.kind), -f.area_m2, f.cells, f.lon, f.lat))


def _plane(cells: Sequence[Cell], tolerances: _Tolerances) -> _Plane:
    degrees = as_array(cell.geom for cell in cells)
    west, south, east, north = shapely.total_bounds(degrees)
    tangent = TangentPlane(float(west + east) / 2, float(south + north) / 2)
    geoms = tangent.to_metres(degrees)
    tangled = []
    for row in np.flatnonzero(~shapely.is_valid(geoms)):
        replacement = stand_in(geoms[row])
        if replacement is None:
            tangled.append(shapely.box(*geoms[row].bounds))
        geoms[row] = replacement or shapely.Polygon()
    codes = tuple(cell.code for cell in cells)
    return _Plane(tangent, codes, geoms, as_array(tangled), tolerances)


def _measured(findings: Sequence[_Finding], tangent: TangentPlane) -> Iterator[Fault]:
    """Convert findings to degrees and measure them on the ellipsoid."""
    places = as_array(finding.geometry for finding in findings)
    points = shapely.point_on_surface(places)
    for i, finding in enumerate(findings):
        points[i] = finding.point or points[i]
    places, points = tangent.to_degrees(places), tangent.to_degrees(points)
    # Densified, for the edges are straight in degrees and not in the projection.
    measured = local_metric(tangent.lon, tangent.lat).to_metres(
        shapely.segmentize(places, _MEASURED_STEP_DEG)
    )
    for finding, place, point, on_ellipsoid in zip(findings, places, points, measured, strict=True):
        measures = {"area_m2": float(on_ellipsoid.area), "length_m": float(on_ellipsoid.length)}
        yield Fault(
            finding.kind,
            finding.blocking,
            tuple(sorted(code for code in finding.cells if code)),
            **measures,
            geometry=place,
            lon=point.x,
            lat=point.y,
            params={**finding.params, **measures},
        )


def _code_faults(plane: _Plane, cells: Sequence[Cell]) -> Iterator[_Finding]:
    rows: dict[str, list[int]] = {}
    for row, code in enumerate(plane.codes):
        if code:
            rows.setdefault(code, []).append(row)
        else:
            mark = _mark(plane, cells, row)
            yield _Finding("empty_code", True, (), mark, params={"row": row + 1})
    for code, same in rows.items():
        if len(same) > 1:
            marks = shapely.MultiPoint([_mark(plane, cells, row) for row in same])
            params = {"code": code, "count": len(same)}
            yield _Finding("duplicate_code", True, (code,), marks, marks.geoms[-1], params)


def _shape_faults(plane: _Plane, cells: Sequence[Cell]) -> Iterator[_Finding]:
    degrees = as_array(cell.geom for cell in cells)
    valid = shapely.is_valid(degrees)
    for row in np.flatnonzero(~valid):
        # GEOS says "Self-intersection[118.5 29.1]": the reason and the place.
        reason, _, place = shapely.is_valid_reason(degrees[row]).rstrip("]").partition("[")
        point = plane.tangent.to_metres(shapely.Point(*map(float, place.split()[:2])))
        code = plane.codes[row]
        params = {"code": code, "reason": reason}
        yield _Finding("invalid_ring", True, (code,), point, params=params)
    small = valid & (shapely.area(plane.geoms) <= plane.tolerances.cell_m2)
    for row in np.flatnonzero(small):
        code, mark = plane.codes[row], plane.geoms[row]
        yield _Finding("too_small", True, (code,), mark, params={"code": code})


def _mark(plane: _Plane, cells: Sequence[Cell], row: int) -> shapely.Point:
    """A point on the cell, also where its ring is too tangled to have a stand-in."""
    geom = plane.geoms[row]
    if geom.is_empty:
        geom = plane.tangent.to_metres(shapely.Point(shapely.get_coordinates(cells[row].geom)[0]))
    point: shapely.Point = shapely.point_on_surface(geom)
    return point


def _topology_faults(plane: _Plane, outline: BaseGeometry | None) -> list[_Finding]:
    edges = shapely.coverage_invalid_edges(plane.geoms, gap_width=plane.tolerances.sliver_m)
    union = dissolved(plane.geoms)
    least = plane.tolerances.area_m2
    shared = [
        (a, b, _areal(ground))
        for a, b, ground in overlaps(plane.geoms, edges, union.area, least).over(least)
    ]
    gaps = _gaps(plane, union, outline)
    tree = shapely.STRtree(plane.geoms)
    found = [_overlap_fault(plane, a, b, ground) for a, b, ground in shared]
    found += [_gap_fault(plane, tree, gap) for gap in gaps]
    explained = as_array([*(ground for _, _, ground in shared), *gaps, *plane.tangled])
    found += _unmatched(plane, edges, explained)
    if outline is not None:
        found += _outline_faults(plane, union, outline)
    return found


def _areal(geom: BaseGeometry) -> BaseGeometry:
    """Only the ground that an intersection left: cells also share lines, points and specks."""
    parts = shapely.get_parts(geom)
    ground = parts[shapely.area(parts) > _SPECK_M2]
    return ground[0] if len(ground) == 1 else shapely.MultiPolygon(list(ground))


def _overlap_fault(plane: _Plane, a: int, b: int, shared: BaseGeometry) -> _Finding:
    first, second = sorted((plane.codes[a], plane.codes[b]))
    params = {"a": first, "b": second}
    return _Finding("overlap", True, (first, second), shared, params=params)


def _gaps(plane: _Plane, union: BaseGeometry, outline: BaseGeometry | None) -> list[BaseGeometry]:
    """The ground within the outline that cells enclose and none covers."""
    found = holes(union)
    if outline is not None:
        found = shapely.intersection(found, outline)
    found = found[shapely.area(found) > plane.tolerances.area_m2]
    if len(plane.tangled):
        hidden, _ = shapely.STRtree(plane.tangled).query(found, predicate="intersects")
        found = np.delete(found, hidden)
    return [_areal(gap) for gap in found]


def _gap_fault(plane: _Plane, tree: shapely.STRtree, gap: BaseGeometry) -> _Finding:
    rim = gap.buffer(_TOUCHING_M)
    near = tree.query(rim, predicate="intersects")
    # A cell that only touches the gap with a corner is not one to give it to.
    along = shapely.area(shapely.intersection(plane.geoms[near], rim)) > 4.0 * _TOUCHING_M**2
    codes = sorted({plane.codes[row] for row in near[along] if plane.codes[row]})
    width_m = 2.0 * gap.area / gap.length
    sliver = width_m < plane.tolerances.sliver_m
    # Measured as in `gis.outline.ground`, so that what doesn't block is nobody's ground there.
    enclave = geodesic_area_m2(plane.tangent.to_degrees(gap)) >= plane.tolerances.enclave_m2
    kind: Kind = "sliver" if sliver else "gap"
    params = {"around": codes, "width_m": width_m}
    return _Finding(kind, not (sliver or enclave), codes, gap, params=params)


def _unmatched(
    plane: _Plane, edges: NDArray[np.object_], explained: NDArray[np.object_]
) -> Iterator[_Finding]:
    """Edges at fault that no overlap or hole explains, by the pair of cells they run between."""
    parts, owner = shapely.get_parts(edges, return_index=True)
    parts, owner = parts[~shapely.is_empty(parts)], owner[~shapely.is_empty(parts)]
    known, _ = shapely.STRtree(explained).query(parts, predicate="dwithin", distance=_TOUCHING_M)
    parts, owner = np.delete(parts, known), np.delete(owner, known)
    first, second = shapely.STRtree(parts).query(
        parts, predicate="dwithin", distance=plane.tolerances.sliver_m
    )
    between: dict[tuple[int, int], set[int]] = {}
    for i, j in zip(first, second, strict=True):
        if owner[i] < owner[j]:
            between.setdefault((int(owner[i]), int(owner[j])), set()).update((int(i), int(j)))
    for (a, b), rows in between.items():
        mine = shapely.MultiLineString([parts[row] for row in sorted(rows) if owner[row] == a])
        theirs = shapely.MultiLineString([parts[row] for row in sorted(rows) if owner[row] == b])
        away_m, vertex = _lone_vertex(mine, theirs)
        if away_m > plane.tolerances.sliver_m:
            # Edges at fault of two cells may also just meet, at the corner of a third.
            corner = _joined_otherwise(mine, theirs)
            if corner is None and not mine.crosses(theirs):
                continue
            vertex = corner or vertex
        names = sorted((plane.codes[a], plane.codes[b]))
        lines = shapely.MultiLineString([*mine.geoms, *theirs.geoms])
        params = {"a": names[0], "b": names[1]}
        yield _Finding("unmatched_vertex", False, names, lines, vertex, params)


def _lone_vertex(
    mine: shapely.MultiLineString, theirs: shapely.MultiLineString
) -> tuple[float, shapely.Point]:
    """The vertex nearest to the other side that is no vertex there, and how far it lies."""
    ours, others = (set(map(tuple, shapely.get_coordinates(side))) for side in (mine, theirs))
    lone = [(vertex, theirs) for vertex in sorted(ours - others)]
    lone += [(vertex, mine) for vertex in sorted(others - ours)]
    if not lone:
        return math.inf, shapely.get_point(mine.geoms[0], 0)
    points = shapely.points([vertex for vertex, _ in lone])
    distances = shapely.distance(points, as_array(side for _, side in lone))
    nearest = int(np.argmin(distances))
    return float(distances[nearest]), points[nearest]


def _joined_otherwise(
    mine: shapely.MultiLineString, theirs: shapely.MultiLineString
) -> shapely.Point | None:
    """A vertex of both, from which one has an edge to another of both and the other has not."""
    (ours, edges), (others, other_edges) = (_graph(side) for side in (mine, theirs))
    lone = [edge for edge in edges ^ other_edges if edge <= ours & others]
    return shapely.Point(min(map(min, lone))) if lone else None


def _graph(
    lines: shapely.MultiLineString,
) -> tuple[set[tuple[float, ...]], set[frozenset[tuple[float, ...]]]]:
    """The vertices, and the edges as pairs of them."""
    paths = [list(map(tuple, shapely.get_coordinates(line))) for line in lines.geoms]
    edges = {frozenset(pair) for path in paths for pair in pairwise(path)}
    return {vertex for path in paths for vertex in path}, edges


def _outline_faults(
    plane: _Plane, union: BaseGeometry, outline: BaseGeometry
) -> Iterator[_Finding]:
    least = plane.tolerances.area_m2
    for row, part in outside(plane.geoms, outline, least):
        code = plane.codes[row]
        yield _Finding("outside_outline", False, (code,), _areal(part), params={"code": code})
    for piece in uncovered(union, outline, least):
        yield _Finding("uncovered_outline", False, (), piece)
