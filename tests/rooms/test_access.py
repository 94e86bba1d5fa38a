"""Signing in, what a token is worth, and grants."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from gridserver.access import passwords, policy, queries, service, signing_in
from gridserver.access.models import Account, LoginSession
from gridserver.access.rules import require
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Invalid, Unauthenticated
from gridserver.org.models import Unit
from gridserver.org.queries import unit_by_code
from tests.county import PASSWORD, County


def test_a_token_gives_the_principal_with_its_grants(session: Session, county: County) -> None:
    signed_in = signing_in.sign_in(session, "room-33082401", PASSWORD, None)
    principal, csrf = queries.principal_by_token(session, signed_in.token)
    assert csrf == signed_in.csrf_token
    assert principal.username == "room-33082401"
    assert principal.may("task.command", "330824.33082401")
    assert principal.may("task.command", "330824.33082401.team-1")
    assert not principal.may("task.command", "330824.33082402")
    assert not principal.may("task.command", "330824")
    assert not principal.may("task.command", "330824.330824012")
    with pytest.raises(Forbidden, match="33082402"):
        require(principal, "task.command", "330824.33082402")


@pytest.mark.parametrize(
    ("username", "password"),
    [("nobody", PASSWORD), ("command", "wrong-password"), ("command", ""), ("Command", PASSWORD)],
)
def test_wrong_credentials_get_one_answer(
    session: Session, county: County, username: str, password: str
) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        signing_in.sign_in(session, username, password, None)
    assert refusal.value.code == "access.wrong_credentials"


def test_no_secret_is_stored(session: Session, county: County) -> None:
    signed_in = signing_in.sign_in(session, "command", PASSWORD, None)
    stored = session.execute(text("SELECT login_session::text FROM login_session")).scalar_one()
    assert signed_in.token not in stored
    assert PASSWORD not in session.scalars(select(Account.password_hash)).first()


def test_sessions_end(session: Session, county: County, clock: SetClock) -> None:
    by_expiry = signing_in.sign_in(session, "gis", PASSWORD, None)
    clock.advance(dt.timedelta(hours=policy.current(session).session_hours))
    with pytest.raises(Unauthenticated):
        queries.principal_by_token(session, by_expiry.token)
    for end in (
        lambda token: signing_in.sign_out(session, queries.principal_by_token(session, token)[0]),
        lambda _: service.set_password(session, None, "gis", PASSWORD),
        lambda _: service.disable(session, None, "gis"),
    ):
        token = signing_in.sign_in(session, "gis", PASSWORD, None).token
        ids = [queries.principal_by_token(session, token)[0].session_id]
        assert queries.dead_sessions(session, ids) == set()
        end(token)
        assert queries.dead_sessions(session, ids) == set(ids)
        with pytest.raises(Unauthenticated):
            queries.principal_by_token(session, token)


def test_who_has_no_role_for_it_any_more(session: Session, county: County) -> None:
    """Of the sessions that stand; a wall's has none."""
    sessions = {
        who: queries.principal_by_token(
            session, signing_in.sign_in(session, who, PASSWORD, None).token
        )[0].session_id
        for who in ("330824001", "command", "room-33082401", "auditor")
    }

    def without() -> set[str]:
        found = queries.sessions_without(session, sessions.values(), "inbox.read")
        return {who for who, session_id in sessions.items() if session_id in found}

    assert without() == {"auditor"}
    account = service.account_by_username(session, "330824001")
    service.revoke(session, None, account, "officer", unit_by_code(session, "33082401"))
    wall = update(LoginSession).where(LoginSession.id == sessions["command"])
    session.execute(wall.values(is_wall=True))
    assert without() == {"auditor", "330824001", "command"}
    service.disable(session, None, "room-33082401")
    assert without() == sessions.keys()


def test_a_device_names_its_sessions(session: Session, county: County) -> None:
    signing_in.sign_in(session, "330824001", PASSWORD, "handheld-7")
    signing_in.sign_in(session, "330824001", PASSWORD, None)
    devices = session.scalars(select(LoginSession.device)).all()
    assert "handheld-7" in devices
    assert len(set(devices)) == 2


def test_an_auditor_holds_no_other_role(session: Session, county: County) -> None:
    bureau = session.get_one(Unit, county.bureau_id)
    for username, role in (("auditor", "admin"), ("admin", "auditor")):
        account = service.account_by_username(session, username)
        with pytest.raises(Conflict, match="no other role"):
            service.grant(session, None, account, role, bureau)


def test_an_auditor_is_appointed_by_two_names_and_by_nobody_who_is_signed_in(
    session: Session, county: County
) -> None:
    bureau = session.get_one(Unit, county.bureau_id)
    new = service.add_account(session, None, username="new", display_name="x", password_hash="!")
    two = ("纪委 王某", "法制 李某")
    for names in ((), two[:1], (two[0], f" {two[0]} "), (*two, "third")):
        with pytest.raises(Invalid, match="twice"):
            service.grant(session, None, new, "auditor", bureau, authorised_by=names)
    with pytest.raises(Forbidden, match="command line"):
        admin = county.principal("admin")
        service.grant(session, admin, new, "auditor", bureau, authorised_by=two)
    service.grant(session, None, new, "auditor", bureau, authorised_by=two)
    said = session.scalars(
        select(AuditEntry.data).where(AuditEntry.tag == "account:appoint").order_by(AuditEntry.id)
    ).all()
    assert said[-1]["authorised_by"] == sorted(two)


def test_an_auditors_password_takes_the_same_two_names(session: Session, county: County) -> None:
    two = ("纪委 王某", "法制 李某")
    for names in ((), two[:1], (two[0], two[0])):
        with pytest.raises(Invalid, match="twice"):
            service.set_password(session, None, "auditor", "river-stone-12", authorised_by=names)
    with pytest.raises(Forbidden, match="command line"):
        actor = county.principal("admin")
        service.set_password(session, actor, "auditor", "river-stone-12", authorised_by=two)
    service.set_password(session, None, "auditor", "river-stone-12", authorised_by=two)
    passwd = AuditEntry.tag == "account:passwd"
    (said,) = session.scalars(select(AuditEntry.data).where(passwd)).all()
    assert said["authorised_by"] == sorted(two)
    assert signing_in.sign_in(session, "auditor", "river-stone-12", None)


def test_bad_accounts_are_refused(session: Session, county: County) -> None:
    with pytest.raises(Conflict, match="exists"):
        service.add_account(session, None, username="gis", display_name="x", password_hash="!")
    with pytest.raises(Invalid, match="no blanks"):
        service.add_account(session, None, username="a b", display_name="x", password_hash="!")
    with pytest.raises(Invalid, match="at least 12"):
        service.set_password(session, None, "gis", "short")


def test_an_account_without_password_opens_to_nothing(session: Session, county: County) -> None:
    unusable = passwords.unusable_password()
    service.add_account(session, None, username="new", display_name="x", password_hash=unusable)
    for password in ("", "!", unusable):
        with pytest.raises(Unauthenticated):
            signing_in.sign_in(session, "new", password, None)


def test_rooms_are_those_granted_at_just_that_unit(session: Session, county: County) -> None:
    service.disable(session, None, "room-33082402")
    for code, desks in (("33082401", ["room-33082401"]), ("33082402", [])):
        bureau, station = queries.command_rooms(session, code)
        assert (bureau.unit_id, station.unit_id) == (county.units["330824"], county.units[code])
        assert [desk.username for desk in bureau.desks] == ["command"]
        assert [desk.username for desk in station.desks] == desks
    assert queries.command_rooms(session, "nowhere")[1] is None
    assert queries.command_rooms(session, None)[1] is None


def test_what_changes_access_is_in_the_ledger(session: Session, county: County) -> None:
    before = len(session.scalars(select(AuditEntry)).all())
    actor = county.principal("admin")
    service.set_password(session, actor, "gis", "another-password")
    service.disable(session, actor, "gis")
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()[before:]
    assert [(e.tag, e.actor_account_id) for e in entries] == [
        ("account:passwd", actor.account_id),
        ("account:disable", actor.account_id),
    ]
