"""What led to a decision, said in the order of the rules: where, what, when, mode, help. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from gridserver.dispatch.norms import Hours, Route
from gridserver.dispatch.rules.facts import Facts, FieldUnit
from gridserver.dispatch.rules.help import HELP_AT_PRIORITY, how_far, proposed
from gridserver.dispatch.rules.reasons import without_empty
from gridserver.dispatch.rules.routing import three_or_more
from gridserver.dispatch.rules.values import Because, Border

_SATURDAY = 5
_MINUTES = "%H:%M"


def notes(facts: Facts, route: Route, hours: Hours) -> Iterator[Because]:
    """Give what led to the decision."""
    yield _where(facts)
    if facts.border is not None:
        yield _border(facts.border)
    yield _what(facts, route)
    yield from _three_or_more(facts)
    yield _when(facts, hours)
    if facts.norms.mobilised:
        yield _mode(facts)
    if facts.priority == HELP_AT_PRIORITY and facts.field_units is not None:
        yield _help(facts.field_units, facts.norms.parameters.position_fresh_s)


def _note(code: str, **params: Any) -> Because:
    return Because(code, without_empty(params))


def _where(facts: Facts) -> Because:
    place = facts.place
    if place.cell is None:
        return _note("where.outside" if place.grid_version else "where.no_grid")
    runner_up, *others = place.neighbours or (None,)
    by_share = place.method == "largest_share"
    return _note(
        f"where.{place.method}{'_alone' if by_share and runner_up is None else ''}",
        cell=place.cell,
        cell_name=place.cell_name or place.cell,
        runner_up=runner_up if by_share else None,
        neighbours=others if by_share else list(place.neighbours),
        distance_m=round(place.distance_m or 0.0, 1) if place.method == "nearest" else None,
        grid_version=place.grid_version,
    )


def _border(border: Border) -> Because:
    return _note(
        "border.liaison" if border.contact else "border.no_contact",
        bureau={"zh-CN": border.name, "en": border.name_en or border.name},
        contact=border.contact,
        border_distance_m=round(border.distance_m),
    )


def _what(facts: Facts, route: Route) -> Because:
    return _note(
        "what.hand_over" if route.kind == "hand_over" else "what.route",
        broad_class=facts.norms.broad_class,
        route=route.kind,
        decided_by=route.decided_by,
        agency=route.agency,
        work_of=route.unit_name or route.unit,
    )


def _three_or_more(facts: Facts) -> Iterator[Because]:
    """Say where the numbers send a criminal case, once there are numbers."""
    norms, counted = facts.norms, facts.suspects + facts.offences
    if norms.broad_class != "criminal" or counted == 0 or not norms.parameters.three_or_more_unit:
        return
    reached = three_or_more(norms, facts.suspects, facts.offences)
    yield _note(
        "three_or_more.reached" if reached else "three_or_more.below",
        suspects=facts.suspects,
        offences=facts.offences,
        threshold=norms.parameters.three_or_more,
        specialist=norms.parameters.three_or_more_unit_name or norms.parameters.three_or_more_unit,
    )


def _when(facts: Facts, hours: Hours) -> Because:
    when, laid_down = facts.when, facts.norms.parameters
    return _note(
        f"when.{_what_hours(facts, hours)}",
        weekday=when.local.weekday(),
        time=when.local.strftime(_MINUTES),
        day_from=laid_down.day_from.strftime(_MINUTES),
        day_to=laid_down.day_to.strftime(_MINUTES),
        day_name=when.name,
    )


def _what_hours(facts: Facts, hours: Hours) -> str:
    if facts.norms.mobilised:
        return "mobilised"
    if facts.when.day != "working":
        return facts.when.day
    if hours == "pooled":
        return "after_hours"
    return "shifted_day" if facts.when.local.weekday() >= _SATURDAY else "day"


def _mode(facts: Facts) -> Because:
    # As the clock on the wall runs now: of the zone itself the stored facts keep the offset alone.
    mode, zone = facts.norms.mode, dt.timezone(facts.when.local.utcoffset() or dt.timedelta())
    return _note(
        "mode.mobilised",
        mobilised_unit=mode.unit_name or mode.unit,
        ordered_by=mode.ordered_by,
        why=mode.why,
        since=mode.since and mode.since.astimezone(zone).strftime(f"%Y-%m-%d {_MINUTES}"),
    )


def _help(units: Sequence[FieldUnit], position_fresh_s: int) -> Because:
    named = [vars(how_far(unit)) for unit in proposed(units, position_fresh_s)]
    return _note("help.proposed" if named else "help.none_free", units=named)
