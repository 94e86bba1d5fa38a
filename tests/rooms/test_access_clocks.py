"""Devices whose clocks are off: what they say is kept as said, with how far they are off."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from gridserver.access import clocks, signing_in
from gridserver.access import queries as access_queries
from gridserver.access.rules import Principal
from gridserver.base.clock import SetClock
from gridserver.delivery.commands import Command
from gridserver.dispatch import service as dispatch
from tests.conftest import MORNING
from tests.county import PASSWORD, County
from tests.rooms.dispatching import PRIMARY, take

NEW_ID = "9f1f8f7e-3a39-4b3f-9f3e-5d1c2b7a0001"


@pytest.fixture
def token(session: Session, county: County) -> str:
    return signing_in.sign_in(session, PRIMARY, PASSWORD, device="phone").token


def now_signed_in(session: Session, token: str) -> Principal:
    return access_queries.principal_by_token(session, token)[0]


def note(session: Session, token: str, offset_s: float) -> float | None:
    """Say that the device is `offset_s` behind; return what its session has then."""
    clocks.note(session, now_signed_in(session, token), MORNING - dt.timedelta(seconds=offset_s))
    return now_signed_in(session, token).clock_offset_s


def test_a_session_knows_how_far_its_device_is_off(session: Session, token: str) -> None:
    assert now_signed_in(session, token).clock_offset_s is None
    assert note(session, token, 7200.04) == 7200.0
    assert note(session, token, 7201.5) == 7200.0, "as far as the network's delay goes"
    assert note(session, token, -3600) == -3600.0


@pytest.mark.parametrize("year", [1, 9999])
def test_no_clock_is_too_wrong(session: Session, token: str, year: int) -> None:
    at = dt.datetime(year, 12, 31, 12, tzinfo=dt.timezone(dt.timedelta(hours=14)))
    clocks.note(session, now_signed_in(session, token), at)
    assert now_signed_in(session, token).clock_offset_s == (MORNING - at).total_seconds()


def test_a_commands_history_has_both_times_and_the_offset(
    session: Session, county: County, token: str, clock: SetClock
) -> None:
    """The officer's clock is two hours slow, and the command came ten minutes after it was said."""
    task_id = take(session, county).task.id
    note(session, token, 7200)
    clock.advance(dt.timedelta(minutes=10))
    said = MORNING - dt.timedelta(hours=2)
    actor = now_signed_in(session, token)
    answer = dispatch.command(session, actor, task_id, Command(NEW_ID, "sign", said))
    entry = answer.body["task"]["history"][-1]
    assert dt.datetime.fromisoformat(entry["occurred_at"]) == said
    assert entry["clock_offset_s"] == 7200
    assert said + dt.timedelta(seconds=entry["clock_offset_s"]) == MORNING


def test_where_nothing_was_said_no_offset_is_told(
    session: Session, county: County, token: str
) -> None:
    task_id = take(session, county).task.id
    note(session, token, 7200)
    actor = now_signed_in(session, token)
    answer = dispatch.command(session, actor, task_id, Command(NEW_ID, "sign"))
    assert [e["clock_offset_s"] for e in answer.body["task"]["history"]] == [None, None]
