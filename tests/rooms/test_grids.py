"""Grid versions: import, check, publish, retire, and what none of them may ever do."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gis import testing
from gis.crs import WGS84
from gis.errors import GeometryError
from gis.features import Cell as CellShape
from gis.features import Layer
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.grids import queries, service
from gridserver.grids.models import Cell, GridVersion
from tests.conftest import MORNING
from tests.county import County, make_county

DAY = dt.timedelta(days=1)


@pytest.fixture
def county(session: Session) -> County:
    return make_county(session)


def draft(
    session: Session, name: str = "v2", cells: Sequence[CellShape] | None = None
) -> GridVersion:
    layer = Layer(tuple(testing.grid() if cells is None else cells), WGS84)
    return service.import_draft(session, None, layer, name=name, source={"file": "made up"})


def published(session: Session, name: str = "v2", at: dt.datetime | None = None) -> GridVersion:
    draft(session, name)
    return service.publish(session, None, name, at)


def states(session: Session) -> dict[str, str]:
    return {card.name: card.state for card in queries.versions(session)}


def tags(session: Session) -> list[str]:
    about = sa.select(AuditEntry.tag).where(AuditEntry.subject_kind == "grid_version")
    return list(session.scalars(about.order_by(AuditEntry.id)))


# --- import


def test_a_draft_keeps_every_bit(session: Session, county: County) -> None:
    cells = testing.grid(4, 3, vertices_per_side=17)
    version = draft(session, cells=cells)
    assert (version.state, version.valid) == ("draft", None)
    testing.assert_same_ground(queries.cells(session, version.id), cells)
    assert tags(session) == ["grid:import"]


def test_names_stations_and_pieces_are_kept(session: Session, county: County) -> None:
    two = shapely.MultiPolygon([testing.square(0, 0), testing.square(5, 5)])
    version = draft(session, cells=[CellShape("b", two, "乙", "33082401"), CellShape("a", two)])
    first, second = queries.cells(session, version.id)
    assert (first.code, first.name, first.station) == ("a", "a", None)
    assert (second.code, second.name, second.station) == ("b", "乙", "33082401")
    assert len(second.geom.geoms) == 2
    assert not any("stations" in warning["code"] for warning in version.source["warnings"])


def test_a_taken_name_is_refused(session: Session, county: County) -> None:
    with pytest.raises(Conflict, match="version v1 exists") as refusal:
        draft(session, "v1")
    assert refusal.value.code == "grid.name_taken"
    assert list(states(session)) == ["v1"]


def test_a_draft_elsewhere_and_unknown_stations_are_warned_of(
    session: Session, county: County
) -> None:
    away = shapely.transform(testing.square(0, 0), lambda xy: xy[:, ::-1] - (0, 60))
    warnings = draft(session, cells=[CellShape("1", away, None, "nowhere")]).source["warnings"]
    assert len(warnings) == 2
    assert "nowhere" in warnings[0]["text"]
    assert warnings[1]["params"] == {"version": "v1", "crs": "EPSG:4326"}


@pytest.mark.parametrize("username", ["command", "admin", "330824001"])
def test_only_a_gis_admin_edits(session: Session, county: County, username: str) -> None:
    actor = county.principal(username)
    layer = Layer(tuple(testing.grid()), WGS84)
    with pytest.raises(Forbidden):
        service.import_draft(session, actor, layer, name="v2", source={})
    with pytest.raises(Forbidden):
        service.retire(session, actor, "v1")
    assert states(session) == {"v1": "published"}


def test_a_gis_admin_does(session: Session, county: County) -> None:
    actor = county.principal("gis")
    layer = Layer(tuple(testing.grid()), WGS84)
    service.import_draft(session, actor, layer, name="v2", source={})
    service.check(session, actor, "v2")
    service.publish(session, actor, "v2")
    assert states(session) == {"v1": "retired", "v2": "published"}
    assert tags(session) == ["grid:import", "grid:check", "grid:end", "grid:publish"]
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == "grid:publish")).one()
    assert entry.actor_account_id == county.accounts["gis"]


# --- check


def test_a_faultless_draft_becomes_checked(session: Session, county: County) -> None:
    version = draft(session)
    report = service.check(session, None, "v2")
    assert (version.state, report.blocking) == ("checked", 0)
    assert version.report == report.to_keep()
    assert version.report["cells"] == 9
    assert version.report["area_m2"] == pytest.approx(9 * 658_000, rel=0.01)


FAULTY = {
    "invalid_ring": testing.with_bowtie,
    "overlap": testing.with_overlap,
    "gap": lambda: testing.with_gap(0.1),
    "duplicate_code": lambda: [dataclasses.replace(c, code="same") for c in testing.grid(2, 1)],
    "empty_code": lambda: [dataclasses.replace(c, code="") for c in testing.grid(1, 1)],
    "too_small": lambda: [*testing.grid(1, 1), CellShape("dot", testing.square(3, 3, 1e-4, 1e-4))],
}


@pytest.mark.parametrize("kind", FAULTY)
def test_blocking_faults_are_stored_shown_and_never_published(
    session: Session, county: County, kind: str
) -> None:
    version = draft(session, cells=FAULTY[kind]())
    report = service.check(session, None, "v2")
    assert report.counts() == {kind: 1}
    assert version.state == "draft"
    assert kind in {fault["kind"] for fault in version.report["faults"] if fault["blocking"]}
    with pytest.raises(Conflict) as refusal, session.begin_nested():
        service.publish(session, None, "v2")
    assert refusal.value.code == "grid.blocking_faults"
    assert kind in refusal.value.message
    assert refusal.value.extra["faults"] == {kind: 1}
    session.expire_all()
    assert states(session) == {"v1": "published", "v2": "draft"}
    assert queries.version_in_force(session, MORNING).name == "v1"


def test_what_does_not_block_is_published(session: Session, county: County) -> None:
    draft(session, cells=testing.with_t_junction())
    assert {fault.kind for fault in service.check(session, None, "v2").faults} == {
        "unmatched_vertex"
    }
    service.publish(session, None, "v2")
    assert states(session)["v2"] == "published"


def test_a_checked_draft_that_got_a_fault_is_a_draft_again(
    session: Session, county: County
) -> None:
    version = draft(session)
    service.check(session, None, "v2")
    session.execute(
        sa.update(Cell).where(Cell.version_id == version.id, Cell.code == "r00c01").values(code="")
    )
    assert service.check(session, None, "v2").blocking == 1
    assert version.state == "draft"


def test_a_check_with_a_tolerance_of_ones_own_is_not_kept(session: Session, county: County) -> None:
    version = draft(session)
    service.check(session, None, "v2", tolerance_m=5.0)
    assert (version.state, version.report) == ("draft", None)


def test_a_published_version_is_only_looked_at(session: Session, county: County) -> None:
    assert service.check(session, None, "v1").blocking == 0
    assert states(session) == {"v1": "published"}
    assert queries.version(session, "v1").report is None


def test_cells_are_held_against_the_outline(session: Session, county: County) -> None:
    layer = Layer(tuple(testing.grid()), WGS84)
    outline = testing.square(0, 0, 4, 3)
    version = service.import_draft(session, None, layer, name="v2", outline=outline, source={})
    kinds = {fault.kind for fault in service.check(session, None, "v2").faults}
    assert kinds == {"uncovered_outline"}
    service.publish(session, None, "v2")
    assert shapely.equals(queries.outline(session, version.id), outline)


def test_a_star_of_1501_points_hangs_nobody(session: Session, county: County) -> None:
    """In PostGIS's hands it would bring the cluster down, or take hours."""
    version = draft(session, cells=[*testing.grid(), CellShape("star", testing.star(1501))])
    assert "star" in {cell.code for cell in queries.cells(session, version.id)}
    assert queries.locate(session, 118.402, 29.102, MORNING).version_name == "v1"
    locator = queries.locator(session, version.id)
    assert locator.locate(118.402, 29.102).code == "r00c00"
    assert locator.locate(testing.WEST + 3 * testing.STEP + 1e-5, 29.102).method == "outside"


# --- publish


def test_publishing_ends_the_version_before(session: Session, county: County) -> None:
    new = published(session)
    old = queries.version(session, "v1")
    assert (new.state, new.valid.lower, new.valid.upper) == ("published", MORNING, None)
    assert (old.state, old.valid.upper) == ("retired", MORNING)
    assert queries.version_in_force(session, MORNING).name == "v2"
    before = MORNING - dt.timedelta(microseconds=1)
    assert queries.version_in_force(session, before).name == "v1"
    assert queries.locate(session, 118.405, 29.105, before).cell_code == "330824001001001"
    assert queries.locate(session, 118.405, 29.105, MORNING).cell_code == "r00c00"


def test_without_an_outline_what_the_cells_enclose_is_it(session: Session, county: County) -> None:
    cells = testing.with_sliver_and_enclave()
    version = draft(session, cells=cells)
    assert queries.outline(session, version.id) is None
    service.publish(session, None, "v2")
    enclave = cells[1].geom.interiors[0]
    filled = shapely.Polygon(testing.square(0, 0, 2).exterior, [enclave])
    assert shapely.equals(queries.outline(session, version.id), filled)


def test_an_invalid_outline_never_comes_into_force(session: Session, county: County) -> None:
    layer = Layer(tuple(testing.grid()), WGS84)
    service.import_draft(session, None, layer, name="v2", outline=testing.star(5), source={})
    for verb in (service.check, service.publish):
        with pytest.raises(GeometryError) as refusal, session.begin_nested():
            verb(session, None, "v2")
        assert (refusal.value.code, refusal.value.field) == ("outline.invalid", "outline")
    assert states(session) == {"v1": "published", "v2": "draft"}


def test_publishing_for_later(session: Session, county: County, clock: SetClock) -> None:
    published(session, at=MORNING + DAY)
    assert states(session) == {"v1": "published", "v2": "published"}
    assert queries.version_in_force(session, MORNING).name == "v1"
    assert queries.version_in_force(session, MORNING + DAY).name == "v2"
    clock.advance(DAY)
    assert states(session) == {"v1": "retired", "v2": "published"}


def test_publishing_for_the_past_is_refused(session: Session, county: County) -> None:
    with pytest.raises(Invalid) as refusal:
        published(session, at=MORNING - DAY)
    assert refusal.value.code == "grid.past"
    assert states(session) == {"v1": "published", "v2": "draft"}


def test_no_version_slips_in_before_a_later_one(session: Session, county: County) -> None:
    published(session, "v3", MORNING + 7 * DAY)
    with pytest.raises(Conflict) as refusal:
        published(session, "v2", MORNING + DAY)
    assert refusal.value.code == "grid.later_version"
    assert "v3" in refusal.value.message


@pytest.mark.parametrize("name", ["v1", "v2"])
def test_publishing_twice_is_refused(session: Session, county: County, name: str) -> None:
    published(session)
    with pytest.raises(Conflict) as refusal:
        service.publish(session, None, name)
    assert refusal.value.code == "grid.wrong_state"


def test_unknown_versions_are_named(session: Session, county: County) -> None:
    for verb in (service.check, service.publish, service.retire):
        with pytest.raises(NotFound, match="nothing") as refusal:
            verb(session, None, "nothing")
        assert refusal.value.field == "name"


# --- retire


def test_a_draft_is_given_up(session: Session, county: County) -> None:
    draft(session)
    service.retire(session, None, "v2")
    assert states(session) == {"v1": "published", "v2": "retired"}
    with pytest.raises(Conflict) as refusal:
        service.retire(session, None, "v2")
    assert refusal.value.code == "grid.wrong_state"


def test_the_version_in_force_is_ended(session: Session, county: County) -> None:
    service.retire(session, None, "v1")
    assert states(session) == {"v1": "retired"}
    assert queries.find_version_in_force(session, MORNING) is None
    assert queries.find_version_in_force(session, MORNING - DAY) is not None


def test_a_withdrawn_version_gives_its_time_back(
    session: Session, county: County, clock: SetClock
) -> None:
    published(session, at=MORNING + DAY)
    service.retire(session, None, "v2")
    assert states(session) == {"v1": "published", "v2": "retired"}
    clock.advance(2 * DAY)
    assert queries.version_in_force(session, clock.now()).name == "v1"


def test_an_ended_version_is_not_retired_again(
    session: Session, county: County, clock: SetClock
) -> None:
    published(session, at=MORNING + DAY)
    clock.advance(2 * DAY)
    with pytest.raises(Conflict) as refusal:
        service.retire(session, None, "v1")
    assert refusal.value.extra["state"] == "retired"


# --- what the database itself refuses


def test_two_versions_in_force_at_once(session: Session, county: County) -> None:
    insert = sa.text(
        "INSERT INTO grid_version (bureau_id, name, state, valid, outline, source, created_at) "
        "SELECT bureau_id, 'v2', state, tstzrange(:since, :until), outline, '{}', now() "
        "FROM grid_version"
    )
    for since, until in ((MORNING, None), (MORNING - 30 * DAY, MORNING)):
        values = {"since": since, "until": until}
        with pytest.raises(sa.exc.IntegrityError, match="in_force"), session.begin_nested():
            session.execute(insert, values)


def test_no_version_in_force_without_an_outline(session: Session, county: County) -> None:
    without = sa.update(GridVersion).values(outline=None)
    with pytest.raises(sa.exc.IntegrityError, match="needs_outline"), session.begin_nested():
        session.execute(without)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cell SET name = 'x' WHERE version_id = :id",
        "UPDATE cell SET geom = ST_Translate(geom, 1, 0) WHERE version_id = :id",
        "UPDATE cell SET version_id = :draft WHERE version_id = :id",
        "UPDATE cell SET version_id = :id WHERE version_id = :draft",
        "DELETE FROM cell WHERE version_id = :id",
        "INSERT INTO cell (version_id, code, name, geom) SELECT :id, 'x', 'x', geom FROM cell",
        "DELETE FROM grid_version WHERE id = :id",
        "TRUNCATE cell",
    ],
)
def test_published_cells_never_change(session: Session, county: County, statement: str) -> None:
    ids = {"id": county.version_id, "draft": draft(session).id}
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(sa.text(statement), ids)


def test_a_draft_may_be_removed(session: Session, county: County) -> None:
    version = draft(session)
    session.execute(sa.delete(GridVersion).where(GridVersion.id == version.id))
    left = sa.select(sa.func.count()).where(Cell.version_id == version.id)
    assert session.scalar(left) == 0


# --- neighbours


def test_neighbours_are_replaced(session: Session, county: County) -> None:
    near = queries.Neighbour("330127", "淳安县", "Chun'an County", testing.square(3, 0))
    service.set_neighbours(session, None, [near, dataclasses.replace(near, code="330824")])
    service.set_neighbours(session, None, [near])
    (found,) = queries.neighbours(session)
    assert (found.code, found.name, found.name_en) == ("330127", "淳安县", "Chun'an County")
    assert shapely.equals(found.geom, near.geom)
