"""A dry run: which of the past incidents would have gone another way by changed tables."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from gridserver.audit.models import AuditEntry
from gridserver.base.errors import Forbidden, Invalid
from gridserver.dispatch import dry_run
from gridserver.dispatch.tables import mobilising, service
from gridserver.dispatch.tables.changes import Change
from gridserver.force.models import Shift
from gridserver.org import service as org
from gridserver.org.models import Unit
from tests.county import centre
from tests.rooms.dispatching import PRIMARY, STATION_ROOM, a_report, take

STATION, OTHER = "33082401", "33082402"
TO_COMMAND = {"kind": "command", "unit": None, "agency": None}


@pytest.fixture
def try_(session, county):
    """Try changes as the admin."""

    def dry(*changes, days=30, who="admin"):
        given = [Change(*change) for change in changes]
        return dry_run.dry_run(session, county.principal(who), given, days)

    return dry


def route(scope, category, values):
    return "route", {"scope": scope, "category": category}, values


def test_another_route_is_told_with_both_outcomes(session, county, try_):
    quarrel = take(session, county, a_report(category="dispute")).incident
    take(session, county, a_report(category="help"))
    take(session, county, a_report(at=centre(0, 1), category="dispute"))
    found = try_(route(STATION, "dispute", TO_COMMAND))
    assert (found.incidents, found.all_of_them) == (3, True)
    (differs,) = found.differ
    assert differs.incident.id == quarrel.id
    assert (differs.before.route, differs.before.first.who.username) == ("community", PRIMARY)
    assert (differs.after.route, differs.after.first.who.username) == ("command", STATION_ROOM)
    assert (differs.route, differs.first_step, differs.sign_within_s) == (True, True, False)


def test_nothing_is_changed(session, county, try_):
    first = take(session, county)
    change = route(STATION, "dispute", TO_COMMAND)
    assert len(try_(change).differ) == len(try_(change).differ) == 1
    again = take(session, county)
    assert again.decision.route == first.decision.route == "community"


def test_what_makes_no_difference_is_not_told(session, county, try_):
    take(session, county)
    assert try_(route("two_rooms_many_areas", "dispute", TO_COMMAND)).differ == ()
    assert try_(("parameter", {"name": "border_distance_m"}, {"value": 400})).differ == ()


def test_another_time_to_sign_is_told(session, county, try_):
    take(session, county)
    (differs,) = try_(("sign_limit", {"scope": STATION, "priority": 3}, {"seconds": 30})).differ
    assert (differs.route, differs.first_step, differs.sign_within_s) == (False, False, True)
    assert (differs.before.first.sign_within_s, differs.after.first.sign_within_s) == (300, 30)


def test_a_unit_that_nobody_asked_for_then_is_looked_up_in_the_roster(session, county, try_, clock):
    bureau = session.get_one(Unit, county.bureau_id)
    org.add_unit(session, None, code="XZ", kind="specialist", name="刑侦大队", parent=bureau)
    take(session, county)
    officer = county.officers["330824008"]
    hour = dt.timedelta(hours=1)
    served = Range(clock.now() - hour, clock.now() + hour)
    session.add(
        Shift(
            officer_id=officer,
            unit_id=session.scalars(select(Unit.id).where(Unit.code == "XZ")).one(),
            duty="specialist",
            during=served,
        )
    )
    session.flush()
    clock.advance(3 * hour)
    to_specialist = {"kind": "specialist", "unit": "XZ", "agency": None}
    (differs,) = try_(route(STATION, "dispute", to_specialist)).differ
    assert (differs.after.unit, differs.after.first.who.username) == ("XZ", "330824008")


def test_an_order_of_that_time_holds(session, county, try_):
    mobilising.order(session, county.principal("command"), "330824", why="防汛")
    take(session, county)
    (differs,) = try_(("sign_limit", {"scope": STATION, "priority": 3}, {"seconds": 60})).differ
    assert (differs.before.first.sign_within_s, differs.after.first.sign_within_s) == (150, 30)


def test_a_category_under_another_class_goes_its_way(session, county, try_):
    names = {"name_zh": "邻里", "name_en": "Neighbours", "priority": 3, "position": 90}
    meaning = names | {"parent": None, "broad_class": "dispute"}
    service.change(
        session, county.principal("admin"), [Change("category", {"code": "N1"}, meaning)], why="新"
    )
    take(session, county, a_report(category="N1"))
    moved = ("category", {"code": "N1"}, meaning | {"broad_class": "complaint"})
    (differs,) = try_(moved).differ
    assert (differs.before.route, differs.after.route) == ("community", "command")
    assert try_(("category", {"code": "N1"}, None)).differ == ()


def test_only_the_days_asked_for_count(session, county, try_, clock):
    take(session, county)
    clock.advance(dt.timedelta(days=3))
    change = route(STATION, "dispute", TO_COMMAND)
    assert try_(change, days=2).incidents == 0
    assert len(try_(change, days=4).differ) == 1


def test_of_very_many_the_latest_are_looked_at(session, county, try_, monkeypatch):
    monkeypatch.setattr(dry_run, "MOST_INCIDENTS", 1)
    take(session, county)
    latest = take(session, county).incident
    found = try_(route(STATION, "dispute", TO_COMMAND))
    assert (found.incidents, found.all_of_them) == (1, False)
    assert [each.incident.id for each in found.differ] == [latest.id]


def test_no_more_are_decided_again_than_can_be(session, county, try_, monkeypatch):
    monkeypatch.setattr(dry_run, "MOST_REPLAYED", 1)
    monkeypatch.setattr(dry_run, "_BATCH", 2)
    taken = [take(session, county).incident.id for _ in range(3)]
    found = try_(route(STATION, "dispute", TO_COMMAND))
    assert (found.incidents, found.all_of_them) == (2, False)
    assert [each.incident.id for each in found.differ] == taken[:0:-1]


def test_it_is_for_admins_and_the_ledger_keeps_it(session, county, try_):
    change = route(STATION, "dispute", TO_COMMAND)
    with pytest.raises(Forbidden):
        try_(change, who="command")
    for days in (0, dry_run.MOST_DAYS + 1):
        with pytest.raises(Invalid):
            try_(change, days=days)
    try_(change)
    entries = session.scalars(select(AuditEntry).where(AuditEntry.tag == "norms:dry_run"))
    assert [entry.subject_id for entry in entries] == ["route"]
