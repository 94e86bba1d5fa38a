"""Checks of what the force reports and is told: pure."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from gis.crs import WGS84, to_wgs84
from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.base.lifecycle import Lifecycle

KINDS = ("officer", "auxiliary")
OWNERSHIP_ROLES = ("primary", "backup")
#: What a shift is for: 集约值班, 社区勤务, 办案勤务, 交通勤务, 值班领导, 指挥室值班, 警务站值守,
#: 专业警种值班, 机关勤务.
DUTIES = (
    "pool",
    "community",
    "case",
    "traffic",
    "leader",
    "room",
    "post",
    "specialist",
    "headquarters",
)
ABSENCE_REASONS = ("leave", "training", "sick", "court", "other")
DAY_KINDS = ("working", "rest", "holiday")
#: Who says what a day is: the library of public holidays, or the bureau by hand.
DAY_SOURCES = ("library", "bureau")
#: The days on which a pattern makes shifts.
PATTERN_DAYS = ("every", "working", "resting")

#: A swap of shifts: the other officer agrees, then a leader consents and it is done.
SWAP = Lifecycle(
    states=("proposed", "agreed", "done", "declined", "withdrawn"),
    transitions={
        ("proposed", "agree"): "agreed",
        ("proposed", "decline"): "declined",
        ("proposed", "withdraw"): "withdrawn",
        ("agreed", "consent"): "done",
        ("agreed", "decline"): "declined",
        ("agreed", "withdraw"): "withdrawn",
    },
)

#: Kinds of field units: 处突车组, 巡逻车组, 特警.
FIELD_UNIT_KINDS = ("armed_response", "patrol_car", "special_police")

#: How far a terminal's clock may run ahead of the server's.
FUTURE_TOLERANCE = dt.timedelta(minutes=5)
#: What a position may say besides: its name, the greatest value, and in words.
_MEASURES = (
    ("accuracy_m", math.inf, "a radius in metres, 0 or more"),
    ("heading", 360, "degrees from 0 to 360, clockwise from north"),
    ("speed_mps", 150, "metres a second from 0 to 150"),
    ("battery", 1, "a charge from 0 to 1"),
)


@dataclass(frozen=True)
class Position:
    """Where an officer's terminal was.

    `lon`, `lat` in degrees, EPSG:4326; `at` by the terminal, timezone-aware; `accuracy_m` the
    radius in metres; `heading` in degrees clockwise from north; `speed_mps` in metres a second;
    `battery` the charge from 0 to 1.
    """

    lon: float
    lat: float
    at: dt.datetime
    accuracy_m: float | None = None
    heading: float | None = None
    speed_mps: float | None = None
    battery: float | None = None


def check_position(position: Position, now: dt.datetime, field: str) -> None:
    """Raise `Invalid` (or `gis.errors.CoordinateError`) for a position that can't be true.

    `field` is what the caller calls the position, e.g. ``positions[3]``.
    """
    to_wgs84(position.lon, position.lat, WGS84, field=field)
    if reading.moment(position.at, f"{field}.at") > now + FUTURE_TOLERANCE:
        raise Invalid(
            "position.in_future",
            f"{position.at.isoformat()} lies more than 5 minutes ahead of the server's clock; "
            "set the terminal's clock.",
            field=f"{field}.at",
        )
    for name, most, said in _MEASURES:
        if not _within(getattr(position, name), 0, most):
            code = f"position.bad_{name.partition('_')[0]}"
            raise Invalid(code, f"{name}: {said}.", field=f"{field}.{name}")


def check_duty(duty: str, field: str = "duty") -> None:
    """Raise `Invalid` for a duty that doesn't exist."""
    if duty not in DUTIES:
        raise Invalid("shift.unknown_duty", f"duty: one of {', '.join(DUTIES)}.", field=field)


def check_range(
    start: dt.datetime, end: dt.datetime | None, *, start_field: str, end_field: str
) -> None:
    """Raise `Invalid` unless `start` comes before `end` and both carry an offset."""
    for moment, field in ((start, start_field), (end, end_field)):
        if moment is not None and moment.tzinfo is None:
            raise Invalid("range.no_offset", f"Give {field} with its offset.", field=field)
    if end is not None and end <= start:
        raise Invalid(
            "range.empty",
            f"{end_field} {end.isoformat()} doesn't come after {start_field} {start.isoformat()}.",
            field=end_field,
        )


def _within(value: float | None, least: float, most: float) -> bool:
    return value is None or (math.isfinite(value) and least <= value <= most)
