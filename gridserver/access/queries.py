"""Who stands behind a token, and which accounts are a command room's."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import ColumnElement, Row, Uuid, bindparam, cast, false, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from gridserver.access.models import Account, Device, LoginSession, RoleGrant
from gridserver.access.rules import PERMISSIONS, Grant, Principal, looking_on
from gridserver.access.sessions import digest
from gridserver.base import db
from gridserver.base.clock import now
from gridserver.base.errors import NotFound, Unauthenticated
from gridserver.org.models import Unit


@dataclass(frozen=True)
class AccountCard:
    """An account as the command line lists it; `roles` are pairs of role and unit code."""

    account_id: int
    username: str
    display_name: str
    disabled: bool
    can_sign_in: bool
    roles: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AccountRef:
    """An account as others show it."""

    account_id: int
    username: str
    display_name: str

    def document(self) -> dict[str, str]:
        """Return it as messages and answers carry it."""
        return {"username": self.username, "display_name": self.display_name}


def principal_by_token(session: Session, token: str) -> tuple[Principal, str]:
    """Return who holds the bearer token, and the session's CSRF token.

    One round trip. Raises `Unauthenticated` for an unknown, ended or expired session and for a
    disabled account; ``access.device_revoked`` where it was from a device that is revoked.
    """
    found = db.rows(session, _BY_TOKEN, {"digest": digest(token), "now": now(session)})
    if not found:
        raise _over(session, LoginSession.token_digest == digest(token))
    return _from_rows(found), found[0].csrf_token


def principal_by_session(session: Session, session_id: uuid.UUID | None) -> Principal:
    """Return who holds the session *now*: what an open socket asks at each event.

    Raises as `principal_by_token` does.
    """
    found = db.rows(session, _BY_ID, {"id": session_id, "now": now(session)})
    if not found:
        raise _over(session, LoginSession.id == session_id)
    return _from_rows(found)


@dataclass(frozen=True)
class SessionTerms:
    """What a session's holder is told of it; `unlock` is its device's, where it has one."""

    expires_at: dt.datetime
    csrf_token: str
    unlock: bytes | None


def session_terms(session: Session, session_id: uuid.UUID | None) -> SessionTerms:
    """Return when the session expires, and its secrets but for the token."""
    row = session.execute(
        select(LoginSession.expires_at, LoginSession.csrf_token, Device.unlock)
        .outerjoin(Device, Device.id == LoginSession.device_id)
        .where(LoginSession.id == session_id)
    ).one()
    return SessionTerms(*row)


def dead_sessions(session: Session, ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of `ids` that don't stand: ended, expired, of a disabled account, or unknown."""
    return set(session.scalars(_DEAD_IDS, {"ids": list(map(str, ids)), "now": now(session)}))


def sessions_without(session: Session, ids: Iterable[uuid.UUID], permission: str) -> set[uuid.UUID]:
    """Return those of `ids` that don't stand, or whose account may not do `permission` anywhere by
    its grants of now. A wall's may do nothing of what this is asked for."""
    asked = {"ids": list(map(str, ids)), "now": now(session)}
    roles = sorted(PERMISSIONS[permission])
    return set(session.scalars(_WITHOUT_ROLE, asked | {"roles": roles}))


def principals_by_session(session: Session, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Principal]:
    """Return who holds each of the sessions that still stand, with their grants of now."""
    rows_of: dict[uuid.UUID, list[Row]] = defaultdict(list)
    for row in session.execute(_BY_IDS, {"ids": list(ids), "now": now(session)}):
        rows_of[row.session_id].append(row)
    return {session_id: _from_rows(rows) for session_id, rows in rows_of.items()}


def principal_of(session: Session, account_id: int) -> Principal:
    """Return an account with its grants, without a session: for the command line and the demo."""
    rows = session.execute(
        select(*_HOLDER)
        .outerjoin(RoleGrant, RoleGrant.account_id == Account.id)
        .outerjoin(Unit, Unit.id == RoleGrant.unit_id)
        .where(Account.id == account_id)
    ).all()
    return Principal(rows[0].id, rows[0].username, rows[0].display_name, _grants(rows))


@dataclass(frozen=True)
class CommandRoom:
    """A unit with the desks of its command room, by username; `mode` is a station's."""

    unit_id: int
    code: str
    name: str
    mode: str | None
    path: str
    desks: tuple[AccountRef, ...]


# Built once: it is asked for every incident.
_COMMAND_ROOMS = (
    select(
        Unit.id,
        Unit.code,
        Unit.name,
        Unit.mode,
        Unit.path,
        Account.id.label("account_id"),
        Account.username,
        Account.display_name,
    )
    .outerjoin(RoleGrant, (RoleGrant.unit_id == Unit.id) & (RoleGrant.role == "command"))
    .outerjoin(Account, (Account.id == RoleGrant.account_id) & Account.disabled_at.is_(None))
    .where(or_(Unit.kind == "bureau", Unit.code == bindparam("station")))
    .order_by(Unit.path, Account.username)
)


def command_rooms(
    session: Session, station_code: str | None
) -> tuple[CommandRoom, CommandRoom | None]:
    """Return the bureau's command room and the station's (None where there is no such station).

    One round trip. Raises `NotFound` in an empty installation.
    """
    rows = db.rows(session, _COMMAND_ROOMS, {"station": station_code})
    rooms = [_room(list(of_unit)) for _, of_unit in groupby(rows, key=lambda row: row.id)]
    bureaus = [room for room in rooms if "." not in room.path]
    stations = [room for room in rooms if "." in room.path]
    if not bureaus:
        raise NotFound(
            "unit.no_bureau", "There is no bureau yet: make one with `gridserver account add`."
        )
    return bureaus[0], stations[0] if stations else None


def _room(rows: Sequence[Row]) -> CommandRoom:
    first = rows[0]
    desks = tuple(
        AccountRef(row.account_id, row.username, row.display_name)
        for row in rows
        if row.account_id is not None
    )
    return CommandRoom(first.id, first.code, first.name, first.mode, first.path, desks)


_REFS = select(Account.id, Account.username, Account.display_name).where(
    Account.id.in_(bindparam("ids", expanding=True))
)


def account_refs(session: Session, ids: Iterable[int]) -> dict[int, AccountRef]:
    """Return accounts as others show them, by id."""
    wanted = list(ids)
    found = db.rows(session, _REFS, {"ids": wanted}) if wanted else ()
    return {row.id: AccountRef(*row) for row in found}


def account_id(session: Session, username: str) -> int | None:
    """Return the account of that name, by its id."""
    return session.scalar(select(Account.id).where(Account.username == username))


def accounts(session: Session) -> list[AccountCard]:
    """Return all accounts with their roles, by username."""
    rows = session.execute(
        select(
            Account.id,
            Account.username,
            Account.display_name,
            Account.disabled_at,
            Account.has_password,
            RoleGrant.role,
            Unit.code,
        )
        .outerjoin(RoleGrant, RoleGrant.account_id == Account.id)
        .outerjoin(Unit, Unit.id == RoleGrant.unit_id)
        .order_by(Account.username, RoleGrant.role, Unit.code)
    )
    listed: list[AccountCard] = []
    for account, grants in groupby(rows, lambda row: row[:5]):
        account_id, username, display_name, disabled_at, has_password = account
        enabled = disabled_at is None
        roles = tuple((role, unit) for *_, role, unit in grants if role is not None)
        listed.append(
            AccountCard(
                account_id, username, display_name, not enabled, has_password and enabled, roles
            )
        )
    return listed


_ALIVE = (
    LoginSession.ended_at.is_(None),
    LoginSession.expires_at > bindparam("now"),
    Account.disabled_at.is_(None),
)
# Asked for thousands at a time, of which nearly all are alive: what comes back is the exception.
_ASKED = func.unnest(cast(bindparam("ids"), ARRAY(Uuid)), type_=Uuid).column_valued("asked")
_STANDING = (
    select(LoginSession.id)
    .join(Account, Account.id == LoginSession.account_id)
    .where(LoginSession.id == _ASKED, *_ALIVE)
)
_DEAD_IDS = select(_ASKED).where(~_STANDING.exists())
_HOLDING = _STANDING.join(RoleGrant, RoleGrant.account_id == Account.id).where(
    LoginSession.is_wall.is_(False), RoleGrant.role.in_(bindparam("roles", expanding=True))
)
_WITHOUT_ROLE = select(_ASKED).where(~_HOLDING.exists())

#: An account with one of its grants.
_HOLDER = (
    Account.id,
    Account.username,
    Account.display_name,
    RoleGrant.role,
    Unit.id.label("unit_id"),
    Unit.path,
)

# A row for each grant of a live session (one where there is no grant). Built once, as what follows:
# it is asked for every request and every event of a socket.
_LIVE = (
    select(
        LoginSession.id.label("session_id"),
        LoginSession.device,
        LoginSession.device_id,
        LoginSession.clock_offset_s,
        LoginSession.csrf_token,
        LoginSession.is_wall,
        func.coalesce(LoginSession.active_until <= bindparam("now"), false()).label("is_locked"),
        *_HOLDER,
    )
    .join(Account, Account.id == LoginSession.account_id)
    .outerjoin(RoleGrant, RoleGrant.account_id == Account.id)
    .outerjoin(Unit, Unit.id == RoleGrant.unit_id)
    .where(*_ALIVE)
)
_BY_TOKEN = _LIVE.where(LoginSession.token_digest == bindparam("digest"))
_BY_ID = _LIVE.where(LoginSession.id == bindparam("id"))
_BY_IDS = _LIVE.where(LoginSession.id.in_(bindparam("ids", expanding=True)))


def _over(session: Session, its: ColumnElement[bool]) -> Unauthenticated:
    """Return the refusal of a session that doesn't stand: a revoked device is to wipe itself."""
    revoked = select(Device.id).join(LoginSession, LoginSession.device_id == Device.id)
    if session.scalar(revoked.where(its, Device.revoked_at.is_not(None))):
        return Unauthenticated(
            "access.device_revoked", "This device was revoked. What it keeps is to be wiped."
        )
    return Unauthenticated(
        "access.unauthenticated", "There is no such session, or it has ended. Sign in again."
    )


def _from_rows(rows: Sequence[Row]) -> Principal:
    first = rows[0]
    grants = _grants(rows)
    return Principal(
        first.id,
        first.username,
        first.display_name,
        looking_on(grants) if first.is_wall else grants,
        first.session_id,
        first.device,
        first.clock_offset_s,
        first.device_id,
        first.is_locked,
    )


def _grants(rows: Sequence[Row]) -> tuple[Grant, ...]:
    return tuple(Grant(row.role, row.unit_id, row.path) for row in rows if row.role is not None)
