"""Whether a silence holds, and which alarm comes first."""

from __future__ import annotations

import datetime as dt

import pytest

from gridserver.alarms.rules import Alarm, Silence, relay_alarm, silenced, worker_alarm

NOON = dt.datetime(2026, 11, 22, 4, tzinfo=dt.UTC)
BUREAU = "330824"


def minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)


def an_alarm(kind: str = "unsigned", since: float = 0) -> Alarm:
    return Alarm(f"{kind}:1", kind, NOON + minutes(since), BUREAU)


def a_silence(at: float, until: float) -> Silence:
    return Silence(NOON + minutes(at), NOON + minutes(until), "command", "指挥中心", "on the way")


@pytest.mark.parametrize(
    ("since", "at", "until", "moment", "is_silent"),
    [
        (0, 1, 11, 5, True),
        (0, 1, 11, 11, False),  # the time is over
        (6, 1, 11, 7, False),  # it renewed
        (1, 1, 11, 5, True),  # it began in the moment of the silence
    ],
)
def test_a_silence_holds_for_its_time_and_its_condition(
    since: float, at: float, until: float, moment: float, is_silent: bool
) -> None:
    alarm, silence = an_alarm(since=since), a_silence(at, until)
    (told,) = silenced([alarm], {alarm.key: silence}, NOON + minutes(moment))
    assert told.silence == (silence if is_silent else None)


def test_what_sounds_comes_first_then_the_most_urgent_then_the_oldest() -> None:
    quiet, clock, young = an_alarm("support"), an_alarm("clock"), an_alarm("unsigned", 3)
    old = Alarm("unsigned:2", "unsigned", NOON, BUREAU)
    told = silenced([quiet, clock, young, old], {quiet.key: a_silence(0, 60)}, NOON + minutes(5))
    assert [alarm.key for alarm in told] == [old.key, young.key, clock.key, quiet.key]


@pytest.mark.parametrize(("silent_s", "alarms"), [(15, 0), (16, 1)])
def test_a_worker_is_missed_after_three_beats(silent_s: float, alarms: int) -> None:
    assert len(worker_alarm(NOON - dt.timedelta(seconds=silent_s), NOON, BUREAU)) == alarms


def test_a_worker_that_never_ran_is_missed() -> None:
    (alarm,) = worker_alarm(None, NOON, BUREAU)
    assert (alarm.since, alarm.unit_path) == (NOON, BUREAU)


@pytest.mark.parametrize(("waiting_s", "alarms"), [(None, 0), (10, 0), (11, 1)])
def test_the_relay_is_behind_past_ten_seconds(waiting_s: float | None, alarms: int) -> None:
    since = None if waiting_s is None else NOON - dt.timedelta(seconds=waiting_s)
    assert len(relay_alarm(since, NOON, BUREAU)) == alarms
