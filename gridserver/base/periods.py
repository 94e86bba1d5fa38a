"""Periods that an installation sets in days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from gridserver.base.errors import Invalid

#: What a bulletin is validated within, and kept for after its end, unless it is set otherwise.
MONTH = dt.timedelta(days=30)


def days(
    environ: Mapping[str, str], name: str, usual: dt.timedelta, *, least: int = 1, most: int
) -> dt.timedelta:
    """Read a period of the environment.

    Raises
    ------
    Invalid
        ``settings.bad_value``: no number of days from `least` to `most`.
    """
    value = environ.get(name)
    if not value:
        return usual
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise Invalid(
            "settings.bad_value",
            f"{name}={value!r} can't be used: give {least} to {most} days.",
            field=name,
        )
    return dt.timedelta(days=int(value))
