"""Reading reports: what is taken, and what is refused with which field."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import GisError
from gridserver.base.errors import Invalid
from gridserver.incidents import rules

GIVEN = {
    "source": "110",
    "external_id": "A-1",
    "category": "dispute",
    "lon": 118.405,
    "lat": 29.105,
}
NOON = dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC)


def test_a_plain_report() -> None:
    report = rules.read_report(GIVEN)
    assert (report.x, report.y, report.crs) == (118.405, 29.105, "EPSG:4326")
    assert (report.lon, report.lat) == (118.405, 29.105)
    assert report.priority is None
    assert report.reported_at is None


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_what_was_given_is_kept_beside_what_it_means(crs: str) -> None:
    report = rules.read_report(GIVEN | {"crs": crs})
    assert (report.x, report.y, report.crs) == (118.405, 29.105, crs)
    moved_m = math.dist((report.x, report.y), (report.lon, report.lat)) * 111_000
    assert 20 < moved_m < 1500


def test_a_projected_place() -> None:
    report = rules.read_report(GIVEN | {"crs": "EPSG:4549", "lon": 344_700.0, "lat": 3_221_000.0})
    assert report.crs == "EPSG:4549"
    assert 118.0 < report.lon < 119.0
    assert 29.0 < report.lat < 29.2


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"lon": 29.105, "lat": 118.405}, "coordinates.swapped", "lat"),
        ({"lon": math.nan}, "coordinates.not_finite", "lon"),
        ({"lat": math.inf}, "coordinates.not_finite", "lat"),
        ({"lat": math.nan}, "coordinates.not_finite", "lat"),
        ({"lon": 200.0}, "coordinates.out_of_range", "lon"),
        ({"lat": -91.0}, "coordinates.out_of_range", "lat"),
        ({"lon": 170.0, "lat": 100.0}, "coordinates.out_of_range", "lat"),
        ({"lon": "118.4"}, "input.number", "lon"),
        ({"lat": None}, "input.number", "lat"),
        ({"lon": True}, "input.number", "lon"),
        ({"crs": "mars"}, "crs.unknown", None),
        ({"crs": "EPSG:4214"}, "crs.old_datum", None),
        ({"crs": "EPSG:2401"}, "crs.old_datum", None),
        ({"source": ""}, "input.length", "source"),
        ({"source": "  "}, "input.length", "source"),
        ({"source": None}, "input.not_text", "source"),
        ({"external_id": "x" * 201}, "input.length", "external_id"),
        ({"external_id": "a\0b"}, "input.characters", "external_id"),
        ({"category": 7}, "input.not_text", "category"),
        ({"description": "x" * 4001}, "input.length", "description"),
        ({"description": "\udfff"}, "input.characters", "description"),
        ({"address": "x" * 501}, "input.length", "address"),
        ({"accuracy_m": -1.0}, "input.number", "accuracy_m"),
        ({"accuracy_m": math.nan}, "input.number", "accuracy_m"),
        ({"accuracy_m": 1e6}, "input.number", "accuracy_m"),
        ({"priority": 0}, "incident.priority", "priority"),
        ({"priority": True}, "incident.priority", "priority"),
        ({"reported_at": dt.datetime(2026, 3, 10)}, "input.not_moment", "reported_at"),  # noqa: DTZ001
        (
            {"occurred_at": dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=14)))},
            "input.not_moment",
            "occurred_at",
        ),
    ],
)
def test_refusals_name_the_field(fields: dict, code: str, field: str | None) -> None:
    with pytest.raises((Invalid, GisError)) as refusal:
        rules.read_report(GIVEN | fields)
    assert refusal.value.code == code
    if field is not None:
        assert refusal.value.field == field


def test_blank_extras_are_nothing() -> None:
    report = rules.read_report(GIVEN | {"address": " ", "description": None})
    assert (report.address, report.description) == (None, None)


def test_a_report_is_of_now_unless_it_says_when() -> None:
    assert rules.reported_at(None, NOON) == NOON
    earlier = NOON - dt.timedelta(days=400)
    assert rules.reported_at(earlier, NOON) == earlier
    assert rules.reported_at(NOON + rules.CLOCK_TOLERANCE, NOON) > NOON


def test_a_report_from_the_future_is_refused() -> None:
    late = NOON + rules.CLOCK_TOLERANCE + dt.timedelta(seconds=1)
    with pytest.raises(Invalid) as refusal:
        rules.reported_at(late, NOON)
    assert (refusal.value.code, refusal.value.field) == (
        "incident.from_the_future",
        "reported_at",
    )


def test_the_same_moment_in_another_zone_is_the_same_report() -> None:
    there = NOON.astimezone(dt.timezone(dt.timedelta(hours=8)))
    one, other = (rules.read_report(GIVEN | {"occurred_at": at}) for at in (NOON, there))
    assert one.digest() == other.digest()


CHANGES = st.sampled_from(
    [
        {"source": "12345"},
        {"external_id": "A-2"},
        {"category": "help"},
        {"lon": 118.406},
        {"crs": "gcj02"},
        {"accuracy_m": 5.0},
        {"address": "桥头"},
        {"description": "loud"},
        {"priority": 1},
        {"reported_at": NOON},
        {"occurred_at": NOON},
    ]
)


@given(CHANGES, CHANGES)
def test_reports_share_a_digest_only_where_they_say_the_same(one: dict, other: dict) -> None:
    first, second = rules.read_report(GIVEN | one), rules.read_report(GIVEN | other)
    assert (first.digest() == second.digest()) == (first == second)
