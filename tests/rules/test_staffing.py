"""Where a station departs from the staffing norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from gridserver.dispatch import texts
from gridserver.dispatch.staffing import Norms, departures
from gridserver.force.strength import Strength
from gridserver.grids.queries import DescribedCell

TWO_TEAMS, TWO_ROOMS = "two_teams_one_room", "two_rooms_many_areas"


def told(
    mode: str | None, force: Strength, *cells: DescribedCell, held: Sequence[str] = ()
) -> list[Any]:
    """Return code and params; `held` has a word for each officer, a letter for each cell."""
    found = list(departures(mode, force, cells, [tuple(word) for word in held], Norms()))
    for each in found:
        for language in texts.LANGUAGES:
            assert "{" not in texts.say(each.code, each.params, language)
    return [(each.code.removeprefix("staffing."), each.params) for each in found]


def codes(*arguments: Any, held: Sequence[str] = ()) -> list[str]:
    return [code for code, _ in told(*arguments, held=held)]


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
    ("counts", "held", "departs"),
    [
        ({"households": 1000, "people": 3000}, ["a"], []),
        ({"households": 1001}, ["a"], ["households"]),
        ({"people": 3001}, ["a"], ["people"]),
        ({"households": 2000}, ["a", "a"], []),
        ({"households": 2001}, ["a", "a"], ["households"]),
        ({"households": 600}, ["ab"], []),
        ({"households": 601}, ["ab"], ["households"]),
        ({"households": 1000}, ["ab", "a"], []),
        ({}, ["ab"], []),
    ],
)
def test_officers_and_their_cells(
    counts: dict[str, int], held: list[str], departs: list[str]
) -> None:
    beside = cell("b", households=400)
    here = [cell(**counts), *([beside] if "b" in "".join(held) else [])]
    assert codes(None, Strength(), *here, held=held) == departs


def test_a_cell_of_nobody_is_told_so() -> None:
    assert told(None, Strength(), cell(households=9000)) == [
        ("no_owner", {"cells": ["a"], "cell_names": ["村"]})
    ]


def test_it_says_how_much() -> None:
    cells = cell("a", households=900), cell("b", households=901)
    ((_, params),) = told(None, Strength(), *cells, held=["ab"])
    assert params == {
        "cells": ["a", "b"],
        "cell_names": ["村", "村"],
        "value": 1801,
        "limit": 1000,
    }
    ((_, params),) = told(TWO_TEAMS, Strength(30, 0, 11))
    assert (params["share"], params["limit"]) == (37, 40)
