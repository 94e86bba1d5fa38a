"""How a bureau writes the codes of its cells, and the next one that is free: pure.

A code of the numbered schemes is made of parts of so many digits each, the last being the serial:

==========  ============  ========================================================================
scheme      digits        parts
==========  ============  ========================================================================
digits_15   6+3+3+3       county, town or station, village or community, cell
digits_20   6+6+3+3+2     county, town and community, and three further levels
free        as wanted     by a pattern, or anything
==========  ============  ========================================================================
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container
from dataclasses import dataclass

from gridserver.base import reading
from gridserver.base.errors import Conflict, Invalid

LONGEST = 100

_PARTS = {"digits_15": (6, 3, 3, 3), "digits_20": (6, 6, 3, 3, 2)}
SCHEMES = (*_PARTS, "free")

#: What stands for more than itself in a pattern. No repetition but the last: matching stays quick.
_WILD = {"9": "[0-9]", "A": "[A-Z]", "?": ".", "*": ".*"}


@dataclass(frozen=True)
class Scheme:
    """One way to write codes.

    Attributes
    ----------
    name
        One of `SCHEMES`.
    pattern
        For ``free``: 9 stands for a digit, A for a capital letter, ? for any character, and * at
        the end for anything; the rest for itself. None allows any code.
    """

    name: str
    pattern: str | None = None

    @property
    def serial_digits(self) -> int | None:
        """How many digits at the end are the cell's serial; None for free codes."""
        return _PARTS[self.name][-1] if self.name in _PARTS else None

    @property
    def said(self) -> str:
        """The scheme in words, for a refusal."""
        if self.name in _PARTS:
            parts = _PARTS[self.name]
            return f"{sum(parts)} digits, {'+'.join(map(str, parts))}"
        return f"the pattern {self.pattern}" if self.pattern else "any text"

    def fits(self, code: str) -> bool:
        """Say whether the code is written so."""
        if self.name in _PARTS:
            return re.fullmatch(rf"[0-9]{{{sum(_PARTS[self.name])}}}", code) is not None
        if self.pattern is None:
            return True
        wanted = "".join(_WILD.get(sign, re.escape(sign)) for sign in self.pattern)
        return re.fullmatch(wanted, code) is not None


def scheme(name: str, pattern: str | None) -> Scheme:
    """Return the scheme of this name.

    Raises
    ------
    Invalid
        ``grid.unknown_scheme``; ``grid.bad_pattern``: it is for ``free`` alone, and has no * but at
        its end.
    """
    if name not in SCHEMES:
        known = ", ".join(SCHEMES)
        raise Invalid("grid.unknown_scheme", f"Give one of {known}.", field="code_scheme")
    pattern = reading.optional_text(pattern, "code_pattern", longest=LONGEST)
    if pattern is not None and (name != "free" or "*" in pattern[:-1]):
        raise Invalid(
            "grid.bad_pattern",
            "A pattern is for free codes alone, and has a * only at its end.",
            field="code_pattern",
        )
    return Scheme(name, pattern)


def check(code: str, scheme: Scheme, field: str) -> str:
    """Return a code that a cell is to have. Raises `Invalid` naming the field and the scheme."""
    code = reading.text(code, field, longest=LONGEST)
    if not code.isprintable() or not scheme.fits(code):
        raise Invalid(
            "grid.bad_code",
            f"{code!r} is no code of this bureau: {scheme.said}.",
            field=field,
            params={"code": code},
        )
    return code


def following(code: str, scheme: Scheme, taken: Container[str]) -> str:
    """Return the lowest free code after `code` that differs from it in its serial alone.

    A free code's serial is the digits at its end; without any, ``-2``, ``-3`` … are put there.

    Raises
    ------
    Conflict
        ``grid.no_code_left``: every serial after it is taken.
    """
    numbered = scheme.name in _PARTS and scheme.fits(code)
    stem = code[: -_PARTS[scheme.name][-1]] if numbered else code.rstrip("0123456789")
    digits = code[len(stem) :]
    stem, first = (stem, int(digits) + 1) if digits else (f"{code}-", 2)
    for serial in range(first, 10 ** len(digits)) if numbered else itertools.count(first):
        candidate = f"{stem}{serial:0{len(digits)}}"
        if not scheme.fits(candidate):
            break
        if candidate not in taken:
            return candidate
    raise Conflict(
        "grid.no_code_left",
        f"Every code after {code} is taken: give one yourself.",
        field="new_code",
        params={"code": code},
    )
