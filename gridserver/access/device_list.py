"""Devices as those who answer for them see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from gridserver.access.models import Account, Device, LoginSession, RoleGrant
from gridserver.access.queries import AccountRef
from gridserver.access.rules import Principal, require
from gridserver.access.scope import granted_within
from gridserver.base.clock import now
from gridserver.base.errors import NotFound
from gridserver.org.models import Unit
from gridserver.org.queries import unit_by_code

#: A device counts as online for so long after it was last heard of. An open socket is a sign of
#: life that is stored once a minute.
ONLINE_FOR = dt.timedelta(minutes=2)

STATES = ("online", "offline", "revoked")


@dataclass(frozen=True)
class UnitOfAccount:
    """The highest unit for which an account holds a role."""

    code: str
    name: str


@dataclass(frozen=True)
class DeviceCard:
    """A device with whose it is.

    Attributes
    ----------
    state
        ``online``, ``offline`` or ``revoked``.
    battery
        Charge from 0 to 1, at `battery_at`.
    clock_offset_s
        What the server's clock was ahead of the device's, in seconds, when it last connected.
    sessions
        How many sessions stand.
    """

    id: int
    name: str
    account: AccountRef
    unit: UnitOfAccount | None
    state: str
    platform: str | None
    app_version: str | None
    battery: float | None
    battery_at: dt.datetime | None
    address: str | None
    clock_offset_s: float | None
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    sessions: int
    revoked_at: dt.datetime | None
    revoked_by: AccountRef | None
    revoke_reason: str | None
    wiped_at: dt.datetime | None
    enrolled_at: dt.datetime | None


@dataclass(frozen=True)
class Wanted:
    """Which devices: of a unit and below, in a state, with `words` in a name."""

    unit: str | None = None
    state: str | None = None
    words: str | None = None


#: Where a page ends: the last device's `last_seen_at` and id.
Place = tuple[dt.datetime, int]


def devices(
    session: Session,
    actor: Principal | None,
    wanted: Wanted,
    *,
    after: Place | None = None,
    limit: int | None = None,
) -> Sequence[DeviceCard]:
    """Return the devices within the actor's scope, the last heard of first, after a place.

    `actor` None is the command line. Raises `Forbidden`; `NotFound` for an unknown unit.
    """
    paths: tuple[str, ...] | None = None
    if actor is not None:
        require(actor, "device.read")
        paths = actor.paths("device.read")
    moment = now(session)
    query = _cards(moment).where(*_filters(session, wanted, moment))
    if paths is not None:
        query = query.where(granted_within(Device.account_id, *paths))
    if after is not None:
        query = query.where(tuple_(Device.last_seen_at, Device.id) < after)
    return _read(session, query.limit(limit), moment)


def device(session: Session, device_id: int) -> DeviceCard:
    """Return one device, whoever asks. Raises `NotFound`."""
    moment = now(session)
    found = _read(session, _cards(moment).where(Device.id == device_id), moment)
    if not found:
        raise NotFound("device.unknown", f"There is no device {device_id}.")
    return found[0]


def own_devices(session: Session, actor: Principal) -> Sequence[DeviceCard]:
    """Return the actor's own devices, the last heard of first."""
    moment = now(session)
    return _read(session, _cards(moment).where(Device.account_id == actor.account_id), moment)


def _cards(moment: dt.datetime) -> Select:
    revoker = aliased(Account)
    standing = (
        select(func.count())
        .where(
            LoginSession.device_id == Device.id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > moment,
        )
        .scalar_subquery()
    )
    newest_session = (
        select(LoginSession.clock_offset_s)
        .where(LoginSession.device_id == Device.id)
        .order_by(LoginSession.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    highest = (
        select(Unit.code, Unit.name)
        .join(RoleGrant, RoleGrant.unit_id == Unit.id)
        .where(RoleGrant.account_id == Device.account_id)
        .order_by(Unit.path)
        .limit(1)
        .lateral()
    )
    return (
        select(
            Device,
            Account.username,
            Account.display_name,
            highest.c.code.label("unit_code"),
            highest.c.name.label("unit_name"),
            revoker.username.label("revoker"),
            revoker.display_name.label("revoker_name"),
            standing.label("sessions"),
            newest_session.label("clock_offset_s"),
        )
        .join(Account, Account.id == Device.account_id)
        .outerjoin(revoker, revoker.id == Device.revoked_by)
        .outerjoin(highest, highest.c.code.is_not(None))
        .order_by(Device.last_seen_at.desc(), Device.id.desc())
    )


def _filters(session: Session, wanted: Wanted, moment: dt.datetime) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if wanted.unit is not None:
        path = unit_by_code(session, wanted.unit).path
        chosen.append(granted_within(Device.account_id, path))
    if wanted.state == "revoked":
        chosen.append(Device.revoked_at.is_not(None))
    elif wanted.state is not None:
        is_online = Device.last_seen_at > moment - ONLINE_FOR
        chosen += [
            Device.revoked_at.is_(None),
            is_online if wanted.state == "online" else ~is_online,
        ]
    if wanted.words:
        named = (Account.username, Account.display_name, Device.name)
        chosen.append(or_(*(name.icontains(wanted.words, autoescape=True) for name in named)))
    return chosen


def _read(session: Session, query: Select, moment: dt.datetime) -> list[DeviceCard]:
    return [_card(row, moment) for row in session.execute(query)]


def _card(row: Row, moment: dt.datetime) -> DeviceCard:
    found: Device = row.Device
    return DeviceCard(
        id=found.id,
        name=found.name,
        account=AccountRef(found.account_id, row.username, row.display_name),
        unit=UnitOfAccount(row.unit_code, row.unit_name) if row.unit_code else None,
        state=_state(found, moment),
        platform=found.platform,
        app_version=found.app_version,
        battery=found.battery,
        battery_at=found.battery_at,
        address=found.last_address,
        clock_offset_s=row.clock_offset_s,
        first_seen_at=found.first_seen_at,
        last_seen_at=found.last_seen_at,
        sessions=row.sessions,
        revoked_at=found.revoked_at,
        revoked_by=AccountRef(found.revoked_by, row.revoker, row.revoker_name)
        if found.revoked_by
        else None,
        revoke_reason=found.revoke_reason,
        wiped_at=found.wiped_at,
        enrolled_at=found.enrolled_at,
    )


def _state(found: Device, moment: dt.datetime) -> str:
    if found.revoked_at is not None:
        return "revoked"
    return "online" if found.last_seen_at > moment - ONLINE_FOR else "offline"
