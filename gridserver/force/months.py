"""A month's shifts made from a pattern: looked at first, then written.

What has begun is left as it was. What was put on, changed, swapped or taken off by hand is kept,
and said.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now, zone
from gridserver.base.errors import Conflict, Invalid
from gridserver.force import pattern as rules
from gridserver.force import patterns, workdays
from gridserver.force.models import Officer, PatternException, RosterPattern, Shift
from gridserver.force.pattern import Stretch
from gridserver.force.people import by_number, hold
from gridserver.force.recording import refusing_overlap
from gridserver.force.ties import withdraw_swaps

#: The moments between which a shift begins.
Span = tuple[dt.datetime, dt.datetime]

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Kept:
    """A stretch of the pattern that isn't made, and why.

    ``exception``: it was changed, swapped or taken off by hand. ``on_duty``: the officer has this
    duty then already, by hand or by another pattern.
    """

    stretch: Stretch
    why: str


@dataclass(frozen=True)
class Month:
    """What making a month does, or would do.

    `begins` is the moment from which on anything changes; `unknown_years` are those whose holidays
    nobody has entered, so that the weekday alone decided.
    """

    begins: dt.datetime
    added: tuple[Stretch, ...]
    removed: tuple[Stretch, ...]
    unchanged: int
    kept: tuple[Kept, ...]
    unknown_years: tuple[int, ...]


def make_month(
    session: Session, actor: Principal | None, pattern_id: int, month: str, *, dry_run: bool
) -> Month:
    """Make the shifts of a pattern that begin in a month of the bureau's time.

    Parameters
    ----------
    month : str
        ``2026-12``.
    dry_run : bool
        Only say what would be done.

    Raises
    ------
    NotFound
        There is no such pattern.
    Invalid
        `month` is no month.
    Forbidden
        The actor may not edit the unit's rosters.
    Conflict
        ``month.over``: all of it has begun; ``shift.overlaps``: somebody was put on duty meanwhile.
    """
    first, last = _dates(month)
    kept = patterns.locked(session, actor, pattern_id)
    moment, ends = now(session), _midnight(session, last + dt.timedelta(days=1))
    if ends <= moment:
        raise Conflict("month.over", f"{month} is over.", field="month")
    begins = max(moment, _midnight(session, first))
    days = workdays.between(session, first, last)
    wanted = [
        stretch
        for stretch in rules.stretches(
            patterns.turns_of(session, kept),
            first,
            last,
            zone(session),
            lambda date: days[date].is_working,
        )
        if stretch.start >= begins
    ]
    unknown = workdays.unknown_years(session, first, last)
    made = _compare(session, kept, wanted, (begins, ends), unknown)
    if not dry_run:
        _write(session, actor, kept, made, month)
    return made


def _compare(
    session: Session,
    kept: RosterPattern,
    wanted: Sequence[Stretch],
    span: Span,
    unknown_years: Iterable[int],
) -> Month:
    present, outdated = _made_before(session, kept, span)
    exceptions = _exceptions(session, kept)
    others = _others(session, kept, span)
    left_out, asked_for = [], set()
    for stretch in wanted:
        if (stretch.officer, stretch.start) in exceptions:
            left_out.append(Kept(stretch, "exception"))
        elif any(a < stretch.end and stretch.start < b for a, b in others[stretch.officer]):
            left_out.append(Kept(stretch, "on_duty"))
        else:
            asked_for.add(stretch)
    return Month(
        begins=span[0],
        added=tuple(sorted(asked_for - present)),
        removed=tuple(sorted((present - asked_for) | outdated)),
        unchanged=len(asked_for & present),
        kept=tuple(left_out),
        unknown_years=tuple(unknown_years),
    )


def _made_before(
    session: Session, kept: RosterPattern, span: Span
) -> tuple[set[Stretch], set[Stretch]]:
    """Return the pattern's own shifts that begin within the span: those that it would make with the
    same unit, duty and post, and those from before these were changed."""
    same = sa.and_(
        Shift.unit_id == kept.unit_id,
        Shift.duty == kept.duty,
        Shift.post_id.is_not_distinct_from(kept.post_id),
    )
    start = sa.func.lower(Shift.during)
    rows = session.execute(
        select(start, sa.func.upper(Shift.during), Officer.service_number, same)
        .join(Officer, Officer.id == Shift.officer_id)
        .where(Shift.pattern_id == kept.id, start >= span[0], start < span[1])
    ).all()
    present = {Stretch(*row[:3]) for row in rows if row[3]}
    return present, {Stretch(*row[:3]) for row in rows if not row[3]}


def _exceptions(session: Session, kept: RosterPattern) -> set[tuple[str, dt.datetime]]:
    rows = session.execute(
        select(Officer.service_number, PatternException.start)
        .join(Officer, Officer.id == PatternException.officer_id)
        .where(PatternException.pattern_id == kept.id)
    )
    return {(number, start) for number, start in rows}


def _others(
    session: Session, kept: RosterPattern, span: Span
) -> dict[str, list[tuple[dt.datetime, dt.datetime]]]:
    """Return when officers have the pattern's duty otherwise, by service number."""
    rows = session.execute(
        select(Officer.service_number, sa.func.lower(Shift.during), sa.func.upper(Shift.during))
        .join(Officer, Officer.id == Shift.officer_id)
        .where(
            Shift.duty == kept.duty,
            Shift.pattern_id.is_distinct_from(kept.id),
            Shift.during.overlaps(Range(span[0], span[1] + dt.timedelta(days=1))),
        )
    )
    found = defaultdict(list)
    for number, start, end in rows:
        found[number].append((start, end))
    return found


def put_on(session: Session, kept: RosterPattern, stretches: Collection[Stretch]) -> None:
    """Write shifts of a pattern, past ones too; for who makes a county whole, as the demo does.

    Raises `Conflict` (``shift.overlaps``) where somebody has the duty at that time already.
    """
    officers = by_number(session, {stretch.officer for stretch in stretches}, field="crews")
    rows = [
        {
            "officer_id": officers[stretch.officer].id,
            "unit_id": kept.unit_id,
            "post_id": kept.post_id,
            "pattern_id": kept.id,
            "duty": kept.duty,
            "during": Range(stretch.start, stretch.end),
        }
        for stretch in stretches
    ]
    if rows:
        hold(session, (officer.id for officer in officers.values()))
        with refusing_overlap(session, "ex_shift_once", "shift.overlaps", "Somebody has duty"):
            session.execute(sa.insert(Shift), rows)


def _write(
    session: Session, actor: Principal | None, kept: RosterPattern, made: Month, month: str
) -> None:
    _take_off(session, actor, kept, made.removed)
    put_on(session, kept, made.added)
    counts = {name: len(getattr(made, name)) for name in ("added", "removed", "kept")}
    audit.record(
        session,
        actor,
        Tag.ROSTER_MAKE,
        subject_kind="roster_pattern",
        subject_id=kept.id,
        data={"month": month} | counts,
    )


def _take_off(
    session: Session,
    actor: Principal | None,
    kept: RosterPattern,
    stretches: Collection[Stretch],
) -> None:
    officers = by_number(session, {stretch.officer for stretch in stretches}, field="crews")
    gone = {(officers[stretch.officer].id, stretch.start) for stretch in stretches}
    own = select(Shift).where(Shift.pattern_id == kept.id).with_for_update()
    doomed = [each for each in session.scalars(own) if (each.officer_id, each.during.lower) in gone]
    withdraw_swaps(session, actor, [shift.id for shift in doomed])
    for shift in doomed:
        session.delete(shift)
    session.flush()


def _dates(month: str) -> tuple[dt.date, dt.date]:
    if not _MONTH.fullmatch(month):
        raise Invalid("month.bad", "month: write it as 2026-12.", field="month")
    year, number = (int(part) for part in month.split("-"))
    workdays.check_year(year, field="month")
    first = dt.date(year, number, 1)
    following = dt.date(year + number // 12, number % 12 + 1, 1)
    return first, following - dt.timedelta(days=1)


def _midnight(session: Session, date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), zone(session)).astimezone(dt.UTC)
