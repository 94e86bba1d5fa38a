"""Who serves now, unit by unit, and what one officer has before them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.force import absences, shifts, swapping
from gridserver.force.absences import AbsenceCard
from gridserver.force.models import Absence, Officer, Shift
from gridserver.force.people import of_account, readable
from gridserver.force.shifts import ShiftCard
from gridserver.force.swapping import SwapCard
from gridserver.org.models import Unit

#: How far ahead an officer sees their duty.
AHEAD = dt.timedelta(days=14)


@dataclass(frozen=True)
class Serving:
    """A shift that covers the moment, and whether its officer can't be called on all the same."""

    shift: ShiftCard
    absent: bool


@dataclass(frozen=True)
class OwnDuty:
    """What an officer has before them: their shifts and absences of the next 14 days, whom they
    stand in for, their unit's other shifts, and the swaps that concern them."""

    shifts: list[ShiftCard]
    absences: list[AbsenceCard]
    standing_in: list[AbsenceCard]
    colleagues: list[ShiftCard]
    swaps: list[SwapCard]


def serving(
    session: Session, actor: Principal, at: dt.datetime, *, unit_path: str | None = None
) -> list[Serving]:
    """Return who is on duty at `at` for the units that `actor` may see, by unit, duty and number.

    Parameters
    ----------
    unit_path : str, optional
        Only shifts that serve this unit or one below it.
    """
    absent = sa.exists().where(Absence.officer_id == Officer.id, Absence.during.contains(at))
    query = shifts.CARDS.add_columns(absent.label("absent")).where(
        Shift.during.contains(at),
        Account.disabled_at.is_(None),
        readable(actor, unit_path),
    )
    rows = session.execute(query.order_by(Unit.path, Shift.duty, Officer.service_number))
    return [Serving(shifts.card(row), row.absent) for row in rows]


def own_duty(session: Session, actor: Principal) -> OwnDuty:
    """Return what the actor's own officer has before them. Raises `Forbidden` for who is none."""
    officer = of_account(session, actor)
    moment = now(session)
    ahead = Range(moment, moment + AHEAD)
    return OwnDuty(
        shifts=shifts.shifts_where(session, Shift.officer_id == officer.id, ahead),
        absences=absences.absences_where(session, Absence.officer_id == officer.id, ahead),
        standing_in=absences.absences_where(session, Absence.stand_in_id == officer.id, ahead),
        colleagues=shifts.shifts_where(session, _colleague(officer), ahead),
        swaps=swapping.swaps(session, actor),
    )


def _colleague(officer: Officer) -> sa.ColumnElement[bool]:
    others = select(Officer.id).where(
        Officer.unit_id == officer.unit_id, Officer.id != officer.id, Officer.kind == "officer"
    )
    return Shift.officer_id.in_(others)
