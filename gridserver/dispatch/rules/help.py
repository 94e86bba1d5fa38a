"""Help: which units are proposed beside who gets the incident (梯次调度). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from gridserver.dispatch.rules.facts import FieldUnit

#: The kinds of units in the order in which they are proposed.
TIERS = ("armed_response", "patrol_car", "special_police")


def proposed(units: Iterable[FieldUnit], position_fresh_s: int) -> tuple[FieldUnit, ...]:
    """Return the units that are free and whose position is fresh: by tier, the nearest first."""
    able = (unit for unit in units if unit.free and unit.position_age_s <= position_fresh_s)
    return tuple(sorted(able, key=lambda u: (TIERS.index(u.kind), u.distance_m, u.code)))
