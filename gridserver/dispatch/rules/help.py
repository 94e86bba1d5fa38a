"""Help: which units are proposed beside who gets the incident (梯次调度). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any, Literal

from gridserver.dispatch.rules.facts import FieldUnit
from gridserver.dispatch.rules.values import Because

#: The kinds of units in the order in which they are proposed.
TIERS = ("armed_response", "patrol_car", "special_police")
#: The priority at which help is proposed without anybody's asking.
HELP_AT_PRIORITY = 1
#: How many of a tier are named.
MOST_OF_A_TIER = 3

WhyNotUnit = Literal["out_of_service", "no_crew", "no_position", "stale_position", "busy"]


def proposed(units: Iterable[FieldUnit], position_fresh_s: int) -> tuple[FieldUnit, ...]:
    """Return the units to propose: those that are free and whose position is fresh, tier by tier,
    of each tier the nearest few.

    Within a tier those come first whose time by road is known; the others by distance.
    """
    able = sorted((u for u in units if why_not_unit(u, position_fresh_s) is None), key=nearness)
    tiers = groupby(able, key=lambda unit: unit.kind)
    return tuple(unit for _, tier in tiers for unit in list(tier)[:MOST_OF_A_TIER])


def nearness(unit: FieldUnit) -> tuple[int, bool, float, float, str]:
    """Return by what units are put in order."""
    no_road = unit.minutes is None
    return (TIERS.index(unit.kind), no_road, unit.minutes or 0.0, unit.distance_m or 0.0, unit.code)


def why_not_unit(unit: FieldUnit, position_fresh_s: int) -> WhyNotUnit | None:
    """Return why a unit isn't proposed; None where it may be."""
    if not unit.in_service:
        return "out_of_service"
    if not unit.crewed:
        return "no_crew"
    if unit.position_age_s is None or unit.distance_m is None:
        return "no_position"
    if unit.position_age_s > position_fresh_s:
        return "stale_position"
    return None if unit.free else "busy"


def how_far(unit: FieldUnit) -> Because:
    """Return a unit with the way it has to go: minutes by road, or else the distance."""
    if unit.minutes is not None:
        return Because("help.by_road", _named(unit) | {"minutes": _minutes(unit.minutes)})
    km = round((unit.distance_m or 0.0) / 1000, 1)
    return Because("help.by_distance", _named(unit) | {"km": km})


def passed_over(unit: FieldUnit, why_not: WhyNotUnit | None) -> Because:
    """Return why a unit isn't among those proposed; None: others of its tier are nearer."""
    said = _named(unit)
    if unit.position_age_s is not None:
        said |= {"minutes": _minutes(unit.position_age_s / 60)}
    return Because(f"help.{why_not or 'further'}", said)


def _named(unit: FieldUnit) -> dict[str, Any]:
    return {"unit": {"zh-CN": unit.name, "en": unit.name_en or unit.name}}


def _minutes(minutes: float) -> int:
    return max(1, round(minutes))
