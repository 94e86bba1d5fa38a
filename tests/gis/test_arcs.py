"""Cells to arcs and back: real coverages bit for bit, and what becomes of faults."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from gis.arcs import OUTSIDE, ArcCoverage, from_topology, to_topology
from gis.arcs.planar import counterclockwise, left_of, path
from gis.areas import area_m2
from gis.errors import GisError
from gis.features import Cell
from gis.testing import (
    STEP,
    grid,
    square,
    with_bowtie,
    with_gap,
    with_overlap,
    with_t_junction,
)

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
DEMO = ROOT / "gridserver" / "demo" / "data" / "cells.geojson"


def polygons_of(path: Path) -> list[shapely.Geometry]:
    if not path.is_file():
        pytest.skip("needs ../shared/data, which is not beside this checkout")
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [
        shapely.force_2d(shapely.from_geojson(json.dumps(feature["geometry"])))
        for feature in features
    ]


def coverage_of(cells: list[Cell], **options: shapely.Geometry) -> ArcCoverage:
    return ArcCoverage.from_cells([c.code for c in cells], [c.geom for c in cells], **options)


def same(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    """Whether two areas have the same vertices, wherever their rings start."""
    first, second = (shapely.MultiPolygon(list(shapely.get_parts(g))) for g in (one, other))
    return bool(shapely.equals_exact(first, second, 0.0, normalize=True))


@pytest.mark.parametrize(
    ("file", "arcs"),
    [
        (SHARED / "us_chicago" / "beats.geojson", 774),
        (SHARED / "us_seattle" / "beats.geojson", 148),
        (SHARED / "us_washington_dc" / "police_service_areas.geojson", 160),
        (SHARED / "cn_kaihua_330824" / "counties_amap_gcj02.geojson", 18),
        (SHARED / "cn_qianwei_511123" / "counties_amap_gcj02.geojson", None),
        (SHARED / "us_baltimore" / "districts_1959_2022.geojson", None),
        (DEMO, None),
    ],
    ids=lambda value: value.parent.name if isinstance(value, Path) else "",
)
def test_real_cells_come_back_bit_for_bit(file: Path, arcs: int | None) -> None:
    geoms = polygons_of(file)
    coverage = ArcCoverage.from_cells([str(i) for i in range(len(geoms))], geoms)
    rebuilt = coverage.polygons()
    assert list(rebuilt) == [str(i) for i in range(len(geoms))]
    assert [i for i, geom in enumerate(geoms) if not same(geom, rebuilt[str(i)])] == []
    assert not coverage.contested
    assert arcs is None or len(coverage.arcs) == arcs


def test_chicago_as_union_and_merge_has_it() -> None:
    geoms = polygons_of(SHARED / "us_chicago" / "beats.geojson")
    coverage = ArcCoverage.from_cells([str(i) for i in range(len(geoms))], geoms)
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(geoms)))
    ours = shapely.MultiLineString([arc.coords for arc in coverage.arcs.values()])
    assert shapely.equals_exact(ours, lines, 0.0, normalize=True)


def test_a_coverage_without_one_node_is_closed_arcs() -> None:
    ring = shapely.Polygon(square(0, 0, 4, 4).exterior, [square(1, 1, 2, 2).exterior])
    coverage = ArcCoverage.from_cells(["land", "lake"], [ring, square(1, 1, 2, 2)])
    assert sorted(arc.faces for arc in coverage.arcs.values()) == sorted(
        arc.faces for arc in coverage.arcs.values() if arc.start == arc.end
    )
    assert len(coverage.arcs) == len(coverage.nodes) == len(coverage.faces) == 2
    assert same(coverage.polygon("land"), ring)


def test_arcs_part_faces_and_turn_around_nodes() -> None:
    coverage = coverage_of(grid(3, 3))
    assert (len(coverage.arcs), len(coverage.nodes), len(coverage.faces)) == (20, 12, 9)
    assert sum(OUTSIDE in arc.faces for arc in coverage.arcs.values()) == 8
    for face, polygon in ((i, coverage.face_polygon(i)) for i in coverage.faces):
        assert shapely.is_ccw(polygon.exterior)
        for ring in coverage.faces[face].rings:
            assert {left_of(coverage.arcs, ref) for ref in ring} == {face}
    for refs in coverage.nodes.values():
        assert counterclockwise(coverage.arcs, refs) == refs
        along = [path(coverage.arcs, ref)[:2] for ref in refs]
        angles = [np.arctan2(*(to - origin)[::-1]) % (2 * np.pi) for origin, to in along]
        assert angles == sorted(angles)


def test_coordinates_are_read_only() -> None:
    arc = coverage_of(grid(2, 1)).arcs[0]
    with pytest.raises(ValueError, match="read-only"):
        arc.coords[0] = 0.0


def test_cells_that_touch_in_points_and_lie_in_each_other() -> None:
    hole = shapely.segmentize(square(1, 1, 4, 4), 2 * STEP)
    outer = shapely.Polygon(square(0, 0, 6, 6).exterior, [hole.exterior])
    diamonds = [square(1, 1, 2, 2), square(3, 3, 2, 2)]  # meet in a point, and with `outer`
    rest = [square(1, 3, 2, 2), square(3, 1, 2, 2)]
    island = square(10, 0)
    geoms = [outer, shapely.MultiPolygon(diamonds), shapely.MultiPolygon(rest), island]
    coverage = ArcCoverage.from_cells(["o", "d", "r", "i"], geoms)
    assert all(same(*pair) for pair in zip(geoms, coverage.polygons().values(), strict=True))


def test_a_hole_that_touches_the_shell_in_a_node() -> None:
    hole = shapely.Polygon(np.array([[0, 0], [2, 1], [1, 2]]) * STEP + (118.4, 29.1))
    around = shapely.Polygon(square(0, 0, 4, 4).exterior, [hole.exterior])
    assert around.is_valid
    coverage = ArcCoverage.from_cells(["around", "in"], [around, hole])
    assert same(coverage.polygon("around"), around)
    assert len(coverage.nodes) == 1


def test_a_gap_is_a_face_without_owner() -> None:
    coverage = coverage_of(with_gap(0.5))
    (gap,) = coverage.unowned
    assert same(coverage.face_polygon(gap), square(1.25, 1.25, 0.5, 0.5))


def test_an_overlap_is_a_face_of_both_and_cells_keep_their_ground() -> None:
    cells = with_overlap(0.25)
    coverage = coverage_of(cells)
    (overlap,) = coverage.contested
    assert coverage.faces[overlap].owners == ("1", "2")
    assert same(coverage.face_polygon(overlap), square(1, 0, 0.25))
    for cell in cells:
        assert coverage.polygon(cell.code).equals(cell.geom)
        assert coverage.area_m2(cell.code) == pytest.approx(area_m2(cell.geom), rel=1e-9)


def test_a_t_junction_gets_its_vertex_on_both_sides() -> None:
    coverage = coverage_of(with_t_junction())
    made = coverage.polygons()
    assert shapely.coverage_is_valid(list(made.values()))
    assert len(made["1"].exterior.coords) == 6


def test_ground_of_the_outline_that_no_cell_has() -> None:
    coverage = coverage_of(grid(2, 2), outline=square(0, 0, 3, 2))
    (free,) = coverage.unowned
    assert coverage.face_polygon(free).equals(square(2, 0, 1, 2))


@pytest.mark.parametrize(
    "file",
    [
        SHARED / "us_chicago" / "beats_simplified_messy.geojson",
        SHARED / "us_los_angeles" / "lapd_divisions.geojson",
        SHARED / "us_carrollton_tx" / "reporting_areas.geojson",
    ],
    ids=lambda path: path.parent.name,
)
def test_faulty_coverages_come_apart_into_faces_that_add_up(file: Path) -> None:
    geoms = polygons_of(file)
    coverage = ArcCoverage.from_cells([str(i) for i in range(len(geoms))], geoms)
    faces = [coverage.face_polygon(face) for face in coverage.faces]
    assert coverage.contested
    assert shapely.is_valid(faces).all()
    assert shapely.coverage_is_valid(faces)
    for i, made in enumerate(coverage.polygons().values()):
        assert made.symmetric_difference(geoms[i]).area <= 1e-8 * geoms[i].area


def test_refused_cells() -> None:
    with pytest.raises(GisError) as refused:
        coverage_of(with_bowtie())
    assert refused.value.code == "arcs.invalid_ring"
    assert refused.value.params["cell"] == "2"
    assert refused.value.params["lon"] == pytest.approx(118.4 + 2.5 * STEP)
    with pytest.raises(GisError, match="outline"):
        coverage_of(grid(), outline=with_bowtie()[1].geom)


@pytest.mark.parametrize(
    ("codes", "code"),
    [(["a"], "codes"), (["a", ""], "empty_code"), (["a", "a"], "duplicate_code")],
)
def test_refused_codes(codes: list[str], code: str) -> None:
    with pytest.raises(GisError) as refused:
        ArcCoverage.from_cells(codes, [square(0, 0), square(1, 0)])
    assert refused.value.code == f"arcs.{code}"


def test_through_json_bit_for_bit() -> None:
    for cells in (grid(3, 3, 5), with_gap(), with_overlap()):
        coverage = coverage_of(cells)
        written = json.dumps(to_topology(coverage))
        read = from_topology(json.loads(written))
        assert json.dumps(to_topology(read)) == written
        assert dict(read.arcs) == dict(coverage.arcs)
        assert dict(read.faces) == dict(coverage.faces)
        assert dict(read.nodes) == dict(coverage.nodes)
        assert read.polygons() == coverage.polygons()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("faces"),
        lambda data: data["arcs"][0].update(start=99),
        lambda data: data["arcs"][0].update(id="x"),
        lambda data: data["arcs"][0]["coordinates"][0].__setitem__(0, float("nan")),
        lambda data: data["arcs"][0]["coordinates"][0].__setitem__(0, 118.3),
        lambda data: data["arcs"][0].update(left=99),
        lambda data: data["faces"].pop(),
        lambda data: data["faces"][0].update(rings=[]),
        lambda data: data["faces"][0]["rings"][0].append(1.5),
        lambda data: data["arcs"].pop(),
    ],
)
def test_json_that_does_not_hold_together_is_refused(spoil) -> None:
    data = json.loads(json.dumps(to_topology(coverage_of(grid(2, 2)))))
    spoil(data)
    with pytest.raises(GisError) as refused:
        from_topology(data)
    assert refused.value.code == "arcs.topology"
