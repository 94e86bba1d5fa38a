"""A sign-in half done: the password was right, the rest is still to be shown."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gridserver.access import factors, security_keys
from gridserver.access.models import Account, SignInTicket
from gridserver.access.security_keys import Party
from gridserver.access.sessions import digest
from gridserver.base.clock import now
from gridserver.base.errors import Unauthenticated

#: Long enough to look for the telephone.
LASTS = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Wanted:
    """What a sign-in wants next.

    Attributes
    ----------
    ticket
        A secret that stands for the password; shown once, stored only as a digest.
    wants
        ``second_factor`` or ``enrolment``: the account's role demands one and it has none yet.
    kinds
        The factors that can be shown.
    options
        For a security key: what the browser is asked, as JSON.
    """

    ticket: str
    wants: str
    expires_at: dt.datetime
    kinds: tuple[str, ...]
    options: dict[str, Any] | None


@dataclass(frozen=True)
class Held:
    """Who holds a ticket, and what for."""

    account_id: int
    username: str
    wants: str
    device: str | None
    challenge: bytes | None


def wanted(
    session: Session, account_id: int, device: str | None, party: Party | None
) -> Wanted | None:
    """Return what the account has to show beside its password; None where that is all."""
    has = {each.kind for each in factors.of(session, account_id)}
    if not has and not factors.is_demanded(session, account_id):
        return None
    keys = factors.key_ids(session, account_id, party)
    kinds = tuple(sorted(has if keys else has - {"webauthn"}))
    issued = SignInTicket(
        account_id=account_id,
        wants="second_factor" if has else "enrolment",
        device=device,
        expires_at=now(session) + LASTS,
    )
    options = None
    if keys and party:
        issued.origin, issued.challenge = party.origin, security_keys.new_challenge()
        options = security_keys.request(party, issued.challenge, keys)
    token = secrets.token_urlsafe(32)
    issued.digest = digest(token)
    session.add(issued)
    session.flush()
    return Wanted(token, issued.wants, issued.expires_at, kinds, options)


def held(session: Session, token: str, wants: str) -> Held:
    """Return who holds the ticket. Raises `Unauthenticated` (``access.ticket_over``) unless it
    stands, and for just that."""
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
    if row is None:
        raise _over()
    ticket: SignInTicket = row.SignInTicket
    return Held(ticket.account_id, row.username, ticket.wants, ticket.device, ticket.challenge)


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


def _over() -> Unauthenticated:
    return Unauthenticated("access.ticket_over", "This took too long: begin with the password.")
