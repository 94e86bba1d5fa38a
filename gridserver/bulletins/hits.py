"""What an officer's sighting says, and how soon it must be answered: pure.

A hit is a lead. The two classes and their times are those of hit confirmation at the FBI's NCIC
(Operating Manual, "Hit confirmation"): urgent within 10 minutes, routine within an hour, with yes,
no, or how long it will take.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.delivery.commands import point

#: The verb by which a terminal brings one.
SIGHT = "sight"
URGENT_WITHIN = dt.timedelta(minutes=10)
ROUTINE_WITHIN = dt.timedelta(hours=1)
#: The verbs of the issuing room, and what each carries.
ANSWERS: Mapping[str, frozenset[str]] = {
    "confirm": frozenset({"text"}),
    "refute": frozenset({"text"}),
    "promise": frozenset({"minutes"}),
}
#: The longest time that may be asked for.
MOST_MINUTES = 24 * 60
#: What stands over a sighting until it is confirmed.
NOTICE = "unconfirmed: do not detain on this alone"

_FIELDS = frozenset({"text", "place", "lon", "lat", "urgent"})
_LONGEST_TEXT = 500
_LONGEST_PLACE = 200


@dataclass(frozen=True)
class Sighting:
    """What an officer saw, in their words, and where: lon, lat in EPSG:4326, words, or both."""

    text: str
    place: str | None
    lon: float | None
    lat: float | None
    is_urgent: bool


def read_sighting(said: Mapping[str, Any], *, urgent: bool) -> Sighting:
    """Read what the command `SIGHT` carries.

    Parameters
    ----------
    said
        ``text, place?, lon?, lat?, urgent?``.
    urgent
        Whether it is where nothing is said of it.

    Raises
    ------
    Invalid
        ``bulletin.unknown_field``; ``bulletin.sighting_place``: neither words nor a point say
        where; ``input.*``.
    """
    if unknown := sorted(said.keys() - _FIELDS):
        text = f"{unknown[0]}: a sighting has no such field."
        raise Invalid("bulletin.unknown_field", text, field=unknown[0])
    words = reading.text(said.get("text"), "text", longest=_LONGEST_TEXT)
    place = reading.optional_text(said.get("place"), "place", longest=_LONGEST_PLACE)
    at = point(said.get("lon"), said.get("lat"))
    if place is None and at is None:
        raise Invalid(
            "bulletin.sighting_place",
            "place: say where, in words or by lon and lat.",
            field="place",
        )
    chosen = said.get("urgent")
    if chosen is not None and not isinstance(chosen, bool):
        raise Invalid("input.not_boolean", "urgent: give true or false.", field="urgent")
    lon, lat = at or (None, None)
    return Sighting(words, place, lon, lat, urgent if chosen is None else chosen)


def answer_by(is_urgent: bool, at: dt.datetime) -> dt.datetime:
    """Return until when a sighting that came at a moment must be answered."""
    return at + (URGENT_WITHIN if is_urgent else ROUTINE_WITHIN)


def check_answer(verb: str, said: Mapping[str, Any]) -> None:
    """Raise `Invalid` (``bulletin.unknown_word``, ``bulletin.unknown_field``) unless a room may
    answer so."""
    if verb not in ANSWERS:
        text = f"verb: give one of {', '.join(ANSWERS)}."
        raise Invalid("bulletin.unknown_word", text, field="verb")
    if unknown := sorted(said.keys() - ANSWERS[verb]):
        text = f"{unknown[0]}: {verb} takes no such field."
        raise Invalid("bulletin.unknown_field", text, field=unknown[0])


def read_text(value: object) -> str | None:
    """Return what a room says with its answer. Raises `Invalid`: ``input.*``."""
    return reading.optional_text(value, "text", longest=_LONGEST_TEXT)


def read_wait(value: object) -> dt.timedelta:
    """Return how long a room asks for. Raises `Invalid`: ``bulletin.minutes``."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_MINUTES:
        raise Invalid(
            "bulletin.minutes",
            f"minutes: say in how many minutes there will be an answer, 1 to {MOST_MINUTES}.",
            field="minutes",
        )
    return dt.timedelta(minutes=value)
