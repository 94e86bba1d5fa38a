"""Day logs and watch reports hold what the rows hold: each figure beside a query of its own."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridserver.alarms.models import AlarmSilence
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock, now
from gridserver.base.db import savepoint
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.captures import service as captures
from gridserver.delivery.commands import Command
from gridserver.force.models import Shift
from gridserver.force.voids import voids
from gridserver.journals import daylog, handovers, watch
from gridserver.journals.models import WatchHandover
from gridserver.journals.rules import LONGEST_WATCH, USUAL_WATCH, day_of
from gridserver.org.models import Unit
from tests.conftest import MORNING
from tests.county import County, centre
from tests.rooms.dispatching import (
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    a_report,
    bring_to,
    minutes,
    say,
    take,
)

STATION = "33082401"
TODAY = MORNING.date()
#: What each part of a report counts, asked in another way than the report does.
COUNTED = {
    "came": "reported_at >= :since AND reported_at < :until",
    "no_owner": "state = 'assigned' AND NOT EXISTS (SELECT FROM offer o WHERE o.task_id = t.id "
    "AND o.outcome IS NULL AND (o.kind NOT IN ('station_room', 'bureau_room') OR (o.step > 1 AND "
    "NOT o.because->>'code' = o.kind || '.returned')) AND o.id = (SELECT max(id) FROM offer "
    "WHERE task_id = t.id AND outcome IS NULL))",
    "unsigned": "state = 'assigned'",
    "overdue": "state = 'assigned' AND (SELECT min(deadline) FROM offer o WHERE o.task_id = t.id "
    "AND o.outcome IS NULL) < :now",
    "without_feedback": "state = ANY(ARRAY['signed', 'en_route', 'on_scene'])",
    "to_review": "state = 'reported'",
    "handed_over": "(SELECT answer IS NULL FROM hand_over h WHERE h.task_id = t.id)",
    "support": "(SELECT count(*) FROM task_event e WHERE e.task_id = t.id AND e.verb = "
    "'call_support' AND e.at BETWEEN :since AND :until) > 0",
}
BESIDE = """
    SELECT i.id FROM task t JOIN incident i ON i.id = t.incident_id
    JOIN unit u ON u.id = i.unit_id WHERE u.path LIKE :path AND (CONDITION)
"""
OUTSIDE = (118.0, 29.0)


@pytest.fixture
def busy(session: Session, county: County, clock: SetClock) -> dict[str, Any]:
    """A watch of three hours in which a bit of everything happened; ends now."""
    since = now(session)
    take(session, county, a_report(centre(0, 1)))  # another station's
    for state in ("closed", "reported", "signed", "handed_over", "assigned"):
        found = take(session, county)
        bring_to(session, county, found.task.id, state)
        if state == "signed":
            assert say(session, county, PRIMARY, found.task.id, "call_support").status == 200
    answered = take(session, county)
    bring_to(session, county, answered.task.id, "handed_over")
    assert say(session, county, STATION_ROOM, answered.task.id, "answer").status == 200
    clock.advance(dt.timedelta(hours=3))
    take(session, county, a_report(priority=1))
    take(session, county, a_report(OUTSIDE))
    for who in (STATION_ROOM, "room-33082402"):
        until = now(session) + minutes(10)
        silenced = {"key": f"of-{who}", "at": now(session), "until": until, "note": "on it"}
        session.add(AlarmSilence(account_id=county.accounts[who], **silenced))
    clock.advance(minutes(1))
    return {"since": since, "until": now(session)}


@pytest.mark.parametrize("code", [STATION, "330824"])
def test_every_figure_equals_a_query_beside_it(
    session: Session, county: County, busy: dict[str, Any], code: str
) -> None:
    unit = session.scalars(sa.select(Unit).where(Unit.code == code)).one()
    report = watch.report(session, unit, **busy)
    asked = busy | {"now": now(session), "path": f"{unit.path}%"}
    for part, condition in COUNTED.items():
        query = sa.text(BESIDE.replace("CONDITION", condition))
        expected = set(session.execute(query, asked).scalars())
        shown = report["parts"][part]
        assert {each["incident"] for each in shown["items"]} == expected, part
        assert shown["count"] == len(expected), part
    assert sum(report["by_priority"].values()) == report["parts"]["came"]["count"]
    assert sum(report["by_category"].values()) == report["parts"]["came"]["count"]
    ahead = voids(session, now(session), now(session) + watch.AHEAD, unit_paths=[unit.path])
    assert report["parts"]["voids"]["count"] == len(ahead)


def test_what_the_watch_of_a_station_hands_over(
    session: Session, county: County, busy: dict[str, Any]
) -> None:
    counts = {
        name: part["count"]
        for name, part in handovers.preview(
            session, county.principal(STATION_ROOM), STATION, **busy
        )["parts"].items()
    }
    assert counts == {
        "came": 7,
        "no_owner": 0,
        "unsigned": 2,
        "overdue": 1,
        "without_feedback": 1,
        "to_review": 1,
        "handed_over": 1,
        "support": 1,
        "silenced": 1,
        "voids": counts["voids"],
    }


def test_two_persons_hand_a_watch_over(
    session: Session, county: County, busy: dict[str, Any], clock: SetClock
) -> None:
    room, bureau = county.principal(STATION_ROOM), county.principal(BUREAU_ROOM)
    given = handovers.give(session, room, STATION, **busy, remark="The river rises.")
    assert (given["state"], given["allowed"]) == ("given", [])
    with pytest.raises(Forbidden) as own:
        handovers.take(session, room, given["id"], None)
    assert own.value.code == "handover.own"
    before = given["report"]
    take(session, county)  # what comes later changes no report
    clock.advance(minutes(5))
    assert handovers.one(session, bureau, given["id"])["allowed"] == ["take"]
    taken = handovers.take(session, bureau, given["id"], "Seen.")
    assert (taken["state"], taken["taken_by"]["username"]) == ("taken", BUREAU_ROOM)
    assert taken["report"] == before
    with pytest.raises(Conflict):
        handovers.take(session, bureau, given["id"], None)
    done = sa.select(AuditEntry.tag).where(AuditEntry.subject_kind == "handover")
    tags = session.scalars(done.order_by(AuditEntry.id))
    assert list(tags) == ["handover:give", "handover:take"]


def test_every_call_comes_in_one_watch_to_the_moment(
    session: Session, county: County, clock: SetClock
) -> None:
    """Watches that nobody gives times for follow one another, however short of a whole minute."""
    room = county.principal(STATION_ROOM)
    handovers.give(session, county.principal(BUREAU_ROOM), "330824")  # not this room's
    calls: list[list[int]] = [[] for _ in range(3)]
    watches = []
    for taken in calls:
        for _ in range(2):  # the first at the very moment that the watch before ended
            taken.append(take(session, county).incident.id)
            clock.advance(dt.timedelta(seconds=7))
        shown = handovers.preview(session, room, STATION)
        watches.append(handovers.give(session, room, STATION))
        assert (shown["from"], shown["to"]) == (watches[-1]["from"], watches[-1]["to"])
    came = [each["report"]["parts"]["came"]["items"] for each in watches]
    assert [[row["incident"] for row in rows] for rows in came] == calls
    assert [each["from"] for each in watches[1:]] == [each["to"] for each in watches[:-1]]
    assert watches[-1]["to"] == now(session).isoformat()


def test_a_watch_after_a_pause_is_as_long_as_usual(
    session: Session, county: County, clock: SetClock
) -> None:
    room = county.principal(STATION_ROOM)
    began = now(session)
    assert _began(handovers.give(session, room, STATION)) == began - USUAL_WATCH
    clock.advance(LONGEST_WATCH)
    assert _began(handovers.preview(session, room, STATION)) == began
    clock.advance(minutes(1))
    assert _began(handovers.preview(session, room, STATION)) == now(session) - USUAL_WATCH
    assert _began(handovers.preview(session, room, STATION, began - minutes(5), began)) == (
        began - minutes(5)
    )
    with pytest.raises(Invalid) as refused:
        handovers.preview(session, room, STATION, until=dt.datetime.min.replace(tzinfo=dt.UTC))
    assert refused.value.code == "handover.bad_interval"


def _began(watch: dict[str, Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(watch["from"])


def test_no_row_has_one_person_on_both_sides(
    session: Session, county: County, busy: dict[str, Any]
) -> None:
    room = county.principal(STATION_ROOM)
    given = handovers.give(session, room, STATION, **busy, remark=None)
    with pytest.raises(IntegrityError, match="two_persons"), savepoint(session):
        session.execute(
            sa.update(WatchHandover)
            .where(WatchHandover.id == given["id"])
            .values(state="taken", taken_by=room.account_id, taken_at=now(session))
        )


def test_who_may_not(session: Session, county: County, busy: dict[str, Any]) -> None:
    other = county.principal("room-33082402")
    for verb in (handovers.preview, lambda *a, **k: handovers.give(*a, **k, remark=None)):
        with pytest.raises(Forbidden):
            verb(session, other, STATION, **busy)
    with pytest.raises(Forbidden):
        handovers.give(session, county.principal("auditor"), STATION, **busy, remark=None)
    given = handovers.give(session, county.principal(STATION_ROOM), STATION, **busy, remark=None)
    with pytest.raises(NotFound):
        handovers.one(session, other, given["id"])
    assert handovers.page(session, other, limit=5) == []


@pytest.mark.parametrize("length", [dt.timedelta(0), dt.timedelta(hours=73)])
def test_what_is_no_watch(session: Session, county: County, length: dt.timedelta) -> None:
    until = now(session)
    with pytest.raises(Invalid) as refused:
        handovers.preview(session, county.principal(BUREAU_ROOM), STATION, until - length, until)
    assert refused.value.field == "to"


def test_a_day_log_has_each_row_of_its_day(
    session: Session, county: County, clock: SetClock
) -> None:
    found = take(session, county, a_report(address="华埠镇 1 号"))
    clock.advance(minutes(2))
    for verb in ("sign", "depart", "arrive", "report"):
        said = now(session) - minutes(1)
        assert say(session, county, PRIMARY, found.task.id, verb, occurred_at=said).status == 200
    assert say(session, county, PRIMARY, found.task.id, "sign").status == 409
    lon, lat = centre(0, 0)
    place = {"kind": "place", "text": "A new square", "name": "广场", "lon": lon, "lat": lat}
    command = Command(uuid.uuid4(), "capture", now(session), place)
    assert captures.command(session, county.principal(PRIMARY), command).status == 200
    start = dt.datetime.combine(TODAY, dt.time(18), MORNING.tzinfo)
    session.add(
        Shift(
            officer_id=county.officers[PRIMARY],
            unit_id=county.units[STATION],
            duty="pool",
            during=Range(start, start + dt.timedelta(hours=12)),
        )
    )
    session.flush()
    log = daylog.log_of(session, county.principal(PRIMARY), None, TODAY)
    kinds = [(each["kind"], each["verb"], each["late"]) for each in log["entries"]]
    assert kinds == [
        ("told", "primary", False),
        ("capture", "place", False),
        ("task", "arrive", False),
        ("task", "depart", False),
        ("task", "report", False),
        ("task", "sign", False),
        ("task", "sign", True),
        ("shift", "begin", False),
    ]
    assert log["counts"] == {"told": 1, "capture": 1, "task": 5, "shift": 1}
    told = log["entries"][0]
    assert (told["incident"], told["words"]) == (found.incident.id, "华埠镇 1 号")
    signed = next(each for each in log["entries"] if each["verb"] == "sign")
    assert signed["device_at"] < signed["at"]
    tomorrow = daylog.log_of(session, county.principal(PRIMARY), None, TODAY + dt.timedelta(days=1))
    assert [each["verb"] for each in tomorrow["entries"]] == ["end"]


def test_a_look_at_another_is_in_the_ledger(session: Session, county: County) -> None:
    daylog.log_of(session, county.principal(PRIMARY), PRIMARY, TODAY)
    daylog.log_of(session, county.principal(STATION_ROOM), PRIMARY, TODAY)
    (looked,) = session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == "log:read"))
    assert (looked.actor_account_id, looked.subject_id) == (county.accounts[STATION_ROOM], PRIMARY)
    for who in ("330824003", "room-33082402", "gis"):
        with pytest.raises(Forbidden):
            daylog.log_of(session, county.principal(who), PRIMARY, TODAY)
    for who, number in ((STATION_ROOM, None), (STATION_ROOM, "0")):
        with pytest.raises(NotFound):
            daylog.log_of(session, county.principal(who), number, TODAY)


def test_a_day_is_as_long_as_the_bureaus_clocks_say() -> None:
    for date, hours in (((2026, 3, 29), 23), ((2026, 3, 30), 24), ((2026, 10, 25), 25)):
        start, end = day_of(dt.date(*date), ZoneInfo("Europe/Berlin"))
        assert end - start == dt.timedelta(hours=hours)
