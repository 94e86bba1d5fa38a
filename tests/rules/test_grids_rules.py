"""Grid versions: names, states, moments, and the bulk reader; no database."""

from __future__ import annotations

import csv
import datetime as dt

import pytest

from gis.crs import WGS84, parse_crs
from gis.locator import Locator
from gis.testing import grid
from gridserver.base.errors import Invalid
from gridserver.grids import rules
from gridserver.grids.bulk import locate_rows
from gridserver.grids.models import LIFECYCLE

NOW = dt.datetime.fromisoformat("2026-03-10T09:30:00+08:00")
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize("name", ["v1", "2026 spring", "示意-2026", "a.b", "x" * 100])
def test_names_that_are_taken(name: str) -> None:
    assert rules.check_name(name) == name


@pytest.mark.parametrize("name", ["", " v1", "v1 ", "a/b", "..", "v\n1", "x" * 101, "\u202ev1"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_name(name)
    assert (refusal.value.code, refusal.value.field) == ("grid.bad_name", "name")


@pytest.mark.parametrize(
    ("state", "valid_to", "shown"),
    [
        ("draft", None, "draft"),
        ("published", None, "published"),
        ("published", NOW + DAY, "published"),
        ("published", NOW, "retired"),
        ("published", NOW - DAY, "retired"),
        ("retired", NOW - DAY, "retired"),
    ],
)
def test_a_published_version_whose_time_is_over_has_retired(
    state: str, valid_to: dt.datetime | None, shown: str
) -> None:
    assert rules.state_at(state, valid_to, NOW) == shown


def test_publishing_starts_now_or_later() -> None:
    assert rules.starting(None, NOW) == NOW
    assert rules.starting(NOW, NOW) == NOW
    assert rules.starting(NOW + DAY, NOW) == NOW + DAY


@pytest.mark.parametrize(
    ("since", "code"),
    [
        (NOW - dt.timedelta(microseconds=1), "grid.past"),
        (NOW.replace(tzinfo=None), "grid.naive_time"),
    ],
)
def test_publishing_never_starts_in_the_past(since: dt.datetime, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.starting(since, NOW)
    assert (refusal.value.code, refusal.value.field) == (code, "from")


HERE = (118.0, 29.0, 118.6, 29.5)


@pytest.mark.parametrize(
    ("draft", "far"),
    [
        (HERE, False),
        ((118.1, 29.1, 118.2, 29.2), False),
        ((118.25, 29.0, 118.85, 29.5), False),
        ((118.35, 29.0, 118.95, 29.5), True),
        ((29.0, 118.0, 29.5, 118.6), True),
        ((-87.9, 41.6, -87.5, 42.0), True),
        ((118.0, 29.0, 118.0, 29.0), True),
    ],
)
def test_a_draft_far_from_the_present_grid(draft: rules.Bounds, far: bool) -> None:
    assert rules.is_far(draft, HERE) == far


@pytest.mark.parametrize(
    ("draft", "swapped"),
    [
        ((9.0, 48.0, 9.5, 48.5), False),
        ((48.0, 9.0, 48.5, 9.5), True),
        ((48.0, 19.0, 48.5, 19.5), False),
        ((118.0, 29.0, 118.6, 29.5), False),
    ],
)
def test_a_draft_whose_axes_changed_places(draft: rules.Bounds, swapped: bool) -> None:
    stuttgart = (9.0, 48.0, 9.5, 48.5)
    assert rules.is_swapped(draft, stuttgart) == swapped


def test_only_a_checked_draft_is_published() -> None:
    """The whole product of states and verbs, spelt out."""
    verbs = ("edit", "check", "fault", "publish", "retire")
    table = {state: [LIFECYCLE.after(state, verb) for verb in verbs] for state in LIFECYCLE.states}
    assert table == {
        "draft": ["draft", "checked", "draft", None, "retired"],
        "checked": ["draft", "checked", "draft", "published", "retired"],
        "published": [None, None, None, None, "retired"],
        "retired": [None, None, None, None, None],
    }


@pytest.fixture(scope="module")
def locator() -> Locator:
    cells = grid()
    return Locator([cell.code for cell in cells], [cell.geom for cell in cells])


def located(text: str, locator: Locator, crs: str = "EPSG:4326") -> list[list[str]]:
    rows = csv.reader(text.splitlines(keepends=True))
    return list(locate_rows(rows, locator, parse_crs(crs), "lon", "lat"))


def test_every_row_keeps_its_place_and_its_text(locator: Locator) -> None:
    text = 'id,lon,lat,what\n1,118.401,29.101,"a, b"\n2,,29.1,x\n3,118.409,29.101,甲\n'
    assert located(text, locator) == [
        ["id", "lon", "lat", "what", "cell_code", "method"],
        ["1", "118.401", "29.101", "a, b", "r00c00", "covers"],
        ["2", "", "29.1", "x", "", "invalid"],
        ["3", "118.409", "29.101", "甲", "r00c01", "covers"],
    ]


@pytest.mark.parametrize(
    "pair",
    ["nan,29.1", "118.4,inf", "29.1,118.4", "x,29.1", "1_1.0,2_9.1", "118.4", "200,29.1", "118.4,"],
)
def test_unusable_coordinates_are_invalid(locator: Locator, pair: str) -> None:
    assert located(f"lon,lat\n{pair}\n", locator)[1][-2:] == ["", "invalid"]


def test_blank_lines_are_no_rows(locator: Locator) -> None:
    assert len(located("lon,lat\n\n118.401,29.101\n\n", locator)) == 2


def test_other_crs(locator: Locator) -> None:
    shifted = located("lon,lat\n118.4058,29.0981\n", locator, "gcj02")
    assert shifted[1][-2:] == ["r00c00", "covers"]
    assert located("lon,lat\n118.4058,29.0981\n", locator)[1][-1] == "outside"


def test_more_rows_than_a_chunk(locator: Locator) -> None:
    rows = (["118.401", "29.101"] for _ in range(45_000))
    answers = locate_rows(iter([["lon", "lat"], *rows]), locator, WGS84, "lon", "lat")
    assert sum(1 for row in answers if row[-1] == "covers") == 45_000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "csv.no_header"),
        ("x,y\n1,2\n", "csv.unknown_field"),
        ("lon,lat,method\n1,2,3\n", "csv.taken_field"),
        ("lon,lat\n118.4,29.1,oops\n", "csv.long_row"),
    ],
)
def test_files_that_are_refused(locator: Locator, text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        located(text, locator)
    assert refusal.value.code == code
