"""The bureau's calendar of working days: filled with the public holidays, changed by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import local_now, zone
from gridserver.base.errors import Invalid
from gridserver.force import calendar, holidays
from gridserver.force.calendar import Day
from gridserver.force.models import CalendarDay
from gridserver.force.rules import DAY_KINDS
from gridserver.org import queries as org

_LONGEST = 40
#: The class of the advisory locks on dates.
_LOCK = 0x6361_6C
#: What the calendar reaches to; beyond, dates only cause trouble.
FIRST_YEAR, LAST_YEAR = 2000, 2199


@dataclass(frozen=True)
class Year:
    """A year's days that aren't what their weekday says, in order.

    `known` is False where nothing is known of the year: its holidays are missing until somebody
    fills it in, and only Saturdays and Sundays count as rest days.
    """

    year: int
    known: bool
    days: tuple[Day, ...]


def between(session: Session, first: dt.date, last: dt.date) -> dict[dt.date, Day]:
    """Return every day from `first` to `last`, both included."""
    known = _known(session, first, last)
    dates = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return {date: calendar.day(known, date) for date in dates}


def day(session: Session, date: dt.date) -> Day:
    """Return one day."""
    return between(session, date, date)[date]


def locked_day(session: Session, date: dt.date) -> Day:
    """Return one day; who changes it next waits for the end of the transaction."""
    # There need be no row to lock; days since 1970 name the date.
    days = date.toordinal() - dt.date(1970, 1, 1).toordinal()
    session.execute(select(func.pg_advisory_xact_lock(_LOCK, days)))
    return day(session, date)


def year(session: Session, number: int) -> Year:
    """Return what is known of a year."""
    days = _known(session, dt.date(number, 1, 1), dt.date(number, 12, 31))
    return Year(number, bool(days), tuple(days.values()))


def unknown_years(session: Session, first: dt.date, last: dt.date) -> list[int]:
    """Return the years of a time of which nothing is known, to be warned of."""
    return [n for n in range(first.year, last.year + 1) if not year(session, n).known]


def set_day(
    session: Session,
    actor: Principal,
    date: dt.date,
    *,
    kind: str,
    name_zh: str | None = None,
    name_en: str | None = None,
) -> Day:
    """Say what a day is, whatever the library of holidays says.

    Raises
    ------
    Invalid
        An unknown kind, a name of more than 40 characters, a year outside 2000 to 2199.
    Forbidden
        The actor may not edit the bureau's rosters.
    """
    require(actor, "roster.edit", org.bureau(session).path)
    if kind not in DAY_KINDS:
        raise Invalid(
            "calendar.unknown_kind", f"kind: one of {', '.join(DAY_KINDS)}.", field="kind"
        )
    check_year(date.year, field="date")
    name_zh = reading.optional_text(name_zh, "name_zh", longest=_LONGEST)
    name_en = reading.optional_text(name_en, "name_en", longest=_LONGEST)
    former = _known(session, date, date).get(date)
    said = Day(date, kind, name_zh, name_en, "bureau")
    _store(session, [said], over_the_bureaus=True)
    audit.record(
        session,
        actor,
        Tag.CALENDAR_SET,
        subject_kind="calendar",
        subject_id=date,
        before=_told(former) if former else None,
        after=_told(said),
    )
    return said


def fill(session: Session, actor: Principal | None, number: int) -> Year:
    """Fill a year with China's public holidays; what the bureau set by hand stays.

    Raises
    ------
    Invalid
        ``calendar.unknown_year``: the notice for that year isn't known here yet.
    Forbidden
        The actor may not edit the bureau's rosters.
    """
    if actor is not None:
        require(actor, "roster.edit", org.bureau(session).path)
    check_year(number, field="year")
    days = holidays.of_year(number)
    if days is None:
        raise Invalid(
            "calendar.unknown_year",
            f"The holidays of {number} aren't known here. Once they are announced, bring "
            "chinesecalendar up to date; or set the days by hand.",
            field="year",
        )
    _store(session, days, over_the_bureaus=False)
    audit.record(
        session,
        actor,
        Tag.CALENDAR_FILL,
        subject_kind="calendar",
        subject_id=number,
        data={"days": len(days)},
    )
    return year(session, number)


def fill_what_is_missing(session: Session, _limit: int) -> int:
    """Fill this year and the next where nothing is known of them but the library does.

    A chore of the worker; it does something only for a bureau that keeps China's time. Returns
    how many years it filled.
    """
    if zone(session).key not in holidays.ZONES or org.find_bureau(session) is None:
        return 0
    this_year = local_now(session).year
    missing = [
        number
        for number in (this_year, this_year + 1)
        if not year(session, number).known and holidays.of_year(number) is not None
    ]
    for number in missing:
        fill(session, None, number)
    return len(missing)


def check_year(number: int, field: str) -> None:
    """Raise `Invalid` for a year that no roster is made for."""
    if not FIRST_YEAR <= number <= LAST_YEAR:
        raise Invalid(
            "calendar.year_out_of_range",
            f"{field}: a year from {FIRST_YEAR} to {LAST_YEAR}.",
            field=field,
        )


def _known(session: Session, first: dt.date, last: dt.date) -> dict[dt.date, Day]:
    rows = session.scalars(
        select(CalendarDay)
        .where(CalendarDay.date.between(first, last))
        .order_by(CalendarDay.date)
        .execution_options(populate_existing=True)
    )
    return {row.date: Day(row.date, row.kind, row.name_zh, row.name_en, row.source) for row in rows}


def _store(session: Session, days: Iterable[Day], *, over_the_bureaus: bool) -> None:
    statement = insert(CalendarDay).values([asdict(day) for day in days])
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[CalendarDay.date],
            set_={name: new[name] for name in ("kind", "name_zh", "name_en", "source")},
            where=None if over_the_bureaus else CalendarDay.source == "library",
        )
    )


def _told(day: Day) -> dict[str, str | None]:
    return {"kind": day.kind, "name": day.name_zh, "name_en": day.name_en}
