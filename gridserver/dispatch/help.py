"""Help for an incident: which field units are near, free and freshly seen, by road where a network
is loaded (梯次调度)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.crs import geodesic_distance_m
from gridserver.access.rules import Principal, require
from gridserver.base.clock import now
from gridserver.dispatch.models import Task
from gridserver.dispatch.rules.facts import FieldUnit
from gridserver.dispatch.rules.help import WhyNotUnit, nearness, proposed, why_not_unit
from gridserver.dispatch.tables import queries as tables
from gridserver.force import units as force
from gridserver.force.queries import Place
from gridserver.force.units import Standing
from gridserver.places import queries as places

#: The states in which who signed is away on the task.
_AWAY = ("signed", "en_route", "on_scene")
#: Of how many of the nearest of a tier the time by road is asked.
_ROUTED_OF_A_TIER = 6

Point = tuple[float, float]


@dataclass(frozen=True)
class Near:
    """A field unit as seen from a place, and where it is."""

    unit: FieldUnit
    position: Place | None
    why_not: WhyNotUnit | None


@dataclass(frozen=True)
class Help:
    """Who could help at a place: those to propose, the first first, and all the others with why
    not (None: others are nearer). `by_road`: whether there is a network to compute times on."""

    proposed: tuple[Near, ...]
    passed_over: tuple[Near, ...]
    by_road: bool


def field_units(session: Session, point: Point, position_fresh_s: int) -> tuple[FieldUnit, ...]:
    """Return all field units as facts of a decision about a place, by code.

    One round trip where there is none, two more for who is busy and whether there is a network, one
    for the times by road.

    Parameters
    ----------
    point
        Longitude and latitude, degrees, EPSG:4326.
    """
    return tuple(near.unit for near in _seen_from(session, point, position_fresh_s))


def nearest(session: Session, actor: Principal, point: Point) -> Help:
    """Return who could help at a place, whichever unit of the bureau they belong to.

    Raises
    ------
    Forbidden
        ``access.forbidden``.
    """
    require(actor, "force.read")
    fresh_s = tables.parameters(session, now(session)).position_fresh_s
    seen = _seen_from(session, point, fresh_s)
    first = proposed((near.unit for near in seen), fresh_s)
    by_code = {near.unit.code: near for near in seen}
    chosen = [by_code.pop(unit.code) for unit in first]
    rest = sorted(by_code.values(), key=lambda near: nearness(near.unit))
    return Help(tuple(chosen), tuple(rest), places.has_routing(session))


def nearby(session: Session, point: Point) -> tuple[FieldUnit, ...]:
    """Return the units to propose at a place, access unchecked: for what is kept of a task."""
    fresh_s = tables.parameters(session, now(session)).position_fresh_s
    return proposed(field_units(session, point, fresh_s), fresh_s)


def brief(unit: FieldUnit) -> dict[str, Any]:
    """Return a unit as a task's history keeps it: which, and how far it was."""
    return {name: getattr(unit, name) for name in ("code", "name", "minutes", "distance_m")}


def _seen_from(session: Session, point: Point, position_fresh_s: int) -> list[Near]:
    standing = force.standing(session)
    if not standing:
        return []
    busy = _busy(session, {account for unit in standing for account in unit.accounts})
    seen = [_near(session, unit, point, busy, position_fresh_s) for unit in standing]
    return _by_road(session, seen, point)


def _near(
    session: Session, unit: Standing, point: Point, busy: set[int], position_fresh_s: int
) -> Near:
    at = unit.position
    facts = FieldUnit(
        code=unit.code,
        name=unit.name,
        kind=unit.kind,
        free=busy.isdisjoint(unit.accounts),
        position_age_s=None if at is None else max(0, int((now(session) - at.at).total_seconds())),
        distance_m=None if at is None else geodesic_distance_m((at.lon, at.lat), point),
        name_en=unit.name_en,
        in_service=unit.in_service,
        crewed=bool(unit.crew),
    )
    return Near(facts, at, why_not_unit(facts, position_fresh_s))


def _by_road(session: Session, seen: list[Near], point: Point) -> list[Near]:
    """Give the nearest able units of each tier their minutes by road, where there are any."""
    of_tier: dict[str, int] = {}
    asked: list[Near] = []
    for near in sorted(seen, key=lambda near: nearness(near.unit)):
        if near.why_not is None:
            of_tier[near.unit.kind] = of_tier.get(near.unit.kind, 0) + 1
            if of_tier[near.unit.kind] <= _ROUTED_OF_A_TIER:
                asked.append(near)
    minutes = places.minutes_to(session, point, [_lon_lat(near.position) for near in asked])
    known = dict(zip((near.unit.code for near in asked), minutes, strict=True))
    return [
        replace(near, unit=replace(near.unit, minutes=known.get(near.unit.code))) for near in seen
    ]


def _lon_lat(position: Place | None) -> Point:
    if position is None:
        raise ValueError("an able unit has a position")
    return position.lon, position.lat


def _busy(session: Session, accounts: set[int]) -> set[int]:
    """Return who of these is away on a task."""
    away = select(Task.assignee_account_id).where(
        Task.assignee_account_id.in_(accounts), Task.ended_at.is_(None), Task.state.in_(_AWAY)
    )
    return {account for account in session.scalars(away) if account is not None}
