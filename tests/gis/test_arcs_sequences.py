"""Any sequence of edits keeps a valid coverage of the same ground, and is undone bit for bit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.arcs import (
    ArcCoverage,
    Edit,
    assign_face,
    edit_from_json,
    edit_to_json,
    from_topology,
    insert_vertex,
    merge_cells,
    move_area,
    move_node,
    move_vertex,
    remove_vertex,
    replace_stretch,
    split_cell,
    to_topology,
)
from gis.areas import areas_m2
from gis.errors import GisError
from gis.testing import SOUTH, STEP, WEST, grid, square

Edited = tuple[ArcCoverage, Edit]


@dataclass(frozen=True)
class Draw:
    """Two choices and two places; each verb makes of them what it needs."""

    first: int
    second: int
    here: tuple[float, float]
    there: tuple[float, float]


def _arc(c: ArcCoverage, draw: Draw) -> int:
    return sorted(c.arcs)[draw.first % len(c.arcs)]


def _cell(c: ArcCoverage, number: int) -> str:
    return sorted(c.cells)[number % len(c.cells)]


def _near(place: np.ndarray, towards: tuple[float, float], share: float) -> list[float]:
    return (place + share * (np.array(towards) - place)).tolist()


def _move_vertex(c: ArcCoverage, draw: Draw) -> Edited:
    arc = _arc(c, draw)
    index = 1 + draw.second % max(1, len(c.arcs[arc].coords) - 2)
    place = c.arcs[arc].coords[min(index, len(c.arcs[arc].coords) - 1)]
    return move_vertex(c, arc, index, *_near(place, draw.here, 0.2))


def _move_node(c: ArcCoverage, draw: Draw) -> Edited:
    node = sorted(c.nodes)[draw.first % len(c.nodes)]
    return move_node(c, node, *_near(np.array(c.node_position(node)), draw.here, 0.2))


def _replace_stretch(c: ArcCoverage, draw: Draw) -> Edited:
    arc = _arc(c, draw)
    first = draw.second % (len(c.arcs[arc].coords) - 1)
    last = min(first + 1 + draw.second % 3, len(c.arcs[arc].coords) - 1)
    middle = c.arcs[arc].coords[first : last + 1].mean(axis=0)
    between = [_near(middle, draw.here, 0.3), _near(middle, draw.there, 0.3)]
    return replace_stretch(c, arc, first, last, between[: draw.second % 3])


def _insert_vertex(c: ArcCoverage, draw: Draw) -> Edited:
    arc = _arc(c, draw)
    index = draw.second % (len(c.arcs[arc].coords) - 1)
    middle = c.arcs[arc].coords[index : index + 2].mean(axis=0)
    return insert_vertex(c, arc, index, *_near(middle, draw.here, 0.05))


def _remove_vertex(c: ArcCoverage, draw: Draw) -> Edited:
    arc = _arc(c, draw)
    return remove_vertex(c, arc, 1 + draw.second % max(1, len(c.arcs[arc].coords) - 2))


def _split_cell(c: ArcCoverage, draw: Draw) -> Edited:
    code = _cell(c, draw.first)
    middle = np.array(c.polygon(code).representative_point().coords[0])
    line = [middle + 2 * (np.array(draw.here) - middle), middle, middle * 2 - draw.here]
    return split_cell(c, code, line, f"new{draw.second}")


def _merge_cells(c: ArcCoverage, draw: Draw) -> Edited:
    code = _cell(c, draw.first)
    beside = sorted(c.neighbours(c.cells[code][0]) - {code}) or [code]
    return merge_cells(c, [code, beside[draw.second % len(beside)]], code)


def _box(draw: Draw) -> shapely.Polygon:
    return shapely.MultiPoint([draw.here, draw.there]).envelope


def _move_area(c: ArcCoverage, draw: Draw) -> Edited:
    return move_area(c, _cell(c, draw.first), _cell(c, draw.second), _box(draw))


def _assign_face(c: ArcCoverage, draw: Draw) -> Edited:
    face = sorted(c.faces)[draw.first % len(c.faces)]
    within = _box(draw) if draw.second % 2 else None
    return assign_face(c, face, _cell(c, draw.second), within)


VERBS: list[Callable[[ArcCoverage, Draw], Edited]] = [
    _move_vertex,
    _move_node,
    _replace_stretch,
    _insert_vertex,
    _remove_vertex,
    _split_cell,
    _merge_cells,
    _move_area,
    _assign_face,
]


def _grid(vertices: int) -> ArcCoverage:
    cells = grid(3, 3, vertices)
    return ArcCoverage.from_cells([c.code for c in cells], [c.geom for c in cells])


def _with_enclaves() -> ArcCoverage:
    lakes = [square(0.5, 0.5), square(2, 1)]
    left = shapely.Polygon(square(0, 0, 2, 3).exterior, [lakes[0].exterior])
    right = shapely.Polygon(square(2, 0, 1, 3)).difference(lakes[1])
    return ArcCoverage.from_cells(
        ["left", "lakes", "right"], [left, shapely.MultiPolygon(lakes), right]
    )


def _faulty() -> ArcCoverage:
    """An overlap of 1 and 2, a gap between 2 and 3, and a T-junction under 3."""
    west = [square(0, 0, 1.25, 2), square(1, 0, 1, 2), square(2.25, 1, 0.75, 2)]
    south = shapely.Polygon(square(2, 0, 1, 1)).union(square(2, 1, 0.1, 2))
    north = square(0, 2, 2.25, 1).difference(south)
    return ArcCoverage.from_cells(["1", "2", "3", "south", "north"], [*west, south, north])


STARTS = {
    "straight": _grid(1),
    "wavy": _grid(4),
    "enclaves": _with_enclaves(),
    "faulty": _faulty(),
}

# Multiples of a quarter step fall on vertices, nodes and edges: what rounding makes hard.
_share = st.one_of(st.integers(-4, 16).map(lambda n: n / 4), st.floats(-0.5, 3.5))
_place = st.tuples(_share.map(lambda x: WEST + STEP * x), _share.map(lambda y: SOUTH + STEP * y))
_choice = st.integers(0, 59)
_edit = st.tuples(st.sampled_from(VERBS), st.builds(Draw, _choice, _choice, _place, _place))


def assert_sound(coverage: ArcCoverage, start: ArcCoverage) -> None:
    """Valid cells, on faces that cover the same ground once."""
    ours, theirs = ([c.face_polygon(face) for face in c.faces] for c in (coverage, start))
    assert shapely.is_valid([*ours, *coverage.polygons().values()]).all()
    assert shapely.coverage_is_valid(ours)
    assert areas_m2(ours).sum() == pytest.approx(areas_m2(theirs).sum(), rel=1e-9)
    outline, former = (shapely.coverage_union_all(polygons) for polygons in (ours, theirs))
    assert shapely.hausdorff_distance(outline.boundary, former.boundary) < 1e-12
    if not start.unowned and not start.contested:
        assert not coverage.unowned
        assert not coverage.contested
        assert shapely.coverage_is_valid(list(coverage.polygons().values()))
    assert from_topology(to_topology(coverage)).polygons().keys() == coverage.polygons().keys()


def bits(coverage: ArcCoverage) -> object:
    return to_topology(coverage) | {"cells": sorted(coverage.cells)}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())
@settings(max_examples=60)
@given(edits=st.lists(_edit, max_size=12))
def test_any_sequence_of_edits(start: ArcCoverage, edits: list[tuple]) -> None:
    versions, done = [start], []
    before = [bits(start)]
    for verb, draw in edits:
        try:
            coverage, edit = verb(versions[-1], draw)
        except GisError as refusal:
            assert refusal.code.startswith("arcs.")
            continue
        assert_sound(coverage, start)
        changes = edit.area_change_m2
        if not start.unowned and not start.contested:
            assert sum(changes.values()) == pytest.approx(0.0, abs=0.01)
        for code, change in changes.items():
            was, now = (
                c.area_m2(code) if code in c.cells else 0.0 for c in (versions[-1], coverage)
            )
            assert now - was == pytest.approx(change, abs=0.01)
        versions.append(coverage)
        done.append(edit)
        before.append(bits(coverage))
    assert [bits(version) for version in versions] == before
    undone = versions[-1]
    for edit, expected in zip(reversed(done), reversed(before[:-1]), strict=True):
        undone = undone.apply(edit_from_json(edit_to_json(edit)).inverse())
        assert bits(undone) == expected
