"""Rows of a table as reports: what they mean, and which ones are refused."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from gis.errors import GisError
from gridserver.base.errors import Invalid
from gridserver.incidents.rows import Table

HEADER = ["nr", "lon", "lat", "time", "kind", "note", "priority"]
ROW = ["7", "118.41", "29.11", "2025-07-19T13:45:00", "THEFT", "a bicycle", "2"]
KAIHUA = ZoneInfo("Asia/Shanghai")


def a_table(**changes) -> Table:
    said = {
        "header": HEADER,
        "zone": KAIHUA,
        "columns": {
            "external_id": "nr",
            "category": "kind",
            "reported_at": "time",
            "description": "note",
        },
        "constants": {"source": "archive"},
        "categories": {"THEFT": "criminal"},
    }
    return Table(**said | changes)


def with_(column: str, text: str) -> list[str]:
    row = list(ROW)
    row[HEADER.index(column)] = text
    return row


def test_a_row_is_a_report() -> None:
    report = a_table().read(ROW)
    assert (report.source, report.external_id, report.category) == ("archive", "7", "criminal")
    assert (report.lon, report.lat, report.priority) == (118.41, 29.11, 2)
    assert (report.description, report.address) == ("a bicycle", None)
    assert report.reported_at == dt.datetime(2025, 7, 19, 5, 45, tzinfo=dt.UTC)


def test_an_offset_goes_before_the_civil_time() -> None:
    report = a_table().read(with_("time", "2025-07-19T13:45:00-05:00"))
    assert report.reported_at == dt.datetime(2025, 7, 19, 18, 45, tzinfo=dt.UTC)


def test_a_short_row_leaves_out_what_it_need_not_say() -> None:
    report = a_table().read(ROW[:5])
    assert (report.description, report.priority) == (None, None)


def test_a_constant_goes_before_a_column() -> None:
    gcj = a_table(constants={"source": "archive", "crs": "gcj02"}).read(ROW)
    assert (gcj.x, gcj.y, gcj.crs) == (118.41, 29.11, "gcj02")
    assert gcj.lon != 118.41


@pytest.mark.parametrize(
    ("categories", "code"),
    [({}, "THEFT"), ({"*": "other"}, "other"), ({"*": "other", "THEFT": "criminal"}, "criminal")],
)
def test_categories_are_translated_where_they_are_named(categories: dict, code: str) -> None:
    assert a_table(categories=categories).read(ROW).category == code


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (with_("nr", " "), "input.not_text", "external_id"),
        (with_("kind", ""), "input.not_text", "category"),
        (with_("lon", ""), "input.number", "lon"),
        (with_("lat", "north"), "input.number", "lat"),
        (with_("lon", "nan"), "coordinates.not_finite", "lon"),
        (with_("lat", "118.41"), "coordinates.out_of_range", "lat"),
        (with_("time", ""), "input.missing", "reported_at"),
        (with_("time", "last week"), "input.not_moment", "reported_at"),
        (with_("priority", "2.5"), "input.number", "priority"),
        (with_("priority", "9"), "incident.priority", "priority"),
        ([*ROW, "more"], "csv.long_row", None),
    ],
)
def test_a_bad_row_is_refused_and_its_field_named(row: list[str], code: str, field: str) -> None:
    with pytest.raises((Invalid, GisError)) as refusal:
        a_table().read(row)
    assert (refusal.value.code, refusal.value.field) == (code, field)


def test_a_table_without_a_needed_column_is_refused_whole() -> None:
    with pytest.raises(Invalid) as refusal:
        a_table(constants={}).check()
    assert (refusal.value.code, refusal.value.field) == ("csv.unknown_field", "source")
    with pytest.raises(Invalid) as refusal:
        a_table(header=[]).check()
    assert refusal.value.code == "csv.no_header"
