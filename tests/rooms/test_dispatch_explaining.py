"""A stored decision, explained and tried again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import delete, insert, inspect, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock
from gridserver.base.errors import Forbidden, NotFound
from gridserver.dispatch.explaining import document, explain
from gridserver.dispatch.models import Decision
from gridserver.dispatch.rerouting import reroute
from gridserver.dispatch.tables import service as tables
from gridserver.dispatch.tables.changes import Change
from gridserver.force.models import Shift
from gridserver.grids import service as grids
from tests.conftest import MORNING
from tests.county import CELLS, SIDE, SOUTH, WEST, County, add_teams
from tests.rooms.dispatching import BACKUP, PRIMARY, STATION_ROOM, a_report, take
from tests.rooms.redrawing import SE, SW, draft, with_boundary_at
from tests.rules import first_rules

MOVED = (WEST + SIDE * 0.75, SOUTH + SIDE * 0.5)


def stored(session: Session, incident: int) -> dict[str, Any]:
    """Return the columns of an incident's only decision."""
    row = session.scalars(select(Decision).where(Decision.incident_id == incident)).one()
    return {column.key: getattr(row, column.key) for column in inspect(Decision).columns}


def test_it_says_what_was_known_and_what_followed(session: Session, county: County) -> None:
    add_teams(session, county)
    incident = take(session, county).incident
    said = document(explain(session, None, incident.id), "en")
    assert said["incident"] == {"id": incident.id, "number": incident.number}
    assert (said["revision"], said["revisions"], said["rules_version"]) == (1, 1, 2)
    assert (said["route"], said["hours"]) == ("community", "day")
    assert [fact["text"] for fact in said["facts"]] == [
        "2026-03-10, Tuesday 09:30: a working day.",
        f"Cell 村00 ({CELLS[0, 0][0]}) of 南所, by the grid v1.",
        "Dispute (dispute), priority 3: 300 s to sign.",
        "Ladder of “community” (day): primary officer, backup, officer of the group, "
        "leader of the team, station's command room, bureau's command room.",
        "330824001, primary officer: on duty (community).",
        "330824002, backup: on duty (community).",
        "330824101, officer of the group: on duty (community).",
        "330824102, leader of the team: off duty.",
        "room-33082401, station's command room: at the desk.",
        "command, bureau's command room: at the desk.",
    ]
    assert said["replay"] == {"identical": True, "decision": said["decision"]}


def test_it_says_where_nobody_is_on_duty_and_where_more_are(
    session: Session, county: County
) -> None:
    add_teams(session, county)
    one = Change("parameter", {"name": "crew_in_turn"}, {"value": 1})
    tables.change(session, None, [one], why="few hands")
    station, during = county.units["33082401"], Range(MORNING, MORNING + dt.timedelta(hours=8))
    for number in ("330824101", "330824102"):
        officer = county.officers[number]
        session.add(Shift(officer_id=officer, unit_id=station, duty="case", during=during))
    session.execute(delete(Shift).where(Shift.duty == "leader"))
    incident = take(session, county, a_report(category="criminal")).incident.id
    texts = [fact["text"] for fact in document(explain(session, None, incident), "en")["facts"]]
    assert texts[-2:] == [
        "On this rung 2 more are on duty and not asked: case team.",
        "Nobody is on duty on this rung: leader on duty.",
    ]


def test_a_year_later_the_same_facts_give_the_same_decision(
    session: Session, county: County, clock: SetClock
) -> None:
    """Whatever the tables, the roster and the grid say by then."""
    incident = take(session, county, a_report(priority=1)).incident.id
    clock.advance(dt.timedelta(days=365))
    limit = Change("sign_limit", {"scope": "bureau", "priority": 1}, {"seconds": 45})
    route = {"kind": "command", "unit": None, "agency": None}
    moved = Change("route", {"scope": "bureau", "category": "dispute"}, route)
    tables.change(session, None, [limit, moved], why="a new order")
    found = explain(session, None, incident)
    assert found.identical
    assert found.replayed.steps[0].sign_within_s == 60
    assert take(session, county, a_report(priority=1)).steps[0].sign_within_s == 45


def test_every_decision_on_an_incident_is_kept(
    session: Session, county: County, clock: SetClock
) -> None:
    incident = take(session, county, a_report(MOVED)).incident.id
    clock.advance(dt.timedelta(minutes=1))
    draft(session, "v2", with_boundary_at(0.6))
    grids.publish(session, None, "v2")
    reroute(session, None)
    first, last = explain(session, None, incident, 1), explain(session, None, incident)
    assert (first.revision, last.revision, last.revisions) == (1, 2, 2)
    assert [found.facts.place.cell for found in (first, last)] == [SW, SE]
    assert first.stored.steps[0].who.username == PRIMARY
    assert first.identical
    assert last.identical
    assert last.at - first.at == dt.timedelta(minutes=1)
    with pytest.raises(NotFound) as refusal:
        explain(session, None, incident, 3)
    assert (refusal.value.code, refusal.value.field) == ("decision.unknown", "revision")


def test_a_decision_that_its_facts_do_not_give_is_told(session: Session, county: County) -> None:
    incident = take(session, county).incident.id
    forged = stored(session, incident)
    forged |= {"revision": 2, "steps": forged["steps"][1:]}
    session.execute(insert(Decision).values(forged))
    found = explain(session, None, incident)
    assert not found.identical
    said = document(found, "zh-CN")
    assert said["decision"][0]["who"]["username"] == BACKUP
    assert said["replay"]["decision"][0]["who"]["username"] == PRIMARY


def test_a_decision_of_the_first_rules_is_judged_by_its_steps(
    session: Session, county: County
) -> None:
    incident = take(session, county).incident.id
    old = stored(session, incident) | {"revision": 2, "rules_version": 1}
    old |= {"facts": first_rules.FACTS, "steps": first_rules.STEPS, "notes": []}
    session.execute(insert(Decision).values(old))
    found = explain(session, None, incident)
    assert (found.rules_version, found.identical) == (1, True)
    assert "缺勤" in str(document(found, "zh-CN")["facts"])


def test_who_may_see_the_incident_may_have_it_explained(session: Session, county: County) -> None:
    incident = take(session, county).incident.id
    for username in (STATION_ROOM, "command", "auditor", PRIMARY):
        assert explain(session, county.principal(username), incident).at == MORNING
    for stranger in ("room-33082402", "330824008"):
        with pytest.raises(Forbidden):
            explain(session, county.principal(stranger), incident)
    with pytest.raises(NotFound) as refusal:
        explain(session, None, 999_999)
    assert refusal.value.code == "incident.unknown"
