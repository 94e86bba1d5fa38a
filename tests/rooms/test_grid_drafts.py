"""Drafts as shared arcs: opened and edited, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gis import testing
from gis.arcs import OUTSIDE
from gis.coverage import faults
from gis.errors import GeometryError, GisError
from gis.features import Cell as CellShape
from gis.files import read_layer
from gis.testing import SOUTH, STEP, WEST
from gridserver.access.rules import Principal
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.grids import arc_rows, drafts, edit_log, queries, service, settings
from gridserver.grids.models import Cell
from gridserver.grids.settings import GridSettings
from tests.county import County
from tests.rooms.drafting import (
    NAME,
    at,
    crossing,
    edit,
    opened,
    put,
    revision,
    rows,
    stored,
    undo,
)

KAIHUA = Path(__file__).resolve().parents[2] / "gridserver/demo/data/cells.geojson"


@pytest.fixture
def actor(county: County) -> Principal:
    return county.principal("gis")


# --- opening


def test_opening_keeps_the_arcs_and_leaves_the_cells(session: Session, actor: Principal) -> None:
    put(session, testing.grid(3, 3, vertices_per_side=7))
    before = rows(session)["cells"]
    first = opened(session, actor)
    assert rows(session)["cells"] == before
    assert len(rows(session)["arcs"]) == len(first.arcs) == 20  # 12 inside, 8 along the rim
    assert opened(session, actor) is first
    arc_rows.forget()
    again = opened(session, actor)
    assert (again.arcs, again.faces, again.nodes) == (first.arcs, first.faces, first.nodes)


def test_overlaps_and_gaps_are_faces(session: Session, actor: Principal) -> None:
    put(session, [*testing.with_overlap(), CellShape("9", testing.square(5, 5))])
    coverage = opened(session, actor)
    assert [coverage.faces[face].owners for face in coverage.contested] == [("1", "2")]


def test_cells_that_must_be_mended_first_are_named(session: Session, actor: Principal) -> None:
    put(session, testing.with_bowtie())
    with pytest.raises(Conflict) as refusal:
        opened(session, actor)
    assert refusal.value.code == "grid.not_editable"
    assert refusal.value.extra["cells"] == ["2"]
    put(session, [CellShape("1", testing.square(i, 0)) for i in range(2)], "twice")
    with pytest.raises(Conflict, match="1 share a code"):
        drafts.open_draft(session, actor, "twice")


def test_only_a_draft_is_opened(session: Session, actor: Principal) -> None:
    with pytest.raises(Conflict, match="Copy it first") as refusal:
        drafts.open_draft(session, actor, "v1")
    assert refusal.value.extra["state"] == "published"
    with pytest.raises(NotFound):
        drafts.open_draft(session, actor, "none")


def test_officers_look_and_gis_admins_edit(session: Session, county: County) -> None:
    put(session, testing.grid())
    officer = county.principal("330824001")
    opened(session, officer)
    with pytest.raises(Forbidden):
        drafts.locked_draft(session, officer, NAME, 1)


# --- edits


def test_a_boundary_is_moved_for_both_sides(session: Session, actor: Principal) -> None:
    cells = testing.grid(2, 2)
    put(session, cells)
    node = crossing(opened(session, actor))
    done = edit(session, actor, "move_node", node=node, lon=WEST + STEP * 1.25, lat=SOUTH + STEP)
    assert done.codes == {cell.code for cell in cells}
    assert done.entry.text == "Moved the boundary of r00c00, r00c01, r01c00, r01c01."
    now = stored(session)
    testing.assert_valid_coverage(now)
    assert shapely.equals(testing.union(now), testing.union(cells))
    moved = shapely.Point(at(1.25, 1))
    assert all(shapely.touches(cell.geom, moved) for cell in now)
    assert sum(done.entry.area_change_m2.values()) == pytest.approx(0, abs=1e-3)


def test_only_what_changed_is_written(session: Session, actor: Principal) -> None:
    put(session, testing.grid(6, 6))
    coverage = opened(session, actor)
    before = rows(session)
    node = crossing(coverage)
    lon, lat = coverage.node_position(node)
    done = edit(session, actor, "move_node", node=node, lon=lon + STEP / 8, lat=lat)
    after = rows(session)
    for table, changed in (("arcs", 4), ("cells", 4), ("faces", 0)):
        assert len(set(map(repr, before[table])) - set(map(repr, after[table]))) == changed
    assert len(done.edit.arcs) == 4


def test_an_edit_leaves_no_vertex_unmatched(session: Session, actor: Principal) -> None:
    """``under`` reaches into ``left`` and ``right`` by a tenth of a millimetre: the arcs have a
    vertex where it crosses their boundary, which the rows of neither have."""
    put(
        session,
        [
            CellShape("far", testing.square(-1, 0)),
            CellShape("left", testing.square(0, 0)),
            CellShape("right", testing.square(1, 0)),
            CellShape("under", testing.square(0, -1, 2, 1 + 1e-7)),
        ],
    )
    coverage = opened(session, actor)
    pairs = {
        i: {coverage.faces.get(face) for face in arc.faces} for i, arc in coverage.arcs.items()
    }
    owned = {i: {face.owners for face in pair if face} for i, pair in pairs.items()}
    arc = next(i for i, owners in owned.items() if owners == {("far",), ("left",)})
    before, unmatched = rows(session), _unmatched(session)
    lon, lat = at(0, 0.5)
    done = edit(session, actor, "insert_vertex", arc=arc, index=0, lon=lon, lat=lat)
    assert done.codes == {"far", "left", "right", "under"}
    assert _unmatched(session) < unmatched
    undo(session)
    assert rows(session) == before


def _unmatched(session: Session) -> set[tuple[str, ...]]:
    return {fault.cells for fault in faults(stored(session)) if fault.kind == "unmatched_vertex"}


def test_a_split_cell_and_what_is_known_of_it(session: Session, actor: Principal) -> None:
    put(session, [CellShape("a", testing.square(0, 0, 2), "甲", "33082401")])
    edit(session, actor, "set_attributes", **{"code": "a", "class": "border", "people": 90})
    edit(session, actor, "split_cell", code="a", line=[at(0.75, -1), at(0.75, 2)], new_code="b")
    small, large = session.scalars(
        sa.select(Cell)
        .where(Cell.code.in_(["a", "b"]), Cell.station_code == "33082401")
        .order_by(sa.desc(Cell.code))
    )
    assert (small.code, small.name, small.attributes) == ("b", "b", {"class": "border"})
    assert (large.code, large.name, large.attributes) == ("a", "甲", {"class": "border"})
    for code, count in (("a", 60), ("b", 30)):
        edit(session, actor, "set_attributes", code=code, households=count)
    edit(session, actor, "set_attributes", code="a", people=170)
    edit(session, actor, "merge_cells", codes=["a", "b"], into="c")
    (merged,) = session.scalars(sa.select(Cell).where(Cell.code == "c"))
    assert merged.attributes == {"class": "border", "households": 90}, "of b nobody knows people"
    assert [cell.code for cell in stored(session)] == ["c"]
    for _ in range(6):
        undo(session)
    assert [(c.code, c.name) for c in stored(session)] == [("a", "甲")]


def test_codes_follow_the_bureaus_scheme(session: Session, actor: Principal) -> None:
    code = "330824001001007"
    put(session, [CellShape(code, testing.square(0, 0))])
    settings.put(session, actor, GridSettings(code_scheme="digits_15"))
    line = [at(0.25, -1), at(0.25, 2)]
    for given in ("8", "33082400100100８", ""):
        with pytest.raises(Invalid) as refusal:
            edit(session, actor, "split_cell", code=code, line=line, new_code=given)
        assert refusal.value.field == "new_code"
    edit(session, actor, "split_cell", code=code, line=line)
    assert [cell.code for cell in stored(session)] == [code, "330824001001008"]
    for verb, arguments in (
        ("merge_cells", {"codes": [code, "330824001001008"], "into": "both"}),
        ("set_attributes", {"code": code, "new_code": "a"}),
    ):
        with pytest.raises(Invalid, match="15 digits"):
            edit(session, actor, verb, **arguments)


def test_a_splitting_line_snaps_as_far_as_was_decided(session: Session, actor: Principal) -> None:
    put(session, [CellShape("1", testing.square(0, 0))])
    near = 0.004  # of a step: some 3 m
    line = {"line": [at(0.5, near), at(0.5, 1 - near)]}
    with pytest.raises(GisError):
        edit(session, actor, "split_cell", code="1", **line)
    settings.put(session, actor, GridSettings(snap_m=5.0))
    edit(session, actor, "split_cell", code="1", **line)
    assert [cell.code for cell in stored(session)] == ["1", "2"]


def test_faults_are_judged_by_what_was_decided(session: Session, actor: Principal) -> None:
    put(session, testing.with_sliver_and_enclave())
    assert service.check(session, actor, NAME).blocking == 0
    settings.put(session, actor, GridSettings(tolerance_m=0.1, enclave_m2=1e6))
    assert service.check(session, actor, NAME).counts() == {"gap": 2}
    settings.put(session, actor, GridSettings(tolerance_m=0.1))
    assert service.check(session, actor, NAME).counts() == {"gap": 1}


def test_ground_is_handed_over(session: Session, actor: Principal) -> None:
    put(session, testing.with_gap())
    coverage = opened(session, actor)
    (gap,) = coverage.unowned
    edit(session, actor, "assign_face", face=gap, code="r01c01")
    testing.assert_same_ground(stored(session), testing.grid())
    polygon = json.loads(shapely.to_geojson(testing.square(1.5, 1.25, 1, 0.5)))
    edit(session, actor, "move_area", **{"from": "r01c02", "to": "r01c01", "polygon": polygon})
    now = {cell.code: cell.geom for cell in stored(session)}
    testing.assert_valid_coverage(stored(session))
    grown = testing.square(1, 1).union(testing.square(2, 1.25, 0.5, 0.5))
    assert shapely.equals(now["r01c01"], grown)


def test_a_code_is_changed_with_its_faces(session: Session, actor: Principal) -> None:
    put(session, testing.grid(2, 1))
    before = rows(session)["cells"][0][-1]
    done = edit(
        session, actor, "set_attributes", code="r00c00", new_code="x", name="新", station="33082402"
    )
    assert done.entry.text == "Gave r00c00 the code x. Set name, station of x."
    assert rows(session)["cells"][1] == ("x", "新", "33082402", {}, before)
    assert sorted(opened(session, actor).cells) == ["r00c01", "x"]
    with pytest.raises(GisError) as refusal:
        edit(session, actor, "set_attributes", code="x", new_code="r00c01")
    assert refusal.value.code == "arcs.code_taken"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"verb": "move_node", "node": 0, "lon": 1.0}, "lat"),
        ({"verb": "move_node", "node": 0, "lon": 1.0, "lat": 1.0, "arc": 3}, "arc"),
        ({"verb": "set_attributes", "name": "x"}, "code"),
        ({"verb": "set_attributes", "code": "r00c00", "station": "nowhere"}, "station"),
        ({"verb": "set_attributes", "code": "r00c00", "class": "suburb"}, "class"),
        ({"verb": "set_attributes", "code": "r00c00", "name": " "}, "name"),
        ({"verb": "set_attributes", "code": "r00c00"}, "code"),
    ],
)
def test_arguments_that_do_not_fit(
    session: Session, actor: Principal, arguments: dict, field: str
) -> None:
    put(session, testing.grid(2, 1))
    with pytest.raises(Invalid) as refusal:
        edit(session, actor, **arguments)
    assert refusal.value.field == field


def test_an_edit_of_what_is_not_there(session: Session, actor: Principal) -> None:
    put(session, testing.grid(2, 1))
    for arguments in (
        {"verb": "set_attributes", "code": "no", "name": "x"},
        {"verb": "split_cell", "code": "no", "line": [at(0, 0), at(1, 1)], "new_code": "b"},
        {"verb": "merge_cells", "codes": ["no", "r00c00"], "into": "no"},
        {"verb": "move_vertex", "arc": 99, "index": 1, "lon": WEST, "lat": SOUTH},
    ):
        with pytest.raises(GisError) as refusal:
            edit(session, actor, **arguments)
        assert refusal.value.code in {"arcs.unknown_cell", "arcs.unknown_arc"}


def test_a_crossing_is_refused_and_nothing_changes(session: Session, actor: Principal) -> None:
    put(session, testing.grid(3, 3))
    node = crossing(opened(session, actor))
    before = rows(session)
    lon, lat = at(2.5, 2.5)
    with pytest.raises(GeometryError) as refusal:
        edit(session, actor, "move_node", node=node, lon=lon, lat=lat)
    place = np.array([refusal.value.params["lon"], refusal.value.params["lat"]])
    assert ((place >= at(0, 0)) & (place <= at(3, 3))).all()
    assert rows(session) == before
    assert (revision(session), edit_log.last_done(session, queries.version(session, NAME))) == (
        1,
        None,
    )


def test_the_outline_moves_only_when_told_to(session: Session, actor: Principal) -> None:
    put(session, testing.grid(2, 1))
    coverage = opened(session, actor)
    corner = next(i for i in coverage.nodes if coverage.node_position(i) == at(1, 1))
    move = {"node": corner, "lon": at(1, 0)[0], "lat": at(0, 1.5)[1]}
    with pytest.raises(GeometryError, match="outer boundary"):
        edit(session, actor, "move_node", **move)
    edit(session, actor, "move_node", **move, allow_outline=True)
    testing.assert_valid_coverage(stored(session))


def test_a_real_boundary_of_kaihua(session: Session, actor: Principal) -> None:
    """266 communities, 109,000 vertices; a boundary between two of them dragged and put back."""
    put(session, list(read_layer(KAIHUA, code_field="code").cells))
    coverage = opened(session, actor)
    before = rows(session)
    inner = (i for i, arc in coverage.arcs.items() if OUTSIDE not in arc.faces)
    arc = max(inner, key=lambda i: len(coverage.arcs[i].coords))
    coords = coverage.arcs[arc].coords
    middle = len(coords) // 2
    lon, lat = (coords[middle - 1] + coords[middle + 1]) / 2
    done = edit(
        session,
        actor,
        "replace_stretch",
        arc=arc,
        first=middle - 1,
        last=middle + 1,
        coords=[[lon, lat]],
    )
    owners = {code for face in coverage.arcs[arc].faces for code in coverage.faces[face].owners}
    assert done.codes == owners
    assert len(owners) == 2
    now = [cell.geom for cell in stored(session)]
    assert shapely.is_valid(now).all()
    assert shapely.coverage_is_valid(now)
    undo(session)
    assert rows(session) == before
