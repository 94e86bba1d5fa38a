"""Second factors: enrolling one, showing it, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gridserver.access import ledger, policy, queries, recovery, security_keys, totp
from gridserver.access.models import Account, SecondFactor
from gridserver.access.rules import Principal
from gridserver.access.security_keys import Key, Party
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, OutOfReach, Unauthenticated
from gridserver.base.sealing import Seal
from gridserver.org import queries as org

LONGEST_NAME = 60
#: Of an account.
MOST = 10
#: An enrolment that wasn't finished within this is begun anew.
_PENDING = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Tools:
    """What is needed to check a factor: the keys of sealed secrets, and where the page came from
    (None for a client that is no browser, or from nowhere that is allowed)."""

    seal: Seal
    party: Party | None


@dataclass(frozen=True)
class Shown:
    """What somebody shows: a code of the app, a recovery code, or what a security key answered."""

    code: str | None = None
    recovery_code: str | None = None
    credential: dict[str, Any] | None = None


@dataclass(frozen=True)
class FactorCard:
    """A factor as its owner and admins see it."""

    id: int
    kind: str
    name: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None


@dataclass(frozen=True)
class Enrolment:
    """A factor that is being enrolled: for the app its secret and the address that a QR code
    holds, for a key the browser's options."""

    kind: str
    secret: str | None = None
    uri: str | None = None
    options: dict[str, Any] | None = None


def of(session: Session, account_id: int) -> Sequence[FactorCard]:
    """Return an account's factors, the oldest first."""
    return [
        FactorCard(each.id, each.kind, each.name or "", each.created_at, each.last_used_at)
        for each in _confirmed(session, account_id)
    ]


def is_demanded(session: Session, account_id: int) -> bool:
    """Say whether one of the account's roles demands a second factor."""
    return policy.holds_one(session, account_id, policy.current(session).second_factor_roles)


def key_ids(session: Session, account_id: int, party: Party | None) -> list[bytes]:
    """Return the ids of the security keys that answer on the page's origin."""
    if party is None:
        return []
    return [
        each.credential_id
        for each in _confirmed(session, account_id)
        if each.credential_id is not None and each.origin == party.origin
    ]


def enrol(session: Session, account_id: int, kind: str, tools: Tools) -> Enrolment:
    """Begin to enrol a factor; one that was begun before is forgotten.

    Raises
    ------
    Conflict
        ``factor.too_many``: the account has `MOST`. ``factor.no_browser``: a key is for a page
        that came from one of the server's origins.
    """
    its = SecondFactor.account_id == account_id
    session.execute(delete(SecondFactor).where(its, SecondFactor.confirmed_at.is_(None)))
    if len(_confirmed(session, account_id)) >= MOST:
        raise Conflict("factor.too_many", f"An account has at most {MOST} second factors.")
    username = session.get_one(Account, account_id).username
    bureau = org.bureau(session).name
    pending = SecondFactor(account_id=account_id, kind=kind, created_at=now(session))
    if kind == "totp":
        secret = totp.new_secret()
        pending.sealed = tools.seal.seal(secret.encode())
        begun = Enrolment(kind, secret=secret, uri=totp.uri(secret, username, bureau))
    else:
        party = _party(tools)
        pending.origin, pending.challenge = party.origin, security_keys.new_challenge()
        has = key_ids(session, account_id, party)
        options = security_keys.creation(
            party, bureau, account_id, username, pending.challenge, has
        )
        begun = Enrolment(kind, options=options)
    session.add(pending)
    session.flush()
    return begun


def confirm(
    session: Session,
    actor: Principal | None,
    account_id: int,
    shown: Shown,
    name: str,
    tools: Tools,
) -> tuple[str, ...]:
    """Finish the enrolment by showing the factor; return recovery codes where it is the first.

    Raises
    ------
    Conflict
        ``factor.not_begun``: nothing was begun, or too long ago.
    Unauthenticated
        ``access.wrong_code``: it isn't what was to be shown.
    """
    name = reading.text(name, "name", longest=LONGEST_NAME)
    pending = session.scalar(
        select(SecondFactor)
        .where(
            SecondFactor.account_id == account_id,
            SecondFactor.confirmed_at.is_(None),
            SecondFactor.created_at > now(session) - _PENDING,
        )
        .with_for_update()
    )
    if pending is None:
        raise Conflict("factor.not_begun", "Begin again: the enrolment took too long.")
    is_first = not _confirmed(session, account_id)
    if not _confirms(session, pending, shown, tools):
        raise _wrong()
    pending.name, pending.confirmed_at, pending.challenge = name, now(session), None
    session.flush()
    ledger.record(
        session, actor, Tag.FACTOR_ENROL, account_id, {"kind": pending.kind, "name": name}
    )
    return recovery.renew(session, account_id) if is_first else ()


def show(
    session: Session, account_id: int, shown: Shown, challenge: bytes | None, tools: Tools
) -> str:
    """Return what was shown: ``totp``, ``webauthn`` or ``recovery_code``, which is used up.

    Raises `Unauthenticated` (``access.wrong_code``) for what isn't the account's, or was taken
    before.
    """
    if shown.recovery_code is not None:
        if not recovery.use(session, account_id, shown.recovery_code):
            raise _wrong()
        left = recovery.left(session, account_id)
        whose = queries.principal_of(session, account_id)
        ledger.record(session, whose, Tag.FACTOR_RECOVERY, account_id, {"left": left})
        return "recovery_code"
    for factor in _confirmed(session, account_id, lock=True):
        is_it = (
            _takes_code(session, factor, shown.code, tools)
            if factor.kind == "totp"
            else _takes_key(factor, shown.credential, challenge, tools)
        )
        if is_it:
            factor.last_used_at = now(session)
            session.flush()
            return factor.kind
    raise _wrong()


def remove(session: Session, actor: Principal, factor_id: int) -> None:
    """Take one of the actor's own factors away; with the last one the recovery codes go.

    Raises
    ------
    NotFound
        ``factor.unknown``: the actor has none such.
    Conflict
        ``factor.demanded``: it is the last one, and a role demands one.
    """
    own = _confirmed(session, actor.account_id, lock=True)
    found = next((each for each in own if each.id == factor_id), None)
    if found is None:
        raise OutOfReach("factor.unknown", "You have no such second factor.")
    if len(own) == 1:
        if is_demanded(session, actor.account_id):
            raise Conflict(
                "factor.demanded", "Your role demands a second factor: enrol another one first."
            )
        recovery.forget(session, actor.account_id)
    data = {"kind": found.kind, "name": found.name or ""}
    session.delete(found)
    session.flush()
    ledger.record(session, actor, Tag.FACTOR_REMOVE, actor.account_id, data)


def renew_codes(session: Session, actor: Principal) -> tuple[str, ...]:
    """Give the actor new recovery codes. Raises `Conflict` (``factor.none``) without a factor."""
    if not _confirmed(session, actor.account_id):
        raise Conflict("factor.none", "Recovery codes stand in for a second factor: enrol one.")
    codes = recovery.renew(session, actor.account_id)
    ledger.record(session, actor, Tag.FACTOR_CODES, actor.account_id)
    return codes


def forget(
    session: Session, actor: audit.Actor | None, account_id: int, told: Mapping[str, object]
) -> int:
    """Take all factors of an account away, whoever asks, and return how many those were. `told` is
    what the ledger is told besides."""
    gone = len(_confirmed(session, account_id, lock=True))
    session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))
    recovery.forget(session, account_id)
    ledger.record(session, actor, Tag.FACTOR_RESET, account_id, {**told, "factors": gone})
    return gone


def _confirmed(session: Session, account_id: int, *, lock: bool = False) -> list[SecondFactor]:
    query = (
        select(SecondFactor)
        .where(SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None))
        .order_by(SecondFactor.id)
    )
    return list(session.scalars(query.with_for_update() if lock else query))


def _confirms(session: Session, pending: SecondFactor, shown: Shown, tools: Tools) -> bool:
    if pending.kind == "totp":
        return _takes_code(session, pending, shown.code, tools)
    if shown.credential is None or pending.challenge is None:
        return False
    party = _party(tools)
    key = security_keys.created(party, pending.challenge, shown.credential)
    if key is None or party.origin != pending.origin:
        return False
    pending.credential_id, pending.public_key = key.credential_id, key.public_key
    pending.sign_count = key.sign_count
    return True


def _takes_code(session: Session, factor: SecondFactor, code: str | None, tools: Tools) -> bool:
    if code is None or factor.sealed is None:
        return False
    secret = tools.seal.open(factor.sealed).decode()
    step = totp.step_of(secret, code, now(session), factor.last_step)
    if step is None:
        return False
    factor.last_step = step
    return True


def _takes_key(
    factor: SecondFactor, credential: dict[str, Any] | None, challenge: bytes | None, tools: Tools
) -> bool:
    if credential is None or challenge is None or tools.party is None:
        return False
    if factor.credential_id is None or security_keys.named(credential) != factor.credential_id:
        return False
    key = Key(factor.credential_id, factor.public_key or b"", factor.sign_count or 0)
    count = security_keys.signed(tools.party, challenge, credential, key)
    if count is None:
        return False
    factor.sign_count = count
    return True


def _party(tools: Tools) -> Party:
    if tools.party is None:
        raise Conflict(
            "factor.no_browser", "A security key is enrolled on a page of this server's own."
        )
    return tools.party


def _wrong() -> Unauthenticated:
    return Unauthenticated(
        "access.wrong_code", "The code is wrong, is over, or was used. Show another one."
    )
