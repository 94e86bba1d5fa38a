"""Reading values that came from outside: each refusal names the field and the remedy.

HTTP, sockets and files hand over the same values, so what they mean is checked once, here and in
the rooms' rules, and not at each door.
"""

from __future__ import annotations

import datetime as dt

from gridserver.base import documents
from gridserver.base.errors import Invalid


def text(value: object, field: str, *, longest: int) -> str:
    """Return `value` without surrounding blanks.

    Raises
    ------
    Invalid
        It is no text, is empty, is longer than `longest` characters, or holds what PostgreSQL
        can't store (U+0000, half of a surrogate pair).
    """
    if not isinstance(value, str):
        raise Invalid("input.not_text", f"{field}: give a text.", field=field)
    stripped = value.strip()
    if not 1 <= len(stripped) <= longest:
        raise Invalid("input.length", f"{field}: give 1 to {longest} characters.", field=field)
    if not documents.is_text(stripped):
        raise Invalid(
            "input.characters", f"{field}: holds a character that no text has.", field=field
        )
    return stripped


def optional_text(value: object, field: str, *, longest: int) -> str | None:
    """Return `value` as `text` does, or None where it is None or blank."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return text(value, field, longest=longest)


def moment(value: object, field: str) -> dt.datetime:
    """Return `value` in UTC.

    Raises
    ------
    Invalid
        It is no moment with an offset, or beyond the years that a calendar can hold in UTC.
    """
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise Invalid(
            "input.not_moment",
            f"{field}: give a time with its offset, as 2026-03-10T09:30:00+08:00.",
            field=field,
        )
    try:
        return value.astimezone(dt.UTC)
    except OverflowError as error:
        raise Invalid(
            "input.not_moment", f"{field}: the year is out of range.", field=field
        ) from error


def optional_moment(value: object, field: str) -> dt.datetime | None:
    """Return `value` as `moment` does, or None."""
    return None if value is None else moment(value, field)


def number(value: object, field: str, *, least: float, most: float) -> float:
    """Return `value` as a float. Raises `Invalid` unless it is finite, from `least` to `most`."""
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not least <= value <= most  # as neither NaN nor infinity is
    ):
        raise Invalid(
            "input.number", f"{field}: give a number from {least:g} to {most:g}.", field=field
        )
    return float(value)


def optional_number(value: object, field: str, *, least: float, most: float) -> float | None:
    """Return `value` as `number` does, or None."""
    return None if value is None else number(value, field, least=least, most=most)
