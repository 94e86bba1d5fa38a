"""A sign-in half done: something was shown, the rest is still to be. The same within a session,
where one shows again who one is."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gridserver.access import enrolling, factors, security_keys
from gridserver.access.models import Account, SignInTicket
from gridserver.access.rules import Principal
from gridserver.access.security_keys import Party
from gridserver.access.sessions import digest
from gridserver.base.clock import now
from gridserver.base.errors import Unauthenticated

#: Long enough to look for the telephone.
LASTS = dt.timedelta(minutes=5)
#: Among what was shown: a session that stands, in which something is to be changed. Such a ticket
#: opens none.
_SESSION = "session"


@dataclass(frozen=True)
class Wanted:
    """What a sign-in wants next.

    Attributes
    ----------
    ticket
        A secret that stands for what was shown; given once, stored only as a digest.
    wants
        ``device``: it shows that it is the one that was enrolled. ``second_factor``, or
        ``enrolment``: the account's role demands one and it has none yet.
    kinds
        The factors that can be shown.
    options
        For a security key: what the browser is asked, as JSON.
    challenge
        What the device has to sign (`gridserver.access.proofs`).
    """

    ticket: str
    wants: str
    expires_at: dt.datetime
    kinds: tuple[str, ...]
    options: dict[str, Any] | None = None
    challenge: str | None = None


@dataclass(frozen=True)
class Held:
    """Who holds a ticket, and what for; `shown` is what they have shown."""

    account_id: int
    username: str
    wants: str
    shown: tuple[str, ...]
    device: str | None
    challenge: bytes | None


def wanted(
    session: Session,
    account_id: int,
    device: str | None,
    party: Party | None,
    shown: tuple[str, ...] = ("password",),
) -> Wanted | None:
    """Return what the account has to show beside what was `shown`; None where that is all.

    The device comes first, so that whoever has a password alone neither tries factors nor enrols
    the first one. Raises `Forbidden` as `enrolling.key_of` does.
    """
    if "device" not in shown and enrolling.key_of(session, account_id, device):
        text = secrets.token_urlsafe(32)
        issued = _issue(session, account_id, "device", device, shown, challenge=text.encode())
        return replace(issued, challenge=text)
    if "provider_factor" in shown:
        return None
    has = _kinds(session, account_id)
    if not has and not factors.is_demanded(session, account_id):
        return None
    return _ask_factor(session, account_id, has, device, party, shown)


def wanted_within(session: Session, actor: Principal, party: Party | None) -> Wanted | None:
    """Return what the actor has to show beside the password for a change of how they sign in; None
    where they have no second factor. The ticket is for that alone, and opens no session."""
    has = _kinds(session, actor.account_id)
    if not has:
        return None
    return _ask_factor(session, actor.account_id, has, None, party, (_SESSION,))


def held(session: Session, token: str, wants: str, *, within: Principal | None = None) -> Held:
    """Return who holds the ticket: of a sign-in, or `within` a session of the one named.

    Raises `Unauthenticated` (``access.ticket_over``) unless it stands, and for just that.
    """
    row = session.execute(
        select(SignInTicket, Account.username)
        .join(Account, Account.id == SignInTicket.account_id)
        .where(
            SignInTicket.digest == digest(token),
            SignInTicket.wants == wants,
            SignInTicket.expires_at > now(session),
            Account.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None or not _is_for(row.SignInTicket, within):
        raise _over()
    ticket: SignInTicket = row.SignInTicket
    return Held(
        ticket.account_id,
        row.username,
        ticket.wants,
        tuple(ticket.shown),
        ticket.device,
        ticket.challenge,
    )


def use(session: Session, token: str) -> None:
    """Use a ticket up. Raises `Unauthenticated` where somebody has done so meanwhile."""
    its = delete(SignInTicket).where(SignInTicket.digest == digest(token))
    if session.scalar(its.returning(SignInTicket.account_id)) is None:
        raise _over()


def forget(session: Session, account_id: int) -> None:
    """Make an account's tickets good for nothing."""
    session.execute(delete(SignInTicket).where(SignInTicket.account_id == account_id))


def purge(session: Session, limit: int) -> int:
    """Delete up to `limit` tickets that are over; return how many."""
    over = select(SignInTicket.digest).where(SignInTicket.expires_at < now(session)).limit(limit)
    digests = session.scalars(over.with_for_update(skip_locked=True)).all()
    session.execute(delete(SignInTicket).where(SignInTicket.digest.in_(digests)))
    return len(digests)


def _kinds(session: Session, account_id: int) -> set[str]:
    return {each.kind for each in factors.of(session, account_id)}


def _ask_factor(
    session: Session,
    account_id: int,
    has: set[str],
    device: str | None,
    party: Party | None,
    shown: tuple[str, ...],
) -> Wanted:
    keys = factors.key_ids(session, account_id, party)
    kinds = tuple(sorted(has if keys else has - {"webauthn"}))
    challenge = security_keys.new_challenge() if keys and party else None
    options = security_keys.request(party, challenge, keys) if challenge and party else None
    origin = party.origin if challenge and party else None
    wants = "second_factor" if has else "enrolment"
    issued = _issue(session, account_id, wants, device, shown, challenge=challenge, origin=origin)
    return replace(issued, kinds=kinds, options=options)


def _is_for(ticket: SignInTicket, within: Principal | None) -> bool:
    if within is None:
        return _SESSION not in ticket.shown
    return _SESSION in ticket.shown and ticket.account_id == within.account_id


def _issue(
    session: Session,
    account_id: int,
    wants: str,
    device: str | None,
    shown: tuple[str, ...],
    *,
    challenge: bytes | None,
    origin: str | None = None,
) -> Wanted:
    token, expires_at = secrets.token_urlsafe(32), now(session) + LASTS
    session.add(
        SignInTicket(
            digest=digest(token),
            account_id=account_id,
            wants=wants,
            shown=list(shown),
            device=device,
            origin=origin,
            challenge=challenge,
            expires_at=expires_at,
        )
    )
    session.flush()
    return Wanted(token, wants, expires_at, ())


def _over() -> Unauthenticated:
    return Unauthenticated("access.ticket_over", "This took too long: begin to sign in anew.")
