"""Signing in, step by step, and out."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import (
    devices,
    enrolling,
    factors,
    federated,
    ledger,
    passwords,
    proofs,
    queries,
    sessions,
    tickets,
)
from gridserver.access.factors import Shown, Tools
from gridserver.access.models import Account, LoginSession
from gridserver.access.opening import SignedIn, open_session
from gridserver.access.rules import Principal
from gridserver.access.security_keys import Party
from gridserver.access.tickets import Wanted
from gridserver.audit.tags import Tag
from gridserver.base.errors import Unauthenticated


def sign_in(
    session: Session,
    username: str,
    password: str,
    device: str | None,
    said: devices.Said | None = None,
    party: Party | None = None,
    *,
    has_provider: bool = False,
) -> SignedIn | Wanted:
    """Open a session, from the account's device of that name where one is given; or say what is
    wanted beside the password.

    `said` is what the device says of itself, `party` where a browser's page came from;
    `has_provider`, that the installation has an identity provider.

    Raises
    ------
    Unauthenticated
        One answer for an unknown, a disabled and a wrongly given account.
    Forbidden
        ``access.device_revoked``: the device was revoked. ``access.provider_only``: the account's
        role signs in by the identity provider.
    """
    account = authenticate(session, username, password)
    if has_provider:
        federated.require_password_taken(session, account.id)
    if more := tickets.wanted(session, account.id, device, party):
        return more
    return open_session(session, account.id, device, said, shown=("password",))


def sign_in_further(
    session: Session, ticket: str, shown: Shown, said: devices.Said | None, tools: Tools
) -> SignedIn:
    """Open the session of a ticket by showing the second factor.

    Raises `Unauthenticated`: ``access.ticket_over``, ``access.wrong_code``; `Forbidden` as
    `sign_in` does.
    """
    held = tickets.held(session, ticket, "second_factor")
    kind = factors.show(session, held.account_id, shown, held.challenge, tools)
    tickets.use(session, ticket)
    return open_session(session, held.account_id, held.device, said, shown=(*held.shown, kind))


def sign_in_by_device(
    session: Session,
    ticket: str,
    signature: bytes,
    said: devices.Said | None,
    party: Party | None = None,
) -> SignedIn | Wanted:
    """Go on with a ticket by showing that this is the device that was enrolled: open its session,
    or say what is wanted besides.

    Raises `Unauthenticated`: ``access.ticket_over``, ``access.wrong_proof``; `Forbidden` as
    `sign_in` does.
    """
    held = tickets.held(session, ticket, "device")
    key = enrolling.key_of(session, held.account_id, held.device)
    signed = proofs.message(proofs.SIGN_IN, (held.challenge or b"").decode())
    if key is None or not proofs.is_signed(key, signed, signature):
        raise enrolling.wrong_proof()
    tickets.use(session, ticket)
    shown = (*held.shown, "device")
    if more := tickets.wanted(session, held.account_id, held.device, party, shown):
        return more
    return open_session(session, held.account_id, held.device, said, shown)


def sign_in_enrolled(
    session: Session,
    ticket: str,
    shown: Shown,
    name: str,
    said: devices.Said | None,
    tools: Tools,
) -> tuple[SignedIn, tuple[str, ...]]:
    """Open the session of a ticket by finishing the enrolment of a first second factor; return its
    recovery codes too.

    Raises as `sign_in_further` and `factors.confirm` do.
    """
    held = tickets.held(session, ticket, "enrolment")
    actor = queries.principal_of(session, held.account_id)
    codes = factors.confirm(session, actor, held.account_id, shown, name, tools)
    tickets.use(session, ticket)
    shown_now = (*held.shown, "enrolment")
    return open_session(session, held.account_id, held.device, said, shown=shown_now), codes


def authenticate(session: Session, username: str, password: str) -> Account:
    """Return the account that has this password; its hash is renewed where it is outdated.

    Raises `Unauthenticated` (``access.wrong_credentials``), after the same time, for an unknown, a
    disabled and a wrongly given account.
    """
    account = session.scalar(select(Account).where(Account.username == username))
    is_right = passwords.matches(account.password_hash if account else None, password)
    if account is None or not is_right or account.disabled_at is not None:
        raise Unauthenticated("access.wrong_credentials", "The username or the password is wrong.")
    if passwords.is_outdated(account.password_hash):
        account.password_hash = passwords.hash_password(password)
        session.flush()
    return account


def sign_out(session: Session, actor: Principal) -> bool:
    """End the session that the actor came by. Return whether the identity provider opened it."""
    its = select(LoginSession.by_provider).where(LoginSession.id == actor.session_id)
    by_provider = bool(session.scalar(its))
    sessions.end(session, LoginSession.id == actor.session_id)
    ledger.record(session, actor, Tag.SESSION_END, actor.account_id)
    return by_provider
