"""Accounts, signing in and out."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gridserver.access import (
    attempts,
    devices,
    enrolling,
    factors,
    federated,
    ledger,
    passwords,
    policy,
    proofs,
    queries,
    sessions,
    tickets,
)
from gridserver.access.factors import Shown, Tools
from gridserver.access.models import Account, LoginSession, RoleGrant
from gridserver.access.opening import SignedIn, open_session
from gridserver.access.rules import ROLES, Principal
from gridserver.access.security_keys import Party
from gridserver.access.tickets import Wanted
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from gridserver.org.models import Unit


def add_account(
    session: Session,
    actor: audit.Actor | None,
    *,
    username: str,
    display_name: str,
    password_hash: str,
) -> Account:
    """Add an account without any role.

    Raises
    ------
    Invalid
        The username is empty, longer than 64 characters or has blanks.
    Conflict
        It is taken.
    """
    if not username or len(username) > 64 or any(c.isspace() for c in username):
        raise Invalid(
            "account.bad_username",
            "A username has 1 to 64 characters and no blanks.",
            field="username",
        )
    if session.scalar(select(Account.id).where(Account.username == username)):
        raise Conflict("account.exists", f"Account {username} exists.", field="username")
    account = Account(
        username=username,
        display_name=display_name,
        password_hash=password_hash,
        created_at=now(session),
    )
    session.add(account)
    session.flush()
    ledger.record(session, actor, Tag.ACCOUNT_ADD, account.id)
    return account


def grant(
    session: Session,
    actor: audit.Actor | None,
    account: Account,
    role: str,
    unit: Unit,
    *,
    authorised_by: Sequence[str] = (),
) -> None:
    """Give `account` a role for `unit` and everything below it.

    The auditor's role stands alone: whoever holds it holds no other (they would audit
    themselves). No account gives it, only the command line, with the names of two who answer for
    it (`authorised_by`); they stand in the ledger.

    Raises
    ------
    Invalid
        ``account.unknown_role``; ``account.two_names``: an auditor without two names.
    Conflict
        ``account.auditor_stands_alone``.
    Forbidden
        ``account.auditor_by_command_line``.
    """
    if role not in ROLES:
        raise Invalid("account.unknown_role", f"role: one of {', '.join(ROLES)}.", field="role")
    held = set(session.scalars(select(RoleGrant.role).where(RoleGrant.account_id == account.id)))
    if held - {role} and "auditor" in held | {role}:
        raise Conflict(
            "account.auditor_stands_alone",
            "An auditor holds no other role; make an account of its own.",
            field="role",
        )
    data: dict[str, object] = {"role": role, "unit": unit.code}
    if role == "auditor":
        data["authorised_by"] = _two_names(actor, authorised_by)
    session.merge(RoleGrant(account_id=account.id, role=role, unit_id=unit.id))
    session.flush()
    ledger.record(
        session,
        actor,
        Tag.ACCOUNT_APPOINT if role == "auditor" else Tag.ACCOUNT_GRANT,
        account.id,
        data,
    )


def _two_names(actor: audit.Actor | None, names: Sequence[str]) -> list[str]:
    if actor is not None:
        raise Forbidden(
            "account.auditor_by_command_line",
            "An auditor's role, password and second factor take the command line, and two names.",
        )
    said = sorted({name.strip() for name in names} - {""})
    if len(said) != 2:
        raise Invalid(
            "account.two_names",
            "Two answer for an auditor: give --authorised-by NAME twice.",
            field="authorised_by",
        )
    return said


def revoke(
    session: Session, actor: audit.Actor | None, account: Account, role: str, unit: Unit
) -> None:
    """Take back a role that `account` holds for `unit`."""
    session.execute(
        delete(RoleGrant).where(
            RoleGrant.account_id == account.id,
            RoleGrant.role == role,
            RoleGrant.unit_id == unit.id,
        )
    )
    ledger.record(session, actor, Tag.ACCOUNT_REVOKE, account.id, {"role": role, "unit": unit.code})


def set_password(
    session: Session,
    actor: audit.Actor | None,
    username: str,
    password: str,
    *,
    authorised_by: Sequence[str] = (),
) -> None:
    """Set a password and end the account's sessions; sign-ins half done and what failed are
    forgotten.

    Whoever sets an auditor's could read the ledger in their name: it takes the same two names as
    the appointment (`grant`), and they stand in the ledger.

    Raises
    ------
    Invalid
        As `passwords.check` does; ``account.two_names``.
    Forbidden
        ``account.auditor_by_command_line``.
    """
    account = account_by_username(session, username)
    data = _answered_for(session, actor, account, authorised_by)
    _renew_password(session, account, password)
    sessions.end(session, LoginSession.account_id == account.id)
    attempts.open_ways(session, username)
    ledger.record(session, actor, Tag.ACCOUNT_PASSWD, account.id, data)


def _answered_for(
    session: Session, actor: audit.Actor | None, account: Account, names: Sequence[str]
) -> dict[str, object]:
    """Return who answers for a change of how an auditor signs in, for the ledger; nobody has to for
    another's. Raises `Invalid` and `Forbidden` as `grant` does."""
    if not policy.holds_one(session, account.id, ("auditor",)):
        return {}
    return {"authorised_by": _two_names(actor, names)}


def change_password(session: Session, actor: Principal, old: str, new: str) -> int:
    """Change the actor's own password and end their other sessions; return how many those were.

    Raises
    ------
    Unauthenticated
        ``access.wrong_credentials``: `old` isn't the password.
    Invalid
        As `passwords.check` does.
    """
    account = authenticate(session, actor.username, old)
    _renew_password(session, account, new)
    others = (LoginSession.account_id == account.id, LoginSession.id != actor.session_id)
    ended = sessions.end(session, *others)
    ledger.record(session, actor, Tag.ACCOUNT_PASSWD, account.id, {"sessions": ended})
    return ended


def open_account(session: Session, actor: audit.Actor | None, username: str) -> None:
    """Let an account be signed in to at once, after too many failures. Raises `NotFound`."""
    account = account_by_username(session, username)
    attempts.open_ways(session, username)
    ledger.record(session, actor, Tag.ACCOUNT_OPEN, account.id)


def reset_factors(
    session: Session,
    actor: audit.Actor | None,
    username: str,
    reason: str,
    *,
    authorised_by: Sequence[str] = (),
) -> int:
    """Take all second factors of an account away, and end its sessions; return how many factors
    those were. An auditor's takes two names, as their password does (`set_password`).

    Raises
    ------
    Invalid
        A reason of no or more than `LONGEST_REASON` characters; ``account.two_names``.
    Forbidden
        ``account.auditor_by_command_line``.
    """
    account, told = _to_take_from(session, actor, username, reason, authorised_by)
    tickets.forget(session, account.id)
    sessions.end(session, LoginSession.account_id == account.id)
    return factors.forget(session, actor, account.id, told)


def unbind_identity(
    session: Session,
    actor: audit.Actor | None,
    username: str,
    reason: str,
    *,
    authorised_by: Sequence[str] = (),
) -> int:
    """Loosen whom the identity provider knows an account's person as, since they were given a new
    identity there; return by how many providers it was bound. The next who comes with the account's
    name has it. An auditor's takes two names. Raises as `reset_factors` does."""
    account, told = _to_take_from(session, actor, username, reason, authorised_by)
    return federated.unbind(session, actor, account, told)


def _to_take_from(
    session: Session,
    actor: audit.Actor | None,
    username: str,
    reason: str,
    authorised_by: Sequence[str],
) -> tuple[Account, dict[str, object]]:
    """Return the account of which a part of how it signs in is taken away, and what the ledger is
    told of why and who answers for it. Raises as `reset_factors` does."""
    reason = reading.text(reason, "reason", longest=devices.LONGEST_REASON)
    account = account_by_username(session, username)
    return account, {"reason": reason} | _answered_for(session, actor, account, authorised_by)


def _renew_password(session: Session, account: Account, password: str) -> None:
    has_more = factors.is_demanded(session, account.id) or factors.of(session, account.id)
    least = passwords.LEAST_BESIDE_A_FACTOR if has_more else passwords.LEAST
    passwords.check(password, account.username, least=least)
    account.password_hash = passwords.hash_password(password)
    tickets.forget(session, account.id)
    session.flush()


def share_password(
    session: Session, actor: audit.Actor | None, username: str, password: str
) -> bool:
    """Set the password of `username` and of all accounts that share its hash, as the demo's do.

    Their sessions end. Says whether there was anything to change: not where the account has this
    password already.
    """
    account = account_by_username(session, username)
    former = account.password_hash
    if passwords.matches(former, password):
        return False
    sharing = select(Account.id).where(Account.password_hash == former)
    sessions.end(session, LoginSession.account_id.in_(session.scalars(sharing).all()))
    session.execute(
        update(Account)
        .where(Account.password_hash == former)
        .values(password_hash=passwords.hash_password(password))
    )
    ledger.record(session, actor, Tag.ACCOUNT_PASSWD, account.id)
    return True


def rename(session: Session, actor: audit.Actor | None, username: str, display_name: str) -> None:
    """Change the name under which others see an account."""
    account = account_by_username(session, username)
    if account.display_name == display_name:
        return
    before, account.display_name = account.display_name, display_name
    session.flush()
    ledger.record(
        session,
        actor,
        Tag.ACCOUNT_RENAME,
        account.id,
        before={"display_name": before},
        after={"display_name": display_name},
    )


def disable(session: Session, actor: audit.Actor | None, username: str) -> None:
    """Disable an account and end its sessions."""
    account = account_by_username(session, username)
    account.disabled_at = now(session)
    sessions.end(session, LoginSession.account_id == account.id)
    ledger.record(session, actor, Tag.ACCOUNT_DISABLE, account.id)


def account_by_username(session: Session, username: str, *, field: str = "username") -> Account:
    """Return the account. Raises `NotFound` naming `field`."""
    account = session.scalar(select(Account).where(Account.username == username))
    if account is None:
        raise NotFound("account.unknown", f"There is no account {username!r}.", field=field)
    return account


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
