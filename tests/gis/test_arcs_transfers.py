"""Giving ground to another cell: split, merge, faces, areas; and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from gis.arcs import (
    ArcCoverage,
    assign_face,
    edit_from_json,
    edit_to_json,
    merge_cells,
    move_area,
    rename_cell,
    split_cell,
)
from gis.areas import area_m2
from gis.errors import GisError
from gis.features import Cell
from gis.files import read_layer
from gis.testing import SOUTH, STEP, WEST, grid, square, with_gap, with_overlap


def at(column: float, row: float) -> tuple[float, float]:
    return WEST + STEP * column, SOUTH + STEP * row


def coverage_of(cells: list[Cell]) -> ArcCoverage:
    return ArcCoverage.from_cells([c.code for c in cells], [c.geom for c in cells])


def assert_sound(coverage: ArcCoverage, former: ArcCoverage) -> None:
    """The same ground, in valid cells without a boundary that parts nothing."""
    ours, theirs = (list(c.polygons().values()) for c in (coverage, former))
    assert shapely.is_valid(ours).all()
    assert shapely.coverage_is_valid(ours)
    moved = shapely.union_all(ours).symmetric_difference(shapely.union_all(theirs))
    assert moved.area < 1e-15
    for arc in coverage.arcs.values():
        owners = [coverage.faces[face].owners for face in arc.faces if face in coverage.faces]
        assert len(owners) == 1 or owners[0] != owners[1]
    assert all(
        len(refs) != 2 or refs[0] == ~refs[1] for refs in coverage.nodes.values()
    )  # maximal arcs


def refused(edit: Callable[[], object]) -> GisError:
    with pytest.raises(GisError) as caught:
        edit()
    return caught.value


def test_a_line_splits_a_cell_and_its_neighbours_get_the_vertices() -> None:
    before = coverage_of(grid(3, 3, 4))
    line = [at(0.8, 1.4), at(1.5, 1.6), at(2.3, 1.35)]
    after, edit = split_cell(before, "r01c01", line, "new")
    assert_sound(after, before)
    assert edit.area_change_m2.keys() == {"r01c01", "new"}
    assert after.area_m2("new") + after.area_m2("r01c01") == pytest.approx(
        before.area_m2("r01c01"), rel=1e-12
    )
    assert after.area_m2("new") < after.area_m2("r01c01")
    for neighbour in ("r01c00", "r01c02"):
        vertices, former = (len(c.polygon(neighbour).exterior.coords) for c in (after, before))
        assert vertices == former + 1
    former = {tuple(xy) for arc in before.arcs.values() for xy in arc.coords.tolist()}
    vertices = {tuple(xy) for arc in after.arcs.values() for xy in arc.coords.tolist()}
    assert former < vertices
    assert len(vertices - former) == 3


def test_a_line_that_ends_near_the_boundary_is_led_there() -> None:
    before = coverage_of(grid(3, 3))
    short = [at(1.0001, 1.5), at(1.9999, 1.5)]  # 8 cm off
    after, _ = split_cell(before, "r01c01", short, "new")
    assert_sound(after, before)
    error = refused(lambda: split_cell(before, "r01c01", short, "new", snap_m=0.01))
    assert error.code == "arcs.line_ends_inside"
    assert (error.params["lon"], error.params["lat"]) == pytest.approx(at(1.0001, 1.5))


def test_a_line_from_node_to_node() -> None:
    before = coverage_of(grid(3, 3))
    after, _ = split_cell(before, "r01c01", [at(1, 1), at(2, 2)], "new")
    assert_sound(after, before)
    assert len(after.nodes) == len(before.nodes)
    assert len(after.arcs) == len(before.arcs) + 1


def test_a_line_rounded_to_nine_decimals_keeps_to_the_vertices() -> None:
    before = coverage_of(grid(3, 3))
    line = np.round([at(0.99999, 1), at(2, 1.99999999)], 9)
    after, _ = split_cell(before, "r01c01", line, "new", snap_m=2.0)
    assert_sound(after, before)


def test_a_line_along_the_boundary_cuts_only_where_it_leaves_it() -> None:
    before = coverage_of(grid(3, 3))
    after, _ = split_cell(
        before, "r01c01", [at(0.5, 1), at(1.5, 1), at(1.5, 1.5), at(2, 1.5), at(2, 3)], "new"
    )
    assert_sound(after, before)
    assert after.polygon("new").equals(square(1.5, 1, 0.5, 0.5))


def test_a_closed_line_cuts_out_an_enclave() -> None:
    before = coverage_of(grid(3, 3))
    ring = shapely.get_coordinates(square(1.2, 1.2, 0.5, 0.5))
    after, edit = split_cell(before, "r01c01", ring, "new")
    assert_sound(after, before)
    assert after.polygon("new").equals(square(1.2, 1.2, 0.5, 0.5))
    assert len(after.polygon("r01c01").interiors) == 1
    gone, _ = merge_cells(after, ["new", "r01c01"], "r01c01")
    assert gone.polygon("r01c01").equals(before.polygon("r01c01"))
    assert len(gone.arcs) == len(before.arcs)
    assert dict(after.apply(edit.inverse()).arcs) == dict(before.arcs)


def test_a_line_over_an_enclave() -> None:
    hole = square(1, 1)
    around = shapely.Polygon(square(0, 0, 3, 3).exterior, [hole.exterior])
    before = ArcCoverage.from_cells(["around", "in"], [around, hole])
    after, _ = split_cell(before, "around", [at(-1, 1.5), at(4, 1.6)], "new")
    assert_sound(after, before)
    assert not after.polygon("around").interiors
    assert after.polygon("in").area == pytest.approx(hole.area)
    error = refused(lambda: split_cell(before, "around", [at(-1, 1.5), at(1.5, 1.5)], "new"))
    assert error.code == "arcs.no_parts"


def test_a_line_over_both_prongs_of_a_cell() -> None:
    notch = square(1, 1, 1, 2)
    fork = square(0, 0, 3, 3).difference(notch)
    before = ArcCoverage.from_cells(["fork", "notch"], [fork, notch])
    after, _ = split_cell(before, "fork", [at(-1, 2), at(4, 2.1)], "new")
    assert_sound(after, before)
    assert after.polygon("new").geom_type == "MultiPolygon"
    joined, _ = merge_cells(after, ["fork", "new"], "fork")
    assert_sound(joined, before)
    assert area_m2(joined.polygon("fork").symmetric_difference(fork)) < 1e-6


def test_only_the_part_that_is_cut_gets_the_new_code() -> None:
    parts = shapely.MultiPolygon([square(0, 0), square(4, 0, 3, 3)])
    before = ArcCoverage.from_cells(["parts"], [parts])
    after, _ = split_cell(before, "parts", [at(0.3, -1), at(0.3, 2)], "new")
    assert_sound(after, before)
    assert after.area_m2("new") == pytest.approx(area_m2(square(0, 0, 0.3)), rel=1e-6)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda c: split_cell(c, "none", [at(0, 0), at(1, 1)], "new"), "unknown_cell"),
        (lambda c: split_cell(c, "r01c01", [at(0, 0), at(1, 1)], ""), "empty_code"),
        (lambda c: split_cell(c, "r01c01", [at(0, 0), at(1, 1)], "r00c00"), "code_taken"),
        (lambda c: split_cell(c, "r01c01", [at(0, 0), at(3, 0)], "new"), "not_split"),
        (lambda c: split_cell(c, "r01c01", [at(1, 1), at(2, 1)], "new"), "not_split"),
        (lambda c: split_cell(c, "r01c01", [at(1, 1), at(1 + 1e-7, 1)], "new"), "not_split"),
        (lambda c: split_cell(c, "r01c01", [at(0, 0)], "new"), "line"),
        (lambda c: split_cell(c, "r01c01", [], "new"), "line"),
        (lambda c: split_cell(c, "r01c01", [at(0, 0), at(1, 1), at(0, 0)], "new"), "line"),
        (
            lambda c: split_cell(c, "r01c01", [at(1.2, 1.2), at(1.4, 1.8)], "new"),
            "line_ends_inside",
        ),
        (lambda c: split_cell(c, "r01c01", [at(0, 1.5), at(1.5, 1.5)], "new"), "line_ends_inside"),
        (
            lambda c: split_cell(
                c, "r01c01", [at(0, 1.2), at(1.5, 1.5), at(1.5, 1.2), at(1.2, 1.5), at(3, 2)], "new"
            ),
            "line_crosses_itself",
        ),
        (
            lambda c: split_cell(c, "r01c01", [at(1.0, 1.0005), at(1.0005, 1.0)], "new"),
            "too_small",
        ),
        (lambda c: merge_cells(c, ["r00c00", "none"], "x"), "unknown_cell"),
        (lambda c: merge_cells(c, ["r00c00"], "x"), "nothing_changes"),
        (lambda c: merge_cells(c, ["r00c00", "r00c01"], "r02c02"), "code_taken"),
        (lambda c: merge_cells(c, ["r00c00", "r00c01"], ""), "code_taken"),
        (lambda c: merge_cells(c, ["r00c00", "r02c02"], "x"), "not_neighbours"),
        (lambda c: merge_cells(c, ["r00c00", "r01c01"], "x"), "not_neighbours"),
        (lambda c: assign_face(c, 99, "r00c00"), "unknown_face"),
        (lambda c: assign_face(c, c.cells["r00c00"][0], "none"), "unknown_cell"),
        (lambda c: assign_face(c, c.cells["r00c00"][0], "r00c00"), "nothing_changes"),
        (lambda c: assign_face(c, c.cells["r00c00"][0], "r00c01"), "cell_vanishes"),
        (lambda c: move_area(c, "r00c00", "r00c01", square(-1, -1, 4, 4)), "cell_vanishes"),
        (lambda c: move_area(c, "r00c00", "r00c01", square(5, 5)), "nothing_changes"),
        (lambda c: move_area(c, "r00c00", "r00c00", square(0.5, 0.5)), "nothing_changes"),
        (lambda c: move_area(c, "r00c00", "none", square(0, 0)), "unknown_cell"),
        (lambda c: move_area(c, "r00c00", "r00c01", square(0, 0).boundary), "area"),
        (
            lambda c: move_area(
                c, "r00c00", "r00c01", shapely.Polygon([at(0, 0), at(1, 1), at(1, 0), at(0, 1)])
            ),
            "area",
        ),
    ],
)
def test_refused(edit: Callable[[ArcCoverage], object], code: str) -> None:
    before = coverage_of(grid(3, 3))
    topology = dict(before.arcs), dict(before.faces)
    assert refused(lambda: edit(before)).code == f"arcs.{code}"
    assert (dict(before.arcs), dict(before.faces)) == topology


def test_neighbours_merge_and_nodes_between_them_go() -> None:
    before = coverage_of(grid(3, 3, 4))
    after, edit = merge_cells(before, ["r01c00", "r01c01", "r01c02"], "middle")
    assert_sound(after, before)
    assert list(after.cells) == [c for c in before.cells if not c.startswith("r01")] + ["middle"]
    assert after.area_m2("middle") == pytest.approx(
        sum(before.area_m2(code) for code in ("r01c00", "r01c01", "r01c02")), rel=1e-12
    )
    assert edit.area_change_m2["r01c00"] == pytest.approx(-before.area_m2("r01c00"))
    union = shapely.coverage_union_all([before.polygon(f"r01c0{i}") for i in range(3)])
    assert after.polygon("middle").normalize().equals_exact(union.normalize(), 0.0)


def test_a_gap_goes_to_a_neighbour_or_in_pieces_to_several() -> None:
    before = coverage_of(with_gap(0.5))
    (gap,) = before.unowned
    after, edit = assign_face(before, gap, "r01c01")
    assert not after.unowned
    assert after.polygon("r01c01").equals(square(1, 1))
    assert edit.area_change_m2 == {"r01c01": pytest.approx(area_m2(square(1.25, 1.25, 0.5, 0.5)))}
    part, _ = assign_face(before, gap, "r01c00", within=square(1, 1, 0.5, 1))
    assert part.polygon("r01c00").equals(
        shapely.MultiPolygon([square(0, 1), square(1.25, 1.25, 0.25, 0.5)])
    )
    (rest,) = part.unowned
    assert part.face_polygon(rest).equals(square(1.5, 1.25, 0.25, 0.5))


def test_an_overlap_goes_to_one_side() -> None:
    before = coverage_of(with_overlap(0.25))
    (overlap,) = before.contested
    for code, other in (("1", "2"), ("2", "1")):
        after, edit = assign_face(before, overlap, code)
        assert not after.contested
        assert shapely.coverage_is_valid(list(after.polygons().values()))
        assert edit.area_change_m2 == {other: pytest.approx(-area_m2(square(1, 0, 0.25)))}
    error = refused(lambda: split_cell(before, "1", [at(1.1, -1), at(1.1, 2)], "new"))
    assert error.code == "arcs.contested"
    merged, _ = merge_cells(before, ["1", "2"], "1")
    assert merged.polygon("1").equals(square(0, 0, 2))


def test_an_area_moves_over_a_boundary_and_back() -> None:
    before = coverage_of(grid(3, 3, 4))
    area = square(0.6, 1.2, 0.9, 0.6)
    after, edit = move_area(before, "r01c01", "r01c00", area)
    assert_sound(after, before)
    moved = area_m2(before.polygon("r01c01").intersection(area))
    assert edit.area_change_m2 == {
        "r01c00": pytest.approx(moved, rel=1e-6),
        "r01c01": pytest.approx(-moved, rel=1e-6),
    }
    assert after.polygon("r01c00").geom_type == "Polygon"
    back, _ = move_area(after, "r01c00", "r01c01", before.polygon("r01c01"))
    assert_sound(back, before)
    for code, polygon in before.polygons().items():
        assert area_m2(back.polygon(code).symmetric_difference(polygon)) < 1.0


def test_an_area_whose_rim_meets_the_one_node_of_an_enclave() -> None:
    lake = shapely.Polygon([at(0.5, 0.5), at(1.5, 1.5), at(0.5, 1.5)])
    land = shapely.Polygon(square(0, 0, 2, 3).exterior, [lake.exterior])
    before = ArcCoverage.from_cells(["land", "lake", "east"], [land, lake, square(2, 0, 1, 3)])
    area = square(0.5, -0.5, 2.0, 1.25)
    after, _ = move_area(before, "land", "east", area)
    assert_sound(after, before)
    moved = area_m2(land.intersection(area))
    assert after.area_m2("east") - before.area_m2("east") == pytest.approx(moved, rel=1e-6)


def test_an_area_snapped_to_the_boundary_by_a_browser() -> None:
    before = coverage_of(grid(3, 3))
    drawn = np.round(shapely.get_coordinates(square(1, 1, 0.4, 1)), 9)
    after, _ = move_area(before, "r01c01", "r01c00", shapely.Polygon(drawn))
    assert_sound(after, before)
    assert len(after.cells["r01c00"]) == len(after.cells["r01c01"]) == 1
    assert area_m2(after.polygon("r01c00").symmetric_difference(square(0, 1, 1.4))) < 0.1


def test_a_messy_city_is_mended_by_giving_away_each_overlap_and_gap(shared_data: Path) -> None:
    path = shared_data / "us_chicago" / "beats_simplified_messy.geojson"
    geoms = read_layer(path, code_field="beat").geoms
    coverage = ArcCoverage.from_cells([str(row) for row in range(len(geoms))], geoms)
    while faces := coverage.contested + coverage.unowned:
        owners = coverage.faces[faces[0]].owners or sorted(coverage.neighbours(faces[0]))
        coverage, _ = assign_face(coverage, faces[0], owners[0])
    mended = list(coverage.polygons().values())
    assert len(mended) == len(geoms)
    assert shapely.is_valid(mended).all()
    assert shapely.coverage_is_valid(mended)


def test_undo_from_storage_after_a_split() -> None:
    before = coverage_of(grid(3, 3, 4))
    after, edit = split_cell(before, "r01c01", [at(0.8, 1.4), at(2.3, 1.35)], "new")
    back = after.apply(edit_from_json(edit_to_json(edit)).inverse())
    assert dict(back.arcs) == dict(before.arcs)
    assert dict(back.nodes) == dict(before.nodes)
    assert dict(back.faces) == dict(before.faces)
    assert set(back.cells) == set(before.cells)
    again, _ = split_cell(back, "r01c01", [at(0.8, 1.4), at(2.3, 1.35)], "new")
    assert shapely.equals(again.polygon("new"), after.polygon("new"))


# --- codes


def test_renaming_moves_no_ground() -> None:
    coverage = coverage_of(with_overlap())
    after, edit = rename_cell(coverage, "1", "3")
    assert sorted(after.cells) == ["2", "3"]
    assert after.contested == coverage.contested
    assert after.polygon("3").equals_exact(coverage.polygon("1"), 0.0)
    assert (dict(edit.arcs), dict(edit.area_change_m2)) == ({}, {})
    assert after.apply(edit.inverse()).polygon("1").equals_exact(coverage.polygon("1"), 0.0)


def test_a_code_that_is_taken_or_empty_is_refused() -> None:
    coverage = coverage_of(grid(2, 1))
    assert refused(lambda: rename_cell(coverage, "r00c00", "r00c01")).code == "arcs.code_taken"
    assert refused(lambda: rename_cell(coverage, "r00c00", "")).code == "arcs.empty_code"


def test_a_coverage_is_restored_from_its_parts() -> None:
    coverage = coverage_of(with_gap())
    again = ArcCoverage.restored(coverage.arcs, coverage.faces, sorted(coverage.cells))
    assert (again.arcs, again.faces, again.nodes) == (coverage.arcs, coverage.faces, coverage.nodes)
    for code, polygon in coverage.polygons().items():
        assert again.polygon(code).wkb == polygon.wkb
