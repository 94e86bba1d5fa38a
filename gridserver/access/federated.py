"""Signing in by the bureau's identity provider: whose account it is, and what is still wanted.

The provider says who somebody is; what they may do is said here alone. It makes no account. It is
the account's name that brings somebody to theirs the first time; from then on the account is theirs
by the provider's `sub`, which nobody else gets (ASVS 5.0, 10.5.2).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from structlog import get_logger

from gridserver.access import ledger, policy, tickets
from gridserver.access.devices import Said
from gridserver.access.models import Account, ProviderIdentity
from gridserver.access.oidc import Identity
from gridserver.access.opening import SignedIn, open_session
from gridserver.access.rules import Principal
from gridserver.access.security_keys import Party
from gridserver.access.tickets import Wanted
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Forbidden, Unauthenticated

log = get_logger()


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
        ``access.other_identity``: there is, and it is somebody else's.
    Forbidden
        As `signing_in.sign_in` does.
    """
    account_id = _account_of(session, identity)
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


def require_same(session: Session, actor: Principal, identity: Identity) -> None:
    """Raise `Forbidden` (``access.provider_other``) unless the provider says that it is the
    actor; `Unauthenticated` as `sign_in` does."""
    if _account_of(session, identity) != actor.account_id:
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


def unbind(
    session: Session, actor: audit.Actor | None, account: Account, told: Mapping[str, object]
) -> int:
    """Let whoever comes with the account's name next have it, by each provider; return by how many
    it was somebody's. `told` is what the ledger is told besides."""
    its = delete(ProviderIdentity).where(ProviderIdentity.account_id == account.id)
    issuers = sorted(session.scalars(its.returning(ProviderIdentity.issuer)))
    ledger.record(session, actor, Tag.ACCOUNT_UNBIND, account.id, {**told, "issuers": issuers})
    return len(issuers)


def _account_of(session: Session, identity: Identity) -> int | None:
    """Return the id of the identity's account; None where it has none that may be signed in to.

    An account of their name that is nobody's yet becomes theirs. Raises `Unauthenticated`
    (``access.other_identity``) where it is another's.
    """
    its = (
        select(Account)
        .join(ProviderIdentity, ProviderIdentity.account_id == Account.id)
        .where(
            ProviderIdentity.issuer == identity.issuer,
            ProviderIdentity.subject == identity.subject,
        )
    )
    account = session.scalar(its) or _of_that_name(session, identity)
    return account.id if account and account.disabled_at is None else None


def _of_that_name(session: Session, identity: Identity) -> Account | None:
    """Return the account of the identity's name, bound to it; raises as `_account_of` does."""
    # Locked, so that of two who come at once one is the first.
    its = select(Account).where(Account.username == identity.username)
    account = session.scalar(its.with_for_update(key_share=True))
    if account is None or account.disabled_at is not None:
        return None
    bound_to = session.scalar(
        select(ProviderIdentity.subject).where(
            ProviderIdentity.account_id == account.id, ProviderIdentity.issuer == identity.issuer
        )
    )
    if bound_to is None:
        _bind(session, account, identity)
    elif bound_to != identity.subject:
        log.warning("access.other_identity", account=account.id, issuer=identity.issuer)
        raise Unauthenticated(
            "access.other_identity",
            f"{identity.username} here is somebody else to the identity provider than you are. "
            "If you were given a new identity there, ask an admin to loosen the former one.",
            account_id=account.id,
        )
    return account


def _bind(session: Session, account: Account, identity: Identity) -> None:
    session.add(
        ProviderIdentity(
            issuer=identity.issuer,
            subject=identity.subject,
            account_id=account.id,
            bound_at=now(session),
        )
    )
    session.flush()
    ledger.record(session, None, Tag.ACCOUNT_BIND, account.id, {"issuer": identity.issuer})
