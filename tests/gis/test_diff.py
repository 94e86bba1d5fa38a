"""Differences of coverages: made ones in full, and Baltimore's redraw against plain overlays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from gis.areas import area_m2
from gis.crs import local_metric
from gis.diff import Diff, diff, moved_points
from gis.errors import GisError
from gis.features import Cell
from gis.files import read_layer
from gis.testing import SOUTH, STEP, WEST, grid, square, with_bowtie


def ground(found: Diff) -> dict[tuple[str | None, str | None], float]:
    return {(change.before, change.after): change.area_m2 for change in found.ground}


def assert_mirrored(found: Diff, back: Diff) -> None:
    assert {(b, a): area for (a, b), area in ground(found).items()} == pytest.approx(ground(back))
    assert [c.before for c in found.removed] == [c.after for c in back.added]
    assert [c.after for c in found.added] == [c.before for c in back.removed]
    assert {(c.before, c.after) for c in found.renamed} == {
        (c.after, c.before) for c in back.renamed
    }
    assert (found.moved, found.unchanged) == (back.moved, back.unchanged)


def test_the_same_cells_in_another_order() -> None:
    cells = grid(3, 3, 4)
    turned = [replace(cell, geom=cell.geom.normalize()) for cell in reversed(cells)]
    found = diff(cells, turned)
    assert found.changes == ()
    assert found.area_m2 == 0.0
    assert found.unchanged == tuple(sorted(cell.code for cell in cells))


def test_ground_passes_from_one_cell_to_another() -> None:
    before = [Cell("a", square(0, 0)), Cell("b", square(1, 0)), Cell("c", square(2, 0))]
    after = [Cell("a", square(0, 0, 1.5)), Cell("b", square(1.5, 0, 0.5)), Cell("c", square(2, 0))]
    found = diff(before, after)
    (change,) = found.changes
    assert (change.kind, change.before, change.after) == ("transfer", "b", "a")
    assert change.geometry.equals(square(1, 0, 0.5))
    assert change.area_m2 == pytest.approx(area_m2(square(1, 0, 0.5)))
    assert (found.moved, found.unchanged) == (("a", "b"), ("c",))
    assert change.code == "diff.transfer"
    assert change.text == f"{change.area_m2:.0f} m² pass from cell b to cell a."
    assert_mirrored(found, diff(after, before))


def test_split_merged_and_renamed() -> None:
    before = [Cell("a", square(0, 0, 2)), Cell("b", square(2, 0)), Cell("c", square(3, 0))]
    after = [Cell("a", square(0, 0)), Cell("new", square(1, 0)), Cell("z", square(2, 0))]
    after.append(Cell("y", square(3, 0)))
    found = diff(before, after)
    assert [(c.before, c.after) for c in found.renamed] == [("b", "z"), ("c", "y")]
    assert [c.after for c in found.added] == ["new"]
    assert ground(found) == {("a", "new"): pytest.approx(area_m2(square(1, 0)))}
    assert found.moved == ("a",)
    assert found.renamed[0].text == "Cell b is now called z."
    assert found.added[0].text.startswith("Cell new is new, with ")
    assert_mirrored(found, diff(after, before))


def test_ground_that_no_cell_had_or_has() -> None:
    found = diff([Cell("a", square(0, 0))], [Cell("a", square(0.5, 0))])
    half = pytest.approx(area_m2(square(0, 0, 0.5)))
    assert ground(found) == {("a", None): half, (None, "a"): half}
    texts = {change.kind: change.text for change in found.ground}
    assert texts["lost"].endswith("of cell a come to no cell.")
    assert texts["gained"].endswith("that no cell had come to cell a.")
    assert (found.moved, found.unchanged) == (("a",), ())


def test_ground_that_a_cell_keeps_has_not_changed_hands_where_cells_overlap() -> None:
    before = [Cell("a", square(0, 0)), Cell("b", square(1, 0))]
    found = diff(before, [Cell("a", square(0, 0, 1.5)), before[1]])
    assert found.ground == ()
    assert (found.moved, found.unchanged) == (("a",), ("b",))


def test_less_than_the_least_area_is_rounding() -> None:
    before = [Cell("a", square(0, 0)), Cell("b", square(1, 0))]
    after = [Cell("a", square(0, 0, 1 + 1e-6)), Cell("b", square(1 + 1e-6, 0, 1 - 1e-6))]
    assert diff(before, after).changes == ()
    assert ground(diff(before, after, min_area_m2=0.1)).keys() == {("b", "a")}


def test_nothing_and_something() -> None:
    assert diff([], []).changes == ()
    found = diff([], grid(1, 2))
    assert [change.after for change in found.added] == ["r00c00", "r01c00"]
    assert {change.kind for change in found.ground} == {"gained"}
    assert_mirrored(found, diff(grid(1, 2), []))


def test_refused() -> None:
    for cells, code in ((with_bowtie(), "invalid_ring"), (grid() + grid(), "duplicate_code")):
        with pytest.raises(GisError) as refused:
            diff(grid(), cells)
        assert refused.value.code == f"diff.{code}"
        assert refused.value.field == "after"
    with pytest.raises(GisError, match="finite"):
        diff(grid(), grid(), min_area_m2=float("nan"))


def test_points_move_with_the_boundary() -> None:
    before = [Cell("a", square(0, 0)), Cell("b", square(1, 0))]
    after = [Cell("a", square(0, 0, 1.5)), Cell("b", square(1.5, 0, 0.5))]
    lons = WEST + STEP * np.array([0.5, 1.25, 1.75, 5.0, np.nan])
    lats = np.full(5, SOUTH + STEP / 2)
    found = moved_points(before, after, lons, lats)
    assert found.rows.tolist() == [1]
    assert (found.before[0], found.after[0]) == ("b", "a")
    gone = moved_points(before, after[:1], lons, lats)
    assert gone.rows.tolist() == [1, 2]
    assert gone.after.tolist() == ["a", None]


@pytest.fixture(scope="module")
def baltimore(shared_data: Path) -> tuple[list[Cell], list[Cell]]:
    folder = shared_data / "us_baltimore"
    old, new = (
        read_layer(folder / name, code_field="district").cells
        for name in ("districts_1959_2022.geojson", "districts_2023.geojson")
    )
    return list(old), list(new)


def test_baltimore_as_plain_overlays_have_it(baltimore: tuple[list[Cell], list[Cell]]) -> None:
    before, after = baltimore
    found = diff(before, after)
    metric = local_metric(-76.6, 39.3)
    old, new = ({c.code: metric.to_metres(c.geom) for c in side} for side in baltimore)
    expected = {(a, b): float(old[a].intersection(new[b]).area) for a in old for b in new if a != b}
    between = {pair: area for pair, area in ground(found).items() if None not in pair}
    assert between == pytest.approx(
        {pair: area for pair, area in expected.items() if pair in between}, rel=1e-3, abs=5.0
    )
    assert all(area < 6.0 for pair, area in expected.items() if pair not in between)
    uncovered = shapely.union_all(list(old.values())) ^ shapely.union_all(list(new.values()))
    outside = sum(area for pair, area in ground(found).items() if None in pair)
    assert outside == pytest.approx(uncovered.area, rel=1e-2)
    assert 20e6 < found.area_m2 < 60e6
    assert_mirrored(found, diff(after, before))
