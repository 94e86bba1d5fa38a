"""Open tasks when another grid takes force, and the admin asks for them to follow it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapely import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Forbidden
from gridserver.dispatch import escalation, queries
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import TaskEvent
from gridserver.dispatch.rerouting import reroute
from gridserver.dispatch.rules import decide
from gridserver.grids import service as grids
from gridserver.incidents.models import Incident
from tests.county import SIDE, SOUTH, WEST, County
from tests.rooms.dispatching import (
    BACKUP,
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    a_report,
    bring_to,
    feed,
    inbox,
    minutes,
    say,
    take,
)
from tests.rooms.redrawing import NW, SE, SW, draft, with_boundary_at

#: In the south-western cell, until the boundary moves west: then in the south-eastern one.
MOVED = (WEST + SIDE * 0.75, SOUTH + SIDE * 0.5)
NEW_PRIMARY, NEW_BACKUP = "330824003", "330824004"


@pytest.fixture
def task(session: Session, county: County) -> int:
    return take(session, county, a_report(MOVED)).task.id


def redraw(session: Session, share: float = 0.6) -> None:
    draft(session, "v2", with_boundary_at(share))
    grids.publish(session, None, "v2")


def now_of(session: Session, task: int) -> Dossier:
    session.expire_all()
    return queries.task_for_change(session, task)


def test_without_being_asked_nothing_moves(session: Session, county: County, task: int) -> None:
    redraw(session)
    found = now_of(session, task)
    assert (found.facts.place.cell, found.incident.cell_code) == (SW, SW)
    assert [offer.recipient for offer in found.open_offers] == [county.accounts[PRIMARY]]


def test_the_new_owner_is_told_and_the_former_too(
    session: Session, county: County, task: int
) -> None:
    redraw(session)
    done = reroute(session, county.principal("gis"))
    assert (done.considered, done.tasks) == (1, (task,))
    found = now_of(session, task)
    assert (found.task.state, found.incident.cell_code) == ("assigned", SE)
    assert found.facts.place.grid_version == "v2"
    assert found.acting.username == NEW_PRIMARY
    assert [offer.outcome for offer in found.offers] == ["withdrawn", None]
    assert found.decision == decide(found.facts)
    assert inbox(session, county, PRIMARY)[-1] == ("task.withdrawn", "rerouted")
    assert inbox(session, county, NEW_PRIMARY) == [("task.offered", None)]


def test_what_it_leaves_behind(session: Session, county: County, task: int) -> None:
    redraw(session)
    reroute(session, county.principal("gis"))
    event = session.scalars(select(TaskEvent).order_by(TaskEvent.id.desc())).first()
    assert (event.verb, event.from_state, event.to_state) == ("reroute", "assigned", "assigned")
    assert event.data == {"grid_version": "v2", "from": SW, "to": SE}
    entry = session.scalars(select(AuditEntry).where(AuditEntry.tag == "task:reroute")).one()
    assert entry.actor_account_id == county.accounts["gis"]
    assert entry.data["former_grid_version"] == "v1"
    assert entry.data["former_steps"][0] == {
        "kind": "primary",
        "account": county.accounts[PRIMARY],
        "because": "primary.owns_cell",
    }


@pytest.mark.parametrize("state", ["signed", "en_route"])
def test_who_is_on_the_way_is_taken_off(
    session: Session, county: County, task: int, state: str
) -> None:
    bring_to(session, county, task, state)
    redraw(session)
    reroute(session, None)
    found = now_of(session, task)
    assert (found.task.state, found.task.assignee_account_id) == ("assigned", None)
    assert inbox(session, county, PRIMARY)[-1] == ("task.withdrawn", "rerouted")
    late = say(session, county, PRIMARY, task, "arrive")
    assert (late.status, late.body["code"]) == (409, "task.wrong_state")
    assert say(session, county, NEW_PRIMARY, task, "sign").status == 200


@pytest.mark.parametrize("state", ["on_scene", "reported", "closed", "cancelled", "handed_over"])
def test_who_has_arrived_finishes(session: Session, county: County, task: int, state: str) -> None:
    bring_to(session, county, task, state)
    redraw(session)
    assert reroute(session, None).tasks == ()
    found = now_of(session, task)
    assert (found.task.state, found.incident.cell_code) == (state, SW)


def test_where_the_cell_stays_the_task_does(session: Session, county: County) -> None:
    task = take(session, county).task.id
    redraw(session, 0.7)
    done = reroute(session, None)
    assert (done.considered, done.tasks) == (1, ())
    assert now_of(session, task).task.version == 1


def test_the_new_ladder_is_climbed(
    session: Session, county: County, task: int, clock: SetClock
) -> None:
    redraw(session)
    reroute(session, None)
    told = []
    for _ in range(4):
        clock.advance(minutes(11))
        escalation.escalate_due(session)
        told.append(now_of(session, task).offers[-1])
    found = now_of(session, task)
    names = [found.people[offer.recipient].username for offer in found.offers]
    assert names == [PRIMARY, NEW_PRIMARY, NEW_BACKUP, STATION_ROOM, BUREAU_ROOM]
    assert [offer.step for offer in found.offers] == [1, 1, 2, 3, 4]
    assert found.offers[-1].deadline is None


def test_after_a_return_only_rooms_follow(session: Session, county: County, task: int) -> None:
    redraw(session)
    reroute(session, None)
    say(session, county, NEW_PRIMARY, task, "sign")
    say(session, county, NEW_PRIMARY, task, "return")
    assert now_of(session, task).acting.username == STATION_ROOM


def test_the_command_rooms_of_both_stations_see_it(session: Session, county: County) -> None:
    """A point that passes to the other station: its room commands from now on."""
    task = take(session, county, a_report((WEST + SIDE * 0.5, SOUTH + SIDE * 0.75))).task.id
    before = len(feed(session))
    border, east = SOUTH + SIDE * 0.6, WEST + SIDE
    ground = {
        SW: box(WEST, SOUTH, east, border),
        NW: box(WEST, border, east, SOUTH + SIDE * 2),
    }
    cells = [replace(c, geom=ground.get(c.code, c.geom)) for c in with_boundary_at(1.0)]
    draft(session, "v2", cells)
    grids.publish(session, None, "v2")
    reroute(session, None)
    found = now_of(session, task)
    assert (found.incident.cell_code, found.unit_path) == (NW, "330824.33082402")
    assert found.incident.unit_id == county.units["33082402"]
    paths = [entry.unit_path for entry in feed(session)[before:]]
    assert sorted(paths) == ["330824.33082401", "330824.33082402"]
    assert say(session, county, "room-33082402", task, "cancel").status == 200


def test_who_comes_first_again_keeps_it(session: Session, county: County, task: int) -> None:
    """Reassigned to whom the new grid names: nobody is bothered."""
    to = {"to": NEW_PRIMARY}
    assert say(session, county, BUREAU_ROOM, task, "reassign", to).status == 200
    assert say(session, county, NEW_PRIMARY, task, "sign").status == 200
    redraw(session)
    assert reroute(session, None).tasks == (task,)
    found = now_of(session, task)
    assert (found.task.state, found.acting.username) == ("signed", NEW_PRIMARY)
    assert session.get_one(Incident, found.incident.id).cell_code == SE
    assert inbox(session, county, NEW_PRIMARY)[-1][0] == "task.changed"


def test_only_a_gis_admin_asks_for_it(session: Session, county: County, task: int) -> None:
    for username in ("command", "admin", BACKUP):
        with pytest.raises(Forbidden):
            reroute(session, county.principal(username))
