"""How codes are written, and which one is next."""

from __future__ import annotations

import pytest

from gridserver.base.errors import Conflict, Invalid
from gridserver.grids import codes
from gridserver.grids.codes import Scheme

FIFTEEN, TWENTY, ANY = Scheme("digits_15"), Scheme("digits_20"), Scheme("free")


@pytest.mark.parametrize(
    ("scheme", "code", "fits"),
    [
        (FIFTEEN, "330824001001001", True),
        (FIFTEEN, "33082400100100", False),
        (FIFTEEN, "33082400100100x", False),
        (FIFTEEN, "３30824001001001", False),
        (TWENTY, "33082400100100100101", True),
        (TWENTY, "330824001001001", False),
        (ANY, "A-1", True),
        (Scheme("free", "A99"), "B07", True),
        (Scheme("free", "A99"), "b07", False),
        (Scheme("free", "A99"), "B071", False),
        (Scheme("free", "9.9"), "1x1", False),
        (Scheme("free", "?-*"), "x-", True),
        (Scheme("free", "?-*"), "x-anything", True),
    ],
)
def test_what_fits(scheme: Scheme, code: str, fits: bool) -> None:
    assert scheme.fits(code) == fits


@pytest.mark.parametrize(
    ("scheme", "code", "taken", "following"),
    [
        (FIFTEEN, "330824001001001", [], "330824001001002"),
        (FIFTEEN, "330824001001001", ["330824001001002"], "330824001001003"),
        (TWENTY, "33082400100100100109", [], "33082400100100100110"),
        (ANY, "r09", [], "r10"),
        (ANY, "r99", [], "r100"),
        (ANY, "东", ["东-2"], "东-3"),
        (Scheme("free", "A99"), "B07", [], "B08"),
    ],
)
def test_the_next_free_code(scheme: Scheme, code: str, taken: list[str], following: str) -> None:
    assert codes.following(code, scheme, taken) == following


@pytest.mark.parametrize(
    ("scheme", "code"),
    [(FIFTEEN, "330824001001999"), (Scheme("free", "A99"), "B99"), (FIFTEEN, "elsewhere")],
)
def test_no_code_is_left(scheme: Scheme, code: str) -> None:
    with pytest.raises(Conflict) as refusal:
        codes.following(code, scheme, [])
    assert refusal.value.code == "grid.no_code_left"


@pytest.mark.parametrize("code", ["", " ", "a\nb", "a\0", "x" * 101])
def test_texts_that_are_no_codes(code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        codes.check(code, ANY, "new_code")
    assert refusal.value.field == "new_code"


@pytest.mark.parametrize(
    ("name", "pattern", "field"),
    [
        ("digits_12", None, "code_scheme"),
        ("digits_15", "A99", "code_pattern"),
        ("free", "*9", "code_pattern"),
        ("free", "9" * 101, "code_pattern"),
    ],
)
def test_bad_schemes(name: str, pattern: str | None, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        codes.scheme(name, pattern)
    assert refusal.value.field == field


def test_a_blank_pattern_is_none() -> None:
    assert codes.scheme("free", " ") == ANY
