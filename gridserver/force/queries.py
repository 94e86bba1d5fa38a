"""Who answers for a cell, who is on duty, and where they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal
from gridserver.base import db
from gridserver.force.models import Absence, Officer, OfficerPosition, Ownership, Shift
from gridserver.org.models import Unit

Moment = dt.datetime | ColumnElement[dt.datetime]


@dataclass(frozen=True)
class DutyOfficer:
    """An owner of a cell, as a decision needs to know them.

    `on_duty`: a shift covers the moment (and the account isn't disabled). `absent`: an absence
    covers it. The two are independent: who is ill stays on the roster.
    """

    account_id: int
    username: str
    display_name: str
    on_duty: bool
    absent: bool


@dataclass(frozen=True)
class DutyPicture:
    """The owners of a cell at a moment: A角 and B角, each by service number."""

    primaries: tuple[DutyOfficer, ...] = ()
    backups: tuple[DutyOfficer, ...] = ()


@dataclass(frozen=True)
class Owner:
    """Who owns a cell from when to when (None: until further notice)."""

    role: str
    username: str
    display_name: str
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None


@dataclass(frozen=True)
class PersonRef:
    """An officer as others name them."""

    username: str
    display_name: str


@dataclass(frozen=True)
class UnitRef:
    """A unit as others show it."""

    code: str
    name: str


@dataclass(frozen=True)
class OfficerRef:
    """What an account's officer is."""

    service_number: str
    rank: str | None
    kind: str
    unit: UnitRef


@dataclass(frozen=True)
class Place:
    """Where an officer was last seen: degrees, EPSG:4326."""

    lon: float
    lat: float
    at: dt.datetime


@dataclass(frozen=True)
class OfficerCard:
    """An officer as the command room sees them."""

    username: str
    service_number: str
    display_name: str
    rank: str | None
    kind: str
    unit: UnitRef
    on_duty: bool
    absent: bool
    position: Place | None


def duty_picture(session: Session, cell_code: str | None, at: dt.datetime) -> DutyPicture:
    """Return who owns the cell at `at` and whether they can be called on. One round trip.

    Parameters
    ----------
    cell_code : str or None
        None where the point lies in no cell: nobody owns it.
    at : datetime
        Timezone-aware; which ownership, shifts and absences count.
    """
    if cell_code is None:
        return DutyPicture()
    rows = db.rows(session, _duty(), {"cell": cell_code, "at": at})
    return DutyPicture(_of_role(rows, "primary"), _of_role(rows, "backup"))


@cache
def _duty() -> Select[str, int, str, str, bool, bool]:
    """Return the query of `duty_picture`; built once, since it is asked for every incident."""
    at = sa.bindparam("at", type_=sa.TIMESTAMP(timezone=True))
    return (
        select(
            Ownership.role,
            Account.id,
            Account.username,
            Account.display_name,
            _on_duty(at).label("on_duty"),
            _absent(at).label("absent"),
        )
        .join(Officer, Officer.id == Ownership.officer_id)
        .join(Account, Account.id == Officer.account_id)
        .where(Ownership.cell_code == sa.bindparam("cell"), Ownership.valid.contains(at))
        .order_by(Officer.service_number)
    )


def owners(session: Session, cell_code: str, at: dt.datetime) -> list[Owner]:
    """Return the owners of a cell at `at`, primaries first, each role by service number."""
    rows = session.execute(
        select(
            Ownership.role,
            Account.username,
            Account.display_name,
            sa.func.lower(Ownership.valid),
            sa.func.upper(Ownership.valid),
        )
        .join(Officer, Officer.id == Ownership.officer_id)
        .join(Account, Account.id == Officer.account_id)
        .where(Ownership.cell_code == cell_code, Ownership.valid.contains(at))
        .order_by(Ownership.role.desc(), Officer.service_number)
    )
    return [Owner(*row) for row in rows]


def primary_owners(session: Session, at: dt.datetime) -> dict[str, PersonRef]:
    """Return the primary owner (A角) of every cell code that has one at `at`; of several, the one
    with the lowest service number."""
    rows = session.execute(
        select(Ownership.cell_code, Account.username, Account.display_name)
        .join(Officer, Officer.id == Ownership.officer_id)
        .join(Account, Account.id == Officer.account_id)
        .where(Ownership.role == "primary", Ownership.valid.contains(at))
        .order_by(Officer.service_number.desc())
    )
    return {code: PersonRef(username, display_name) for code, username, display_name in rows}


def officers(
    session: Session,
    actor: Principal,
    at: dt.datetime,
    *,
    unit_path: str | None = None,
    text: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[OfficerCard]:
    """Return the officers whom `actor` may see, by service number.

    Parameters
    ----------
    at : datetime
        The moment for which duty and absence are told.
    unit_path : str, optional
        Only this unit and what is below it.
    text : str, optional
        Only those whose service number or display name contains it.
    after : str, optional
        The service number to go on after (the list's cursor).
    """
    in_scope = (_below(path) for path in actor.paths("force.read"))
    query = _cards(at).where(sa.or_(sa.false(), *in_scope))
    query = query.order_by(Officer.service_number).limit(limit)
    if unit_path is not None:
        query = query.where(_below(unit_path))
    if text:
        query = query.where(
            sa.or_(
                Officer.service_number.contains(text, autoescape=True),
                Account.display_name.contains(text, autoescape=True),
            )
        )
    if after is not None:
        query = query.where(Officer.service_number > after)
    return [_card(row) for row in session.execute(query)]


def officer_of(session: Session, account_id: int) -> OfficerRef | None:
    """Return an account's officer, or None for one without (a command room's desk, an admin)."""
    row = session.execute(
        select(Officer.service_number, Officer.rank, Officer.kind, Unit.code, Unit.name)
        .join(Unit, Unit.id == Officer.unit_id)
        .where(Officer.account_id == account_id)
    ).first()
    if row is None:
        return None
    return OfficerRef(row.service_number, row.rank, row.kind, UnitRef(row.code, row.name))


def _cards(at: dt.datetime) -> sa.Select[Any]:
    return (
        select(
            Account.username,
            Officer.service_number,
            Account.display_name,
            Officer.rank,
            Officer.kind,
            Unit.code.label("unit_code"),
            Unit.name.label("unit_name"),
            _on_duty(at).label("on_duty"),
            _absent(at).label("absent"),
            ST_X(OfficerPosition.point).label("lon"),
            ST_Y(OfficerPosition.point).label("lat"),
            OfficerPosition.at.label("seen_at"),
        )
        .join(Account, Account.id == Officer.account_id)
        .join(Unit, Unit.id == Officer.unit_id)
        .outerjoin(OfficerPosition, OfficerPosition.officer_id == Officer.id)
    )


def _on_duty(at: Moment) -> ColumnElement[bool]:
    on_shift = sa.exists().where(Shift.officer_id == Officer.id, Shift.during.contains(at))
    return sa.and_(on_shift, Account.disabled_at.is_(None))


def _absent(at: Moment) -> ColumnElement[bool]:
    return sa.exists().where(Absence.officer_id == Officer.id, Absence.during.contains(at))


def _below(path: str) -> ColumnElement[bool]:
    return sa.or_(Unit.path == path, Unit.path.startswith(path + ".", autoescape=True))


def _of_role(rows: Sequence[Row], role: str) -> tuple[DutyOfficer, ...]:
    return tuple(
        DutyOfficer(row.id, row.username, row.display_name, row.on_duty, row.absent)
        for row in rows
        if row.role == role
    )


def _card(row: Row) -> OfficerCard:
    return OfficerCard(
        username=row.username,
        service_number=row.service_number,
        display_name=row.display_name,
        rank=row.rank,
        kind=row.kind,
        unit=UnitRef(row.unit_code, row.unit_name),
        on_duty=row.on_duty,
        absent=row.absent,
        position=None if row.seen_at is None else Place(row.lon, row.lat, row.seen_at),
    )
