"""What a report is, and which ones are refused: pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gis.crs import parse_crs, to_wgs84
from gis.locator import LARGEST_ACCURACY_M
from gridserver.base import reading
from gridserver.base.errors import Invalid

#: How far ahead of the server's the reporter's clock may be.
CLOCK_TOLERANCE = dt.timedelta(minutes=5)

_LONGEST_KEY = 200
_LONGEST_ADDRESS = 500
_LONGEST_DESCRIPTION = 4000


@dataclass(frozen=True)
class Report:
    """Something reported at a place, checked as far as it can be without a database.

    Attributes
    ----------
    source, external_id
        Who reported, and their own name for it: the pair is unique.
    category
        A code of the bureau's table.
    x, y, crs
        The place as the source gave it.
    lon, lat
        The same in EPSG:4326, degrees.
    accuracy_m
        Radius of the circle that holds the true place; None where it is taken as exact.
    priority
        1 (at once) to 4; None for the category's own.
    reported_at
        Chooses the grid in force; None for the moment it is received.
    occurred_at
        When it happened, where known.
    """

    source: str
    external_id: str
    category: str
    x: float
    y: float
    crs: str
    lon: float
    lat: float
    accuracy_m: float | None = None
    address: str | None = None
    description: str | None = None
    priority: int | None = None
    reported_at: dt.datetime | None = None
    occurred_at: dt.datetime | None = None

    def digest(self) -> bytes:
        """Return a SHA-256 that two reports share only where they say the same."""
        said = json.dumps(vars(self), sort_keys=True, default=dt.datetime.isoformat)
        return hashlib.sha256(said.encode()).digest()


@dataclass(frozen=True)
class Place:
    """A place as given and in EPSG:4326, with its accuracy in metres."""

    x: float
    y: float
    crs: str
    lon: float
    lat: float
    accuracy_m: float | None


def read_report(fields: Mapping[str, Any]) -> Report:
    """Read a report: the fields of ``POST /incidents``, typed, in whatever door they came by.

    Parameters
    ----------
    fields : mapping
        ``source, external_id, category, lon, lat`` and optionally ``crs`` (``EPSG:n``, ``gcj02``,
        ``bd09``; default ``EPSG:4326``), ``accuracy_m, address, description, priority,
        reported_at, occurred_at``. In a projected CRS ``lon`` is the easting, ``lat`` the northing.

    Raises
    ------
    Invalid
        Names the field: too long, empty, not a number, not a moment.
    GisError
        An unknown or unsafe CRS; a place that is not finite, swapped or out of range.
    """
    place = read_place(fields)
    return Report(
        source=reading.text(fields.get("source"), "source", longest=_LONGEST_KEY),
        external_id=reading.text(fields.get("external_id"), "external_id", longest=_LONGEST_KEY),
        category=reading.text(fields.get("category"), "category", longest=_LONGEST_KEY),
        x=place.x,
        y=place.y,
        crs=place.crs,
        lon=place.lon,
        lat=place.lat,
        accuracy_m=place.accuracy_m,
        address=reading.optional_text(fields.get("address"), "address", longest=_LONGEST_ADDRESS),
        description=reading.optional_text(
            fields.get("description"), "description", longest=_LONGEST_DESCRIPTION
        ),
        priority=read_priority(fields.get("priority")),
        reported_at=reading.optional_moment(fields.get("reported_at"), "reported_at"),
        occurred_at=reading.optional_moment(fields.get("occurred_at"), "occurred_at"),
    )


def read_place(fields: Mapping[str, Any]) -> Place:
    """Read ``lon, lat, crs, accuracy_m``. Raises as `read_report` does."""
    crs = parse_crs(fields.get("crs") or "EPSG:4326")
    x, y = (_coordinate(fields.get(name), name) for name in ("lon", "lat"))
    at_fault = "lat" if crs.in_degrees and not abs(y) <= 90.0 else "lon"
    lon, lat = to_wgs84(x, y, crs, field=at_fault)
    accuracy_m = reading.optional_number(
        fields.get("accuracy_m"), "accuracy_m", least=0.0, most=LARGEST_ACCURACY_M
    )
    return Place(x, y, crs.name, float(lon), float(lat), accuracy_m)


def reported_at(given: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """Return when a report was made: as it says, else `now`.

    Raises
    ------
    Invalid
        ``incident.from_the_future``: more than `CLOCK_TOLERANCE` ahead of `now`.
    """
    if given is None:
        return now
    if given > now + CLOCK_TOLERANCE:
        raise Invalid(
            "incident.from_the_future",
            "reported_at lies in the future; check the reporter's clock and its offset.",
            field="reported_at",
        )
    return given


def _coordinate(value: object, field: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Invalid("input.number", f"{field}: give a number.", field=field)
    return float(value)


def read_priority(value: object) -> int | None:
    """Return a priority as given, 1 (at once) to 4, or None. Raises `Invalid`."""
    if value is None:
        return None
    if value not in (1, 2, 3, 4) or isinstance(value, bool):
        raise Invalid("incident.priority", "priority: give 1, 2, 3 or 4.", field="priority")
    return int(value)
