"""An officer's own cells, over HTTP."""

from __future__ import annotations

import pytest

from tests.county import CELLS, SIDE, SOUTH, WEST, County

PATH = "/api/v1/force/my-cells"


def test_own_cells_and_how_far_they_and_their_neighbours_reach(client, county: County) -> None:
    answer = client.as_("330824001").get(PATH).json
    assert {each["code"] for each in answer["items"]} < {code for code, _ in CELLS.values()}
    assert {each["role"] for each in answer["items"]} <= {"primary", "backup"}
    # The four cells of the sample county meet in one corner.
    around = [WEST, SOUTH, WEST + 2 * SIDE, SOUTH + 2 * SIDE]
    assert answer["bounds"] == pytest.approx(around)


def test_a_room_owns_none(client) -> None:
    assert client.as_("command").get(PATH).json == {"items": [], "bounds": None}
