"""Alarms over HTTP."""

from __future__ import annotations

from gridserver.worker import CHORES
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

ALARMS = "/api/v1/alarms"


def test_an_alarm_is_listed_and_silenced(client: AccountClient) -> None:
    room = client.as_("command")
    found = {alarm["key"]: alarm for alarm in room.get(ALARMS).json["items"]}
    assert found["worker"]["silenced"] is None
    assert found["worker"]["may_silence"]
    body = {"minutes": 10, "note": "升级中"}
    told = room.post(f"{ALARMS}/worker/silence", json=body)
    assert told.status_code == 200, told.json
    assert told.json["silenced"]["by"]["username"] == "command"
    station = client.as_("room-33082401").get(ALARMS).json["items"]
    (seen,) = [alarm for alarm in station if alarm["key"] == "worker"]
    assert seen["silenced"] == told.json["silenced"]
    assert not seen["may_silence"]


def test_what_cannot_be_silenced_says_why(client: AccountClient) -> None:
    room = client.as_("command")
    body = {"minutes": 10, "note": "known"}
    is_problem(room.post(f"{ALARMS}/unsigned:404/silence", json=body), 404, "alarm.unknown")
    is_problem(room.post(f"{ALARMS}/worker/silence", json={"minutes": 0, "note": "x"}), 422)
    station = client.as_("room-33082401")
    is_problem(station.post(f"{ALARMS}/worker/silence", json=body), 403, "access.forbidden")
    is_problem(client.as_("330824001").get(ALARMS), 403, "access.forbidden")


def test_the_worker_beats() -> None:
    assert "beat" in CHORES
