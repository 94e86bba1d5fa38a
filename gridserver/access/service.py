"""Accounts: made, given roles, renamed, disabled; and what they sign in by, set and taken away."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gridserver.access import (
    attempts,
    devices,
    factors,
    federated,
    ledger,
    passwords,
    policy,
    sessions,
    signing_in,
    tickets,
)
from gridserver.access.models import Account, LoginSession, RoleGrant
from gridserver.access.rules import ROLES, Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
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
    account = signing_in.authenticate(session, actor.username, old)
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
