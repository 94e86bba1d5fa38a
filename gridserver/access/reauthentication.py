"""Showing once more who one is, before what somebody else at an open session mustn't do: enrolling
or removing a second factor, and ending others of one's own sessions.

All that a sign-in asks is asked: the password, and then a second factor where the account has one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import factors, signing_in, tickets
from gridserver.access.factors import Shown, Tools
from gridserver.access.models import Account, LoginSession
from gridserver.access.rules import Principal
from gridserver.access.tickets import Wanted
from gridserver.base.clock import now
from gridserver.base.errors import Forbidden

#: An account without a password is who the identity provider said so long ago: it asked for the
#: password there.
FRESH = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Given:
    """What is given anew: the password; or, after it, the ticket that stands for it and a second
    factor. An account without a password gives nothing at first."""

    password: str | None = None
    ticket: str | None = None
    shown: Shown = field(default_factory=Shown)


def reauthenticate(session: Session, actor: Principal, given: Given, tools: Tools) -> Wanted | None:
    """Return what is wanted besides, with the ticket for it; None where all was shown.

    Raises
    ------
    Unauthenticated
        ``access.wrong_credentials``, ``access.ticket_over``, ``access.wrong_code``.
    Forbidden
        ``access.sign_in_again``: the account has no password, and the identity provider didn't open
        this session within `FRESH`.
    """
    if given.ticket is not None:
        held = tickets.held(session, given.ticket, "second_factor", within=actor)
        factors.show(session, actor.account_id, given.shown, held.challenge, tools)
        tickets.use(session, given.ticket)
        return None
    if given.password is not None or has_password(session, actor.account_id):
        signing_in.authenticate(session, actor.username, given.password or "")
    else:
        _require_fresh(session, actor)
    return tickets.wanted_within(session, actor, tools.party)


def has_password(session: Session, account_id: int) -> bool:
    """Say whether the account has a password here; without one it signs in by the identity
    provider."""
    its = select(Account.has_password).where(Account.id == account_id)
    return session.scalars(its).one()


def _require_fresh(session: Session, actor: Principal) -> None:
    opened = select(LoginSession.id).where(
        LoginSession.id == actor.session_id,
        LoginSession.by_provider,
        LoginSession.created_at > now(session) - FRESH,
    )
    if session.scalar(opened) is None:
        raise Forbidden(
            "access.sign_in_again",
            "Your account has no password here: sign out, sign in by the identity provider, and do "
            "this within five minutes.",
        )
