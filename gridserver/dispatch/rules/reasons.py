"""Why a step stands where it does: the reasons' codes and what their texts name. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gridserver.dispatch.norms import Hours, Route
from gridserver.dispatch.rules.facts import Facts
from gridserver.dispatch.rules.ladder import OF_ROUTE, ROOMS, Candidate, WhyNot, why_not
from gridserver.dispatch.rules.values import Because, Kind, Place

#: How the cell was found → why its primary comes first.
_PRIMARY_BY_METHOD = {
    "covers": "primary.owns_cell",
    "boundary": "primary.boundary",
    "largest_share": "primary.largest_share",
    "nearest": "primary.nearest",
}
_ALL: Mapping[WhyNot, str] = {
    "absent": "primary_absent",
    "off_duty": "primary_off_duty",
    "unreachable": "primary_unreachable",
}

PassedOver = Sequence[tuple[Candidate, WhyNot]]


def first_reason(
    facts: Facts, route: Route, hours: Hours, chosen: Candidate, passed_over: PassedOver
) -> Because:
    """Return why the first step stands there, with how its cell was found."""
    place = facts.place
    params = _params(facts, route, chosen, passed_over)
    params |= {"neighbours": list(place.neighbours)}
    if place.method == "nearest" and place.distance_m is not None:
        params["distance_m"] = round(place.distance_m, 1)
    if chosen.fallback:
        params |= {"route": route.kind, "hours": hours}
    return Because(_first_code(facts, route, hours, chosen), without_empty(params))


def next_reason(facts: Facts, route: Route, chosen: Candidate, passed_over: PassedOver) -> Because:
    """Return why a step stands after another."""
    params = _params(facts, route, chosen, passed_over)
    if facts.norms.mobilised:
        return Because("step.at_once", without_empty(params | {"rung": chosen.rung}))
    stem = "stand_in" if chosen.stands_in_for else chosen.rung
    return Because(f"{stem}.unsigned", without_empty(params))


def unsigned(place: Place, kind: Kind) -> Because:
    """Return why a step stands where the one before wasn't signed in time."""
    return Because(f"{kind}.unsigned", without_empty(_where(place)))


def without_empty(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that say something."""
    return {name: value for name, value in params.items() if value not in (None, [])}


def _params(
    facts: Facts, route: Route, chosen: Candidate, passed_over: PassedOver
) -> dict[str, Any]:
    absentee = chosen.stands_in_for
    named: dict[str, list[str]] = {"absent": [], "off_duty": [], "unreachable": []}
    for candidate, why in passed_over:
        if candidate.person is not absentee:
            named[why].append(candidate.person.display_name)
    return {
        **_where(facts.place),
        "unit_name": (route.unit_name or route.unit) if chosen.rung in OF_ROUTE else None,
        "stands_in_for": absentee and absentee.display_name,
        **named,
    }


def _where(place: Place) -> dict[str, Any]:
    return {
        "cell": place.cell,
        "cell_name": place.cell_name or place.cell,
        "station": place.station,
        "station_name": place.station_name or place.station,
    }


def _first_code(facts: Facts, route: Route, hours: Hours, chosen: Candidate) -> str:
    rung = chosen.rung
    if chosen.stands_in_for:
        return "stand_in.named"
    if rung in ROOMS:
        return f"{rung}.{_why_room(facts, route, hours, chosen)}"
    if chosen.fallback:
        return f"{rung}.fallback"
    if rung == "primary":
        return _PRIMARY_BY_METHOD[facts.place.method]
    if rung == "backup":
        return f"backup.{_why_no_primary(facts)}"
    if rung in {"group", "team_leader", "duty_leader"}:
        return f"{rung}.nobody_before"
    own = {officer.account_id for officer in (*facts.primaries, *facts.backups)}
    if rung == "duty_group" and chosen.person.account_id in own:
        return "duty_group.own_cell"
    return f"{rung}.on_duty"


def _why_room(facts: Facts, route: Route, hours: Hours, chosen: Candidate) -> str:
    if facts.place.cell is None:
        return "no_grid" if facts.place.grid_version is None else "outside"
    ladder = facts.norms.ladder(route.kind, hours)
    before = [rung for rung in ladder[: ladder.index(chosen.rung)] if rung not in ROOMS]
    if not before:
        return "hand_over" if route.kind == "hand_over" else "decides"
    return "nobody_on_duty" if facts.primaries or facts.backups else "no_owner"


def _why_no_primary(facts: Facts) -> str:
    if not facts.primaries:
        return "no_primary"
    reasons: set[WhyNot | None] = {why_not(owner, facts.norms) for owner in facts.primaries}
    if None in reasons:
        return "nobody_before"
    alone = next(iter(reasons)) if len(reasons) == 1 else None
    return _ALL[alone] if alone else "primary_unavailable"
