"""Days and shifts of the bureau's clock, and cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridserver.indicators.rules import Span, cell, spans

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
DAY_FROM, DAY_TO = dt.time(8, 30), dt.time(17, 30)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def of(moment: str, kind: str, zone: ZoneInfo = SHANGHAI) -> Span:
    return spans(at(moment), zone, kind, DAY_FROM, DAY_TO).present


def test_a_day_is_the_bureaus_and_not_greenwichs() -> None:
    span = of("2026-03-09T17:00:00+00:00", "day")
    assert (span.start, span.end) == (at("2026-03-10T00:00+08:00"), at("2026-03-11T00:00+08:00"))
    assert span.until == at("2026-03-10T01:00+08:00")


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        ("2026-03-10T08:29:59+08:00", "2026-03-09T17:30+08:00", "2026-03-10T08:30+08:00"),
        ("2026-03-10T08:30:00+08:00", "2026-03-10T08:30+08:00", "2026-03-10T17:30+08:00"),
        ("2026-03-10T17:30:00+08:00", "2026-03-10T17:30+08:00", "2026-03-11T08:30+08:00"),
        ("2026-03-10T23:59:59+08:00", "2026-03-10T17:30+08:00", "2026-03-11T08:30+08:00"),
        ("2026-03-11T00:00:00+08:00", "2026-03-10T17:30+08:00", "2026-03-11T08:30+08:00"),
    ],
)
def test_a_night_shift_goes_over_midnight(moment: str, start: str, end: str) -> None:
    span = of(moment, "shift")
    assert (span.start, span.end) == (at(start), at(end))


def test_it_is_compared_with_the_same_hours() -> None:
    found = spans(at("2026-03-10T02:00+08:00"), SHANGHAI, "shift", DAY_FROM, DAY_TO)
    assert found.yesterday == Span(
        at("2026-03-08T17:30+08:00"), at("2026-03-09T02:00+08:00"), at("2026-03-09T08:30+08:00")
    )
    assert [each.until for each in found.weekdays] == [
        at(f"2026-{day}T02:00+08:00") for day in ("03-03", "02-24", "02-17", "02-10")
    ]


def test_where_clocks_change_the_hour_on_the_wall_counts() -> None:
    found = spans(at("2026-03-30T10:00+02:00"), BERLIN, "day", DAY_FROM, DAY_TO)
    assert found.yesterday.until == at("2026-03-29T10:00+02:00")
    assert found.yesterday.end - found.yesterday.start == dt.timedelta(hours=23)
    assert found.weekdays[0].until == at("2026-03-23T10:00+01:00")


@given(st.datetimes(timezones=st.just(dt.UTC)).filter(lambda d: 1 < d.year < 9999))
def test_every_moment_lies_in_one_day_and_one_shift(moment: dt.datetime) -> None:
    for kind in ("day", "shift"):
        span = spans(moment, SHANGHAI, kind, DAY_FROM, DAY_TO).present
        assert span.start <= moment < span.end
        assert span.until == moment


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_no_text_begins_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(("value", "shown"), [(None, ""), (-1.5, "-1.5"), (0, "0"), ("村", "村")])
def test_numbers_and_names_stay_as_they_are(value: object, shown: str) -> None:
    assert cell(value) == shown
