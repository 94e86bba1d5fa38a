"""Spans of time that are compared, intervals of a task's way, cells of a table file. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from gridserver.base.errors import Invalid

#: Below so many calls a percentile says little; a figure then says that it is small.
SMALL_SAMPLE = 10
#: A year and a day, so that a year fits whatever its length.
LONGEST = dt.timedelta(days=367)
#: The same weekdays that a day is compared with.
WEEKS = 4

#: The moments on a task's way, in order.
MILESTONES = (
    "called",
    "dispatched",
    "delivered",
    "signed",
    "departed",
    "arrived",
    "reported",
    "closed",
)
#: The milestone at which each interval begins, and that at which it ends.
INTERVALS: Mapping[str, tuple[str, str]] = {
    "dispatch": ("called", "dispatched"),
    "delivery": ("dispatched", "delivered"),
    "signing": ("delivered", "signed"),
    "departure": ("signed", "departed"),
    "travel": ("departed", "arrived"),
    "scene": ("arrived", "reported"),
    "review": ("reported", "closed"),
    "to_sign": ("called", "signed"),
    "response": ("called", "arrived"),
    "whole": ("called", "closed"),
}

SpanKind = Literal["day", "shift"]
#: What begins a formula in a spreadsheet (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Span:
    """A day or a shift: from `start` to `end`, seen up to `until`."""

    start: dt.datetime
    until: dt.datetime
    end: dt.datetime


@dataclass(frozen=True)
class Spans:
    """The present span, the one a day before, and those of the same weekday in the weeks before,
    each seen up to the same hour by the clocks on the wall."""

    present: Span
    yesterday: Span
    weekdays: tuple[Span, ...]


def check_period(since: dt.datetime, until: dt.datetime) -> None:
    """Raise `Invalid` (``figures.period``) for a period that ends before it begins, or is longer
    than a year."""
    if not since < until:
        raise Invalid("figures.period", "to: give a moment after from.", field="to")
    if until - since > LONGEST:
        raise Invalid("figures.period", "to: give a period of at most a year.", field="to")


def spans(
    moment: dt.datetime, zone: ZoneInfo, kind: SpanKind, day_from: dt.time, day_to: dt.time
) -> Spans:
    """Return the span that `moment` lies in, and those it is compared with.

    Parameters
    ----------
    kind
        ``day``: the calendar day in `zone`. ``shift``: from `day_from` to `day_to`, or the night
        from `day_to` to `day_from` of the next day.
    """
    local = moment.astimezone(zone)
    start, end = _around(local, kind, day_from, day_to)

    def before(days: int) -> Span:
        # Within one zone Python moves the clock on the wall, and so keeps the hour over a change
        # to summer time.
        moved = [each - dt.timedelta(days=days) for each in (start, local, end)]
        return Span(*(each.astimezone(dt.UTC) for each in moved))

    weekdays = tuple(before(7 * week) for week in range(1, WEEKS + 1))
    return Spans(before(0), before(1), weekdays)


def _around(
    local: dt.datetime, kind: SpanKind, day_from: dt.time, day_to: dt.time
) -> tuple[dt.datetime, dt.datetime]:
    day = dt.timedelta(days=1)
    if kind == "day":
        start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return start, start + day
    begins, ends = _at(local, day_from), _at(local, day_to)
    if local < begins:
        return ends - day, begins
    return (begins, ends) if local < ends else (ends, begins + day)


def _at(local: dt.datetime, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(local.date(), time, local.tzinfo)


def cell(value: object) -> str:
    """Return a value as a cell of a csv file that no spreadsheet takes for a formula.

    What would begin one gets an apostrophe before it; numbers stay numbers. (OWASP, CSV injection.)
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
