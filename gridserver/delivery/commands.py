"""What a terminal says: a verb, under an id of the sender's making. Pure.

What each verb carries is the business of the room whose subject it is said to.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gridserver.base import reading


@dataclass(frozen=True)
class Command:
    """A verb that an account says, to a task or another subject.

    Attributes
    ----------
    id
        The same id is the same command, however often it arrives.
    occurred_at
        The sender's own clock; None where it said none. Recorded, never a ground for refusal.
    data
        What the verb carries.
    lon, lat
        Where the sender was, EPSG:4326, where known.
    """

    id: uuid.UUID
    verb: str
    occurred_at: dt.datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    lon: float | None = None
    lat: float | None = None


def read_point(command: Command) -> tuple[float, float] | None:
    """Return where the sender was: lon, lat. Raises `Invalid` for half a place."""
    return point(command.lon, command.lat)


def point(lon: object, lat: object) -> tuple[float, float] | None:
    """Return a place where one is said: lon, lat. Raises `Invalid` for half a place."""
    if lon is None and lat is None:
        return None
    return (
        reading.number(lon, "lon", least=-180.0, most=180.0),
        reading.number(lat, "lat", least=-90.0, most=90.0),
    )


def read_moment(command: Command) -> dt.datetime | None:
    """Return when the sender says it was, in UTC. Raises `Invalid` for a year beyond calendars."""
    return reading.optional_moment(command.occurred_at, "occurred_at")


def payload(subject: Mapping[str, Any], command: Command) -> dict[str, Any]:
    """Return what makes two arrivals of one command id the same command.

    Parameters
    ----------
    subject
        What it is said to, e.g. ``{"task": 7}``; JSON-able.
    """
    return {
        **subject,
        "verb": command.verb,
        "occurred_at": command.occurred_at.isoformat() if command.occurred_at else None,
        "data": dict(command.data),
        "lon": command.lon,
        "lat": command.lat,
    }
