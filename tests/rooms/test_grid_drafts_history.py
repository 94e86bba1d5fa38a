"""The history of a draft: undo and redo to the last bit, revisions, the ledger, copies."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gis import testing
from gis.arcs import ArcCoverage
from gis.features import Cell as CellShape
from gis.features import Remark
from gis.testing import STEP
from gridserver.access.rules import Principal
from gridserver.audit.models import AuditEntry
from gridserver.base.errors import Conflict, Invalid, Stale
from gridserver.grids import arc_rows, drafts, edit_log, queries, service, versions
from gridserver.grids.edit_log import Deed
from gridserver.grids.models import Cell, DraftArc, DraftEdit, DraftFace, GridVersion
from tests.county import County
from tests.rooms.drafting import (
    NAME,
    at,
    crossing,
    edit,
    opened,
    put,
    redo,
    revision,
    rows,
    stored,
    undo,
)


def said(text: str) -> Remark:
    return Remark("edit.repairs", text)


@pytest.fixture
def actor(county: County) -> Principal:
    return county.principal("gis")


# --- undo and redo


def test_undo_and_redo_restore_every_bit(session: Session, actor: Principal) -> None:
    put(session, testing.grid(3, 3, vertices_per_side=5))
    coverage = opened(session, actor)
    states = [rows(session)]
    lon, lat = coverage.node_position(crossing(coverage))
    line = [at(-0.5, 0.6), at(1.5, 0.7)]
    for verb, arguments in (
        ("move_node", {"node": crossing(coverage), "lon": lon + STEP / 9, "lat": lat + STEP / 7}),
        ("split_cell", {"code": "r00c00", "line": line, "new_code": "new"}),
        ("merge_cells", {"codes": ["r02c02", "r02c01"], "into": "r02c01"}),
        ("set_attributes", {"code": "new", "new_code": "newer", "name": "更新"}),
    ):
        edit(session, actor, verb, **arguments)
        states.append(rows(session))
    for state in states[-2::-1]:
        arc_rows.forget()
        assert undo(session).coverage is not None
        assert rows(session) == state
    with pytest.raises(Conflict) as refusal:
        undo(session)
    assert refusal.value.code == "grid.nothing_to_undo"
    for state in states[1:]:
        redo(session)
        assert rows(session) == state
    with pytest.raises(Conflict) as refusal:
        redo(session)
    assert refusal.value.code == "grid.nothing_to_redo"
    assert revision(session) == 13


def test_a_new_edit_ends_what_could_be_redone(session: Session, actor: Principal) -> None:
    put(session, testing.grid(2, 1))
    edit(session, actor, "set_attributes", code="r00c00", name="one")
    undo(session)
    edit(session, actor, "set_attributes", code="r00c00", name="two")
    with pytest.raises(Conflict):
        redo(session)
    found = edit_log.page(session, queries.version(session, NAME).id, limit=9)
    assert [(e.number, e.undone, who) for e, who in found] == [(1, False, "gis")]


def test_a_change_from_elsewhere_is_undone_as_any_other(session: Session, actor: Principal) -> None:
    cells = testing.with_overlap()
    put(session, cells)
    edit(session, actor, "set_attributes", code="1", name="first")
    before = rows(session)["cells"]
    mended = [CellShape("1", testing.square(0, 0)), *stored(session)[1:]]
    draft = drafts.locked_draft(session, actor, NAME, 2)
    changes = drafts.differences(stored(session), mended)
    assert list(changes) == ["1"]
    done = drafts.record_change(
        session, actor, draft, Deed("repair", said("Gave the overlap to 2."), {"1": -9.0}), changes
    )
    assert (done.coverage, done.version.revision, draft.arcs) == (None, 3, None)
    assert opened(session, actor).contested == ()
    assert undo(session).coverage is None
    assert rows(session)["cells"] == before
    assert len(opened(session, actor).contested) == 1
    undo(session)  # of what was done before the arcs were drawn anew
    testing.assert_same_ground(stored(session), cells)
    assert [cell.name for cell in stored(session)] == ["1", "2"]
    for _ in range(2):
        redo(session)
    testing.assert_same_ground(stored(session), mended)


def test_a_double_code_is_mended_and_comes_back(session: Session, actor: Principal) -> None:
    double = [CellShape("1", testing.square(i, 0), f"part {i}") for i in range(2)]
    put(session, double)
    before = rows(session)["cells"]
    draft = drafts.locked_draft(session, actor, NAME, 1)
    whole = {"1": [CellShape("1", testing.square(0, 0, 2), "whole")]}
    drafts.record_change(session, actor, draft, Deed("repair", said("Joined 1."), {}), whole)
    assert [cell.name for cell in stored(session)] == ["whole"]
    undo(session)
    assert rows(session)["cells"] == before


# --- revisions, states, ledger


def test_a_stale_revision_is_refused_and_says_who(session: Session, county: County) -> None:
    put(session, testing.grid(2, 1))
    edit(session, county.principal("gis"), "set_attributes", code="r00c00", name="one")
    with pytest.raises(Stale) as refusal:
        drafts.locked_draft(session, county.principal("gis"), NAME, 1)
    assert refusal.value.extra["revision"] == 2
    assert refusal.value.extra["changes"] == [
        {"revision": 2, "verb": "set_attributes", "text": "Set name of r00c00.", "by": "gis"}
    ]


def test_an_edited_draft_is_to_be_checked_again(session: Session, actor: Principal) -> None:
    version = put(session, testing.grid(2, 1))
    service.check(session, actor, NAME)
    assert version.state == "checked"
    edit(session, actor, "set_attributes", code="r00c00", name="one")
    assert (version.state, version.report) == ("draft", None)
    service.publish(session, actor, NAME)
    with pytest.raises(Conflict):
        edit(session, actor, "set_attributes", code="r00c00", name="two")


def test_every_change_is_in_the_ledger(session: Session, actor: Principal) -> None:
    put(session, testing.grid(2, 1))
    edit(session, actor, "set_attributes", code="r00c00", name="one")
    undo(session, actor)
    redo(session, actor)
    about = sa.select(AuditEntry).where(AuditEntry.subject_id == NAME).order_by(AuditEntry.id)
    found = [(entry.tag, entry.data.get("revision")) for entry in session.scalars(about)]
    assert found[1:] == [("grid:edit", 2), ("grid:undo", 3), ("grid:redo", 4)]


def test_a_version_given_up_takes_its_edits_along(session: Session, actor: Principal) -> None:
    version = put(session, testing.grid(2, 1))
    edit(session, actor, "set_attributes", code="r00c00", name="one")
    session.execute(sa.delete(GridVersion).where(GridVersion.id == version.id))
    for table in (DraftArc, DraftFace, DraftEdit):
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


# --- copies


def test_a_copy_is_edited_and_its_original_stays(session: Session, actor: Principal) -> None:
    versions.copy(session, actor, "v1", NAME)
    origin = queries.version(session, "v1")
    assert queries.version(session, NAME).state == "draft"
    wkb = sa.func.ST_AsBinary(Cell.geom, type_=sa.LargeBinary)
    known = sa.select(Cell.code, Cell.name, Cell.station_code, Cell.attributes, wkb)
    former = session.execute(known.where(Cell.version_id == origin.id).order_by(Cell.code))
    assert rows(session)["cells"] == [(*row[:-1], bytes(row[-1])) for row in former]
    assert queries.outline(session, queries.version(session, NAME).id).equals_exact(
        queries.outline(session, origin.id), 0.0
    )
    with pytest.raises(Conflict, match="exists"):
        versions.copy(session, actor, "v1", NAME)
    with pytest.raises(Invalid):
        versions.copy(session, actor, "v1", "a/b")
    edit(session, actor, "set_attributes", code="330824001001001", name="another")
    assert queries.cells(session, origin.id)[0].name == "村00"


# --- several web processes


class Elsewhere:
    """What another web process has in memory: the states that it was shown."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self._memory = arc_rows.Recent(most=8)

    def keep(self, session: Session, coverage: ArcCoverage) -> None:
        name = queries.version(session, NAME).arcs
        assert name is not None
        self._memory.put(name, coverage)

    def opened(self, session: Session, actor: Principal, *, reads: bool) -> ArcCoverage:
        """Open the draft there; `reads`: whether all rows may be read for it."""
        with self._patch.context() as patch:
            patch.setattr(arc_rows, "_recent", self._memory)
            if not reads:
                patch.delattr(arc_rows, "_read")
            return opened(session, actor)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    return Elsewhere(monkeypatch)


def test_another_process_makes_the_edits_since_then_itself(
    session: Session, actor: Principal, elsewhere: Elsewhere
) -> None:
    put(session, testing.grid(3, 3, vertices_per_side=5))
    elsewhere.keep(session, coverage := opened(session, actor))
    lon, lat = coverage.node_position(crossing(coverage))
    edit(session, actor, "move_node", node=crossing(coverage), lon=lon + STEP / 9, lat=lat)
    edit(session, actor, "merge_cells", codes=["r02c02", "r02c01"], into="r02c01")
    edit(session, actor, "set_attributes", code="r00c00", name="甲")
    edit(session, actor, "set_attributes", code="r00c00", new_code="a")
    _assert_alike(elsewhere.opened(session, actor, reads=False), opened(session, actor))
    for _ in range(3):
        undo(session)
    _assert_alike(elsewhere.opened(session, actor, reads=False), opened(session, actor))
    redo(session)
    edit(session, actor, "merge_cells", codes=["r01c00", "r01c01"], into="r01c01")
    _assert_alike(elsewhere.opened(session, actor, reads=False), opened(session, actor))


def test_another_process_goes_back_over_what_was_undone(
    session: Session, actor: Principal, elsewhere: Elsewhere
) -> None:
    put(session, testing.grid(3, 3))
    opened(session, actor)
    edit(session, actor, "merge_cells", codes=["r02c02", "r02c01"], into="r02c01")
    edit(session, actor, "merge_cells", codes=["r00c00", "r00c01"], into="r00c01")
    elsewhere.keep(session, opened(session, actor))
    for _ in range(2):
        undo(session)
        _assert_alike(elsewhere.opened(session, actor, reads=False), opened(session, actor))


def test_another_process_reads_arcs_that_were_drawn_anew(
    session: Session, actor: Principal, elsewhere: Elsewhere
) -> None:
    put(session, cells := testing.grid(3, 3))
    elsewhere.keep(session, opened(session, actor))
    draft = drafts.locked_draft(session, actor, NAME, revision(session))
    swapped = {"r00c00": [cells[1]], "r00c01": [cells[0]]}
    drafts.record_change(session, actor, draft, Deed("repair", said("Swapped."), {}), swapped)
    opened(session, actor)
    edit(session, actor, "merge_cells", codes=["r02c02", "r02c01"], into="r02c01")
    _assert_alike(elsewhere.opened(session, actor, reads=True), opened(session, actor))


def _assert_alike(one: ArcCoverage, other: ArcCoverage) -> None:
    assert one is not other
    assert (one.arcs, one.faces, one.nodes) == (other.arcs, other.faces, other.nodes)
    assert one.polygons() == other.polygons()
