"""Serials from west to east and from north to south."""

from __future__ import annotations

import pytest

from gis.features import Cell
from gis.testing import square
from gridserver.base.errors import Conflict
from gridserver.grids.codes import Scheme
from gridserver.grids.renumbering import plan

STEM = "330824115006"
FIFTEEN = Scheme("digits_15")


def cells(*places: tuple[str, int, int]) -> list[Cell]:
    """Squares by code, column (eastwards) and row (northwards)."""
    return [Cell(code, square(column, row)) for code, column, row in places]


def test_rows_from_north_to_south_each_from_west_to_east() -> None:
    codes = [f"{STEM}{serial:03}" for serial in (41, 7, 3, 2)]
    found = plan(
        cells((codes[0], 0, 0), (codes[1], 1, 1), (codes[2], 0, 1), (codes[3], 1, 0)), FIFTEEN
    )
    assert found == {
        codes[2]: f"{STEM}001",
        codes[1]: f"{STEM}002",
        codes[0]: f"{STEM}003",
        codes[3]: f"{STEM}004",
    }


def test_each_village_counts_from_one() -> None:
    other = "330824115007"
    found = plan(cells((f"{STEM}009", 0, 0), (f"{other}009", 1, 0)), FIFTEEN)
    assert found == {f"{STEM}009": f"{STEM}001", f"{other}009": f"{other}001"}


@pytest.mark.parametrize(
    ("scheme", "codes", "refused"),
    [
        (Scheme("free"), ["1"], "grid.not_numbered"),
        (FIFTEEN, ["1"], "grid.no_stem"),
        (FIFTEEN, [""], "grid.no_stem"),
        (FIFTEEN, [f"{STEM}001"] * 2, "grid.duplicate_code"),
        (
            Scheme("digits_20"),
            [f"330824{'0' * 12}{serial:02}" for serial in range(100)],
            "grid.too_many_in_stem",
        ),
    ],
)
def test_what_has_no_order(scheme: Scheme, codes: list[str], refused: str) -> None:
    drawn = cells(*((code, column, 0) for column, code in enumerate(codes)))
    with pytest.raises(Conflict) as error:
        plan(drawn, scheme)
    assert error.value.code == refused
