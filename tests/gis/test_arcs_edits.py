"""Moving a boundary: both sides follow, nothing else does, and what must not be is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from gis.arcs import (
    OUTSIDE,
    ArcCoverage,
    edit_from_json,
    edit_to_json,
    insert_vertex,
    move_node,
    move_vertex,
    remove_vertex,
    replace_stretch,
)
from gis.arcs.index import ArcIndex
from gis.arcs.planar import arc_of
from gis.errors import GisError
from gis.files import read_layer
from gis.testing import SOUTH, STEP, WEST, grid, square, with_gap

Lonlat = tuple[float, float]


def at(column: float, row: float) -> Lonlat:
    return WEST + STEP * column, SOUTH + STEP * row


def coverage_of(columns: int = 3, rows: int = 3, vertices: int = 4) -> ArcCoverage:
    cells = grid(columns, rows, vertices)
    return ArcCoverage.from_cells([c.code for c in cells], [c.geom for c in cells])


def arc_between(coverage: ArcCoverage, one: str, other: str) -> int:
    """The arc of two cells of one face each."""
    faces = {coverage.cells[one][0], coverage.cells[other][0]}
    return next(i for i, arc in coverage.arcs.items() if set(arc.faces) == faces)


def node_at(coverage: ArcCoverage, place: Lonlat) -> int:
    return next(node for node in coverage.nodes if coverage.node_position(node) == place)


def assert_sound(coverage: ArcCoverage, former: ArcCoverage) -> None:
    ours, theirs = (list(c.polygons().values()) for c in (coverage, former))
    assert shapely.is_valid(ours).all()
    assert shapely.coverage_is_valid(ours)
    assert shapely.coverage_union_all(ours).equals(shapely.coverage_union_all(theirs))


def assert_bits(coverage: ArcCoverage, other: ArcCoverage) -> None:
    assert dict(coverage.arcs) == dict(other.arcs)
    assert dict(coverage.nodes) == dict(other.nodes)
    assert dict(coverage.faces) == dict(other.faces)
    assert {code: set(faces) for code, faces in coverage.cells.items()} == {
        code: set(faces) for code, faces in other.cells.items()
    }
    for face in coverage.faces:
        assert coverage.face_polygon(face).equals_exact(other.face_polygon(face), 0.0)


def test_a_vertex_moves_for_both_sides_and_for_nobody_else() -> None:
    before = coverage_of()
    arc = arc_between(before, "r01c00", "r01c01")
    lon, lat = before.arcs[arc].coords[2].tolist()
    after, edit = move_vertex(before, arc, 2, lon + STEP / 10, lat)
    assert_sound(after, before)
    assert edit.arcs.keys() == {arc}
    gained, lost = edit.area_change_m2["r01c00"], edit.area_change_m2["r01c01"]
    assert gained == pytest.approx(-lost)
    assert gained == pytest.approx(after.area_m2("r01c00") - before.area_m2("r01c00"))
    assert gained > 1000
    for code, polygon in before.polygons().items():
        if code not in edit.area_change_m2:
            assert after.polygon(code) is polygon
    assert all(after.arcs[i] is before.arcs[i] for i in before.arcs if i != arc)


def test_a_node_moves_with_all_its_arcs() -> None:
    before = coverage_of()
    node = node_at(before, at(1, 1))
    after, edit = move_node(before, node, *at(1.2, 1.1))
    assert_sound(after, before)
    assert after.node_position(node) == at(1.2, 1.1)
    assert edit.arcs.keys() == {arc_of(ref) for ref in before.nodes[node]}
    assert len(edit.area_change_m2) == 4
    assert sum(edit.area_change_m2.values()) == pytest.approx(0.0, abs=0.01)


def test_the_node_of_a_closed_arc_moves() -> None:
    before = ArcCoverage.from_cells(
        ["land", "lake"],
        [shapely.Polygon(square(0, 0, 4, 4).exterior, [square(1, 1).exterior]), square(1, 1)],
    )
    node = before.arcs[next(i for i, a in before.arcs.items() if OUTSIDE not in a.faces)].start
    lon, lat = before.node_position(node)
    after, _ = move_node(before, node, lon + STEP / 9, lat + STEP / 9)
    assert_sound(after, before)


def test_a_stretch_is_replaced_from_node_to_node() -> None:
    before = coverage_of()
    arc = arc_between(before, "r01c01", "r01c02")
    last = len(before.arcs[arc].coords) - 1
    after, _ = replace_stretch(before, arc, 0, last, [at(2.2, 1.3), at(1.8, 1.6), at(2.1, 1.8)])
    assert_sound(after, before)
    assert len(after.arcs[arc].coords) == 5
    straight, _ = replace_stretch(after, arc, 0, 4, [])
    assert_sound(straight, before)
    assert len(straight.arcs[arc].coords) == 2


def test_vertices_come_and_go() -> None:
    before = coverage_of()
    arc = arc_between(before, "r01c01", "r01c02")
    place = before.arcs[arc].coords[1:3].mean(axis=0) + STEP / 50
    more, edit = insert_vertex(before, arc, 1, *place)
    assert_sound(more, before)
    assert dict(edit.area_change_m2) == {}
    assert len(more.arcs[arc].coords) == len(before.arcs[arc].coords) + 1
    back, _ = remove_vertex(more, arc, 2)
    assert_bits(back, before)


def test_the_outer_boundary_takes_a_vertex_but_does_not_move() -> None:
    before = coverage_of(2, 2, 1)
    arc = next(i for i, arc in before.arcs.items() if OUTSIDE in arc.faces)
    more, _ = insert_vertex(before, arc, 0, *before.arcs[arc].coords[:2].mean(axis=0))
    assert len(more.arcs[arc].coords) == len(before.arcs[arc].coords) + 1
    for edit in (
        lambda allow: move_vertex(more, arc, 1, *at(-0.1, -0.1), allow_outline=allow),
        lambda allow: remove_vertex(before, arc, 1, allow_outline=allow),
        lambda allow: move_node(
            before, node_at(before, at(1, 0)), *at(1.05, 0.0), allow_outline=allow
        ),
    ):
        with pytest.raises(GisError) as refused:
            edit(False)
        assert refused.value.code == "arcs.outline"
        assert {"lon", "lat"} <= refused.value.params.keys()
        after, _ = edit(True)
        assert shapely.coverage_is_valid(list(after.polygons().values()))


def test_a_crossing_names_the_place_and_changes_nothing() -> None:
    before = coverage_of(3, 3, 1)
    frozen = {i: arc.coords.copy() for i, arc in before.arcs.items()}
    arc = arc_between(before, "r01c00", "r01c01")
    with pytest.raises(GisError) as refused:
        replace_stretch(before, arc, 0, 1, [at(2.5, 1.5)])
    assert refused.value.code == "arcs.crossing"
    assert refused.value.params["arc"] == arc
    assert refused.value.params["other"] == arc_between(before, "r01c01", "r01c02")
    assert refused.value.params["lon"] == pytest.approx(at(2, 0)[0])
    assert SOUTH + STEP < refused.value.params["lat"] < SOUTH + 2 * STEP
    assert "118.415625" in refused.value.message
    assert all((before.arcs[i].coords == coords).all() for i, coords in frozen.items())


def bend(coverage: ArcCoverage, one: str, other: str, *coords: Lonlat) -> None:
    arc = arc_between(coverage, one, other)
    replace_stretch(coverage, arc, 0, len(coverage.arcs[arc].coords) - 1, coords)


@pytest.mark.parametrize(
    "edit",
    [
        # through itself, out and back, and onto itself
        lambda c: bend(c, "r01c00", "r01c01", at(1.5, 1.5), at(0.5, 1.5), at(1.5, 1.2)),
        lambda c: bend(c, "r01c00", "r01c01", at(1.5, 1.5), at(1.2, 1.2), at(1.5, 1.5)),
        lambda c: bend(c, "r01c00", "r01c01", at(1.5, 1.5), at(1.5, 1.5)),
        lambda c: bend(c, "r01c00", "r01c01", at(1, 1)),
        # onto another arc's vertex, along it, onto a node, and over the outline
        lambda c: bend(c, "r01c00", "r01c01", at(2, 1.5)),
        lambda c: bend(c, "r01c00", "r01c01", at(1.5, 1), at(1.2, 1.5)),
        lambda c: bend(c, "r01c00", "r01c01", at(2, 2)),
        lambda c: bend(c, "r01c00", "r01c01", at(-1, 1.5)),
        lambda c: move_node(c, node_at(c, at(1, 1)), *at(2, 1)),
        lambda c: move_node(c, node_at(c, at(1, 1)), *at(2.5, 2.5)),
        lambda c: move_node(c, node_at(c, at(1, 1)), *at(1.5, 2)),
    ],
)
def test_crossings(edit: Callable[[ArcCoverage], None]) -> None:
    with pytest.raises(GisError) as refused:
        edit(coverage_of(3, 3, 1))
    assert refused.value.code == "arcs.crossing"


def two_over_one_base() -> ArcCoverage:
    """A triangle over a straight base and a cell below it that reaches far down."""
    a, b, top = at(1, 1), at(3, 1), at(2, 2)
    triangle = shapely.Polygon([a, b, top])
    frame = shapely.Polygon(square(0, 0, 4, 4).exterior, [triangle.exterior])
    return ArcCoverage.from_cells(["frame", "triangle"], [frame, triangle])


def test_a_face_is_not_turned_inside_out() -> None:
    before = two_over_one_base()
    arc = next(i for i, arc in before.arcs.items() if OUTSIDE not in arc.faces)
    coords = [tuple(point) for point in before.arcs[arc].coords.tolist()]
    index = coords.index(at(2, 2))
    with pytest.raises(GisError) as refused:
        if 0 < index < len(coords) - 1:
            move_vertex(before, arc, index, *at(2, 0.5))
        else:
            move_node(before, before.arcs[arc].start, *at(2, 0.5))
    assert refused.value.code == "arcs.flipped"


def test_an_arc_does_not_leap_over_an_island() -> None:
    island = square(0.6, 0.4, 0.1, 0.1)
    left = shapely.Polygon(square(0, 0).exterior, [island.exterior])
    before = ArcCoverage.from_cells(["l", "r", "i"], [left, square(1, 0), island])
    arc = arc_between(before, "l", "r")
    with pytest.raises(GisError) as refused:
        replace_stretch(before, arc, 0, 1, [at(0.5, 0.05), at(0.5, 0.95)])
    assert refused.value.code == "arcs.flipped"
    around = ArcCoverage.from_cells(["l", "i"], [square(0, 0), square(2, 0.4, 0.1, 0.1)])
    outer = around.arcs[arc_of(around.faces[around.cells["l"][0]].rings[0][0])]
    number = next(i for i, each in around.arcs.items() if each is outer)
    corners = [tuple(point) for point in outer.coords.tolist()]
    first = next(i for i in range(4) if {corners[i], corners[i + 1]} == {at(1, 0), at(1, 1)})
    reach = [at(3, 0), at(3, 1)] if corners[first] == at(1, 0) else [at(3, 1), at(3, 0)]
    with pytest.raises(GisError) as refused:
        replace_stretch(around, number, first, first + 1, reach, allow_outline=True)
    assert refused.value.code == "arcs.flipped"


def test_arcs_do_not_change_places_around_a_node() -> None:
    """Two lens-shaped cells side by side: the left arc must not become the rightmost."""
    low, high = at(2, 0), at(2, 4)
    sides = [[at(1, 2)], [at(2, 2)], [at(3, 2)]]
    lenses = [shapely.Polygon([low, *sides[i + 1], high, *sides[i]]) for i in (0, 1)]
    hull = shapely.Polygon([low, *sides[2], high, *sides[0]])
    frame = shapely.Polygon(square(-1, -1, 7, 7).exterior, [hull.exterior])
    before = ArcCoverage.from_cells(["west", "east", "frame"], [*lenses, frame])
    arc = arc_between(before, "west", "frame")
    with pytest.raises(GisError) as refused:
        replace_stretch(before, arc, 0, 2, [at(4, 2)])
    assert refused.value.code == "arcs.flipped"


def test_no_piece_too_small_to_be_meant_is_left() -> None:
    before = two_over_one_base()
    arc = next(i for i, arc in before.arcs.items() if OUTSIDE not in arc.faces)
    coords = before.arcs[arc].coords.copy()
    tiny = coords[0] + (coords[1:-1] - coords[0]) / 5000.0
    with pytest.raises(GisError) as refused:
        replace_stretch(before, arc, 0, len(coords) - 1, tiny)
    assert refused.value.code == "arcs.too_small"
    assert 0.0 < refused.value.params["area_m2"] < 1.0
    with pytest.raises(GisError) as refused:
        remove_vertex(before, arc, 1)
    assert refused.value.code == "arcs.too_small"


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda c: move_vertex(c, 99, 1, *at(1, 1)), "unknown_arc"),
        (lambda c: move_node(c, 99, *at(1, 1)), "unknown_node"),
        (lambda c: move_vertex(c, 0, 0, *at(1, 1)), "vertex"),
        (lambda c: move_vertex(c, 0, -1, *at(1, 1)), "vertex"),
        (lambda c: remove_vertex(c, 0, 99), "vertex"),
        (lambda c: insert_vertex(c, 0, 4, *at(1, 1)), "vertex"),
        (lambda c: replace_stretch(c, 0, 2, 2, []), "vertex"),
        (lambda c: move_vertex(c, 0, 1, float("nan"), 29.1), "coordinates"),
        (lambda c: move_vertex(c, 0, 1, 29.1, 118.4), "coordinates"),
        (lambda c: replace_stretch(c, 0, 0, 1, [(1, 2, 3)]), "coordinates"),
        (lambda c: replace_stretch(c, 0, 0, 1, [("x", "y")]), "coordinates"),
        (lambda c: move_vertex(c, 0, 1, *c.arcs[0].coords[1]), "nothing_changes"),
        (lambda c: insert_vertex(c, 0, 0, *c.arcs[0].coords[0]), "nothing_changes"),
    ],
)
def test_refused_input(edit: Callable[[ArcCoverage], None], code: str) -> None:
    with pytest.raises(GisError) as refused:
        edit(coverage_of())
    assert refused.value.code == f"arcs.{code}"


def test_a_gap_closes_by_moving_its_rim() -> None:
    cells = with_gap(0.5)
    before = ArcCoverage.from_cells([c.code for c in cells], [c.geom for c in cells])
    (gap,) = before.unowned
    ((ref,),) = before.faces[gap].rings
    coords = before.arcs[arc_of(ref)].coords
    after, edit = move_vertex(before, arc_of(ref), 1, *coords.mean(axis=0))
    assert set(edit.area_change_m2) == {"r01c01"}
    assert after.unowned == (gap,)


def test_a_real_boundary_is_dragged_and_only_its_two_cells_are_drawn_anew(
    shared_data: Path,
) -> None:
    geoms = read_layer(shared_data / "us_chicago" / "beats.geojson", code_field="beat").geoms
    before = ArcCoverage.from_cells([str(row) for row in range(len(geoms))], geoms)
    inner = {i: arc for i, arc in before.arcs.items() if OUTSIDE not in arc.faces}
    longest = max(inner, key=lambda i: len(inner[i].coords))
    coords = inner[longest].coords
    after, edit = replace_stretch(
        before, longest, 100, 140, coords[101:140] + np.array([2e-6, 1e-6])
    )
    assert len(edit.area_change_m2) == 2
    assert sum(edit.area_change_m2.values()) == pytest.approx(0.0, abs=0.01)
    kept = [code for code in before.cells if after.polygon(code) is before.polygon(code)]
    assert len(kept) == len(geoms) - 2
    assert_sound(after, before)
    assert_bits(after.apply(edit.inverse()), before)


def test_undo_and_redo_bit_for_bit_also_from_storage() -> None:
    before = coverage_of()
    arc = arc_between(before, "r01c00", "r01c01")
    after, edit = move_vertex(before, arc, 2, *at(1.123456789012345, 1.6))
    stored = edit_from_json(edit_to_json(edit))
    assert stored == edit
    assert_bits(after.apply(stored.inverse()), before)
    assert_bits(before.apply(stored), after)
    with pytest.raises(GisError) as refused:
        before.apply(stored.inverse())
    assert refused.value.code == "arcs.stale_edit"
    with pytest.raises(GisError) as refused:
        edit_from_json({"verb": "move_vertex"})
    assert refused.value.code == "arcs.edit"


def test_the_index_finds_what_was_changed_since_it_was_built() -> None:
    coverage = coverage_of(4, 4)
    arcs = dict(coverage.arcs)
    index = ArcIndex.of(arcs)
    gone, moved = sorted(arcs)[:2]
    del arcs[gone]
    far = type(arcs[moved])(arcs[moved].coords + 1.0, 0, 0, 0, 0)
    arcs[moved] = far
    updated = index.updated(arcs, [gone, moved])
    everything = updated.near((118.0, 29.0, 119.0, 29.9))
    assert everything == sorted(arcs.keys() - {moved})
    assert updated.near((119.0, 30.0, 120.0, 31.0)) == [moved]
    many = dict.fromkeys(range(2000), far)
    assert index.updated(many, many).near((119.0, 30.0, 120.0, 31.0)) == sorted(many)
