"""Alarms, worked out from the rows of the other rooms, and silenced with a name."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access.models import Account, Device, LoginSession
from gridserver.access.rules import Principal
from gridserver.alarms import heartbeat, queries, rules, service
from gridserver.alarms.rules import Alarm
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock, now
from gridserver.base.errors import Forbidden, Invalid, NotFound
from gridserver.delivery import service as delivery
from gridserver.dispatch import escalation
from gridserver.force import voids
from gridserver.force.models import Absence, Shift
from tests.county import County, add_teams
from tests.rooms.dispatching import (
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    bring_to,
    feed,
    minutes,
    say,
    take,
)

OTHER_ROOM = "room-33082402"


def alarms(session: Session, county: County, who: str = BUREAU_ROOM) -> list[Alarm]:
    """Return the alarms that an account sees, with a worker alive and without the roster's."""
    heartbeat.beat(session)
    found = queries.alarms_for(session, county.principal(who))
    return [alarm for alarm in found if alarm.kind != "void"]


def keys(session: Session, county: County, who: str = BUREAU_ROOM) -> list[str]:
    return [alarm.key for alarm in alarms(session, county, who)]


@pytest.fixture
def unsigned(session: Session, county: County, clock: SetClock) -> int:
    """A task that nobody signed to the end of its ladder."""
    task = take(session, county).task
    for _ in range(20):
        clock.advance(minutes(10))
        if not escalation.escalate_due(session):
            return task.id
    raise AssertionError("the ladder has no end")


def test_a_task_alarms_once_nobody_is_left_to_tell(
    session: Session, county: County, clock: SetClock
) -> None:
    task = take(session, county).task
    assert keys(session, county) == []
    while escalation.escalate_due(session) or not keys(session, county):
        assert task.state == "assigned"
        clock.advance(minutes(10))
    (alarm,) = alarms(session, county)
    assert (alarm.key, alarm.task_id) == (f"unsigned:{task.id}", task.id)
    assert alarm.since <= now(session)
    say(session, county, PRIMARY, task.id, "sign")
    assert keys(session, county) == []


def test_a_room_sees_the_alarms_of_its_own_units(
    session: Session, county: County, unsigned: int
) -> None:
    assert keys(session, county, STATION_ROOM) == [f"unsigned:{unsigned}"]
    assert keys(session, county, OTHER_ROOM) == []
    with pytest.raises(Forbidden):
        alarms(session, county, PRIMARY)


def test_a_call_for_support_alarms_until_the_work_is_done(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "on_scene")
    say(session, county, PRIMARY, task_id, "call_support", {"text": "刀"})
    (alarm,) = alarms(session, county)
    assert (alarm.key, alarm.params["text"]) == (f"support:{task_id}", "刀")
    say(session, county, PRIMARY, task_id, "report")
    assert keys(session, county) == []


def test_nobody_on_the_roster_alarms_once_for_each_station(
    session: Session, county: County, clock: SetClock
) -> None:
    session.execute(sa.delete(Shift))
    found = queries.alarms_for(session, county.principal(STATION_ROOM))
    (void,) = [alarm for alarm in found if alarm.kind == "void"]
    assert void.key.startswith("void:33082401:")
    assert void.params["count"] > 1
    # A roster that stays as it is is no renewal.
    room = county.principal(STATION_ROOM)
    service.silence(session, room, void.key, minutes=60, note="two on their way")
    clock.advance(minutes(30))
    again = {alarm.key: alarm for alarm in queries.alarms_for(session, room)}
    assert again[void.key].silence is not None


def shown(found: Iterable[voids.Void], moment: dt.datetime) -> list[tuple[object, ...]]:
    """Return of the voids that last what their alarms tell, by station."""
    stations: dict[str | None, list[voids.Void]] = {}
    for each in found:
        if each.end > moment:
            stations.setdefault(each.code if each.kind == "station" else each.station, []).append(
                each
            )
    return sorted(
        (
            code or "bureau",
            len(those),
            list(dict.fromkeys(each.name for each in those))[:3],
            min(each.start for each in those).isoformat(),
            max(each.end for each in those).isoformat(),
        )
        for code, those in stations.items()
    )


def test_the_roster_is_looked_through_once_for_all_and_the_answer_is_the_same(
    session: Session, county: County, clock: SetClock
) -> None:
    """Rosters change, hours and days go by; each viewer is told what a look of their own says."""
    add_teams(session, county)
    morning = now(session)
    changes = [
        lambda: None,
        lambda: session.execute(
            sa.delete(Shift).where(Shift.officer_id == county.officers[PRIMARY])
        ),
        lambda: session.add(
            Absence(
                officer_id=county.officers["330824003"],
                reason="sick",
                during=Range(morning, morning + dt.timedelta(hours=30)),
            )
        ),
        lambda: session.execute(sa.delete(Shift).where(Shift.unit_id == county.units["33082402"])),
        lambda: session.execute(sa.update(Account).values(disabled_at=morning)),
        lambda: session.execute(sa.delete(Shift)),
    ]
    told = set()
    for change in changes:
        change()
        session.flush()
        for _ in range(3):
            clock.advance(dt.timedelta(hours=3, minutes=7))
            moment = now(session)
            since = moment.replace(hour=0, minute=0, second=0, microsecond=0) - dt.timedelta(days=1)
            for who in (BUREAU_ROOM, STATION_ROOM, OTHER_ROOM):
                actor = county.principal(who)
                own = voids.voids(
                    session, since, moment + rules.VOID_AHEAD, unit_paths=actor.paths("alarm.read")
                )
                said = sorted(
                    (alarm.key.split(":")[1], *(alarm.params[name] for name in alarm.params))
                    for alarm in queries.alarms_for(session, actor)
                    if alarm.kind == "void"
                )
                assert said == shown(own, moment)
                told.add(str(said))
    assert len(told) > len(changes)


def test_nobody_looks_again_before_a_roster_changes(
    session: Session, county: County, clock: SetClock
) -> None:
    asked: list[str] = []
    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", lambda *said: asked.append(said[2]))
    room, other = county.principal(BUREAU_ROOM), county.principal(OTHER_ROOM)

    def looks() -> int:
        asked.clear()
        queries.alarms_for(session, room)
        queries.alarms_for(session, other)
        return sum("tstzmultirange" in statement for statement in asked)

    assert looks() == 1
    clock.advance(minutes(1))
    assert looks() == 0
    with session.begin_nested() as change:
        session.execute(sa.delete(Shift))
        assert looks() == 1
        change.rollback()
    assert looks() == 0, "what was undone has its former name"


def test_no_worker_and_what_no_room_was_told_alarm_everywhere(
    session: Session, county: County, clock: SetClock
) -> None:
    heartbeat.beat(session)
    path = county.principal(BUREAU_ROOM).paths("feed.read")[0]
    delivery.append_feed(session, "mode.changed", {}, path)
    assert len(feed(session)) == 1
    clock.advance(dt.timedelta(seconds=16))
    found = queries.alarms_for(session, county.principal(OTHER_ROOM))
    assert {"worker", "relay"} <= {alarm.key for alarm in found}
    with pytest.raises(Forbidden):
        service.silence(session, county.principal(OTHER_ROOM), "worker", minutes=5, note="known")
    heartbeat.beat(session)
    assert "worker" not in keys(session, county)


@pytest.mark.parametrize(("offset_s", "alarming"), [(119.0, False), (-121.0, True), (None, False)])
def test_a_clock_that_is_off_alarms(
    session: Session, county: County, offset_s: float | None, alarming: bool
) -> None:
    moment = now(session)
    account = county.accounts[PRIMARY]
    device = Device(
        account_id=account, name="d1", unlock=b"u" * 32, first_seen_at=moment, last_seen_at=moment
    )
    session.add(device)
    session.flush()
    session.add(
        LoginSession(
            id=uuid.uuid4(),
            account_id=account,
            token_digest=b"1",
            csrf_token="c",
            device="d1",
            device_id=device.id,
            clock_offset_s=offset_s,
            created_at=moment,
            expires_at=moment + minutes(60),
        )
    )
    session.flush()
    assert keys(session, county, STATION_ROOM) == ([f"clock:{PRIMARY}"] if alarming else [])
    assert keys(session, county, OTHER_ROOM) == []


def silence(session: Session, actor: Principal, task_id: int, length: int = 10) -> Alarm:
    return service.silence(
        session, actor, f"unsigned:{task_id}", minutes=length, note="已电话通知所长"
    )


def test_a_silence_has_a_name_is_seen_by_all_and_ends(
    session: Session, county: County, clock: SetClock, unsigned: int
) -> None:
    told = silence(session, county.principal(STATION_ROOM), unsigned)
    assert told.silence is not None
    (seen,) = alarms(session, county)
    assert seen.silence is not None
    assert (seen.silence.username, seen.silence.note) == (STATION_ROOM, "已电话通知所长")
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == "alarm:silence")).one()
    assert (entry.subject_id, entry.purpose) == (f"unsigned:{unsigned}", "已电话通知所长")
    clock.advance(minutes(10))
    assert [alarm.silence for alarm in alarms(session, county)] == [None]


def test_a_silenced_alarm_sounds_again_when_it_renews(
    session: Session, county: County, clock: SetClock
) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "on_scene")
    say(session, county, PRIMARY, task_id, "call_support", {})
    room = county.principal(STATION_ROOM)
    service.silence(session, room, f"support:{task_id}", minutes=60, note="two cars")
    clock.advance(minutes(1))
    assert [alarm.silence is None for alarm in alarms(session, county)] == [False]
    say(session, county, PRIMARY, task_id, "call_support", {})
    assert [alarm.silence is None for alarm in alarms(session, county)] == [True]


def test_only_what_sounds_in_ones_units_can_be_silenced(
    session: Session, county: County, unsigned: int
) -> None:
    with pytest.raises(NotFound):
        silence(session, county.principal(OTHER_ROOM), unsigned)
    with pytest.raises(Invalid) as refusal:
        silence(session, county.principal(STATION_ROOM), unsigned, 481)
    assert refusal.value.field == "minutes"
    with pytest.raises(Invalid):
        service.silence(
            session, county.principal(STATION_ROOM), f"unsigned:{unsigned}", minutes=5, note=" "
        )
