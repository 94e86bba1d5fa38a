"""Faults of a coverage: one made of each kind, then those of real files."""

import math
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import translate

from gis import testing
from gis.coverage import Fault, faults
from gis.crs import geodesic_area_m2, parse_crs
from gis.errors import GisError
from gis.faults import KINDS
from gis.features import Cell
from gis.files import Layer, read_layer
from gis.testing import STEP, assert_valid_coverage, grid, square

METRE_EAST = 1 / 97_346.0  # a metre at 29.1 N, in degrees of longitude


def only(found: list[Fault]) -> Fault:
    assert len(found) == 1, [fault.text for fault in found]
    return found[0]


@pytest.mark.parametrize("vertices_per_side", [1, 2, 7])
def test_a_clean_grid_has_no_faults(vertices_per_side: int) -> None:
    cells = grid(4, 3, vertices_per_side)
    assert_valid_coverage(cells, testing.union(cells))


def test_no_cells_no_faults() -> None:
    assert faults([]) == []


def test_an_overlap_is_one_entry_for_the_pair() -> None:
    fault = only(faults(testing.with_overlap()))
    assert (fault.kind, fault.blocking, fault.cells) == ("overlap", True, ("1", "2"))
    shared = square(1, 0, 0.25)
    assert fault.area_m2 == pytest.approx(geodesic_area_m2(shared), rel=1e-5)
    assert fault.geometry.equals_exact(shared, 1e-12, normalize=True)
    assert shared.contains(shapely.Point(fault.lon, fault.lat))
    assert fault.code == "coverage.overlap"
    assert fault.text.startswith("Cells 1 and 2 overlap by 16")


def test_cells_within_and_upon_each_other_overlap() -> None:
    inside = [Cell("2", square(0, 0, 3, 3)), Cell("1", square(1, 1))]
    assert only(faults(inside)).cells == ("1", "2")
    upon = [Cell("2", square(0, 0)), Cell("1", square(0, 0))]
    assert only(faults(upon)).area_m2 == pytest.approx(geodesic_area_m2(square(0, 0)), rel=1e-5)


def test_overlaps_of_three_cells_are_three_pairs() -> None:
    cells = [Cell(code, square(0.1 * i, 0.1 * i)) for i, code in enumerate("abc")]
    pairs = [fault.cells for fault in faults(cells)]
    assert sorted(pairs) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert pairs[-1] == ("a", "c")  # by area, the largest first


def test_a_gap_is_one_entry_and_names_the_cells_around() -> None:
    around = [cell for cell in grid() if cell.code != "r01c01"]
    fault = only(faults(around))
    assert (fault.kind, fault.cells) == ("gap", ("r00c01", "r01c00", "r01c02", "r02c01"))
    assert fault.area_m2 == pytest.approx(geodesic_area_m2(square(1, 1)), rel=1e-5)
    assert fault.text.endswith("r00c01, r01c00, r01c02, r02c01; give it to a cell.")


@pytest.mark.parametrize(("size", "blocking"), [(0.25, True), (0.5, False)])
def test_gaps_from_five_hectares_on_do_not_block(size: float, blocking: bool) -> None:
    fault = only(faults(testing.with_gap(size)))
    assert (fault.kind, fault.blocking, fault.cells) == ("gap", blocking, ("r01c01",))
    assert (fault.area_m2 < 50_000) is blocking


def test_a_gap_under_a_metre_wide_is_a_sliver_and_does_not_block() -> None:
    west, south, east, north = square(1, 1).bounds
    dent = (west + 0.5 * METRE_EAST, south + STEP / 2)
    dented = shapely.Polygon([(west, south), (east, south), (east, north), (west, north), dent])
    cells = [replace(c, geom=dented) if c.code == "r01c01" else c for c in grid()]
    fault = only(faults(cells))
    assert (fault.kind, fault.blocking, fault.cells) == ("sliver", False, ("r01c00", "r01c01"))
    assert fault.params["width_m"] == pytest.approx(0.25, rel=0.02)
    assert only(faults(cells, tolerance_m=0.1)).kind == "gap"


def test_an_island_of_cells_in_a_gap_is_taken_off_it() -> None:
    frame = Cell("1", shapely.Polygon(square(0, 0, 9, 9).exterior, [square(1, 1, 7, 7).exterior]))
    island = Cell("2", square(3, 3, 2, 2))
    fault = only(faults([frame, island]))
    assert (fault.kind, fault.cells) == ("gap", ("1", "2"))
    wanted = geodesic_area_m2(square(1, 1, 7, 7)) - geodesic_area_m2(island.geom)
    assert fault.area_m2 == pytest.approx(wanted, rel=1e-4)


def test_a_bay_that_opens_to_the_outside_is_no_gap() -> None:
    bay = [cell for cell in grid() if cell.code not in ("r01c01", "r01c02")]
    assert faults(bay) == []


def test_a_t_junction_is_an_unmatched_vertex_and_no_overlap() -> None:
    found = faults(testing.with_t_junction())
    assert [(fault.kind, fault.blocking) for fault in found] == [("unmatched_vertex", False)] * 2
    assert [fault.cells for fault in found] == [("1", "2"), ("1", "3")]
    for fault in found:
        assert (fault.lon, fault.lat) == pytest.approx((118.4 + STEP, 29.1 + STEP), abs=1e-12)


def test_a_scrap_that_both_have_all_corners_of_is_reported() -> None:
    # Both cells cover the triangle a, b, c, which is too small to be an overlap.
    west, south, east, north = square(0, 0).bounds
    a, b, c = (west, south), (west - METRE_EAST, south), (west, south + METRE_EAST)
    right = Cell("1", shapely.Polygon([b, a, (east, south), (east, c[1]), c]))
    above = Cell("2", shapely.Polygon([b, a, c, (west, north), (b[0], north)]))
    assert not shapely.coverage_is_valid([right.geom, above.geom])
    fault = only(faults([right, above]))
    assert (fault.kind, fault.cells) == ("unmatched_vertex", ("1", "2"))


def test_boundaries_that_run_close_without_meeting_are_found_by_tolerance() -> None:
    cells = [Cell("1", square(0, 0)), Cell("2", translate(square(1, 0), 0.4 * METRE_EAST))]
    fault = only(faults(cells))
    assert (fault.kind, fault.cells) == ("unmatched_vertex", ("1", "2"))
    assert faults(cells, tolerance_m=0.3) == []


def test_a_bowtie_is_an_invalid_ring_where_it_crosses() -> None:
    cells = testing.with_bowtie()
    fault = only(faults(cells))
    assert (fault.kind, fault.blocking, fault.cells) == ("invalid_ring", True, ("2",))
    crossing = square(2, 0).centroid
    assert (fault.lon, fault.lat) == pytest.approx((crossing.x, crossing.y), abs=1e-9)
    assert "Self-intersection" in fault.text


def test_an_invalid_cell_leaves_no_gap_in_its_place() -> None:
    corners = shapely.get_coordinates(square(1, 1))[:4]
    corners = np.vstack([corners, corners[3] + (STEP / 4, -STEP / 4), corners[3]])
    spiked = shapely.Polygon(corners)  # runs into itself and back
    assert not spiked.is_valid
    cells = [replace(cell, geom=spiked) if cell.code == "r01c01" else cell for cell in grid()]
    assert only(faults(cells)).kind == "invalid_ring"


@pytest.mark.parametrize("points", [5, 101, 1_501])
def test_a_star_that_would_take_minutes_to_repair_is_not_repaired(points: int) -> None:
    found = faults([*grid(), Cell("star", testing.star(points))])
    assert ("invalid_ring", ("star",)) in [(fault.kind, fault.cells) for fault in found]
    assert not [fault for fault in found if fault.kind == "gap"]


def test_codes_that_are_missing_or_given_twice() -> None:
    cells = [
        replace(cell, code=code) for cell, code in zip(grid(2, 2), ["", "7", "7", "8"], strict=True)
    ]
    empty, twice = faults(cells)
    assert (empty.kind, empty.blocking, empty.cells) == ("empty_code", True, ())
    assert empty.text.startswith("The cell of row 1 ")
    assert (twice.kind, twice.blocking, twice.cells) == ("duplicate_code", True, ("7",))
    assert twice.text.startswith("2 cells have the code 7")
    assert (twice.area_m2, twice.length_m) == (0.0, 0.0)


def test_a_cell_of_no_size_is_too_small() -> None:
    speck = square(5, 5, 1e-3, 1e-3)
    fault = only(faults([*grid(), Cell("speck", speck)]))
    assert (fault.kind, fault.blocking, fault.cells) == ("too_small", True, ("speck",))
    assert faults([*grid(), Cell("speck", speck)], min_cell_m2=0.1) == []


def test_cells_against_the_outline() -> None:
    found = faults(grid(), square(0.5, 0, 3, 3))
    sides = [fault for fault in found if fault.kind == "outside_outline"]
    assert sorted(fault.cells for fault in sides) == [("r00c00",), ("r01c00",), ("r02c00",)]
    half = geodesic_area_m2(square(0, 0, 0.5))
    assert [fault.area_m2 for fault in sides] == pytest.approx([half] * 3, rel=1e-3)
    bare = only([fault for fault in found if fault.kind == "uncovered_outline"])
    assert bare.geometry.symmetric_difference(square(3, 0, 0.5, 3)).area < 1e-12
    assert not any(fault.blocking for fault in found)


def test_an_enclave_of_the_outline_is_no_gap() -> None:
    cells = testing.with_gap(0.25)
    assert faults(cells, testing.union(cells)) == []
    whole = only(faults(cells, square(0, 0, 3, 3)))
    assert (whole.kind, whole.blocking) == ("gap", True)


def test_an_outline_that_is_none_is_refused() -> None:
    for outline in (testing.star(5), shapely.Point(118.4, 29.1), shapely.Polygon()):
        with pytest.raises(GisError) as refused:
            faults(grid(), outline)
        assert (refused.value.code, refused.value.field) == ("outline.invalid", "outline")


@pytest.mark.parametrize("tolerance_m", [-1.0, math.nan, math.inf])
def test_a_tolerance_that_is_none_is_refused(tolerance_m: float) -> None:
    with pytest.raises(GisError) as refused:
        faults(grid(), tolerance_m=tolerance_m)
    assert refused.value.code == "coverage.tolerance"


@given(st.permutations(range(9)), st.data())
def test_the_report_does_not_depend_on_the_order_of_the_cells(
    order: list[int], data: st.DataObject
) -> None:
    moved = data.draw(st.integers(0, 8))
    cells = grid()
    cells[moved] = replace(cells[moved], geom=translate(cells[moved].geom, STEP / 10, STEP / 20))
    plain, shuffled = faults(cells), faults([cells[i] for i in order])
    assert [(f.kind, f.cells) for f in shuffled] == [(f.kind, f.cells) for f in plain]
    assert [f.area_m2 for f in shuffled] == pytest.approx([f.area_m2 for f in plain])


def test_the_asserts_for_tests_can_fail() -> None:
    with pytest.raises(AssertionError, match="overlap"):
        assert_valid_coverage(testing.with_overlap())
    testing.assert_same_ground(grid(), list(reversed(grid())))
    with pytest.raises(AssertionError, match="one side only"):
        testing.assert_same_ground(grid(), grid(2, 2))
    with pytest.raises(AssertionError, match="r01c01"):
        testing.assert_same_ground(grid(), testing.with_gap())


@dataclass(frozen=True)
class Counted:
    """What the README of the shared data counts in a file.

    It projects to UTM first, counts overlaps over 1 m², and takes holes from 1 m² to 5 ha together.

    Attributes
    ----------
    holes, enclaves
        Number and area in m² of the holes up to 5 ha; number of the larger.
    give
        How many overlaps and holes may be read otherwise here, and by what share the areas.
    """

    code: str
    invalid: int = 0
    overlaps: tuple[int, float] = (0, 0.0)
    holes: tuple[int, float] = (0, 0.0)
    enclaves: int = 0
    give: tuple[int, float] = (0, 0.01)


REAL = {
    "us_chicago/beats.geojson": Counted("beat"),
    "us_chicago/districts.geojson": Counted("district"),
    # Edges of kilometres: what is straight in degrees, as RFC 7946 and PostGIS have it, is bent
    # by metres in UTM. Six pairs overlap in degrees only: there two cells do cover a point.
    "us_chicago/beats_simplified_messy.geojson": Counted(
        "beat", overlaps=(356, 284_333.7), holes=(257, 231_921.0), give=(6, 0.02)
    ),
    "us_detroit/precincts_2015_messy.geojson": Counted(
        "precinct", invalid=1, overlaps=(13, 19_233.5), holes=(21, 24_297.0), enclaves=2
    ),
    # The README's overlap of 5.2 m² is that of all pairs; 2.4 m² are of the two over 1 m².
    "us_los_angeles/lapd_divisions.geojson": Counted(
        "division", overlaps=(2, 2.4), holes=(1, 1.8), enclaves=10, give=(0, 0.02)
    ),
    "us_memphis/precincts.geojson": Counted("precinct", invalid=1, enclaves=1),
    "us_seattle/beats.geojson": Counted("beat"),
    "us_seattle/precincts.geojson": Counted("precinct"),
    "us_seattle/mcpp_areas.geojson": Counted("mcpp"),
    "us_washington_dc/police_service_areas.geojson": Counted("psa"),
    # Three edges at fault, of micrometres: near misses here, and no area to speak of.
    "us_washington_dc/districts.geojson": Counted("district"),
    "us_baltimore/districts_1959_2022.geojson": Counted(
        "district", holes=(2, 20_270.0), enclaves=5
    ),
    "us_baltimore/districts_2023.geojson": Counted("district", holes=(1, 14_436.0), enclaves=4),
    # Of the README's 33.9 m², again of all pairs, 32.3 are of the six over 1 m².
    "us_carrollton_tx/reporting_areas.geojson": Counted(
        "reporting_area", overlaps=(6, 32.3), holes=(3, 18.0)
    ),
    "us_carrollton_tx/native_epsg2276/reporting_areas.shp": Counted(
        "PDGrid", overlaps=(6, 32.3), holes=(3, 18.0)
    ),
    "us_charlottesville/beats.esri.json": Counted(
        "BEAT_NO", overlaps=(1, 9_732.6), holes=(2, 30.0)
    ),
    "cn_kaihua_330824/counties_tianditu_cgcs2000.geojson": Counted("adcode"),
    "cn_qianwei_511123/counties_tianditu_cgcs2000.geojson": Counted("adcode"),
    "cn_kaihua_330824/counties_amap_gcj02.geojson": Counted("adcode"),
    "cn_qianwei_511123/counties_amap_gcj02.geojson": Counted(
        "adcode", holes=(2, 17_923.0), enclaves=1
    ),
}


def read(root: Path, path: str, code_field: str) -> Layer:
    crs = parse_crs("gcj02") if "gcj02" in path else None
    return read_layer(root / path, code_field=code_field, crs=crs)


@pytest.mark.parametrize("path", REAL)
def test_real_files_have_the_faults_that_were_counted(shared_data: Path, path: str) -> None:
    counted = REAL[path]
    found = faults(read(shared_data, path, counted.code).cells)
    overlaps = [f.area_m2 for f in found if f.kind == "overlap"]
    holes = [f.area_m2 for f in found if f.kind in ("gap", "sliver") and f.area_m2 < 50_000]
    enclaves = [f for f in found if f.kind == "gap" and f.area_m2 >= 50_000]
    count, share = counted.give
    assert Counter(f.kind for f in found)["invalid_ring"] == counted.invalid
    assert len(overlaps) == pytest.approx(counted.overlaps[0], abs=count)
    assert sum(overlaps) == pytest.approx(counted.overlaps[1], rel=share)
    assert len(holes) == pytest.approx(counted.holes[0], abs=count)
    assert sum(holes) == pytest.approx(counted.holes[1], rel=share)
    assert [f.blocking for f in enclaves] == [False] * counted.enclaves
    assert all(f.blocking for f in found if f.kind == "overlap")


def test_every_file_that_was_counted_is_compared(shared_data: Path) -> None:
    text = (shared_data / "README.md").read_text("utf-8")
    table = text.partition("## Coverage quality")[2].partition("##")[0]
    counted = {line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")}
    apart = {"us_raleigh/zones_messy.geojson"}  # see test_ground_in_nested_shells_is_no_hole
    assert counted - {"file"} == REAL.keys() | apart


def test_chicago_merged_by_code_can_come_into_force(shared_data: Path) -> None:
    path = shared_data / "us_chicago" / "beats.geojson"
    apart = read_layer(path, code_field="beat")
    assert [fault.kind for fault in faults(apart.cells)] == ["duplicate_code"]
    assert_valid_coverage(read_layer(path, code_field="beat", merge_parts=True).cells)


def test_ground_in_nested_shells_is_no_hole(shared_data: Path) -> None:
    # The README counts 133 holes up to 5 ha: its make_valid fills by the even-odd rule, so that
    # ground which lies in two shells of one zone is none. Here it belongs to the zone.
    layer = read(shared_data, "us_raleigh/zones_messy.geojson", "zone")
    found = faults(layer.cells)
    kinds = Counter(fault.kind for fault in found)
    assert (kinds["invalid_ring"], kinds["overlap"]) == (8, 0)
    assert 20 < sum(f.kind in ("gap", "sliver") and f.area_m2 < 50_000 for f in found) < 133


def test_every_point_of_a_reported_overlap_lies_in_both_cells(shared_data: Path) -> None:
    layer = read(shared_data, "us_chicago/beats_simplified_messy.geojson", "beat")
    geoms: dict[str, list[shapely.Geometry]] = {}
    for cell in layer.cells:
        geoms.setdefault(cell.code, []).append(cell.geom)
    for fault in faults(layer.cells):
        point = shapely.Point(fault.lon, fault.lat)
        covering = [code for code in fault.cells if any(g.covers(point) for g in geoms[code])]
        if fault.kind == "overlap":
            assert covering == list(fault.cells)
        if fault.kind in ("gap", "sliver"):
            assert covering == []


def test_kinds_are_those_of_the_interface() -> None:
    assert set(KINDS) == {
        *("invalid_ring", "overlap", "gap", "sliver", "unmatched_vertex", "outside_outline"),
        *("uncovered_outline", "duplicate_code", "empty_code", "too_small"),
    }


def test_two_whole_grids_on_top_of_each_other() -> None:
    """Within, every edge of either grid matches its neighbour's: no edge there is at fault."""
    coarse = [Cell(f"coarse{i}", square(3 * i, 0, 3, 6)) for i in range(2)]
    found = [f for f in faults([*grid(6, 6), *coarse]) if f.kind == "overlap"]
    assert len(found) == 36
    assert {fault.cells[0] for fault in found} == {cell.code for cell in coarse}
