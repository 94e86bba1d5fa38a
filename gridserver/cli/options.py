"""Options that several commands take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import click

from gis.crs import Crs, parse_crs
from gridserver.cli import context


class Moment(click.ParamType):
    """A moment in ISO 8601; without an offset it is the bureau's civil time."""

    name = "when"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.datetime:
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment such as 2026-03-10T09:30 or …+08:00.", param, ctx)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=context.settings().timezone)
        return moment


class CrsName(click.ParamType):
    """A coordinate reference system: EPSG:n, gcj02 or bd09. A refusal exits with 1."""

    name = "crs"

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> Crs:
        return value if isinstance(value, Crs) else parse_crs(value)


def crs_option(**attributes: Any) -> Callable[[Any], Any]:
    """Return the option ``--crs``."""
    said = "What the coordinates are in: EPSG:n, gcj02 or bd09."
    return click.option("--crs", type=CrsName(), metavar="CRS", help=said, **attributes)


def moment_option(name: str, parameter: str, said: str) -> Callable[[Any], Any]:
    """Return an option that takes a moment."""
    return click.option(name, parameter, type=Moment(), metavar="WHEN", help=said)
