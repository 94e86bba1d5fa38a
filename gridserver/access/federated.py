"""Signing in by the bureau's identity provider: whose account it is, and what is still wanted.

The provider says who somebody is; what they may do is said here alone. It makes no account.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import policy, tickets
from gridserver.access.devices import Said
from gridserver.access.models import Account
from gridserver.access.oidc import Identity
from gridserver.access.opening import SignedIn, open_session
from gridserver.access.rules import Principal
from gridserver.access.security_keys import Party
from gridserver.access.tickets import Wanted
from gridserver.base.errors import Forbidden, Unauthenticated


def sign_in(
    session: Session,
    identity: Identity,
    device: str | None,
    said: Said | None = None,
    party: Party | None = None,
) -> SignedIn | Wanted:
    """Open a session for whoever the provider says that it is; or say what is wanted besides.

    Raises
    ------
    Unauthenticated
        ``access.no_account``: there is no account of that name that may sign in.
    Forbidden
        As `service.sign_in` does.
    """
    its = select(Account.id).where(
        Account.username == identity.username, Account.disabled_at.is_(None)
    )
    account_id = session.scalar(its)
    if account_id is None:
        raise Unauthenticated(
            "access.no_account",
            f"The identity provider knows you as {identity.username}, and there is no account of "
            "that name here that may sign in. Ask an admin.",
        )
    counts = identity.is_strong and policy.current(session).provider_factor_counts
    shown = ("provider", "provider_factor") if counts else ("provider",)
    if more := tickets.wanted(session, account_id, device, party, shown):
        return more
    return open_session(session, account_id, device, said, shown)


def require_same(actor: Principal, identity: Identity) -> None:
    """Raise `Forbidden` (``access.provider_other``) unless the provider says that it is the
    actor."""
    if identity.username != actor.username:
        raise Forbidden(
            "access.provider_other",
            f"The identity provider knows you as {identity.username}; this desk is "
            f"{actor.username}'s.",
        )


def require_password_taken(session: Session, account_id: int) -> None:
    """Raise `Forbidden` (``access.provider_only``) where the account's role signs in by the
    provider alone."""
    if policy.holds_one(session, account_id, policy.current(session).provider_only_roles):
        raise Forbidden(
            "access.provider_only",
            "Your role signs in by the bureau's identity provider, and not by a password.",
        )
