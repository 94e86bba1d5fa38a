"""A wall's session looks on, says nothing, and stands as long as somebody looks."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import idle, policy, queries, service, signing_in, walls
from gridserver.access.rules import PERMISSIONS, Principal
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Unauthenticated
from gridserver.dispatch import queries as dispatch
from tests.county import PASSWORD, County

ROOM = "room-33082401"
LOOKS = {"feed.read", "alarm.read", "figures.read", "force.read", "grid.read", "norms.read"}


def signed_in(session: Session, username: str = ROOM) -> tuple[str, Principal]:
    token = signing_in.sign_in(session, username, PASSWORD, "the wall").token
    return token, queries.principal_by_token(session, token)[0]


def holder(session: Session, token: str) -> Principal:
    return queries.principal_by_token(session, token)[0]


def test_a_wall_looks_on_where_its_account_did_and_no_more(
    session: Session, county: County
) -> None:
    token, before = signed_in(session)
    walls.put_up(session, before)
    wall = holder(session, token)
    assert {name for name in PERMISSIONS if wall.may(name)} == LOOKS
    assert wall.paths("feed.read") == before.paths("feed.read")
    assert "tasks" in dispatch.command_snapshot(session, wall)
    by_id = queries.principals_by_session(session, [before.session_id])
    assert by_id[before.session_id].grants == wall.grants
    other, desk = signed_in(session)
    assert holder(session, other).may("task.command"), f"{desk.username}'s desk is what it was"


def test_a_wall_stands_as_long_as_it_is_looked_at(
    session: Session, county: County, clock: SetClock
) -> None:
    token, before = signed_in(session)
    until = walls.put_up(session, before)
    assert until == clock.now() + walls.LASTS
    for _ in range(5):
        clock.advance(walls.LASTS - dt.timedelta(hours=1))
        assert walls.put_up(session, holder(session, token)) == clock.now() + walls.LASTS
    clock.advance(walls.LASTS)
    with pytest.raises(Unauthenticated):
        holder(session, token)


def test_nobody_touches_a_wall(session: Session, county: County, clock: SetClock) -> None:
    token, before = signed_in(session)
    idle.begin(session, before)
    assert idle.after_s(session, before) is not None
    walls.put_up(session, before)
    clock.advance(dt.timedelta(days=1))
    wall = holder(session, token)
    assert (idle.after_s(session, wall), wall.is_locked) == (None, False)


def test_no_other_session_is_prolonged(session: Session, county: County, clock: SetClock) -> None:
    wall, before = signed_in(session)
    desk, _ = signed_in(session)
    walls.put_up(session, before)
    clock.advance(dt.timedelta(hours=policy.current(session).session_hours))
    assert holder(session, wall).username == ROOM
    with pytest.raises(Unauthenticated):
        holder(session, desk)


def test_it_is_written_down_once(session: Session, county: County) -> None:
    token, before = signed_in(session)
    walls.put_up(session, before)
    walls.put_up(session, holder(session, token))
    entries = session.scalars(select(AuditEntry).where(AuditEntry.tag == "session:wall")).all()
    assert [entry.actor_account_id for entry in entries] == [county.accounts[ROOM]]


def test_a_new_password_ends_it(session: Session, county: County) -> None:
    token, before = signed_in(session)
    walls.put_up(session, before)
    service.set_password(session, None, ROOM, "another long passphrase")
    with pytest.raises(Unauthenticated):
        holder(session, token)


def test_who_follows_nothing_puts_up_none(session: Session, county: County) -> None:
    with pytest.raises(Forbidden):
        walls.put_up(session, signed_in(session, "330824001")[1])
    with pytest.raises(Conflict) as refusal:
        walls.put_up(session, county.principal(ROOM))
    assert refusal.value.code == "session.no_wall"
