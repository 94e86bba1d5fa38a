"""A desk that nobody touches is locked by the clock."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from gridserver.access import idle, policy, queries, signing_in
from gridserver.access.rules import Principal
from gridserver.base.clock import SetClock
from gridserver.base.errors import Forbidden
from tests.county import PASSWORD, County

MINUTE = dt.timedelta(minutes=1)


def at_a_desk(session: Session, who: str) -> Principal:
    signed_in = signing_in.sign_in(session, who, PASSWORD, None)
    principal, _ = queries.principal_by_token(session, signed_in.token)
    idle.begin(session, principal)
    return again(session, principal)


def again(session: Session, principal: Principal) -> Principal:
    return queries.principal_by_session(session, principal.session_id)


def test_it_is_locked_after_thirty_minutes_without_a_touch(
    session: Session, county: County, clock: SetClock
) -> None:
    desk = at_a_desk(session, "command")
    assert idle.after_s(session, desk) == 1800
    clock.advance(29 * MINUTE)
    idle.touch(session, again(session, desk))
    clock.advance(29 * MINUTE)
    assert not again(session, desk).is_locked
    clock.advance(MINUTE)
    locked = again(session, desk)
    assert locked.is_locked
    for refused in (idle.require_open, lambda actor: idle.touch(session, actor)):
        with pytest.raises(Forbidden) as refusal:
            refused(locked)
        assert refusal.value.code == "access.session_locked"
    assert queries.dead_sessions(session, [desk.session_id]) == set(), "its sockets go on"
    idle.unlock(session, locked)
    assert not again(session, desk).is_locked


def test_it_can_be_locked_at_once(session: Session, county: County) -> None:
    desk = at_a_desk(session, "admin")
    idle.lock(session, desk)
    assert again(session, desk).is_locked


def test_a_bureau_sets_how_long(session: Session, county: County, clock: SetClock) -> None:
    policy.change(session, None, idle_minutes=5)
    desk = at_a_desk(session, "auditor")
    clock.advance(5 * MINUTE)
    assert again(session, desk).is_locked


def test_a_handheld_has_its_pin(session: Session, county: County, clock: SetClock) -> None:
    officer = at_a_desk(session, "330824001")
    assert idle.after_s(session, officer) is None
    idle.lock(session, officer)
    clock.advance(600 * MINUTE)
    assert not again(session, officer).is_locked


def test_a_session_has_an_absolute_life(session: Session, county: County, clock: SetClock) -> None:
    policy.change(session, None, session_hours=8)
    desk = at_a_desk(session, "command")
    for _ in range(16):
        assert not queries.dead_sessions(session, [desk.session_id])
        clock.advance(30 * MINUTE)
        idle.unlock(session, desk)
    assert queries.dead_sessions(session, [desk.session_id]) == {desk.session_id}
