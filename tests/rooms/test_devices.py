"""Devices: signing in from one, revoking it, and what it says of itself."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import device_list, devices, queries, sessions, signing_in
from gridserver.access.device_list import Wanted
from gridserver.access.models import Device, LoginSession
from gridserver.access.rules import Principal
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from tests.county import PASSWORD, County

OFFICER = "330824001"


def unlock(session: Session, username: str, device: str | None) -> bytes | None:
    """Sign in, and return the secret that came with the session."""
    signed_in = signing_in.sign_in(session, username, PASSWORD, device)
    holder, _ = queries.principal_by_token(session, signed_in.token)
    assert queries.session_terms(session, holder.session_id).unlock == signed_in.unlock
    return signed_in.unlock


def test_a_device_of_an_account_has_one_secret(session: Session, county: County) -> None:
    first = unlock(session, OFFICER, "handheld-7")
    assert first is not None and len(first) == 32
    assert unlock(session, OFFICER, "handheld-7") == first
    assert unlock(session, OFFICER, "handheld-8") != first
    assert unlock(session, "330824002", "handheld-7") != first
    assert session.scalars(select(Device.name).order_by(Device.id)).all() == [
        "handheld-7",
        "handheld-8",
        "handheld-7",
    ]


def test_who_names_no_device_has_none(session: Session, county: County) -> None:
    assert unlock(session, OFFICER, None) is None
    assert session.scalars(select(LoginSession.device_id)).one() is None
    assert session.scalars(select(Device)).all() == []


# --- revoking and admitting

STATION, OTHER_STATION = "room-33082401", "room-33082402"


def sign_in(session: Session, username: str = OFFICER, device: str = "handheld-7") -> Principal:
    signed_in = signing_in.sign_in(session, username, PASSWORD, device)
    return queries.principal_by_token(session, signed_in.token)[0]


def revoked_by(session: Session, county: County, actor: str) -> int:
    """Sign the officer in, and revoke the device; return its id."""
    device_id = sign_in(session).device_id
    assert device_id is not None
    devices.revoke(session, county.principal(actor), device_id, "lost in the river")
    return device_id


@pytest.mark.parametrize("actor", ["admin", STATION])
def test_a_revoked_device_is_out(session: Session, county: County, actor: str) -> None:
    kept = signing_in.sign_in(session, OFFICER, PASSWORD, "handheld-8")
    lost = signing_in.sign_in(session, OFFICER, PASSWORD, "handheld-7")
    holder, _ = queries.principal_by_token(session, lost.token)
    revoked_by(session, county, actor)
    with pytest.raises(Unauthenticated) as refusal:
        queries.principal_by_token(session, lost.token)
    assert refusal.value.code == "access.device_revoked"
    with pytest.raises(Unauthenticated) as refusal:
        queries.principal_by_session(session, holder.session_id)
    assert refusal.value.code == "access.device_revoked"
    with pytest.raises(Forbidden) as barred:
        signing_in.sign_in(session, OFFICER, PASSWORD, "handheld-7")
    assert (barred.value.code, barred.value.field) == ("access.device_revoked", "device")
    # Another of the officer's, and another officer's of that name, are none of its business.
    assert queries.principal_by_token(session, kept.token)[0].username == OFFICER
    signing_in.sign_in(session, "330824002", PASSWORD, "handheld-7")


def test_a_wrong_password_says_nothing_of_the_device(session: Session, county: County) -> None:
    revoked_by(session, county, "admin")
    with pytest.raises(Unauthenticated) as refusal:
        signing_in.sign_in(session, OFFICER, "wrong-password", "handheld-7")
    assert refusal.value.code == "access.wrong_credentials"


def test_an_admin_admits_a_device_with_the_secret_it_had(session: Session, county: County) -> None:
    before = signing_in.sign_in(session, OFFICER, PASSWORD, "handheld-7")
    device_id = revoked_by(session, county, STATION)
    with pytest.raises(NotFound):
        devices.admit(session, county.principal(STATION), device_id)
    devices.admit(session, county.principal("admin"), device_id)
    with pytest.raises(Unauthenticated) as refusal:
        queries.principal_by_token(session, before.token)
    assert refusal.value.code == "access.unauthenticated"
    assert unlock(session, OFFICER, "handheld-7") == before.unlock


def test_twice_is_once(session: Session, county: County) -> None:
    device_id = revoked_by(session, county, STATION)
    devices.revoke(session, county.principal("admin"), device_id, "said again")
    revoked = session.get_one(Device, device_id)
    assert revoked.revoke_reason == "lost in the river"
    for _ in range(2):
        devices.admit(session, None, device_id)
    assert tags(session) == ["device:revoke", "device:admit"]


def test_what_was_done_to_a_device_is_in_the_ledger(session: Session, county: County) -> None:
    dead = signing_in.sign_in(session, OFFICER, PASSWORD, "handheld-7")
    device_id = revoked_by(session, county, STATION)
    for _ in range(2):
        devices.report_wiped(session, dead.token)
    revocation, wiping = entries(session)
    assert revocation.actor_account_id == county.accounts[STATION]
    assert revocation.data == {
        "name": "handheld-7",
        "username": OFFICER,
        "reason": "lost in the river",
        "sessions": 2,
    }
    assert (wiping.tag, wiping.actor_account_id) == ("device:wiped", None)
    assert wiping.subject_id == revocation.subject_id == str(device_id)


def entries(session: Session) -> list[AuditEntry]:
    of_devices = select(AuditEntry).where(AuditEntry.subject_kind == "device")
    return list(session.scalars(of_devices.order_by(AuditEntry.id)))


def tags(session: Session) -> list[str]:
    return [entry.tag for entry in entries(session)]


def test_only_a_revoked_device_says_that_it_was_wiped(session: Session, county: County) -> None:
    good = signing_in.sign_in(session, OFFICER, PASSWORD, "handheld-8")
    for token in (good.token, "nonsense"):
        with pytest.raises(Unauthenticated) as refusal:
            devices.report_wiped(session, token)
        assert refusal.value.code == "access.unauthenticated"


@pytest.mark.parametrize("actor", [OTHER_STATION, "330824002", "auditor"])
def test_who_does_not_answer_for_the_officer_revokes_nothing(
    session: Session, county: County, actor: str
) -> None:
    with pytest.raises(NotFound) as refusal:
        revoked_by(session, county, actor)
    assert refusal.value.code == "device.unknown"
    assert tags(session) == []


def test_one_s_own_lost_device_can_be_revoked_from_another(
    session: Session, county: County
) -> None:
    lost, here = sign_in(session), sign_in(session, device="handheld-8")
    assert lost.device_id is not None and here.device_id is not None
    devices.revoke(session, here, lost.device_id, "lost")
    assert session.get_one(Device, lost.device_id).revoked_by == county.accounts[OFFICER]
    with pytest.raises(Conflict) as refusal:
        devices.revoke(session, here, here.device_id, "lost")
    assert refusal.value.code == "device.in_use"
    with pytest.raises(NotFound):
        devices.admit(session, here, lost.device_id)


def test_a_revocation_has_a_reason(session: Session, county: County) -> None:
    device_id = sign_in(session).device_id
    assert device_id is not None
    for reason in ("", "  ", "x" * 201):
        with pytest.raises(Invalid) as refusal:
            devices.revoke(session, None, device_id, reason)
        assert refusal.value.field == "reason"


# --- what a device says of itself


def test_a_sign_changes_what_it_tells(session: Session, county: County, clock: SetClock) -> None:
    device_id = sign_in(session).device_id
    account_id = county.accounts[OFFICER]
    came = clock.now()
    said = devices.Said(battery=0.5, app_version="1.2", platform="Android", address="10.0.0.7")

    def sign(minutes: int, what: devices.Said, name: str = "handheld-7") -> Device:
        at = came + dt.timedelta(minutes=minutes)
        devices.record_signs(session, [devices.Sign(account_id, name, at, what)])
        session.expire_all()
        return session.get_one(Device, device_id)

    told = sign(1, said)
    assert (told.battery, told.app_version, told.platform) == (0.5, "1.2", "Android")
    silent = sign(2, {})
    assert silent.last_seen_at == came + dt.timedelta(minutes=2)
    assert silent.battery_at == came + dt.timedelta(minutes=1)
    assert (silent.battery, silent.last_address) == (0.5, "10.0.0.7")
    assert sign(3, {"battery": 0.0}).battery == 0.0
    assert sign(0, {}).last_seen_at == came + dt.timedelta(minutes=3)
    assert sign(9, {"battery": 1.0}, name="no such device").battery == 0.0


def test_of_too_many_the_one_silent_longest_is_forgotten(
    session: Session, county: County, clock: SetClock
) -> None:
    sign_in(session, "330824002")
    lost = sign_in(session, device="lost").device_id
    assert lost is not None
    devices.revoke(session, None, lost, "lost")
    forgotten = signing_in.sign_in(session, OFFICER, PASSWORD, "number 0")
    for number in range(1, devices.MOST_DEVICES):
        clock.advance(dt.timedelta(minutes=1))
        sign_in(session, device=f"number {number}")
    sign_in(session, device="number 1")
    assert queries.principal_by_token(session, forgotten.token)
    clock.advance(dt.timedelta(minutes=1))
    sign_in(session, device="one more")
    with pytest.raises(Unauthenticated) as refusal:
        queries.principal_by_token(session, forgotten.token)
    assert refusal.value.code == "access.unauthenticated"
    of_the_officer = select(Device.name).where(Device.account_id == county.accounts[OFFICER])
    kept = set(session.scalars(of_the_officer))
    assert len(kept) == devices.MOST_DEVICES + 1
    assert {"lost", "number 1", "one more"} <= kept
    assert "number 0" not in kept
    assert tags(session) == ["device:revoke", "device:forget"]
    assert unlock(session, OFFICER, "number 0") != forgotten.unlock


# --- lists


def listed(session: Session, actor: Principal | None, **wanted: str) -> list[str]:
    """Return whose devices are listed, as ``username:device``."""
    cards = device_list.devices(session, actor, Wanted(**wanted))
    return [f"{card.account.username}:{card.name}" for card in cards]


@pytest.fixture
def four(session: Session, county: County, clock: SetClock) -> None:
    """Devices of three officers in two stations and of a room, each first heard of an hour after
    the one before."""
    for username, name in (
        (OFFICER, "handheld-7"),
        ("330824005", "handheld-8"),
        (STATION, "desk"),
        (OFFICER, "handheld-9"),
    ):
        sign_in(session, username, name)
        clock.advance(dt.timedelta(hours=1))


@pytest.mark.usefixtures("four")
def test_each_sees_the_devices_within_its_scope(session: Session, county: County) -> None:
    own = [f"{OFFICER}:handheld-9", f"{STATION}:desk", f"{OFFICER}:handheld-7"]
    everything = [*own[:2], "330824005:handheld-8", own[2]]
    assert listed(session, None) == everything
    assert listed(session, county.principal("admin")) == everything
    assert listed(session, county.principal("command")) == everything
    assert listed(session, county.principal(STATION)) == own
    assert listed(session, county.principal(OTHER_STATION)) == ["330824005:handheld-8"]
    for username in (OFFICER, "auditor", "gis"):
        with pytest.raises(Forbidden):
            listed(session, county.principal(username))
    mine = device_list.own_devices(session, county.principal(OFFICER))
    assert [card.name for card in mine] == ["handheld-9", "handheld-7"]


@pytest.mark.usefixtures("four")
def test_lists_are_narrowed(session: Session, county: County, clock: SetClock) -> None:
    admin = county.principal("admin")
    assert listed(session, admin, unit="33082402") == ["330824005:handheld-8"]
    assert listed(session, admin, words="HANDHELD-8") == ["330824005:handheld-8"]
    assert listed(session, admin, words="%") == []
    assert listed(session, county.principal(STATION), unit="33082402") == []
    with pytest.raises(NotFound):
        listed(session, admin, unit="nowhere")
    clock.advance(dt.timedelta(hours=-1))
    assert listed(session, admin, state="online") == [f"{OFFICER}:handheld-9"]
    assert len(listed(session, admin, state="offline")) == 3
    device_id = device_list.devices(session, admin, Wanted(state="online"))[0].id
    devices.revoke(session, admin, device_id, "lost")
    assert listed(session, admin, state="online") == []
    assert listed(session, admin, state="revoked") == [f"{OFFICER}:handheld-9"]


@pytest.mark.usefixtures("four")
def test_pages_follow_each_other(session: Session, county: County) -> None:
    admin = county.principal("admin")
    whole = device_list.devices(session, admin, Wanted())
    first = device_list.devices(session, admin, Wanted(), limit=2)
    after = (first[-1].last_seen_at, first[-1].id)
    assert [*first, *device_list.devices(session, admin, Wanted(), after=after)] == whole


def test_a_card_tells_whose_it_is_and_what_became_of_it(
    session: Session, county: County, clock: SetClock
) -> None:
    sign_in(session)
    dead = signing_in.sign_in(session, OFFICER, PASSWORD, "handheld-7")
    (card,) = device_list.devices(session, None, Wanted())
    assert (card.account.username, card.unit and card.unit.code) == (OFFICER, "33082401")
    assert (card.state, card.sessions, card.revoked_by) == ("online", 2, None)
    devices.revoke(session, county.principal("admin"), card.id, "lost")
    devices.report_wiped(session, dead.token)
    card = device_list.device(session, card.id)
    assert card.revoked_by is not None and card.revoked_by.username == "admin"
    assert (card.state, card.sessions, card.wiped_at) == ("revoked", 0, clock.now())


# --- one's own sessions


def test_one_ends_one_s_own_sessions(session: Session, county: County) -> None:
    first, second = sign_in(session), sign_in(session, device="handheld-8")
    unnamed = signing_in.sign_in(session, OFFICER, PASSWORD, None)
    other = sign_in(session, "330824002")
    assert {each.device for each in sessions.own(session, first)} == {
        "handheld-7",
        "handheld-8",
        None,
    }
    assert other.session_id is not None
    with pytest.raises(NotFound):
        sessions.end_own(session, first, other.session_id)
    assert sessions.end_others(session, first, device_id=second.device_id) == 1
    assert queries.principal_by_token(session, unnamed.token)
    assert sessions.end_others(session, first) == 1
    (left,) = sessions.own(session, first)
    assert (left.id, left.device_id) == (first.session_id, first.device_id)
    sessions.end_own(session, first, left.id)
    assert sessions.own(session, first) == []
    assert len(sessions.own(session, other)) == 1
