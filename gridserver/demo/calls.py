"""Made-up calls for the demo county: what was reported, when and where.

Pure: all chance comes from the ``random.Random`` passed in, so that a seed gives the same calls
again. Nothing here is taken from a real call, and no call names or describes a person.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import shapely
from shapely.geometry.base import BaseGeometry

from gridserver.demo.call_phrases import CATEGORY_SHARES, PHRASES, PLACES, WORDS, Phrase
from gridserver.demo.county import DemoCell

SOURCE = "demo"
HOURLY_SHARES = (
    *(2.0, 1.4, 1.0, 0.8, 0.8, 1.2),
    *(2.2, 4.2, 5.6, 6.0, 5.8, 5.2),
    *(4.4, 4.4, 5.0, 5.4, 5.8, 6.2),
    *(6.2, 6.4, 6.4, 5.6, 4.4, 3.2),
)
"""Calls by hour of the day: a quiet night, a busy morning, the most of them in the evening."""
SPREAD = 0.22
"""Standard deviation of a call's distance from the middle of its cell, by the cell's width."""


@dataclass(frozen=True)
class Call:
    """One made-up call.

    ``at`` counts from the local midnight that starts the period; ``lon``, ``lat`` in degrees
    (EPSG:4326), within the cell ``cell``; ``priority`` is 1 (highest) to 4.
    """

    at: timedelta
    category: str
    priority: int
    lon: float
    lat: float
    cell: str
    address: str
    description: str
    source: str = SOURCE


def made_up_calls(
    rng: Random, cells: Sequence[DemoCell], days: int, per_day: float
) -> Iterator[Call]:
    """Calls of ``days`` days in the order of time, ``per_day`` of them on an average day.

    A cell gets calls in proportion to its people.
    """
    people = [cell.people for cell in cells]
    for day in range(days):
        count = max(0, round(rng.gauss(per_day, math.sqrt(per_day))))
        times = sorted(_time_of_day(rng) for _ in range(count))
        for time in times:
            cell = rng.choices(cells, people)[0]
            yield _call(rng, cell, timedelta(days=day) + time)


def _call(rng: Random, cell: DemoCell, at: timedelta) -> Call:
    category = rng.choices(list(CATEGORY_SHARES), list(CATEGORY_SHARES.values()))[0]
    setting = "urban" if cell.kind == "urban" else "rural"
    phrase = _phrase(rng, category, setting)
    lon, lat = _place_in(rng, cell.shape)
    place = rng.choice(PLACES[setting]).format(n=rng.randint(1, 68))
    return Call(
        at=at,
        category=category,
        priority=phrase.priority,
        lon=lon,
        lat=lat,
        cell=cell.code,
        address=f"{cell.town}{cell.name}{place}",
        description=phrase.text.format_map(_words(rng, WORDS)),
    )


def _time_of_day(rng: Random) -> timedelta:
    hour = rng.choices(range(24), HOURLY_SHARES)[0]
    return timedelta(hours=hour, seconds=rng.randrange(3600))


def _phrase(rng: Random, category: str, setting: str) -> Phrase:
    return rng.choice([each for each in PHRASES[category] if each.setting in {"any", setting}])


def _words(rng: Random, words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {slot: rng.choice(choices) for slot, choices in words.items()}


def _place_in(rng: Random, shape: BaseGeometry) -> tuple[float, float]:
    """A place in the cell, likelier towards the middle, as houses are."""
    middle = shape.point_on_surface()
    west, south, east, north = shape.bounds
    while True:
        lon = round(rng.gauss(middle.x, SPREAD * (east - west)), 6)
        lat = round(rng.gauss(middle.y, SPREAD * (north - south)), 6)
        if shapely.contains_xy(shape, lon, lat):
            return lon, lat
