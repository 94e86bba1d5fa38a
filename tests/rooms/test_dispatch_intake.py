"""Taking a report: one transaction from the call to the owner's inbox."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access import service as access
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.base.errors import Conflict, Forbidden, Invalid
from gridserver.dispatch import queries, rules, service
from gridserver.dispatch.models import Decision, Offer, Task, TaskEvent
from gridserver.dispatch.tables import service as tables
from gridserver.dispatch.tables.changes import Change
from gridserver.force.models import Absence, Ownership, Shift
from gridserver.grids.models import GridVersion
from gridserver.incidents.models import Incident
from gridserver.incidents.rules import read_place
from gridserver.org.models import Unit
from tests.conftest import MORNING
from tests.county import CELLS, SIDE, SOUTH, WEST, County, centre
from tests.rooms.dispatching import (
    BACKUP,
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    a_report,
    feed,
    inbox,
    messages,
    minutes,
    take,
)


def test_the_owner_of_the_cell_is_told_and_why(session: Session, county: County) -> None:
    dossier = take(session, county, a_report(priority=1, address="桥头"))
    assert [(s.kind, s.who.username) for s in dossier.steps] == [
        ("primary", PRIMARY),
        ("backup", BACKUP),
        ("station_room", STATION_ROOM),
        ("bureau_room", BUREAU_ROOM),
    ]
    task = session.get_one(Task, dossier.task.id)
    assert (task.state, task.version, task.assignee_account_id) == ("assigned", 1, None)
    offer = session.scalars(select(Offer)).one()
    assert offer.recipient == county.accounts[PRIMARY]
    assert offer.deadline == offer.told_at + minutes(1)
    (message,) = messages(session, county, PRIMARY)
    assert (message.id, message.type) == (offer.message_id, "task.offered")
    card = message.data["task"]
    assert card["id"] == task.id
    assert card["incident"]["cell"] == {"code": CELLS[0, 0][0], "name": "村00"}
    assert card["incident"]["station"] == {"code": "33082401", "name": "南所"}
    assert card["assignee"]["username"] == PRIMARY
    assert card["step"]["because"]["code"] == "primary.owns_cell"
    assert "村00" in card["step"]["because"]["text"]
    for nobody_yet in (BACKUP, STATION_ROOM, BUREAU_ROOM):
        assert inbox(session, county, nobody_yet) == []


def test_the_command_rooms_see_it_in_the_feed(session: Session, county: County) -> None:
    dossier = take(session, county)
    (entry,) = feed(session)
    assert (entry.type, entry.unit_path) == ("incident.created", "330824.33082401")
    assert entry.data["incident"]["id"] == dossier.incident.id
    assert entry.data["task"]["id"] == dossier.task.id


def test_it_leaves_a_history_and_an_audit_row(session: Session, county: County) -> None:
    dossier = take(session, county)
    noted = session.scalars(select(TaskEvent)).one()
    assert (noted.verb, noted.from_state, noted.to_state) == ("dispatch", None, "assigned")
    assert noted.actor_account_id == county.accounts["command"]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.tag == "incident:report")).one()
    assert entry.subject_id == str(dossier.incident.id)


def test_the_stored_facts_give_the_stored_decision(session: Session, county: County) -> None:
    take(session, county)
    stored = session.scalars(select(Decision)).one()
    again = rules.decide(rules.Facts.from_json(stored.facts))
    kept = {name: getattr(stored, name) for name in ("route", "hours", "steps", "notes")}
    assert again.to_json() == kept
    assert (stored.rules_version, stored.revision) == (rules.RULES_VERSION, 1)
    assert stored.at == MORNING


def test_what_take_report_knows_is_what_is_loaded(session: Session, county: County) -> None:
    """The intake's dossier is put together without reading back: it must say the same."""
    made = take(session, county, a_report(accuracy_m=20, description="loud", address="x"))
    loaded = queries.task_for(session, county.principal("command"), made.task.id)
    assert loaded.incident == made.incident
    assert (loaded.facts, loaded.decision) == (made.facts, made.decision)
    assert loaded.unit_path == made.unit_path
    for one, other in ((loaded.task, made.task), (loaded.offers[0], made.offers[0])):
        columns = type(one).__table__.columns.keys()
        assert {c: getattr(one, c) for c in columns} == {c: getattr(other, c) for c in columns}


def test_the_same_report_again_changes_nothing(session: Session, county: County) -> None:
    report = a_report()
    first = service.take_report(session, county.principal("command"), report)
    again = service.take_report(session, county.principal("command"), report)
    assert (first.created, again.created) == (True, False)
    assert again.dossier.task.id == first.dossier.task.id
    assert again.dossier.incident == first.dossier.incident
    assert session.scalar(select(func.count()).select_from(Incident)) == 1
    assert len(inbox(session, county, PRIMARY)) == 1
    assert len(feed(session)) == 1


def test_another_report_under_the_same_name_is_refused(session: Session, county: County) -> None:
    take(session, county, a_report(external_id="7"))
    with pytest.raises(Conflict) as refusal:
        take(session, county, a_report(external_id="7", description="worse by now"))
    assert refusal.value.code == "incident.exists_differently"
    assert refusal.value.field == "external_id"
    take(session, county, a_report(external_id="7", source="walk-in"))


def test_outside_every_cell_it_is_the_bureaus(session: Session, county: County) -> None:
    dossier = take(session, county, a_report((117.0, 28.0)))
    assert dossier.incident.cell_code is None
    assert dossier.incident.unit_id == county.bureau_id
    (step,) = dossier.steps
    assert (step.who.username, step.because.code) == (BUREAU_ROOM, "bureau_room.outside")
    assert dossier.offers[0].deadline is None, "nobody comes after the last"
    assert inbox(session, county, BUREAU_ROOM) == [("task.offered", None)]


def test_on_a_shared_edge_the_lower_code_decides(session: Session, county: County) -> None:
    dossier = take(session, county, a_report((WEST + SIDE, SOUTH + SIDE / 2)))
    assert dossier.incident.cell_code == CELLS[0, 0][0]
    assert dossier.incident.method == "boundary"
    assert dossier.incident.neighbours == (CELLS[1, 0][0],)
    because = dossier.steps[0].because
    assert because.code == "primary.boundary"
    assert because.params["neighbours"] == [CELLS[1, 0][0]]


def test_an_absent_primary_is_passed_over_by_name(session: Session, county: County) -> None:
    session.add(
        Absence(
            officer_id=county.officers[PRIMARY],
            reason="leave",
            during=Range(MORNING - minutes(60), MORNING + minutes(60)),
        )
    )
    first = take(session, county).steps[0]
    assert (first.who.username, first.because.code) == (BACKUP, "backup.primary_absent")
    assert first.because.params["absent"] == [PRIMARY]


def test_nobody_on_duty_is_the_stations_room(session: Session, county: County) -> None:
    session.execute(update(Shift).values(during=Range(MORNING - minutes(9), MORNING - minutes(5))))
    first = take(session, county).steps[0]
    assert (first.who.username, first.because.code) == (
        STATION_ROOM,
        "station_room.nobody_on_duty",
    )


def test_a_cell_that_nobody_owns(session: Session, county: County) -> None:
    session.execute(update(Ownership).values(cell_code="elsewhere"))
    first = take(session, county).steps[0]
    assert (first.who.username, first.because.code) == (STATION_ROOM, "station_room.no_owner")


def test_the_time_of_the_report_chooses_the_grid(session: Session, county: County) -> None:
    before = MORNING - dt.timedelta(days=30)
    dossier = take(session, county, a_report(reported_at=before))
    assert dossier.incident.grid_version_id is None
    assert dossier.steps[0].because.code == "bureau_room.no_grid"
    assert take(session, county, a_report(reported_at=MORNING)).facts.place.grid_version == "v1"
    assert session.scalar(select(func.count()).select_from(GridVersion)) == 1


def test_a_bureau_without_a_command_room_says_how_to_get_one(
    session: Session, county: County
) -> None:
    access.disable(session, None, "command")
    with pytest.raises(Conflict) as refusal:
        take(session, county)
    assert refusal.value.code == "dispatch.no_bureau_room"
    assert "account add" in refusal.value.message


def test_a_cell_of_an_unknown_station_is_the_bureaus(session: Session, county: County) -> None:
    unit = county.units["33082401"]
    moved = {"code": "33082409", "path": "330824.33082409"}
    session.execute(update(Unit).where(Unit.id == unit).values(**moved))
    dossier = take(session, county)
    assert dossier.incident.unit_id == county.bureau_id
    assert dossier.facts.place.station is None
    assert [s.kind for s in dossier.steps] == ["primary", "backup", "bureau_room"]


@pytest.mark.parametrize("who", ["admin", "gis", "auditor", PRIMARY])
def test_only_a_command_room_takes_reports(session: Session, county: County, who: str) -> None:
    with pytest.raises(Forbidden):
        service.take_report(session, county.principal(who), a_report())


def test_a_station_room_may_take_a_report_for_another_stations_cell(
    session: Session, county: County
) -> None:
    report = a_report(centre(0, 1))
    taken = service.take_report(session, county.principal(STATION_ROOM), report)
    assert taken.dossier.unit_path == "330824.33082402"


def test_an_unknown_category_names_the_known_ones(session: Session, county: County) -> None:
    with pytest.raises(Invalid) as refusal:
        take(session, county, a_report(category="gossip"))
    assert (refusal.value.code, refusal.value.field) == ("incident.unknown_category", "category")
    assert "dispute" in refusal.value.message


def test_an_ended_category_is_refused_in_a_preview_too(
    session: Session, county: County, clock: SetClock
) -> None:
    code = {"parent": "dispute", "broad_class": "dispute", "name_zh": "水", "name_en": "Water"}
    rows = [
        Change("category", {"code": "0401"}, code | {"priority": 1, "position": 1}),
        Change("category", {"code": "0401"}, None),
    ]
    tables.change(session, None, rows[:1], why="new")
    clock.advance(minutes(5))
    tables.change(session, None, rows[1:], why="gone")
    lon, lat = centre(0, 0)
    actor, place = county.principal("command"), read_place({"lon": lon, "lat": lat})
    late = take(session, county, a_report(category="0401", reported_at=MORNING))
    seen = service.preview(session, actor, place, category="0401", reported_at=MORNING)
    assert seen.decision == late.decision
    assert late.incident.priority == 1
    with pytest.raises(Invalid):
        take(session, county, a_report(category="0401"))
    with pytest.raises(Invalid):
        service.preview(session, actor, place, category="0401")


def test_the_priority_is_the_categorys_unless_given(session: Session, county: County) -> None:
    assert take(session, county, a_report(category="criminal")).incident.priority == 2
    assert take(session, county, a_report(category="criminal", priority=4)).incident.priority == 4


def test_a_preview_says_the_same_and_writes_nothing(session: Session, county: County) -> None:
    actor = county.principal("command")
    lon, lat = centre(0, 0)
    place = read_place({"lon": lon, "lat": lat})
    seen = service.preview(session, actor, place, category="dispute")
    assert session.scalar(select(func.count()).select_from(Incident)) == 0
    assert inbox(session, county, PRIMARY) == []
    dossier = take(session, county)
    assert (seen.decision, seen.place) == (dossier.decision, dossier.facts.place)


def test_it_takes_nine_round_trips(session: Session, county: County) -> None:
    """What is asked and written of each incident, once the tables are in memory: the cell, the
    rooms, the incident, the tables' state, duty, devices; decision and task, ledger, messages."""
    take(session, county)
    run_before_commit(session)
    report, said = a_report(), []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", note)
    take(session, county, report)
    run_before_commit(session)
    event.remove(bind, "before_cursor_execute", note)
    assert len(said) == 9, said
