"""Where a station departs from the staffing norms."""

from __future__ import annotations

from typing import Any

import pytest

from gridserver.dispatch import texts
from gridserver.dispatch.staffing import Norms, departures
from gridserver.force.strength import Strength
from gridserver.grids.queries import DescribedCell

TWO_TEAMS, TWO_ROOMS = "two_teams_one_room", "two_rooms_many_areas"


def told(mode: str | None, force: Strength, *cells: DescribedCell, **shares: float) -> list[Any]:
    found = list(departures(mode, force, cells, shares, Norms()))
    for each in found:
        for language in texts.LANGUAGES:
            assert "{" not in texts.say(each.code, each.params, language)
    return [(each.code.removeprefix("staffing."), each.params) for each in found]


def codes(*arguments: Any, **shares: float) -> list[str]:
    return [code for code, _ in told(*arguments, **shares)]


@pytest.mark.parametrize(
    ("mode", "force", "departs"),
    [
        (TWO_TEAMS, Strength(25, 0, 10), []),
        (TWO_TEAMS, Strength(24, 23, 10), ["two_teams"]),
        (TWO_TEAMS, Strength(15, 15, 6), []),
        (TWO_TEAMS, Strength(14, 90, 6), ["two_teams"]),
        (TWO_TEAMS, Strength(30, 0, 11), ["community_share"]),
        (TWO_TEAMS, Strength(30, 0, 12), []),
        (TWO_TEAMS, Strength(0, 0, 0), ["two_teams"]),
        (TWO_ROOMS, Strength(24, 0, 0), []),
        (TWO_ROOMS, Strength(25, 0, 0), ["two_rooms"]),
        (None, Strength(99, 0, 0), []),
    ],
)
def test_strength_and_mode(mode: str | None, force: Strength, departs: list[str]) -> None:
    assert codes(mode, force) == departs


def cell(code: str = "a", **attributes: int) -> DescribedCell:
    return DescribedCell(code, "村", "s", attributes)


@pytest.mark.parametrize(
    ("counts", "officers", "departs"),
    [
        ({"households": 1000, "people": 3000}, 1.0, []),
        ({"households": 1001}, 1.0, ["households"]),
        ({"people": 3001}, 1.0, ["people"]),
        ({"households": 2000}, 2.0, []),
        ({"households": 501}, 0.5, ["households"]),
        ({}, 1.0, []),
    ],
)
def test_cells(counts: dict[str, int], officers: float, departs: list[str]) -> None:
    assert codes(None, Strength(), cell(**counts), a=officers) == departs


def test_a_cell_of_nobody_is_told_so() -> None:
    assert told(None, Strength(), cell(households=9000)) == [
        ("no_owner", {"cell": "a", "cell_name": "村"})
    ]


def test_it_says_how_much() -> None:
    ((_, params),) = told(None, Strength(), cell(households=900), a=0.5)
    assert (params["value"], params["limit"]) == (1800, 1000)
    ((_, params),) = told(TWO_TEAMS, Strength(30, 0, 11))
    assert (params["share"], params["limit"]) == (37, 40)
