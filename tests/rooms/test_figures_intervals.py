"""Response intervals equal what is counted by hand, group by group, and the rows behind them."""

from __future__ import annotations

import datetime as dt
from random import Random

import numpy as np
import pytest

from gridserver.access.rules import Principal
from gridserver.base.errors import Forbidden, Invalid, NotFound
from gridserver.delivery.models import InboxHead, InboxMessage, InboxReceipt
from gridserver.dispatch.models import Offer
from gridserver.dispatch.tables import service
from gridserver.dispatch.tables.changes import Change
from gridserver.indicators import intervals
from gridserver.indicators.calls import NONE, Chosen
from gridserver.indicators.rules import INTERVALS
from tests.conftest import MORNING
from tests.rooms.called import NORTH, NW, SOUTH, SW, add_call, add_event

WEEK = dt.timedelta(days=7)
PERIOD = (MORNING - WEEK, MORNING)
ORDER = ("dispatched", "delivered", "signed", "departed", "arrived", "reported", "closed")


@pytest.fixture
def command(county) -> Principal:
    return county.principal("command")


def one(session, actor, interval, *, by="priority", **wanted):
    """Return an interval of all calls that are meant; None where none has it."""
    groups = intervals.measure(session, actor, Chosen(*PERIOD, **wanted), by)
    assert groups[0].key is None
    return groups[0].intervals.get(interval)


def made_up(session, county, count):
    """Add calls that came as far as chance had it, and return them as they were laid out."""
    random = Random(6)
    made = []
    for _ in range(count):
        after, way = 0.0, {}
        for name in ORDER[: random.randint(1, len(ORDER))]:
            after += round(random.expovariate(1 / 300), 3)
            way[name] = after
        seconds = random.uniform(0, WEEK.total_seconds() - 1)
        call = {
            "reported_at": PERIOD[0] + dt.timedelta(seconds=seconds),
            "station": random.choice((SOUTH, NORTH)),
            "cell": random.choice((SW, NW, None)),
            "category": random.choice(("dispute", "help", "criminal")),
            "priority": random.randint(1, 4),
        }
        add_call(session, county, way=way, **call)
        made.append(call | {"way": {"called": 0.0} | way})
    return made


KEYS = {
    "station": lambda call: call["station"],
    "cell": lambda call: call["cell"] or NONE,
    "category": lambda call: call["category"],
    "priority": lambda call: str(call["priority"]),
    "hour": lambda call: str(call["reported_at"].astimezone(MORNING.tzinfo).hour),
    "weekday": lambda call: str(call["reported_at"].astimezone(MORNING.tzinfo).isoweekday()),
}


def by_hand(calls):
    """Return n, P50 and P90 of each interval, by numpy."""
    found = {}
    for name, (begins, ends) in INTERVALS.items():
        took = [c["way"][ends] - c["way"][begins] for c in calls if {begins, ends} <= set(c["way"])]
        if took:
            found[name] = (len(took), *np.percentile(took, (50, 90)))
    return found


def test_every_group_equals_what_is_counted_by_hand(session, county, command):
    made = made_up(session, county, 150)
    for by, key in KEYS.items():
        groups = intervals.measure(session, command, Chosen(*PERIOD), by)
        expected = {None: made}
        for call in made:
            expected.setdefault(key(call), []).append(call)
        assert {group.key: group.calls for group in groups} == {
            name: len(calls) for name, calls in expected.items()
        }
        for group in groups:
            told = {n: (m.n, m.p50_s, m.p90_s) for n, m in group.intervals.items()}
            counted = by_hand(expected[group.key])
            assert told.keys() == counted.keys()
            for name, figures in counted.items():
                assert told[name] == pytest.approx(figures, abs=2e-3)


def test_as_many_rows_as_the_figure_counts_slowest_first(session, county, command):
    made_up(session, county, 60)
    for by in KEYS:
        for group in intervals.measure(session, command, Chosen(*PERIOD), by)[1:]:
            value = group.key if by in ("station", "cell", "category") else int(group.key)
            meant = Chosen(*PERIOD, **{by: value})
            for name, figures in group.intervals.items():
                total, rows = intervals.rows(session, command, meant, name, limit=500)
                assert total == len(rows) == figures.n
                assert [r.seconds for r in rows] == sorted((r.seconds for r in rows), reverse=True)
                over = intervals.rows(session, command, meant, name, only_over=True, limit=1)[0]
                assert over == figures.with_target - figures.within_target


def test_pages_go_on_where_the_last_ended(session, county, command):
    for seconds in (10, 30, 20):
        add_call(session, county, MORNING - dt.timedelta(hours=1), {"signed": seconds})
    total, rows = intervals.rows(session, command, Chosen(*PERIOD), "to_sign", skip=1, limit=1)
    assert (total, [row.seconds for row in rows]) == (3, [20])


@pytest.mark.parametrize(
    ("took", "p50", "p90"),
    [([7], 7, 7), ([1, 3], 2, 2.8), ([0, 0, 0], 0, 0), (list(range(11)), 5, 9)],
)
def test_percentiles_lie_between_the_calls(session, county, command, took, p50, p90):
    for seconds in took:
        add_call(session, county, MORNING - dt.timedelta(hours=1), {"signed": seconds})
    found = one(session, command, "to_sign")
    assert (found.n, found.p50_s, found.p90_s) == (
        len(took),
        pytest.approx(p50),
        pytest.approx(p90),
    )
    assert found.small == (len(took) < 10)


def test_without_calls_there_are_no_percentiles(session, county, command):
    (everything,) = intervals.measure(session, command, Chosen(*PERIOD), "hour")
    assert (everything.key, everything.calls, dict(everything.intervals)) == (None, 0, {})


def test_a_period_ends_before_its_last_moment(session, county, command):
    for at in (PERIOD[0], PERIOD[1]):
        add_call(session, county, at, {"signed": 60})
    assert one(session, command, "to_sign").n == 1


# --- which time counts


def test_an_officer_without_signal_is_timed_by_the_corrected_device(session, county, command):
    """Signed two minutes after the call, heard of an hour later, by a clock ten seconds slow."""
    called = MORNING - dt.timedelta(hours=3)
    task = add_call(session, county, called)
    heard = called + dt.timedelta(hours=1)
    said = called + dt.timedelta(seconds=110)
    add_event(session, county, task, "signed", heard, occurred_at=said, clock_offset_s=10.0)
    assert one(session, command, "to_sign").p50_s == pytest.approx(120)


def test_a_clock_that_nobody_measured_does_not_count(session, county, command):
    called = MORNING - dt.timedelta(hours=3)
    task = add_call(session, county, called)
    add_event(session, county, task, "signed", called + dt.timedelta(minutes=9), occurred_at=called)
    assert one(session, command, "to_sign").p50_s == pytest.approx(540)


def test_nothing_happened_after_the_server_heard_of_it_or_before_the_call(session, county, command):
    called = MORNING - dt.timedelta(hours=3)
    ahead = {"occurred_at": called + dt.timedelta(hours=9), "clock_offset_s": 0.0}
    behind = {"occurred_at": called - dt.timedelta(hours=9), "clock_offset_s": 0.0}
    for fields in (ahead, behind):
        task = add_call(session, county, called)
        add_event(session, county, task, "signed", called + dt.timedelta(seconds=80), **fields)
    assert [
        r.seconds for r in intervals.rows(session, command, Chosen(*PERIOD), "to_sign", limit=9)[1]
    ] == [80, 0]


def test_what_came_too_late_and_what_came_again_is_not_the_first(session, county, command):
    called = MORNING - dt.timedelta(hours=3)
    task = add_call(session, county, called, {"signed": 100})
    add_event(session, county, task, "signed", called + dt.timedelta(seconds=5), late=True)
    add_event(session, county, task, "signed", called + dt.timedelta(seconds=900))
    assert one(session, command, "to_sign").p50_s == pytest.approx(100)


def test_delivered_is_when_a_device_first_acknowledged_it(session, county, command):
    called = MORNING - dt.timedelta(hours=3)
    task = add_call(session, county, called, {"dispatched": 2})
    offer = session.query(Offer).filter_by(task_id=task.id).one()
    session.add(InboxHead(recipient=offer.recipient, seq=5))
    session.flush()
    session.add(
        InboxMessage(
            recipient=offer.recipient,
            seq=4,
            id=offer.message_id,
            type="task.offered",
            at=called,
            data={},
        )
    )
    for seq, after in ((3, 1), (5, 32), (6, 90)):
        at = called + dt.timedelta(seconds=after)
        session.add(InboxReceipt(recipient=offer.recipient, seq=seq, device=f"d{seq}", at=at))
    session.flush()
    assert one(session, command, "delivery").p50_s == pytest.approx(30)


def test_who_was_passed_over_was_not_told(session, county, command):
    called = MORNING - dt.timedelta(hours=3)
    task = add_call(session, county, called, {"dispatched": 5})
    session.query(Offer).filter_by(task_id=task.id).update({"outcome": "passed_over"})
    assert one(session, command, "dispatch") is None


# --- targets


def target(session, county, scope, seconds, priority=3):
    key = {"scope": scope, "interval": "response", "priority": priority}
    values = None if seconds is None else {"seconds": seconds}
    change = Change("response_target", key, values)
    service.change(session, county.principal("admin"), [change], why="trial")


def within(session, actor, **wanted):
    found = one(session, actor, "response", **wanted)
    return found.within_target, found.with_target


def test_the_nearest_target_counts(session, county, command, clock):
    target(session, county, "bureau", 100)
    target(session, county, "two_rooms_many_areas", 200)
    target(session, county, SOUTH, 300)
    clock.advance(dt.timedelta(hours=2))
    for station in (SOUTH, NORTH):
        for took in (150, 250, 350):
            way = {"signed": 1, "departed": 2, "arrived": took}
            add_call(session, county, clock.now() - dt.timedelta(hours=1), way, station=station)
    period = {"since": MORNING, "until": clock.now()}
    for station, kept in ((SOUTH, 2), (NORTH, 1)):
        meant = Chosen(**period, station=station)
        (everything, *_) = intervals.measure(session, command, meant, "priority")
        found = everything.intervals["response"]
        assert (found.within_target, found.with_target) == (kept, 3)


def test_a_call_is_held_against_the_target_of_its_time(session, county, command, clock):
    target(session, county, "bureau", 1)
    way = {"signed": 1, "departed": 2, "arrived": 60}
    add_call(session, county, MORNING - dt.timedelta(hours=1), way)
    assert within(session, command) == (1, 1), "an hour then, as the installation began"


def test_without_a_target_nothing_is_kept_or_missed(session, county, command):
    add_call(
        session,
        county,
        MORNING - dt.timedelta(hours=1),
        {"signed": 1, "departed": 9, "arrived": 60},
    )
    found = one(session, command, "travel")
    assert (found.n, found.with_target, found.within_target) == (1, 0, 0)


# --- who sees what


def test_a_room_sees_the_calls_of_its_station(session, county, command):
    for station in (SOUTH, NORTH, NORTH):
        add_call(session, county, MORNING - dt.timedelta(hours=1), {"signed": 60}, station=station)
    room = county.principal(f"room-{SOUTH}")
    assert one(session, room, "to_sign").n == 1
    assert [
        row.unit for row in intervals.rows(session, room, Chosen(*PERIOD), "to_sign", limit=9)[1]
    ] == [SOUTH]
    assert one(session, command, "to_sign").n == 3
    with pytest.raises(Forbidden):
        one(session, room, "to_sign", station=NORTH)
    with pytest.raises(Forbidden):
        one(session, county.principal("330824001"), "to_sign")


@pytest.mark.parametrize(
    ("wanted", "by", "code"),
    [
        (Chosen(MORNING, MORNING), "hour", "figures.period"),
        (Chosen(MORNING, MORNING + dt.timedelta(days=368)), "hour", "figures.period"),
        (Chosen(*PERIOD), "officer", "figures.unknown_group"),
    ],
)
def test_what_can_not_be_measured(session, command, wanted, by, code):
    with pytest.raises(Invalid) as refusal:
        intervals.measure(session, command, wanted, by)
    assert refusal.value.code == code


def test_an_unknown_station(session, command):
    with pytest.raises(NotFound):
        one(session, command, "to_sign", station="nowhere")
