"""Absences as a bureau edits them: listed, changed and taken back, each by itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, aliased

from gridserver.access.models import Account
from gridserver.access.rules import Principal, require
from gridserver.audit.tags import Tag
from gridserver.base.errors import NotFound
from gridserver.force import service
from gridserver.force.models import Absence, Officer
from gridserver.force.people import PersonOfForce, by_number, hold, readable, require_roster
from gridserver.force.queries import UnitRef
from gridserver.force.recording import iso, record, refusing_overlap
from gridserver.force.shifts import check_view
from gridserver.org.models import Unit


@dataclass(frozen=True)
class AbsenceDraft:
    """An absence to be set; `officer` and `stand_in` are service numbers."""

    officer: str
    reason: str
    start: dt.datetime
    end: dt.datetime
    stand_in: str | None = None


@dataclass(frozen=True)
class AbsenceCard:
    """An absence as a roster shows it.

    `reason` may be about the officer's health: it is None for who may not edit the roster.
    """

    id: int
    officer: PersonOfForce
    unit: UnitRef
    reason: str | None
    start: dt.datetime
    end: dt.datetime
    stand_in: PersonOfForce | None


def absences(
    session: Session,
    actor: Principal,
    start: dt.datetime,
    end: dt.datetime,
    *,
    unit_path: str | None = None,
    after: tuple[dt.datetime, int] | None = None,
    limit: int | None = None,
) -> list[AbsenceCard]:
    """Return the absences between two moments of officers whom `actor` may see, as they begin.

    `after` is the start and the id of the absence to go on after.
    """
    in_scope = readable(actor, unit_path)
    check_view(start, end)
    query = _CARDS.where(Absence.during.overlaps(Range(start, end)), in_scope)
    if after is not None:
        query = query.where(sa.tuple_(_START, Absence.id) > after)
    rows = session.execute(query.order_by(_START, Absence.id).limit(limit))
    return [_card(row, actor) for row in rows]


def absences_where(
    session: Session, condition: sa.ColumnElement[bool], during: Range[dt.datetime]
) -> list[AbsenceCard]:
    """Return the absences of a time that meet a condition, as they begin, without the reasons."""
    query = _CARDS.where(condition, Absence.during.overlaps(during)).order_by(_START, Absence.id)
    return [_card(row, None) for row in session.execute(query)]


def absence(session: Session, actor: Principal, absence_id: int) -> AbsenceCard:
    """Return one absence. Raises `NotFound`, and `Forbidden` for an officer out of scope."""
    row = session.execute(_CARDS.where(Absence.id == absence_id)).first()
    if row is None:
        raise _unknown(absence_id)
    require(actor, "force.read", row.path)
    return _card(row, actor)


def add_absence(session: Session, actor: Principal, draft: AbsenceDraft) -> int:
    """Say that an officer is away. Returns the absence's id.

    Raises as `gridserver.force.service.set_absence` does, `Invalid` for an unknown officer and
    `Forbidden` where the actor may not edit the roster of the officer's unit.
    """
    officer, stand_in = _people(session, actor, draft)
    absence = service.set_absence(
        session,
        actor,
        officer=officer,
        reason=draft.reason,
        start=draft.start,
        end=draft.end,
        stand_in=stand_in,
    )
    return absence.id


def change_absence(
    session: Session, actor: Principal, absence_id: int, draft: AbsenceDraft
) -> None:
    """Change an absence: raises as `add_absence`, and `NotFound`."""
    absence = locked(session, actor, absence_id)
    before = _told(session, absence)
    officer, stand_in = _people(session, actor, draft)
    service.check_absence(officer, draft.reason, draft.start, draft.end, stand_in)
    what = f"{officer.service_number} is absent"
    with refusing_overlap(session, "ex_absence_once", "absence.overlaps", what):
        absence.officer_id = officer.id
        absence.reason = draft.reason
        absence.stand_in_id = stand_in.id if stand_in else None
        absence.during = Range(draft.start, draft.end)
        session.flush()
    after = _told(session, absence)
    record(session, actor, Tag.ABSENCE_CHANGE, officer, before=before, after=after)


def remove_absence(session: Session, actor: Principal, absence_id: int) -> None:
    """Take an absence back: the officer can be called on after all.

    Raises `NotFound` and `Forbidden`.
    """
    absence = locked(session, actor, absence_id)
    officer, before = session.get_one(Officer, absence.officer_id), _told(session, absence)
    session.delete(absence)
    session.flush()
    data = {"absence": absence_id}
    record(session, actor, Tag.ABSENCE_REMOVE, officer, data, before=before)


def _told(session: Session, absence: Absence) -> dict[str, Any]:
    """Return what the ledger keeps of an absence: not its reason, which may be about health."""
    officer = session.get_one(Officer, absence.officer_id)
    stand_in = session.get_one(Officer, absence.stand_in_id) if absence.stand_in_id else None
    return {
        "officer": officer.service_number,
        "stand_in": stand_in.service_number if stand_in else None,
        "start": iso(absence.during.lower),
        "end": iso(absence.during.upper),
    }


def locked(session: Session, actor: Principal, absence_id: int) -> Absence:
    """Return an absence that the actor may change, with its row locked."""
    absence = session.scalar(select(Absence).where(Absence.id == absence_id).with_for_update())
    if absence is None:
        raise _unknown(absence_id)
    require_roster(session, actor, session.get_one(Officer, absence.officer_id).unit_id)
    return absence


def _people(
    session: Session, actor: Principal, draft: AbsenceDraft
) -> tuple[Officer, Officer | None]:
    officer = by_number(session, [draft.officer], field="officer")[draft.officer]
    require_roster(session, actor, officer.unit_id)
    hold(session, [officer.id])
    if draft.stand_in is None:
        return officer, None
    return officer, by_number(session, [draft.stand_in], field="stand_in")[draft.stand_in]


def _unknown(absence_id: int) -> NotFound:
    return NotFound("absence.unknown", f"There is no absence {absence_id}.")


_START = sa.func.lower(Absence.during)
_OTHER = aliased(Officer)
_OTHERS_ACCOUNT = aliased(Account)
_CARDS = (
    select(
        Absence.id,
        Absence.reason,
        Absence.during,
        Account.username,
        Officer.service_number,
        Account.display_name,
        Unit.code.label("unit_code"),
        Unit.name.label("unit_name"),
        Unit.path,
        _OTHERS_ACCOUNT.username.label("other_username"),
        _OTHER.service_number.label("other_number"),
        _OTHERS_ACCOUNT.display_name.label("other_name"),
    )
    .join(Officer, Officer.id == Absence.officer_id)
    .join(Account, Account.id == Officer.account_id)
    .join(Unit, Unit.id == Officer.unit_id)
    .outerjoin(_OTHER, _OTHER.id == Absence.stand_in_id)
    .outerjoin(_OTHERS_ACCOUNT, _OTHERS_ACCOUNT.id == _OTHER.account_id)
)


def _card(row: Row, actor: Principal | None) -> AbsenceCard:
    other: Any = (row.other_username, row.other_number, row.other_name)
    return AbsenceCard(
        id=row.id,
        officer=PersonOfForce(row.username, row.service_number, row.display_name),
        unit=UnitRef(row.unit_code, row.unit_name),
        reason=row.reason if actor and actor.may("roster.edit", row.path) else None,
        start=row.during.lower,
        end=row.during.upper,
        stand_in=PersonOfForce(*other) if row.other_number else None,
    )
