"""The roster as a bureau edits it: shifts listed, put on, changed and taken off by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal, require
from gridserver.audit.tags import Tag
from gridserver.base.errors import Invalid, NotFound
from gridserver.force.models import Officer, Post, Shift
from gridserver.force.people import (
    PersonOfForce,
    by_number,
    hold,
    post_called,
    readable,
    require_roster,
    unit_called,
)
from gridserver.force.queries import UnitRef
from gridserver.force.recording import iso, record, refusing_overlap
from gridserver.force.rules import check_duty, check_range
from gridserver.force.ties import untie
from gridserver.org.models import Unit

#: What one request may put on by hand; whole months come of patterns.
MOST_SHIFTS = 500
#: The longest stretch of a roster that is shown at once.
LONGEST_VIEW = dt.timedelta(days=93)


@dataclass(frozen=True)
class ShiftDraft:
    """A shift to be put on. `unit` is the code of the unit it serves, by default the post's, or the
    officer's own; `post` is the code of a police post."""

    officer: str
    duty: str
    start: dt.datetime
    end: dt.datetime
    unit: str | None = None
    post: str | None = None


@dataclass(frozen=True)
class ShiftCard:
    """A shift as a roster shows it; `pattern` is the id of the one that made it."""

    id: int
    officer: PersonOfForce
    unit: UnitRef
    post: UnitRef | None
    duty: str
    start: dt.datetime
    end: dt.datetime
    pattern: int | None


def shifts(
    session: Session,
    actor: Principal,
    start: dt.datetime,
    end: dt.datetime,
    *,
    unit_path: str | None = None,
    after: tuple[dt.datetime, int] | None = None,
    limit: int | None = None,
) -> list[ShiftCard]:
    """Return the shifts between two moments that serve units which `actor` may see, as they begin.

    Parameters
    ----------
    unit_path : str, optional
        Only those that serve this unit or one below it.
    after : (datetime, int), optional
        Start and id of the shift to go on after.
    """
    in_scope = readable(actor, unit_path)
    check_view(start, end)
    query = CARDS.where(Shift.during.overlaps(Range(start, end)), in_scope)
    if after is not None:
        query = query.where(sa.tuple_(_START, Shift.id) > after)
    rows = session.execute(query.order_by(_START, Shift.id).limit(limit))
    return [card(row) for row in rows]


def shifts_where(
    session: Session, condition: sa.ColumnElement[bool], during: Range[dt.datetime]
) -> list[ShiftCard]:
    """Return the shifts of a time that meet a condition, as they begin, whoever asks."""
    query = CARDS.where(condition, Shift.during.overlaps(during)).order_by(_START, Shift.id)
    return [card(row) for row in session.execute(query)]


def shift(session: Session, actor: Principal, shift_id: int) -> ShiftCard:
    """Return one shift. Raises `NotFound`, and `Forbidden` for a unit out of scope."""
    row = session.execute(CARDS.add_columns(Unit.path).where(Shift.id == shift_id)).first()
    if row is None:
        raise _unknown(shift_id)
    require(actor, "force.read", row.path)
    return card(row)


def add_shifts(session: Session, actor: Principal, drafts: Sequence[ShiftDraft]) -> list[int]:
    """Put officers on duty by hand, all of them or none. Returns the ids of the shifts, in order.

    Raises
    ------
    Invalid
        Too many at once; an unknown officer, duty or post; a post of another unit; an end that
        isn't after the start. The field is that of the first at fault, e.g. ``shifts[3].duty``.
    NotFound
        An unknown unit.
    Forbidden
        The actor may not edit the rosters of the unit served and of the officer's own.
    Conflict
        ``shift.overlaps``: the officer has this duty already at some time in the range.
    """
    if not 1 <= len(drafts) <= MOST_SHIFTS:
        raise Invalid("shift.too_many", f"Give 1 to {MOST_SHIFTS} shifts at once.", field="shifts")
    checked = [
        _checked(session, actor, draft, f"shifts[{index}].") for index, draft in enumerate(drafts)
    ]
    hold(session, (officer.id for officer, _ in checked))
    return [_put_on(session, actor, officer, Shift(**terms)) for officer, terms in checked]


def change_shift(session: Session, actor: Principal, shift_id: int, draft: ShiftDraft) -> None:
    """Change a shift by hand; it leaves its pattern, which doesn't make it again.

    Raises as `add_shifts` does, and `NotFound`.
    """
    shift = locked(session, actor, shift_id)
    before = _told(session, shift)
    officer, terms = _checked(session, actor, draft, "")
    untie(session, actor, shift)
    hold(session, [officer.id])
    with _refusing_overlap(session, officer):
        for name, value in terms.items():
            setattr(shift, name, value)
        session.flush()
    data, after = {"shift": shift.id}, _told(session, shift)
    record(session, actor, Tag.SHIFT_CHANGE, officer, data, before=before, after=after)


def remove_shift(session: Session, actor: Principal, shift_id: int) -> None:
    """Take a shift off the roster; its pattern doesn't make it again.

    Raises `NotFound` and `Forbidden`.
    """
    shift = locked(session, actor, shift_id)
    officer, before = session.get_one(Officer, shift.officer_id), _told(session, shift)
    untie(session, actor, shift)
    session.delete(shift)
    session.flush()
    record(session, actor, Tag.SHIFT_REMOVE, officer, {"shift": shift_id}, before=before)


def locked(session: Session, actor: Principal, shift_id: int) -> Shift:
    """Return a shift that the actor may change, with its row locked."""
    shift = session.scalar(select(Shift).where(Shift.id == shift_id).with_for_update())
    if shift is None:
        raise _unknown(shift_id)
    officer = session.get_one(Officer, shift.officer_id)
    require_roster(session, actor, shift.unit_id, officer.unit_id)
    return shift


def check_view(start: dt.datetime, end: dt.datetime) -> None:
    """Raise `Invalid` unless `start` comes before `end`, by at most 93 days."""
    check_range(start, end, start_field="from", end_field="to")
    if end - start > LONGEST_VIEW:
        raise Invalid(
            "range.too_long", f"Ask for at most {LONGEST_VIEW.days} days at once.", field="to"
        )


def _put_on(session: Session, actor: Principal, officer: Officer, shift: Shift) -> int:
    with _refusing_overlap(session, officer):
        session.add(shift)
        session.flush()
    data, after = {"shift": shift.id}, _told(session, shift)
    record(session, actor, Tag.SHIFT_ADD, officer, data, after=after)
    return shift.id


def _checked(
    session: Session, actor: Principal, draft: ShiftDraft, where: str
) -> tuple[Officer, dict[str, Any]]:
    """Return the officer, and the columns of the shift that the draft describes."""
    check_duty(draft.duty, field=f"{where}duty")
    check_range(draft.start, draft.end, start_field=f"{where}start", end_field=f"{where}end")
    officer = by_number(session, [draft.officer], field=f"{where}officer")[draft.officer]
    post = post_called(session, draft.post, field=f"{where}post") if draft.post else None
    if draft.unit:
        unit_id = unit_called(session, draft.unit, field=f"{where}unit").id
    else:
        unit_id = post.unit_id if post else officer.unit_id
    if post is not None and post.unit_id != unit_id:
        raise Invalid(
            "shift.other_post", f"{post.code} is another unit's post.", field=f"{where}post"
        )
    require_roster(session, actor, unit_id, officer.unit_id)
    return officer, {
        "officer_id": officer.id,
        "unit_id": unit_id,
        "post_id": post.id if post else None,
        "duty": draft.duty,
        "during": Range(draft.start, draft.end),
    }


def _refusing_overlap(session: Session, officer: Officer) -> Any:
    what = f"{officer.service_number} has this duty"
    return refusing_overlap(session, "ex_shift_once", "shift.overlaps", what)


def _told(session: Session, shift: Shift) -> dict[str, Any]:
    """Return what the ledger keeps of a shift."""
    post = session.get_one(Post, shift.post_id) if shift.post_id else None
    return {
        "officer": session.get_one(Officer, shift.officer_id).service_number,
        "unit": session.get_one(Unit, shift.unit_id).code,
        "post": post.code if post else None,
        "duty": shift.duty,
        "start": iso(shift.during.lower),
        "end": iso(shift.during.upper),
    }


def _unknown(shift_id: int) -> NotFound:
    return NotFound("shift.unknown", f"There is no shift {shift_id}.")


_START = sa.func.lower(Shift.during)
#: Shifts with all that a card shows.
CARDS = (
    select(
        Shift.id,
        Shift.duty,
        Shift.during,
        Shift.pattern_id,
        Account.username,
        Account.display_name,
        Officer.service_number,
        Unit.code.label("unit_code"),
        Unit.name.label("unit_name"),
        Post.code.label("post_code"),
        Post.name.label("post_name"),
    )
    .join(Officer, Officer.id == Shift.officer_id)
    .join(Account, Account.id == Officer.account_id)
    .join(Unit, Unit.id == Shift.unit_id)
    .outerjoin(Post, Post.id == Shift.post_id)
)


def card(row: Row) -> ShiftCard:
    """Return a row of `CARDS` as a card."""
    return ShiftCard(
        id=row.id,
        officer=PersonOfForce(row.username, row.service_number, row.display_name),
        unit=UnitRef(row.unit_code, row.unit_name),
        post=UnitRef(row.post_code, row.post_name) if row.post_code else None,
        duty=row.duty,
        start=row.during.lower,
        end=row.during.upper,
        pattern=row.pattern_id,
    )
