"""Which of the tables' rows make the norms of a category at a station."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import pytest

from gridserver.dispatch import norms as defaults
from gridserver.dispatch.norms import Parameters, default_norms
from gridserver.dispatch.tables.book import Book, Entry, UnitName, mode_of, norms
from gridserver.incidents.categories import BROAD_CLASSES

AT = dt.datetime(2026, 3, 10, 1, 30, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(days=1)
STATION, BUREAU = "33082401", "330824"


def category(code: str, parent: str | None = None, broad_class: str = "criminal") -> Any:
    values = {"parent": parent, "broad_class": broad_class, "priority": 2}
    return "category", (code,), values


def route(scope: str, code: str, kind: str, unit: str | None = None) -> Any:
    return "route", (scope, code), {"kind": kind, "unit": unit, "agency": None}


def make_book(*rows: Any) -> Book:
    """Return a book of what a new installation begins with, and of these rows too."""
    parameters = Parameters().to_json()
    beginning = [
        *(category(code, broad_class=code) for code in BROAD_CLASSES),
        *(route("bureau", code, kind) for code, kind in defaults.DEFAULT_ROUTES.items()),
        *(
            route(mode, code, kind)
            for mode, routes in defaults.DEFAULT_MODE_ROUTES.items()
            for code, kind in routes.items()
        ),
        *(
            ("ladder", ("bureau", *key), {"rungs": list(rungs)})
            for key, rungs in defaults.DEFAULT_LADDERS.items()
        ),
        *(
            ("sign_limit", ("bureau", priority), {"seconds": seconds})
            for priority, seconds in defaults.DEFAULT_SIGN_WITHIN_S.items()
        ),
        *(("parameter", (name,), {"value": value}) for name, value in parameters.items()),
    ]
    entries: dict[str, dict[Any, tuple[Entry, ...]]] = defaultdict(dict)
    entries["mobilisation"] = {}
    for table, key, values, *span in [*beginning, *rows]:
        since, until = span or (None, None)
        entries[table][key] = (*entries[table].get(key, ()), Entry(since, until, values))
    units = {
        BUREAU: UnitName("县局", "bureau"),
        STATION: UnitName("南所", "station"),
        "XZ": UnitName("刑侦大队", "specialist"),
    }
    return Book(entries, units)


def decided(book: Book, code: str, mode: str | None = None, at: dt.datetime = AT) -> Any:
    found = norms(book, at, code, STATION, mode)
    assert found is not None
    return found.route


@pytest.mark.parametrize("broad_class", BROAD_CLASSES)
@pytest.mark.parametrize("mode", [None, "two_teams_one_room", "two_rooms_many_areas"])
def test_a_new_installation_has_the_defaults(broad_class, mode):
    found = norms(make_book(), AT, broad_class, STATION, mode)
    priority = 2
    assert found == default_norms(broad_class, mode, priority=priority)


def test_a_stations_row_beats_its_modes_and_that_the_bureaus():
    small = "two_rooms_many_areas"
    book = make_book(route(STATION, "criminal", "command"))
    assert decided(book, "criminal", small).decided_by == "station"
    assert decided(make_book(), "criminal", small).decided_by == "mode"
    assert decided(make_book(), "criminal").decided_by == "bureau"


def test_the_nearest_category_with_a_row_decides():
    book = make_book(
        category("0101"),
        category("010101", "0101"),
        category("01010101", "010101"),
        route("bureau", "0101", "specialist", "XZ"),
        route(STATION, "criminal", "command"),
    )
    for code in ("0101", "010101", "01010101"):
        found = decided(book, code)
        assert (found.kind, found.category) == ("specialist", "0101")
        assert (found.unit, found.unit_name) == ("XZ", "刑侦大队")
    assert decided(book, "criminal").kind == "command"


def test_a_top_category_goes_where_its_broad_class_goes():
    book = make_book(category("0900", broad_class="complaint"))
    assert decided(book, "0900").kind == "command"


def test_a_category_that_is_its_own_ancestor_ends():
    book = make_book(category("a", "b"), category("b", "a"))
    assert decided(book, "a").kind == "case"


def test_a_planned_row_holds_from_its_moment_on():
    until = (*route(STATION, "dispute", "case"), None, AT)
    book = make_book(until, (*route(STATION, "dispute", "command"), LATER, None))
    assert decided(book, "dispute", at=AT - dt.timedelta(seconds=1)).kind == "case"
    assert decided(book, "dispute").kind == "community"
    assert decided(book, "dispute", at=LATER).kind == "command"


def test_a_category_of_the_past_keeps_its_meaning():
    values = {"parent": None, "broad_class": "help", "priority": 4}
    book = make_book(("category", ("0501",), values, None, AT))
    found = norms(book, LATER, "0501", STATION, None)
    assert found is not None and found.broad_class == "help"


def test_an_unknown_category_has_no_norms():
    assert norms(make_book(), AT, "0999", STATION, None) is None


def test_mobilisation_of_the_bureau_reaches_its_stations():
    order = {"ordered_by": "局长", "why": "防汛"}
    book = make_book(("mobilisation", (BUREAU,), order, AT, LATER))
    mode = mode_of(book, AT, STATION)
    assert (mode.name, mode.unit, mode.since) == ("mobilised", BUREAU, AT)
    assert mode_of(book, AT, None).name == "mobilised"
    assert mode_of(book, LATER, STATION).name == "normal"


def test_mobilisation_of_a_station_reaches_no_other():
    order = {"ordered_by": "所长", "why": "搜救"}
    book = make_book(("mobilisation", (STATION,), order, AT, LATER))
    assert mode_of(book, AT, STATION).ordered_by == "所长"
    assert mode_of(book, AT, "33082402").name == "normal"
    assert mode_of(book, AT, None).name == "normal"
