"""Who answers for a cell, who is on duty, and where they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal
from gridserver.force.calendar import by_weekday
from gridserver.force.duty import DutyOfficer, DutyPicture, duty_picture
from gridserver.force.models import Absence, CalendarDay, Officer, OfficerPosition, Ownership, Shift
from gridserver.org.models import Unit
from gridserver.org.queries import at_or_below, within

__all__ = (
    "DutyOfficer",
    "DutyPicture",
    "LastSeen",
    "OfficerCard",
    "OfficerRef",
    "Owner",
    "PersonRef",
    "Place",
    "UnitRef",
    "absent_at",
    "duty_picture",
    "officer_of",
    "officers",
    "on_shift_at",
    "owners",
    "primary_owners",
    "stands_in_at",
    "working_day",
)


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
class LastSeen(Place):
    """Where an officer was last seen, and what else their terminal told then: see `Position`."""

    accuracy_m: float | None
    heading: float | None
    battery: float | None


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
    position: LastSeen | None


def working_day(session: Session, date: dt.date) -> bool:
    """Say whether each team does its own work on a date; asks the calendar, else the weekday."""
    kind = session.scalar(select(CalendarDay.kind).where(CalendarDay.date == date))
    return by_weekday(date).is_working if kind is None else kind == "working"


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
    query = _cards(at).where(within(actor.paths("force.read")))
    query = query.order_by(Officer.service_number).limit(limit)
    if unit_path is not None:
        query = query.where(at_or_below(unit_path))
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
            absent_at(at).label("absent"),
            ST_X(OfficerPosition.point).label("lon"),
            ST_Y(OfficerPosition.point).label("lat"),
            OfficerPosition.at.label("seen_at"),
            OfficerPosition.accuracy_m,
            OfficerPosition.heading,
            OfficerPosition.battery,
        )
        .join(Account, Account.id == Officer.account_id)
        .join(Unit, Unit.id == Officer.unit_id)
        .outerjoin(OfficerPosition, OfficerPosition.officer_id == Officer.id)
    )


def on_shift_at(at: dt.datetime) -> ColumnElement[bool]:
    """Return the condition that an officer of a query has a shift at `at`."""
    return sa.exists().where(Shift.officer_id == Officer.id, Shift.during.contains(at))


def _on_duty(at: dt.datetime) -> ColumnElement[bool]:
    return sa.and_(on_shift_at(at), Account.disabled_at.is_(None))


def absent_at(at: dt.datetime) -> ColumnElement[bool]:
    """Return the condition that an officer of a query can't be called on at `at`."""
    return sa.exists().where(Absence.officer_id == Officer.id, Absence.during.contains(at))


def stands_in_at(at: dt.datetime) -> ColumnElement[bool]:
    """Return the condition that an officer of a query stands in, at `at`, for one who has a shift
    and can't be called on."""
    return sa.exists().where(
        Absence.stand_in_id == Officer.id,
        Absence.during.contains(at),
        Shift.officer_id == Absence.officer_id,
        Shift.during.contains(at),
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
        position=_last_seen(row),
    )


def _last_seen(row: Row) -> LastSeen | None:
    if row.seen_at is None:
        return None
    return LastSeen(row.lon, row.lat, row.seen_at, row.accuracy_m, row.heading, row.battery)
