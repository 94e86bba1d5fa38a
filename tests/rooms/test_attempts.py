"""Attempts to sign in, counted by rows and by the clock."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import attempts, devices, policy, signing_in
from gridserver.access.attempts import Attempt, Place
from gridserver.access.limits import LOCKED_FOR
from gridserver.access.models import Device, SignInCount
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Limited
from tests.county import PASSWORD, County

DESK = Place("10.0.0.7", "the desk's cookie")
STRANGER = Place("10.9.9.9", None)
WHO = "command"
FIVE = 5


def try_on(session: Session, place: Place, times: int, who: str | None = WHO) -> Attempt:
    """Fail so many times."""
    for _ in range(times):
        attempt = attempts.begin(session, who, place)
        attempts.failed(session, attempt, "access.wrong_credentials")
    return attempt


@pytest.fixture
def desk(session: Session, county: County) -> None:
    """The command room's desk, from which it has signed in before."""
    signed_in = signing_in.sign_in(session, WHO, PASSWORD, "desk", {"address": DESK.address})
    attempts.remember(session, signed_in.account_id, signed_in.device_id, DESK.cookie)


@pytest.mark.parametrize("who", [WHO, "nobody-of-that-name"])
def test_five_failures_shut_it_for_ten_minutes_whoever_it_is(
    session: Session, county: County, clock: SetClock, who: str
) -> None:
    try_on(session, STRANGER, FIVE, who)
    with pytest.raises(Limited) as refusal:
        attempts.begin(session, who, STRANGER)
    assert (refusal.value.code, refusal.value.retry_after_s) == ("access.too_many_attempts", 600)
    clock.advance(LOCKED_FOR / 2)
    with pytest.raises(Limited) as again:
        attempts.begin(session, who, STRANGER)
    assert again.value.retry_after_s == 300, "trying on doesn't keep it shut"
    clock.advance(LOCKED_FOR / 2)
    attempts.begin(session, who, STRANGER)


def test_a_stranger_does_not_lock_the_dispatcher_out(
    session: Session, county: County, desk: None, clock: SetClock
) -> None:
    """Not from the desk's own address either, and not from a hundred addresses."""
    for number in range(100):
        place = Place(f"10.1.1.{number}", None)
        for _ in range(FIVE):
            try:
                try_on(session, place, 1)
            except Limited:
                break
    with pytest.raises(Limited):
        attempts.begin(session, WHO, Place("10.2.2.2", None))
    try_on(session, Place(DESK.address, None), FIVE)
    for _ in range(FIVE):
        attempts.passed(session, attempts.begin(session, WHO, DESK))


def test_all_strangers_together_have_twenty(session: Session, county: County) -> None:
    for number in range(20):
        try_on(session, Place(f"10.1.1.{number}", None), 1)
    with pytest.raises(Limited):
        attempts.begin(session, WHO, Place("10.2.2.2", None))
    attempts.begin(session, "gis", Place("10.2.2.2", None))


def test_from_a_known_address_strangers_elsewhere_are_no_matter(
    session: Session, county: County, desk: None
) -> None:
    for number in range(20):
        try_on(session, Place(f"10.1.1.{number}", None), 1)
    attempts.begin(session, WHO, Place(DESK.address, "another browser's cookie"))


def test_an_address_has_fifty_whatever_the_account(session: Session, county: County) -> None:
    for number in range(50):
        try_on(session, STRANGER, 1, f"33082{number:04}")
    with pytest.raises(Limited):
        attempts.begin(session, WHO, STRANGER)


def test_the_own_desk_is_shut_too_and_opened_by_what_goes_well(
    session: Session, county: County, desk: None
) -> None:
    try_on(session, DESK, FIVE - 1)
    attempts.passed(session, attempts.begin(session, WHO, DESK))
    try_on(session, DESK, FIVE - 1)
    attempts.passed(session, attempts.begin(session, WHO, DESK), wholly=False)
    try_on(session, DESK, 1)
    with pytest.raises(Limited):
        attempts.begin(session, WHO, DESK)
    attempts.open_ways(session, WHO)
    attempts.begin(session, WHO, DESK)


def test_a_stranger_does_not_shut_a_known_desk_out_of_the_provider(
    session: Session, county: County, desk: None
) -> None:
    """From the desk's own address; of which it isn't known yet whose an attempt is."""
    beside = Place(DESK.address, None)
    try_on(session, beside, FIVE * 10, None)
    for place in (beside, Place(DESK.address, "another cookie")):
        with pytest.raises(Limited):
            attempts.begin(session, None, place)
    try_on(session, DESK, FIVE - 1, None)
    attempts.passed(session, attempts.begin(session, None, DESK))
    try_on(session, DESK, FIVE, None)
    with pytest.raises(Limited):
        attempts.begin(session, None, DESK)
    attempts.begin(session, WHO, DESK)  # by a password


def test_the_desk_that_several_sign_in_from_is_one(
    session: Session, county: County, desk: None
) -> None:
    other = signing_in.sign_in(session, "gis", PASSWORD, "desk", {"address": DESK.address})
    attempts.remember(session, other.account_id, other.device_id, DESK.cookie)
    (way,) = attempts.begin(session, None, DESK).ways
    (again,) = attempts.begin(session, None, DESK).ways
    assert way == again
    assert way.name.startswith("device:")


def test_another_s_cookie_and_a_revoked_device_s_are_a_stranger_s(
    session: Session, county: County, desk: None
) -> None:
    for who in ("gis", WHO):
        if who == WHO:
            devices.revoke(session, None, session.scalars(select(Device.id)).one(), "lost")
        names = [way.name for way in attempts.begin(session, who, DESK).ways]
        assert "device" not in " ".join(names)


def test_an_attempt_counts_before_it_is_made(session: Session, county: County) -> None:
    for _ in range(FIVE):
        attempts.begin(session, WHO, STRANGER)
    with pytest.raises(Limited):
        attempts.begin(session, WHO, STRANGER)


def test_failures_are_in_the_ledger_with_what_they_shut(session: Session, county: County) -> None:
    try_on(session, STRANGER, FIVE)
    try_on(session, STRANGER, 1, "nobody-of-that-name")
    rows = select(AuditEntry).where(AuditEntry.tag == "session:refused").order_by(AuditEntry.id)
    told = session.scalars(rows).all()
    assert [entry.data["shut"] for entry in told] == [[]] * 4 + [["address:10.9.9.9"]] + [[]]
    assert [told[0].subject_id, told[-1].subject_id] == [str(county.accounts[WHO]), "unknown"]


def test_a_bureau_sets_how_many(session: Session, county: County) -> None:
    policy.change(session, county.principal("admin"), most_failures=3)
    try_on(session, STRANGER, 3)
    with pytest.raises(Limited):
        attempts.begin(session, WHO, STRANGER)


def test_no_name_that_was_tried_is_kept_and_old_counts_go(
    session: Session, county: County, clock: SetClock
) -> None:
    try_on(session, STRANGER, 1, "my-secret-password")
    assert b"my-secret-password" not in b"".join(session.scalars(select(SignInCount.subject)))
    clock.advance(dt.timedelta(days=2))
    try_on(session, Place("10.3.3.3", None), 1)
    kept = len(session.scalars(select(SignInCount)).all())
    assert attempts.purge(session, 100) == 3
    assert len(session.scalars(select(SignInCount)).all()) == kept - 3 == 3
