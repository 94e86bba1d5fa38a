"""From another system's words to ours."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gis.errors import GisError
from gridserver.base.errors import Invalid
from gridserver.exchange import mapping
from gridserver.exchange.mapping import read_rules

#: A message of a 110 platform, in its own field names.
BODY = {
    "jjdbh": "33082420260310000123",
    "bjlb": "010203",
    "jqdj": "特急",
    "bjsj": "20260310093000",
    "sfdz": "城关镇解放街 1 号",
    "wz": {"jd": "118.405", "wd": 29.105, "jdfw": 15},
    "bjnr": ["两人争吵"],
}
RULES: dict[str, Any] = {
    "fields": {
        "external_id": "jjdbh",
        "category": "bjlb",
        "priority": "jqdj",
        "reported_at": "bjsj",
        "address": "sfdz",
        "lon": "/wz/jd",
        "lat": "/wz/wd",
        "accuracy_m": "/wz/jdfw",
        "description": "/bjnr/0",
    },
    "categories": {"01*": "criminal", "010203": "dispute", "*": "other"},
    "priorities": {"特急": 1, "*": 3},
    "time_format": "%Y%m%d%H%M%S",
}


def report(body: object = BODY, **changes: Any) -> mapping.Report:
    return mapping.report(read_rules(RULES | changes), "110", body)


def test_a_message_in_its_own_words() -> None:
    read = report()
    assert (read.source, read.external_id) == ("110", "33082420260310000123")
    assert (read.category, read.priority) == ("dispute", 1)
    assert (read.lon, read.lat, read.accuracy_m) == (118.405, 29.105, 15.0)
    assert (read.address, read.description) == ("城关镇解放街 1 号", "两人争吵")
    assert read.reported_at == dt.datetime.fromisoformat("2026-03-10T09:30:00+08:00")


@pytest.mark.parametrize(
    ("code", "ours"), [("010203", "dispute"), ("0102", "criminal"), ("09", "other")]
)
def test_the_longest_category_that_fits_decides(code: str, ours: str) -> None:
    assert report(BODY | {"bjlb": code}).category == ours


def test_without_a_table_codes_stand_as_they_are() -> None:
    assert report(BODY | {"bjlb": "dispute"}, categories={}).category == "dispute"
    assert report(BODY | {"jqdj": "2"}, priorities={}).priority == 2


def test_constants_go_before_the_body() -> None:
    assert report(constants={"category": "help", "priority": 4}).category == "help"


def test_a_place_in_gcj02_is_converted() -> None:
    read = report(crs="gcj02")
    assert read.crs == "gcj02"
    assert 0.001 < abs(read.lon - 118.405) < 0.01


@pytest.mark.parametrize(
    ("time_format", "said"),
    [
        ("iso", "2026-03-10T09:30:00"),
        ("iso", "2026-03-10T01:30:00Z"),
        ("unix", 1773106200),
        ("unix_ms", "1773106200000"),
        ("%d.%m.%Y %H:%M %z", "10.03.2026 03:30 +0200"),
    ],
)
def test_moments_in_many_forms(time_format: str, said: object) -> None:
    read = report(BODY | {"bjsj": said}, time_format=time_format)
    assert read.reported_at == dt.datetime.fromisoformat("2026-03-10T09:30:00+08:00")


def test_civil_time_is_the_mappings_own() -> None:
    read = report(BODY | {"bjsj": "20260710093000"}, timezone="America/Chicago")
    assert read.reported_at == dt.datetime.fromisoformat("2026-07-10T09:30:00-05:00")


def test_a_field_that_isnt_there_says_nothing() -> None:
    body = {name: value for name, value in BODY.items() if name not in {"sfdz", "bjsj", "bjnr"}}
    read = report(body)
    assert (read.address, read.reported_at, read.description) == (None, None, None)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ([], "exchange.not_an_object", None),
        ("text", "exchange.not_an_object", None),
        (BODY | {"jjdbh": ""}, "exchange.missing", "external_id"),
        (BODY | {"wz": None}, "exchange.missing", "lon"),
        (BODY | {"wz": [1, 2]}, "exchange.missing", "lon"),
        (BODY | {"wz": {"jd": True, "wd": 1}}, "exchange.missing", "lon"),
        (BODY | {"wz": {"jd": "东", "wd": 1}}, "input.number", "lon"),
        (BODY | {"bjsj": "gestern"}, "input.not_moment", "reported_at"),
        (BODY | {"sfdz": "x" * 501}, "input.length", "address"),
    ],
)
def test_what_cant_be_read_is_named(body: object, code: str, field: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        report(body)
    assert (refusal.value.code, refusal.value.field) == (code, field)


@pytest.mark.parametrize("field", ["lon", "reported_at", "priority"])
def test_a_refusal_doesnt_repeat_what_was_said(field: str) -> None:
    """The admin mapped it to the caller's name, and the reason outlives the message."""
    with pytest.raises(Invalid) as refusal:
        body = BODY | {"bjr": "张三", "jqdj": "2"}
        report(body, fields=RULES["fields"] | {field: "bjr"}, priorities={})
    assert refusal.value.field == field
    assert "张三" not in refusal.value.message and "'bjr'" in refusal.value.message


def test_a_very_long_code_is_looked_up_at_once() -> None:
    assert report(BODY | {"bjlb": "01" * 30_000}).category == "criminal"


@pytest.mark.parametrize("said", ["1e400", "nan", "-1e400"])
def test_no_number_is_a_time(said: str) -> None:
    with pytest.raises(Invalid) as refusal:
        report(BODY | {"bjsj": said}, time_format="unix")
    assert refusal.value.code == "input.not_moment"


def test_swapped_coordinates_are_refused() -> None:
    with pytest.raises(GisError):
        report(BODY | {"wz": {"jd": 29.105, "wd": 118.405}})


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"fields": RULES["fields"] | {"caller": "bjr"}}, "fields"),
        ({"fields": {"external_id": "a"}}, "fields"),
        ({"constants": {"external_id": "1"}}, "constants"),
        ({"constants": {"reported_at": "2026-03-10T09:30:00+08:00"}}, "constants"),
        ({"priorities": {"a": 5}}, "priorities"),
        ({"categories": {str(n): "other" for n in range(5001)}}, "categories"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"time_format": "%d.%m."}, "time_format"),
        ({"time_format": "seconds"}, "time_format"),
        ({"time_format": "%Y%m%d"}, "time_format"),
    ],
)
def test_a_mapping_that_cant_work_is_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_rules(RULES | changes)
    assert (refusal.value.code, refusal.value.field) == ("exchange.bad_mapping", part)


def test_an_unsafe_crs_is_refused() -> None:
    with pytest.raises(GisError):
        read_rules(RULES | {"crs": "EPSG:4214"})
