"""Changing what the force already has on record: names, units, ends, whole rosters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP, Range
from sqlalchemy.orm import Session

from gridserver.access import service as access
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.errors import NotFound
from gridserver.force.models import Absence, Officer, Ownership, Shift
from gridserver.force.recording import iso, record, refusing_overlap
from gridserver.force.rules import check_duty, check_range
from gridserver.force.service import set_absence
from gridserver.org.models import Unit


@dataclass(frozen=True)
class Duty:
    """A stretch of duty to be set, from `start` to before `end`.

    `unit_id` is the unit it serves, by default the officer's own.
    """

    officer_id: int
    duty: str
    start: dt.datetime
    end: dt.datetime
    unit_id: int | None = None
    post_id: int | None = None


def change_officer(
    session: Session,
    actor: audit.Actor | None,
    officer: Officer,
    *,
    display_name: str,
    rank: str | None,
) -> None:
    """Change an officer's rank and the name that others see."""
    access.rename(session, actor, officer.service_number, display_name)
    before, officer.rank = {"rank": officer.rank}, rank
    session.flush()
    record(session, actor, Tag.OFFICER_CHANGE, officer, before=before, after={"rank": rank})


def transfer(session: Session, actor: audit.Actor | None, officer: Officer, unit: Unit) -> None:
    """Move an officer to another unit; the account's role goes along."""
    account = access.account_by_username(session, officer.service_number)
    former = session.get_one(Unit, officer.unit_id)
    if officer.kind == "officer":
        access.revoke(session, actor, account, "officer", former)
        access.grant(session, actor, account, "officer", unit)
    officer.unit_id = unit.id
    session.flush()
    before, after = {"unit": former.code}, {"unit": unit.code}
    record(session, actor, Tag.OFFICER_TRANSFER, officer, before=before, after=after)


def end_ownership(
    session: Session,
    actor: audit.Actor | None,
    *,
    cell_code: str,
    officer: Officer,
    start: dt.datetime,
    end: dt.datetime | None,
) -> None:
    """Have an ownership that began at `start` end at `end` (None: until further notice).

    Raises
    ------
    NotFound
        The officer didn't begin to own the cell at `start`.
    Invalid
        An end that isn't after the start.
    Conflict
        It would reach into another of the officer's ownerships of the cell.
    """
    check_range(start, end, start_field="valid_from", end_field="valid_to")
    ownership = session.scalar(
        select(Ownership).where(
            Ownership.cell_code == cell_code,
            Ownership.officer_id == officer.id,
            sa.func.lower(Ownership.valid) == start,
        )
    )
    if ownership is None:
        raise NotFound(
            "ownership.unknown",
            f"{officer.service_number} didn't begin to own {cell_code} at {start.isoformat()}.",
            field="valid_from",
        )
    what, former = f"{officer.service_number} owns cell {cell_code}", ownership.valid.upper
    with refusing_overlap(session, "ex_ownership_once", "ownership.overlaps", what):
        ownership.valid = Range(start, end)
        session.flush()
    before, after = {"end": iso(former)}, {"end": iso(end)}
    data = {"cell": cell_code}
    record(session, actor, Tag.OWNERSHIP_END, officer, data, before=before, after=after)


def set_roster(session: Session, actor: audit.Actor | None, duties: Sequence[Duty]) -> None:
    """Put many officers on duty at once; a duty that begins when a known one does replaces it.

    One audit row tells how many.

    Raises
    ------
    Invalid
        An unknown duty, or an end that isn't after the start.
    Conflict
        Somebody has this duty already at some time in the range (``shift.overlaps``).
    """
    if not duties:
        return
    for duty in duties:
        check_duty(duty.duty)
        check_range(duty.start, duty.end, start_field="start", end_field="end")
    replaced = _starts(duties)
    session.execute(
        sa.delete(Shift)
        .where(
            Shift.officer_id == replaced.c.officer_id,
            Shift.duty == replaced.c.duty,
            sa.func.lower(Shift.during) == replaced.c.start,
        )
        .execution_options(synchronize_session=False)
    )
    own_units = _own_units(session, {duty.officer_id for duty in duties if duty.unit_id is None})
    rows = [
        {
            "officer_id": duty.officer_id,
            "unit_id": duty.unit_id or own_units[duty.officer_id],
            "post_id": duty.post_id,
            "duty": duty.duty,
            "during": Range(duty.start, duty.end),
        }
        for duty in duties
    ]
    with refusing_overlap(session, "ex_shift_once", "shift.overlaps", "Somebody has this duty"):
        session.execute(sa.insert(Shift), rows)
    audit.record(
        session,
        actor,
        Tag.SHIFT_SET,
        subject_kind="roster",
        subject_id=min(duty.start for duty in duties).date(),
        data={"shifts": len(rows), "end": max(duty.end for duty in duties).isoformat()},
    )


def change_absence(
    session: Session,
    actor: audit.Actor | None,
    *,
    officer: Officer,
    reason: str,
    start: dt.datetime,
    end: dt.datetime,
    stand_in: Officer | None = None,
) -> None:
    """Change an absence that begins at `start` to what `set_absence` would make of the rest."""
    session.execute(
        sa.delete(Absence).where(
            Absence.officer_id == officer.id, sa.func.lower(Absence.during) == start
        )
    )
    set_absence(
        session, actor, officer=officer, reason=reason, start=start, end=end, stand_in=stand_in
    )


def _own_units(session: Session, officer_ids: set[int]) -> dict[int, int]:
    units = select(Officer.id, Officer.unit_id).where(Officer.id.in_(officer_ids))
    return {row.id: row.unit_id for row in session.execute(units)}


def _starts(duties: Sequence[Duty]) -> sa.TableValuedAlias:
    """Return what names each duty, as a table to join with."""
    return (
        sa.func.unnest(
            sa.literal([duty.officer_id for duty in duties], ARRAY(sa.BigInteger)),
            sa.literal([duty.duty for duty in duties], ARRAY(sa.Text)),
            sa.literal([duty.start for duty in duties], ARRAY(TIMESTAMP(timezone=True))),
        )
        .table_valued("officer_id", "duty", "start")
        .render_derived()
    )
