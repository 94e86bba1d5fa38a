"""Whose work it is, and whether each team does its own or the pooled duty group: pure."""

from __future__ import annotations

from gridserver.dispatch.norms import Hours, Norms, Route
from gridserver.dispatch.rules.facts import Facts


def three_or_more(norms: Norms, suspects: int, offences: int) -> bool:
    """Say whether a case is the specialist unit's: criminal, and suspects and offences together
    reach the bureau's threshold. Where no unit is named for it, the rule is off."""
    laid_down = norms.parameters
    return (
        norms.broad_class == "criminal"
        and laid_down.three_or_more_unit is not None
        and suspects + offences >= laid_down.three_or_more
    )


def route_of(norms: Norms, suspects: int, offences: int) -> Route:
    """Return where a category goes: as the tables say, unless it is the specialist unit's."""
    if not three_or_more(norms, suspects, offences):
        return norms.route
    laid_down = norms.parameters
    return Route(
        "specialist",
        unit=laid_down.three_or_more_unit,
        unit_name=laid_down.three_or_more_unit_name,
        category=norms.route.category,
    )


def hours_of(facts: Facts) -> Hours:
    """Return ``day`` for a working day within the hours of the day, else ``pooled``. Mobilised, all
    hours are pooled."""
    laid_down, time = facts.norms.parameters, facts.when.local.time()
    by_day = facts.when.day == "working" and laid_down.day_from <= time < laid_down.day_to
    return "day" if by_day and not facts.norms.mobilised else "pooled"
