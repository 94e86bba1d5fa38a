"""What may be asked of a log or a handover, and the life of a handover: pure."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.base.lifecycle import Lifecycle

HANDOVER = Lifecycle(states=("given", "taken"), transitions={("given", "take"): "taken"})

#: A watch that is handed over was at most so long.
LONGEST_WATCH = dt.timedelta(hours=72)
#: So long is one where nobody says when it began and none was handed over shortly before.
USUAL_WATCH = dt.timedelta(hours=12)
_LONGEST_REMARK = 4000


def day_of(date: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Return from when and before when a day of the bureau's calendar was (23 to 25 hours).

    Raises `Invalid` (``input.not_date``) for a day at an end of the calendar.
    """
    midnight = dt.time(tzinfo=zone)
    try:
        start = dt.datetime.combine(date, midnight)
        end = dt.datetime.combine(date + dt.timedelta(days=1), midnight)
        return start.astimezone(dt.UTC), end.astimezone(dt.UTC)
    except OverflowError as error:
        raise Invalid("input.not_date", "date: the year is out of range.", field="date") from error


def begin_of_watch(until: dt.datetime, last: dt.datetime | None) -> dt.datetime:
    """Return from when a watch was that ended at `until`, where nobody says: from where the one
    before ended (`last`), so that no call comes between two, else `USUAL_WATCH` before its end.

    Raises `Invalid` (``handover.bad_interval``) for an end at the beginning of the calendar.
    """
    if last is not None and until - last <= LONGEST_WATCH:
        return last
    try:
        return until - USUAL_WATCH
    except OverflowError as error:
        raise _bad_interval() from error


def check_watch(since: dt.datetime, until: dt.datetime, now: dt.datetime) -> None:
    """Refuse an interval that is no watch.

    Raises
    ------
    Invalid
        ``handover.bad_interval`` naming ``to``: not after its start, longer than `LONGEST_WATCH`,
        or not over yet.
    """
    longest, ahead = LONGEST_WATCH, dt.timedelta(minutes=1)
    if not dt.timedelta() < until - since <= longest or until > now + ahead:
        raise _bad_interval()


def _bad_interval() -> Invalid:
    hours = LONGEST_WATCH // dt.timedelta(hours=1)
    return Invalid(
        "handover.bad_interval",
        f"to: give an end after from, at most {hours} hours later, and not in the future.",
        field="to",
    )


def read_remark(value: object, field: str) -> str | None:
    """Return a remark, or None for none. Raises `Invalid` naming `field`."""
    return reading.optional_text(value, field, longest=_LONGEST_REMARK)
