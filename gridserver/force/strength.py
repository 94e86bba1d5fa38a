"""How many serve at each station, and which cells each officer has."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridserver.force.models import Officer, Ownership
from gridserver.org import queries as org
from gridserver.org.models import Unit


@dataclass(frozen=True)
class Strength:
    """Who serves at a station and below it; `community` are those of its officers who are in a
    group (警组), or in a team that has groups."""

    officers: int = 0
    auxiliaries: int = 0
    community: int = 0


def strengths(session: Session) -> dict[str, Strength]:
    """Return the strength of every station, by its code."""
    units = org.units(session)
    with_groups = {unit.parent_id for unit in units if unit.kind == "group"}
    community = {
        unit.id
        for unit in units
        if unit.kind == "group" or (unit.kind == "team" and unit.id in with_groups)
    }
    counted = select(Officer.unit_id, Officer.kind, func.count()).group_by(
        Officer.unit_id, Officer.kind
    )
    found = {(unit_id, kind): count for unit_id, kind, count in session.execute(counted)}
    return {
        station.code: _strength(found, [u for u in units if _within(u, station)], community)
        for station in units
        if station.kind == "station"
    }


def holdings(session: Session, at: dt.datetime) -> list[tuple[str, ...]]:
    """Return the cell codes that each primary owner (A角) has at `at`, one entry for an officer."""
    rows = session.execute(
        select(Ownership.officer_id, Ownership.cell_code)
        .where(Ownership.role == "primary", Ownership.valid.contains(at))
        .order_by(Ownership.cell_code)
    )
    held: dict[int, list[str]] = defaultdict(list)
    for officer_id, code in rows:
        held[officer_id].append(code)
    return [tuple(codes) for codes in held.values()]


def _strength(
    found: Mapping[tuple[int, str], int], units: Sequence[Unit], community: Set[int]
) -> Strength:
    return Strength(
        officers=sum(found.get((unit.id, "officer"), 0) for unit in units),
        auxiliaries=sum(found.get((unit.id, "auxiliary"), 0) for unit in units),
        community=sum(found.get((u.id, "officer"), 0) for u in units if u.id in community),
    )


def _within(unit: Unit, station: Unit) -> bool:
    return unit.path == station.path or unit.path.startswith(f"{station.path}.")
