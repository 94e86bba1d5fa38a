"""Attempts to sign in: counted before they are made, so that of a hundred at once a few are tried.

The counts are rows, by the clock of the transaction: all processes of an installation see them.
Whether the account exists makes no difference to anything here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Text, cast, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.access import ledger, limits, policy
from gridserver.access.limits import Count, Way
from gridserver.access.models import Account, Device, SignInCount
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Limited

#: An address counts as known for so long after a device of the account was heard from there.
_KNOWN_FOR = dt.timedelta(days=30)
#: A count that nobody added to for so long tells nothing any more.
_KEPT = dt.timedelta(days=1)


@dataclass(frozen=True)
class Place:
    """Where an attempt comes from: the client's address, and its workplace cookie."""

    address: str | None
    cookie: str | None


@dataclass(frozen=True)
class Attempt:
    """An attempt that was counted as a failure, which it is until it went well.

    `tag` is what its failure is called in the ledger.
    """

    account_id: int | None
    ways: tuple[Way, ...]
    tag: Tag = Tag.SESSION_REFUSED


def begin(session: Session, username: str | None, place: Place) -> Attempt:
    """Count an attempt at the account by each of its ways; where it isn't known yet whose it is
    (None), by the device that somebody has signed in from, or by the address. The caller commits
    before it goes on.

    Raises
    ------
    Limited
        ``access.too_many_attempts``: one of the ways is shut. Nothing is counted, so that trying
        on doesn't keep it shut.
    """
    return _begun(session, Attempt(*_ways(session, username, place)))


def begin_enrolment(session: Session, place: Place) -> Attempt:
    """Count an attempt to enrol a device by a code, by the address. As `begin` otherwise."""
    ways = limits.enrolment(place.address)
    return _begun(session, Attempt(None, ways, Tag.DEVICE_ENROL_REFUSED))


def _begun(session: Session, attempt: Attempt) -> Attempt:
    ways = attempt.ways
    most = policy.current(session).most_failures
    moment = now(session)
    counts = _locked(session, ways, moment)
    shut = [counts[way].shut_until(way.most(most), moment) for way in ways]
    if until := max((each for each in shut if each), default=None):
        raise Limited(
            "access.too_many_attempts",
            "Too many attempts failed. Wait, or ask an admin to open the account.",
            retry_after_s=math.ceil((until - moment).total_seconds()),
        )
    _store(session, {way: counts[way].with_another(moment) for way in ways})
    return attempt


def failed(session: Session, attempt: Attempt, why: str, account_id: int | None = None) -> None:
    """Write a failure to the ledger, and whether it shut a way. It has been counted already.

    `account_id` is whose account it was, where that was known only later.
    """
    most = policy.current(session).most_failures
    moment = now(session)
    counts = _locked(session, attempt.ways, moment)
    shut = [way.name for way in attempt.ways if counts[way].shut_until(way.most(most), moment)]
    ledger.record(
        session,
        None,
        attempt.tag,
        attempt.account_id or account_id or "unknown",
        {"why": why, "ways": [way.name for way in attempt.ways], "shut": shut},
    )


def passed(session: Session, attempt: Attempt, *, wholly: bool = True) -> None:
    """Take an attempt that went well out of the counts.

    Where it went well as a whole, and by the account's own device, the device's failures are
    forgotten. With half of it (a password, before the second factor) nobody clears a count.
    """
    counts = _locked(session, attempt.ways, now(session))
    for way, count in counts.items():
        forgets = wholly and way.name.startswith("device:")
        counts[way] = Count(0, count.last_at) if forgets else count.with_one_less()
    _store(session, counts)


def remember(session: Session, account_id: int, device_id: int, cookie: str) -> None:
    """Know the account's device again by a cookie."""
    its = update(Device).where(Device.id == device_id)
    session.execute(its.values(workplace=_workplace(account_id, cookie)))


def open_ways(session: Session, username: str) -> None:
    """Forget what failed at an account, so that it can be signed in to at once."""
    session.execute(delete(SignInCount).where(SignInCount.subject == subject_of(username)))


def purge(session: Session, limit: int) -> int:
    """Delete up to `limit` counts that tell nothing any more; return how many."""
    old = (
        select(SignInCount.subject, SignInCount.way)
        .where(SignInCount.last_at < now(session) - _KEPT)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = [tuple(row) for row in session.execute(old)]
    session.execute(
        delete(SignInCount).where(tuple_(SignInCount.subject, SignInCount.way).in_(keys))
    )
    return len(keys)


def subject_of(username: str) -> bytes:
    """Return the key under which attempts at an account are counted."""
    return hashlib.sha256(username.encode()).digest()


def _ways(
    session: Session, username: str | None, place: Place
) -> tuple[int | None, tuple[Way, ...]]:
    if username is None:
        return None, limits.unnamed(place.address, _device_of_anybody(session, place.cookie))
    account_id = session.scalar(select(Account.id).where(Account.username == username))
    known = session.execute(
        select(Device.id, Device.workplace, Device.last_address).where(
            Device.account_id == account_id,
            Device.revoked_at.is_(None),
            Device.last_seen_at > now(session) - _KNOWN_FOR,
        )
    ).all()
    digest = _workplace(account_id or 0, place.cookie) if place.cookie else b""
    device_id = next((each.id for each in known if each.workplace == digest), None)
    is_known = any(each.last_address == place.address for each in known)
    return account_id, limits.ways(subject_of(username), place.address, device_id, is_known)


def _device_of_anybody(session: Session, cookie: str | None) -> int | None:
    """Return the device that is known by the cookie, whosever it is; of several accounts' at one
    desk always the same."""
    if cookie is None:
        return None
    # As `_workplace` does, of all accounts at once.
    told = cast(Device.account_id, Text) + literal(f":{cookie}", Text)
    return session.scalar(
        select(func.min(Device.id)).where(
            Device.workplace == func.sha256(func.convert_to(told, "UTF8")),
            Device.revoked_at.is_(None),
            Device.last_seen_at > now(session) - _KNOWN_FOR,
        )
    )


def _locked(session: Session, ways: Iterable[Way], moment: dt.datetime) -> dict[Way, Count]:
    """Return the counts of `ways`, their rows locked; always in the same order, so that two
    attempts can't wait for each other."""
    counts: dict[Way, Count] = {}
    for way in ways:
        key = {"subject": way.subject, "way": way.name}
        new = insert(SignInCount).values(key | {"failures": 0, "last_at": moment})
        session.execute(new.on_conflict_do_nothing())
        its = select(SignInCount.failures, SignInCount.last_at).filter_by(**key)
        counts[way] = Count(*session.execute(its.with_for_update()).one())
    return counts


def _store(session: Session, counts: dict[Way, Count]) -> None:
    for way, count in counts.items():
        session.execute(
            update(SignInCount)
            .where(SignInCount.subject == way.subject, SignInCount.way == way.name)
            .values(failures=count.failures, last_at=count.last_at)
        )


def _workplace(account_id: int, cookie: str) -> bytes:
    return hashlib.sha256(f"{account_id}:{cookie}".encode()).digest()
