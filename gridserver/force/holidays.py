"""The public holidays of China and the working days shifted for them, as `chinesecalendar` knows
them from the State Council's notices. Pure."""

from __future__ import annotations

import datetime as dt

import chinese_calendar

from gridserver.force.calendar import Day, by_weekday

#: Names in tzdata of the time that China keeps. Elsewhere its holidays mean nothing.
ZONES = frozenset({"Asia/Shanghai", "Asia/Chongqing", "Asia/Harbin", "Asia/Urumqi", "PRC"})


def of_year(year: int) -> list[Day] | None:
    """Return the days of a year that aren't what their weekday says, in order.

    They are the holidays, with the weekends in them, and the weekend days that are worked instead
    (调休). None where the notice for the year isn't known; it comes out in the November before.
    """
    first = dt.date(year, 1, 1)
    dates = (first + dt.timedelta(days=n) for n in range((first.replace(year + 1) - first).days))
    try:
        days = [_day(date) for date in dates]
    except NotImplementedError:
        return None
    return [day for day in days if day.source == "library"]


def _day(date: dt.date) -> Day:
    is_off, name = chinese_calendar.get_holiday_detail(date)
    if name is None:
        return by_weekday(date)
    chinese = chinese_calendar.Holiday(name).chinese
    return Day(date, "holiday" if is_off else "working", chinese, name, "library")
