"""Repairs: what is proposed for each kind of fault, that it moves what it says, what is refused."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate

from gis import testing
from gis.areas import areas_m2
from gis.coverage import faults
from gis.errors import GisError
from gis.features import Cell, as_array
from gis.repair import KINDS, Move, Proposal, apply, changed, first_of_each, proposals, repair
from gis.testing import STEP, assert_valid_coverage, grid, square
from tests.gis import attacks

GEOD = pyproj.Geod(ellps="WGS84")
METRE_EAST = 1 / 97_346.0  # a metre at 29.1 N, in degrees of longitude


def proposed(cells: Sequence[Cell], outline: shapely.Geometry | None = None) -> list[Proposal]:
    return proposals(cells, faults(cells, outline), outline)


def area_m2(geom: shapely.Geometry) -> float:
    """Not as the repairs reckon: geodesics, so short that they are as good as straight.

    Ring by ring, for GEOS would repair an invalid polygon while it puts vertices in.
    """
    rings = shapely.get_rings(shapely.get_parts(shapely.orient_polygons(geom)))
    lines = [shapely.segmentize(shapely.LineString(ring.coords), 0.0005) for ring in rings]
    return float(sum(GEOD.polygon_area_perimeter(*line.xy)[0] for line in lines))


def assert_moved_as_said(
    before: Sequence[Cell], after: Sequence[Cell], done: Sequence[Proposal], give_m2: float = 0.05
) -> None:
    """Each code's area changed by what the repairs said, by an independent reckoning."""
    codes = {cell.code for cell in before}
    for code in codes:
        was, now = (
            sum(area_m2(cell.geom) for cell in cells if cell.code == code)
            for cells in (before, after)
        )
        said = sum(proposal.change_m2(code) for proposal in done)
        assert now - was == pytest.approx(said, abs=give_m2), code


def by_code(cells: Sequence[Cell], code: str) -> shapely.Geometry:
    (found,) = [cell.geom for cell in cells if cell.code == code]
    return found


def refused(cells: Sequence[Cell], chosen: Sequence[Proposal]) -> GisError:
    with pytest.raises(GisError) as error:
        apply(cells, chosen)
    assert error.value.message.endswith(".")
    return error.value


# Overlaps


def test_an_overlap_goes_to_the_smaller_cell_or_to_the_other() -> None:
    cells = testing.with_overlap()
    smaller, larger = proposed(cells)
    assert (smaller.kind, smaller.faults, smaller.needs_person) == ("resolve_overlap", (0,), True)
    assert [proposal.params["to"] for proposal in (smaller, larger)] == ["2", "1"]
    quarter = area_m2(square(1, 0, 0.25))
    assert smaller.moves == (Move("1", None, pytest.approx(quarter, abs=0.01)),)
    assert larger.moves == (Move("2", None, pytest.approx(quarter, abs=0.01)),)
    kept = apply(cells, [smaller])
    assert by_code(kept, "1").normalize().equals_exact(square(0, 0).normalize(), 0.0)
    assert kept[1].geom is cells[1].geom
    assert by_code(apply(cells, [larger]), "1") is cells[0].geom
    assert_valid_coverage(apply(cells, [larger]))


def test_a_cell_within_another_keeps_its_ground() -> None:
    cells = [Cell("district", square(0, 0, 9, 9)), Cell("beat", square(3, 3))]
    first = proposed(cells)[0]
    assert first.params["to"] == "beat"
    assert_valid_coverage(apply(cells, [first]))


def test_of_two_cells_on_the_same_ground_none_is_lost_unasked() -> None:
    cells = [*grid(2, 1), Cell("twin", grid(2, 1)[0].geom)]
    found = proposed(cells)
    assert [proposal.needs_person for proposal in found] == [True, True]
    assert first_of_each(found) == []
    assert refused(cells, [found[0]]).code == "repair.cell_lost"


TRIPLE = [Cell(code, square(0.1 * i, 0.1 * i, 1 + 0.2 * i)) for i, code in enumerate("abc")]


@pytest.mark.parametrize("choice", list(product((0, 1), repeat=2)))
def test_three_cells_on_one_spot_are_settled_whatever_is_chosen(choice: tuple[int, ...]) -> None:
    # What a shares with c it shares with b too, and so it is settled with that.
    found = proposed(TRIPLE)
    sides = [(p.params["a"], p.params["b"], p.params["to"]) for p in found]
    assert sides == [("b", "c", "b"), ("b", "c", "c"), ("a", "b", "a"), ("a", "b", "b")]
    chosen = [found[choice[0]], found[2 + choice[1]]]
    after = apply(TRIPLE, chosen)
    assert_moved_as_said(TRIPLE, after, chosen)
    assert shapely.coverage_is_valid(as_array(cell.geom for cell in after))
    ground = shapely.union_all([cell.geom for cell in TRIPLE])
    assert testing.union(after).symmetric_difference(ground).area < 1e-15


# Gaps, slivers, the outline


def test_a_gap_goes_to_the_neighbour_with_the_longest_shared_edge() -> None:
    gap = square(1, 1, 0.5, 0.25)
    around = [
        Cell("west", shapely.Polygon([(0, 0), (1, 0), (1, 3), (0, 3)])),
        Cell("east", shapely.Polygon([(1.5, 0), (3, 0), (3, 3), (1.5, 3)])),
        Cell("south", shapely.Polygon([(1, 0), (1.5, 0), (1.5, 1), (1, 1)])),
        Cell("north", shapely.Polygon([(1, 1.25), (1.5, 1.25), (1.5, 3), (1, 3)])),
    ]
    cells = [replace(cell, geom=steps(cell.geom)) for cell in around]
    found = [proposal for proposal in proposed(cells) if proposal.kind == "give_to_neighbour"]
    assert [proposal.params["to"] for proposal in found] == ["north", "south", "east", "west"]
    assert found[0].params["shared_m"] == pytest.approx(0.5 * STEP / METRE_EAST, rel=0.01)
    assert found[0].moves == (Move(None, "north", pytest.approx(area_m2(gap), abs=0.01)),)
    after = apply(cells, [found[2]])
    assert by_code(after, "east").contains(gap.centroid)
    assert_moved_as_said(cells, after, [found[2]])


def steps(geom: shapely.Geometry) -> shapely.Geometry:
    """A polygon given in steps of the samples, in degrees."""
    return shapely.transform(geom, lambda xy: xy * STEP + (testing.WEST, testing.SOUTH))


@pytest.mark.parametrize(("size", "person"), [(0.25, False), (0.5, True)])
def test_from_five_hectares_on_a_person_decides(size: float, person: bool) -> None:
    cells = testing.with_gap(size)
    found = proposed(cells)
    assert [(proposal.kind, proposal.needs_person) for proposal in found] == [
        ("give_to_neighbour", person)
    ]
    assert repair(cells).applied == (() if person else tuple(found))
    assert_valid_coverage(apply(cells, found))


def test_cells_are_cut_off_at_the_outline_and_pieces_without_cell_given_away() -> None:
    cells = grid()
    outline = square(0.05, 0, 3, 3)
    found = [p for p in proposed(cells, outline) if p.kind != "snap"]
    clips = [proposal for proposal in found if proposal.kind == "clip_to_outline"]
    assert sorted(proposal.params["code"] for proposal in clips) == ["r00c00", "r01c00", "r02c00"]
    assert all(move.to_code is None for proposal in clips for move in proposal.moves)
    chosen = first_of_each(found, with_person=True)
    after = apply(cells, chosen, outline)
    assert_moved_as_said(cells, after, chosen)
    assert testing.union(after).symmetric_difference(outline).area < 1e-15
    assert_valid_coverage(after, outline)


# Near misses


def test_a_t_junction_gets_its_vertex_and_no_ground_moves() -> None:
    cells = testing.with_t_junction()
    (proposal,) = proposed(cells)
    assert (proposal.kind, proposal.faults, proposal.moves) == ("snap", (0, 1), ())
    assert proposal.text == "Snap the boundaries of 1, 2, 3 together: no ground moves."
    after = apply(cells, [proposal])
    assert_valid_coverage(after)
    assert [cell.geom is other.geom for cell, other in zip(cells, after, strict=True)] == [
        *(False, True, True)
    ]
    corner = (testing.WEST + STEP, testing.SOUTH + STEP)
    assert corner in by_code(after, "1").exterior.coords


@pytest.mark.parametrize("shift_m", [0.4, -0.4, 0.999])
def test_boundaries_a_little_apart_become_one(shift_m: float) -> None:
    cells = [Cell("1", square(0, 0)), Cell("2", translate(square(1, 0), shift_m * METRE_EAST))]
    done = repair(cells)
    assert done.faults == ()
    assert {proposal.kind for proposal in done.applied} <= {"snap", "resolve_overlap"}
    assert_moved_as_said(cells, done.cells, done.applied)


def test_a_vertex_that_moves_takes_all_its_cells_along() -> None:
    # The corner of four cells, a little off in one of them only.
    cells = grid(2, 2)
    corner = np.array([testing.WEST + STEP, testing.SOUTH + STEP])
    off = corner + np.array([0.3, 0.2]) * METRE_EAST

    def nudged(xy: np.ndarray) -> np.ndarray:
        return np.where((xy == corner).all(axis=1)[:, None], off, xy)

    cells[3] = replace(cells[3], geom=shapely.transform(cells[3].geom, nudged))
    done = repair(cells)
    assert done.faults == ()
    assert_moved_as_said(cells, done.cells, done.applied)
    assert [a.geom is b.geom for a, b in zip(cells, done.cells, strict=True)].count(True) >= 2


# Rings and codes


def test_a_bowtie_is_mended_and_keeps_both_wings() -> None:
    cells = testing.with_bowtie()
    (proposal,) = [p for p in proposed(cells) if p.mends]
    assert (proposal.kind, proposal.params["code"]) == ("mend_ring", "2")
    assert "Self-intersection" in proposal.text
    after = apply(cells, [proposal])
    assert by_code(after, "2").is_valid
    assert len(by_code(after, "2").geoms) == 2
    before_m2, after_m2 = areas_m2([by_code(cells, "2"), by_code(after, "2")])
    assert after_m2 - before_m2 == pytest.approx(proposal.change_m2("2"), abs=0.01)


def test_a_spike_is_dropped_and_no_ground_moves() -> None:
    corners = shapely.get_coordinates(square(1, 1))[:4]
    spiked = np.vstack([corners, corners[3] + (STEP / 4, -STEP / 4), corners[3]])
    cells = [replace(c, geom=shapely.Polygon(spiked)) if c.code == "r01c01" else c for c in grid()]
    (proposal,) = proposed(cells)
    assert (proposal.kind, proposal.needs_person) == ("drop_spike", False)
    assert proposal.area_m2 < 0.01
    after = apply(cells, [proposal])
    assert_valid_coverage(after)
    assert by_code(after, "r01c01").equals(square(1, 1))


@pytest.mark.timeout(60)
def test_a_star_is_left_to_a_person() -> None:
    cells = attacks.star()
    found = proposed(cells)
    assert [proposal for proposal in found if "star" in proposal.cells] == []
    left = [fault.kind for fault in repair(cells).faults]
    assert left == ["invalid_ring"]


def test_an_overlap_with_an_invalid_cell_waits_for_its_mending() -> None:
    bowtie = testing.with_bowtie()[1]
    cells = [bowtie, Cell("3", translate(square(2, 0, 0.25), 0, STEP * 0.1))]
    mending, *overlap = proposed(cells)
    assert mending.mends
    assert {proposal.needs_mending for proposal in overlap} == {("2",)}
    assert refused(cells, [overlap[0]]).code == "repair.mend_first"
    assert first_of_each([replace(overlap[0], needs_person=False)]) == []
    after = apply(cells, [mending, overlap[0]])
    assert {fault.kind for fault in faults(after)} == {"gap"}


@pytest.mark.parametrize(
    ("names", "person"), [(("甲", "甲"), False), (("甲", "乙"), True), ((None, None), True)]
)
def test_cells_of_one_code_are_merged_where_they_agree(
    names: tuple[str | None, str | None], person: bool
) -> None:
    cells = [Cell("7", square(i, 0), name, "s") for i, name in enumerate(names)]
    (proposal,) = proposed(cells)
    assert (proposal.kind, proposal.needs_person, proposal.moves) == (
        *("merge_duplicates", person, ()),
    )
    (merged,) = apply(cells, [proposal])
    assert merged.geom.equals(square(0, 0, 2))


def test_cells_of_one_code_that_overlap_are_resolved_first() -> None:
    cells = [Cell("7", square(0, 0, 1.25)), Cell("7", square(1, 0))]
    merge, overlap = (
        next(p for p in proposed(cells) if p.kind == kind)
        for kind in ("merge_duplicates", "resolve_overlap")
    )
    assert refused(cells, [merge]).code == "repair.resolve_first"
    (merged,) = apply(cells, [merge, overlap])
    assert_moved_as_said(cells, [merged], [overlap])
    assert merged.geom.equals(square(0, 0, 2))


def test_a_cell_of_no_size_is_removed_by_a_person() -> None:
    speck = square(1, 1, 1e-3, 1e-3)
    frame = shapely.difference(square(1, 1), speck)
    cells = [replace(c, geom=frame) if c.code == "r01c01" else c for c in grid()]
    cells.append(Cell("speck", speck))
    found = [proposal for proposal in proposed(cells) if proposal.kind == "remove_cell"]
    assert [proposal.needs_person for proposal in found] == [True]
    after = apply(cells, found)
    assert [cell.code for cell in after] == [cell.code for cell in grid()]


def test_a_code_that_is_missing_is_for_a_person_to_give() -> None:
    assert proposed([replace(cell, code="") for cell in grid(1, 1)]) == []


# What is refused, and what is chosen


def test_two_repairs_of_one_fault_are_refused() -> None:
    cells = testing.with_overlap()
    error = refused(cells, proposed(cells))
    assert (error.code, error.params) == ("repair.conflict", {"fault": 1})


def test_repairs_of_other_cells_are_refused() -> None:
    first = proposed(testing.with_overlap())[0]
    assert refused(testing.with_overlap(0.5), [first]).code == "repair.moved_otherwise"
    assert refused([Cell("1", square(4, 4))], [first]).code == "repair.moved_otherwise"
    bowtie = proposed(testing.with_bowtie())[0]
    assert refused(grid(), [bowtie]).code == "repair.moved_otherwise"


def test_only_repairs_under_a_size_are_chosen() -> None:
    cells = [*testing.with_gap(0.25), Cell("far", square(9, 9)), Cell("near", square(9.99, 9))]
    found = proposed(cells)
    sizes = sorted(proposal.area_m2 for proposal in first_of_each(found))
    assert len(sizes) == 2
    assert [p.area_m2 for p in first_of_each(found, under_m2=sizes[1])] == sizes[:1]
    assert first_of_each(found, under_m2=0.0) == []


def test_a_preview_shows_the_cells_that_would_change() -> None:
    cells = testing.with_overlap()
    first = proposed(cells)[0]
    preview = changed(cells, first)
    assert list(preview) == ["1"]
    assert preview["1"][0].equals(square(0, 0))


def test_every_kind_has_a_sentence_and_a_code() -> None:
    params = {"code": "1", "reason": "r", "a": "1", "b": "2", "to": "1", "shared_m": 1.0,
              "around": ["1", "2"], "count": 2}  # fmt: skip
    moves = tuple(Move("1", str(i), 10.0 * i) for i in range(5))
    for kind in KINDS:
        proposal = Proposal((0,), kind, moves, False, params)
        assert proposal.text.endswith(".")
        assert proposal.code == f"repair.{kind}"
    assert "40.0 m² from 1 to 4, 30.0 m² from 1 to 3" in proposal.text
    assert proposal.text.endswith("and 10.0 m² in 2 more moves.")


# Anything


def jittered(side: int, seed: int, keep: float, shake_m: float) -> list[Cell]:
    """Wavy cells of which each lost some vertices, and had others moved, on its own."""
    random = np.random.default_rng(seed)
    cells = []
    for cell in grid(side, side, 12):
        xy = shapely.get_coordinates(cell.geom)[:-1]
        xy = xy[random.random(len(xy)) < keep]
        xy = xy + random.normal(0.0, shake_m * METRE_EAST, xy.shape)
        cells.append(replace(cell, geom=shapely.Polygon(xy)))
    return cells


@settings(max_examples=25)  # a mess with a ring that crosses itself starts a process
@given(
    st.integers(0, 10_000), st.sampled_from([1.0, 0.9, 0.6]), st.sampled_from([0.0, 0.01, 0.3, 20])
)
def test_any_mess_is_repaired_exactly(seed: int, keep: float, shake_m: float) -> None:
    cells = jittered(3, seed, keep, shake_m)
    done = repair(cells)
    assert_moved_as_said(cells, done.cells, done.applied, give_m2=0.05 * len(done.applied) + 0.05)
    assert [cell.code for cell in done.cells] == [cell.code for cell in cells]
    left = [fault for fault in done.faults if fault.blocking]
    waiting = proposals(done.cells, done.faults)
    for fault in left:  # only what a person must decide
        place = done.faults.index(fault)
        assert all(p.needs_person or p.needs_mending for p in waiting if place in p.faults)
    if not left:
        assert shapely.coverage_is_valid(as_array(cell.geom for cell in done.cells))


@given(st.integers(0, 10_000), st.data())
def test_any_choice_of_repairs_moves_what_it_says(seed: int, data: st.DataObject) -> None:
    cells = jittered(3, seed, 0.8, 3.0)
    found = proposed(cells)
    chosen: list[Proposal] = []
    for proposal in data.draw(st.permutations(found)):
        taken = {fault for other in chosen for fault in other.faults}
        if not proposal.needs_mending and not taken & set(proposal.faults):
            chosen.append(proposal)
    chosen = chosen[: data.draw(st.integers(0, len(chosen)))]
    after = apply(cells, chosen)
    assert_moved_as_said(cells, after, chosen)
    untouched = {cell.code for cell in cells}.difference(*(p.cells for p in chosen))
    before = {cell.code: cell.geom for cell in cells}
    for code in untouched:  # such a cell has at most got a vertex that its neighbour needs
        assert before[code].symmetric_difference(by_code(after, code)).area < 1e-14
