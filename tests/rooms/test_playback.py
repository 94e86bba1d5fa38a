"""Playback: states as they were, positions of those on duty, within one's scope, written down."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Forbidden, Invalid
from gridserver.dispatch import playback
from gridserver.dispatch.playback import Asked, Playback
from gridserver.force import positions, tracks
from gridserver.force.positions import Seen
from gridserver.force.rules import Position
from gridserver.incidents.history import Atlas, record_past
from tests.conftest import MORNING
from tests.county import County, centre
from tests.rooms.dispatching import PRIMARY, a_report, minutes, say, take

NORTHERN = "330824005"
HOUR = dt.timedelta(hours=1)
WHY = "复盘 3 月 10 日纠纷处置"


def watch(
    session: Session, county: County, who: str = "command", *, span: dt.timedelta = HOUR, **fields
) -> Playback:
    asked = Asked(MORNING, MORNING + span, **fields)
    return playback.open_playback(session, county.principal(who), asked)


def stand(session: Session, county: County, who: str, at: dt.datetime) -> None:
    positions.store(session, [Seen(county.accounts[who], Position(*centre(0, 0), at))])


def test_each_moment_shows_what_was_known_then(
    session: Session, county: County, clock: SetClock
) -> None:
    task = take(session, county).task.id
    clock.advance(minutes(3))
    say(session, county, PRIMARY, task, "sign")
    say(session, county, PRIMARY, task, "sign", {"late": True})
    clock.advance(minutes(5))
    say(session, county, PRIMARY, task, "depart", occurred_at=MORNING)
    say(session, county, PRIMARY, task, "call_support")
    clock.advance(2 * HOUR)
    say(session, county, PRIMARY, task, "arrive")
    (played,) = watch(session, county).tasks
    assert (played.id, played.incident.number) == (task, played.incident.number)
    assert [(turn.at - MORNING, turn.state) for turn in played.turns] == [
        (minutes(0), "assigned"),
        (minutes(3), "signed"),
        (minutes(8), "en_route"),
    ]


def test_tasks_of_before_play_while_they_are_open(
    session: Session, county: County, clock: SetClock
) -> None:
    clock.set(MORNING - HOUR)
    ended, open_ = (take(session, county).task.id for _ in range(2))
    say(session, county, "room-33082401", ended, "cancel")
    clock.set(MORNING + HOUR)
    later = take(session, county).task.id
    clock.advance(HOUR)
    assert [task.id for task in watch(session, county).tasks] == [open_]
    assert [task.id for task in watch(session, county, span=2 * HOUR).tasks] == [open_, later]


def test_what_made_no_task_is_there_too(session: Session, county: County, clock: SetClock) -> None:
    task = take(session, county).task.id
    moments = [MORNING - minutes(1), MORNING + minutes(20), MORNING + minutes(10)]
    past = [a_report(reported_at=at) for at in moments]
    past.append(a_report(centre(0, 1), reported_at=MORNING + minutes(30)))
    clock.advance(2 * HOUR)
    assert all(record_past(session, None, past, Atlas(session)))
    seen = watch(session, county)
    assert [each.id for each in seen.tasks] == [task]
    at = [each.reported_at - MORNING for each in seen.recorded]
    assert at == [minutes(10), minutes(20), minutes(30)]
    assert len(watch(session, county, "room-33082401").recorded) == 2


def test_a_room_plays_its_own_station_alone(
    session: Session, county: County, clock: SetClock
) -> None:
    southern, northern = (take(session, county, a_report(centre(0, row))).task.id for row in (0, 1))
    for who in (PRIMARY, NORTHERN):
        stand(session, county, who, MORNING)
    clock.advance(HOUR)
    everything = watch(session, county, positions=True, purpose=WHY)
    assert [task.id for task in everything.tasks] == [southern, northern]
    own = watch(session, county, "room-33082402", positions=True, purpose=WHY)
    assert [task.id for task in own.tasks] == [northern]
    assert own.tracks is not None
    assert [track.username for track in own.tracks.tracks] == [NORTHERN]
    narrowed = watch(session, county, unit_path="330824.33082401")
    assert [task.id for task in narrowed.tasks] == [southern]
    for who in ("room-33082402", "gis", PRIMARY):
        with pytest.raises(Forbidden):
            watch(session, county, who, unit_path="330824.33082401")


def test_positions_are_thinned_to_what_a_browser_holds(
    session: Session, county: County, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in range(0, 120, 5):
        stand(session, county, PRIMARY, MORNING + dt.timedelta(seconds=second))
    clock.advance(HOUR)
    seen = watch(session, county, positions=True, purpose=WHY).tracks
    assert seen is not None
    assert (seen.step, len(seen.tracks[0].fixes)) == (dt.timedelta(seconds=10), 12)
    monkeypatch.setattr(tracks, "MOST_POSITIONS", 60)
    seen = watch(session, county, positions=True, purpose=WHY).tracks
    assert seen is not None
    assert (seen.step, len(seen.tracks[0].fixes)) == (minutes(1), 2)
    assert seen.tracks[0].fixes[0] == tracks.Fix(MORNING, *centre(0, 0), None)


def test_who_looked_at_whom_and_why_is_written_down(
    session: Session, county: County, clock: SetClock
) -> None:
    stand(session, county, PRIMARY, MORNING)
    clock.advance(HOUR)
    watch(session, county, "room-33082401")
    watch(session, county, positions=True, purpose=f"  {WHY} ")
    rows = session.scalars(
        select(AuditEntry).where(AuditEntry.tag == "playback:open").order_by(AuditEntry.id)
    ).all()
    assert [(row.subject_kind, row.subject_id, row.purpose) for row in rows] == [
        ("unit", "33082401", None),
        ("unit", "330824", WHY),
    ]
    assert [row.data["officers"] for row in rows] == [None, [county.officers[PRIMARY]]]
    period = [dt.datetime.fromisoformat(rows[1].data[end]) for end in ("from", "to")]
    assert period == [MORNING, MORNING + HOUR]


@pytest.mark.parametrize(
    ("span", "fields", "code"),
    [
        (dt.timedelta(), {}, "playback.bad_period"),
        (-HOUR, {}, "playback.bad_period"),
        (dt.timedelta(days=32), {}, "playback.bad_period"),
        (HOUR, {"positions": True}, "input.length"),
        (HOUR, {"positions": True, "purpose": "  "}, "input.length"),
        (dt.timedelta(hours=25), {"positions": True, "purpose": WHY}, "track.too_long"),
    ],
)
def test_what_is_refused(
    session: Session,
    county: County,
    clock: SetClock,
    span: dt.timedelta,
    fields: dict,
    code: str,
) -> None:
    clock.advance(dt.timedelta(days=40) if span > HOUR and not fields else 2 * dt.timedelta(days=1))
    with pytest.raises(Invalid) as refusal:
        watch(session, county, span=span, **fields)
    assert refusal.value.code == code
    assert not session.scalars(select(AuditEntry).where(AuditEntry.tag == "playback:open")).all()


def test_positions_are_gone_after_thirty_days(
    session: Session, county: County, clock: SetClock
) -> None:
    clock.advance(dt.timedelta(days=30, minutes=1))
    with pytest.raises(Invalid) as refusal:
        watch(session, county, positions=True, purpose=WHY)
    assert refusal.value.code == "track.gone"
    assert watch(session, county).tracks is None


def test_more_tasks_than_a_browser_holds_are_refused(
    session: Session, county: County, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback, "MOST_TASKS", 1)
    take(session, county)
    take(session, county)
    clock.advance(HOUR)
    with pytest.raises(Invalid) as refusal:
        watch(session, county)
    assert refusal.value.code == "playback.too_many"
