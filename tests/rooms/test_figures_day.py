"""The figures of the day equal what is counted one by one, and the rows behind them."""

from __future__ import annotations

import datetime as dt
from statistics import median

import pytest
import sqlalchemy as sa

from gridserver.access.rules import Principal
from gridserver.base.errors import Forbidden, Invalid
from gridserver.dispatch import listing
from gridserver.dispatch.listing import Wanted
from gridserver.incidents.searching import Reported
from gridserver.indicators import behind, day
from tests.conftest import MORNING
from tests.rooms.called import NORTH, SOUTH, add_call
from tests.rooms.dispatching import bring_to, take

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
MIDNIGHT = MORNING.replace(hour=0, minute=0)


@pytest.fixture
def command(county) -> Principal:
    return county.principal("command")


def test_the_days_calls_by_class_priority_and_hour(session, county, command):
    for minutes, category, priority in (
        (0, "dispute", 3),
        (59, "dispute", 1),
        (60, "criminal", 1),
        (569, "help", 4),
        (-1, "help", 4),
        (570, "help", 4),
    ):
        at = MIDNIGHT + dt.timedelta(minutes=minutes)
        add_call(session, county, at, category=category, priority=priority)
    found = day.day(session, command).present
    assert found.received == 4
    assert found.by_class == {"dispute": 2, "criminal": 1, "help": 1}
    assert found.by_priority == {3: 1, 1: 2, 4: 1}
    # 09:30 itself is still to come in the figures seen up to it, and has its hour in the curve.
    assert found.by_hour == [2, 1, *[0] * 7, 2, *[0] * 14]


def test_the_same_hours_before(session, county, command):
    for days, minutes in ((1, 30), (1, 571), (7, 30), (7, 60), (14, 30), (2, 30), (35, 30)):
        at = MIDNIGHT - days * DAY + dt.timedelta(minutes=minutes)
        add_call(session, county, at, {"signed": 60, "departed": 61, "arrived": 62 + days})
    found = day.day(session, command)
    assert found.present.received == 0
    assert found.yesterday.received == 1, "what came after half past nine isn't compared"
    assert sum(found.yesterday.by_hour) == 2
    assert found.weekdays.received == 3 / 4
    assert found.weekdays.by_hour[:3] == [2 / 4, 1 / 4, 0]
    assert found.weekdays.by_class == {"dispute": 3 / 4}
    assert found.yesterday.medians_s["response"] == 63
    assert found.weekdays.medians_s["response"] == (69 + 76) / 2


def test_medians_are_of_what_had_happened_by_then(session, county, command):
    """The call of yesterday at nine was signed at ten: at half past nine nobody knew."""
    yesterday = MORNING - DAY
    add_call(session, county, yesterday - HOUR, {"signed": 600})
    add_call(session, county, yesterday - HOUR / 2, {"signed": 3600})
    assert day.day(session, command).yesterday.medians_s == {"to_sign": 600}


def test_medians_of_today(session, county, command):
    took = (30, 90, 400)
    for seconds in took:
        add_call(session, county, MORNING - HOUR, {"signed": seconds})
    assert day.day(session, command).present.medians_s == {"to_sign": median(took)}


def test_what_ended_counts_when_it_ended(session, county, command):
    before = MIDNIGHT - HOUR
    add_call(session, county, before, {"signed": 60, "closed": 7200})
    add_call(session, county, before, {"signed": 60, "closed": 1800})
    add_call(session, county, before, {"dispatched": 4000}, state="handed_over")
    add_call(session, county, before, {"dispatched": 4000}, state="cancelled")
    found = day.day(session, command)
    assert (found.present.closed, found.present.handed_over, found.present.cancelled) == (1, 1, 1)
    assert (found.yesterday.closed, found.present.received) == (0, 0)
    assert not found.standing.by_state


def test_what_is_open_whenever_it_came(session, county, command):
    add_call(session, county, MORNING - 20 * DAY, cell=None, priority=1, rung="bureau_room")
    add_call(session, county, MORNING - dt.timedelta(seconds=299))
    add_call(session, county, MORNING - HOUR, {"signed": 9})
    add_call(session, county, MORNING - HOUR, {"signed": 9, "reported": 99}, cell="elsewhere")
    found = day.day(session, command).standing
    assert found.by_state == {"assigned": 2, "signed": 1, "reported": 1}
    assert found.unsigned_by_priority == {1: 1, 3: 1}
    assert (found.overdue, found.unowned) == (1, 1)


def test_as_many_rows_as_the_figure_counts(session, county, command, clock):
    for count in range(1, 60):
        state = ("handed_over", "cancelled", None)[count % 3] if count % 2 else None
        way = [{"signed": 60}, {"signed": 60, "reported": 90, "closed": 99}, {}][count % 3]
        station = (SOUTH, NORTH)[count % 4 // 2]
        cell, rung = (None, "bureau_room") if count % 5 == 0 else ("330824001001001", "primary")
        at = MORNING - count * HOUR / 4
        add_call(session, county, at, way, state=state, station=station, cell=cell, rung=rung)
    for actor in (command, county.principal(f"room-{SOUTH}")):
        for kind in ("day", "shift"):
            found = day.day(session, actor, kind)
            counted = {
                "received": found.present.received,
                "open": found.standing.by_state.total(),
                "overdue": found.standing.overdue,
                "unowned": found.standing.unowned,
                **{name: getattr(found.present, name) for name in ("closed", "handed_over")},
                **found.standing.by_state,
            }
            assert counted["received"]
            for figure, count in counted.items():
                total, rows = behind.of_day(session, actor, figure, kind=kind, limit=100)
                assert total == len(rows) == count, figure
            for broad_class, count in found.present.by_class.items():
                meant = {"kind": kind, "broad_class": broad_class, "limit": 1}
                assert behind.of_day(session, actor, "received", **meant)[0] == count


def test_the_list_of_incidents_has_as_many(session, county, command, clock):
    """What a figure links to on the page of incidents."""
    for state in ("assigned", "signed", "on_scene", "reported", "closed", "handed_over"):
        bring_to(session, county, take(session, county).task.id, state)
    clock.advance(dt.timedelta(minutes=30))
    found = day.day(session, command)

    def listed(*states: str, **fields: object) -> int | None:
        return listing.count(session, command, Wanted(states, **fields))

    today = Reported(since=found.span.start, until=found.span.until)
    assert listed(reported=today) == found.present.received == 6
    assert listed("open") == found.standing.by_state.total() == 4
    assert listed("assigned") == found.standing.by_state["assigned"] == 1
    assert listed("reported") == found.standing.by_state["reported"] == 1
    assert listed("open", is_overdue=True) == found.standing.overdue == 1
    assert found.present.closed == found.present.handed_over == 1


def test_a_night_shift_counts_over_midnight(session, county, command, clock):
    clock.set(MIDNIGHT + 2 * HOUR)
    for hours in (1, 3, 8, 9):
        add_call(session, county, clock.now() - hours * HOUR)
    assert day.day(session, command, "day").present.received == 1
    assert day.day(session, command, "shift").present.received == 3
    assert len(day.day(session, command, "shift").present.by_hour) == 15


def test_a_room_sees_its_station(session, county, command):
    for station in (SOUTH, NORTH, NORTH):
        add_call(session, county, MORNING - HOUR, station=station)
    room = county.principal(f"room-{SOUTH}")
    found = day.day(session, room)
    assert (found.present.received, found.standing.by_state.total()) == (1, 1)
    assert day.day(session, command, station=NORTH).present.received == 2
    with pytest.raises(Forbidden):
        day.day(session, room, station=NORTH)
    with pytest.raises(Forbidden):
        day.day(session, county.principal("330824001"))
    with pytest.raises(Invalid, match="figure"):
        behind.of_day(session, command, "everything", limit=1)


def test_two_million_past_incidents_are_not_read(session, county):
    """The plans look up the days that are asked for by index, and read no table from end to end."""
    explained: list[str] = []

    def explain(conn, cursor, statement, parameters, context, executemany):
        if "FROM" in statement and "EXPLAIN" not in statement:
            explained.append(str(cursor.mogrify(statement, parameters), "utf-8"))

    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", explain)
    day.day(session, county.principal("command"))
    sa.event.remove(connection, "before_cursor_execute", explain)
    session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    about = [text for text in explained if " incident" in text]
    assert len(about) == 4
    for text in about:
        plan = "\n".join(session.scalars(sa.text("EXPLAIN " + text.replace(":", "\\:"))))
        for table in ("incident", "task", "task_event", "offer"):
            assert f"Seq Scan on {table} " not in plan + " ", plan
