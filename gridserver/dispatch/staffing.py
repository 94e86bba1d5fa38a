"""Where a station departs from the bureau's staffing norms. It is shown, and forbids nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.base.clock import now
from gridserver.dispatch.rules import Because
from gridserver.dispatch.tables import queries as tables
from gridserver.force import strength
from gridserver.force.strength import Strength
from gridserver.grids import queries as grids
from gridserver.grids.queries import DescribedCell
from gridserver.org import queries as org
from gridserver.org.models import Unit

#: The counts of a cell, and the norm for one officer of each.
_COUNTS = {"households": "households_per_officer", "people": "people_per_officer"}


@dataclass(frozen=True)
class Norms:
    """The bureau's staffing norms.

    Attributes
    ----------
    households_per_officer, people_per_officer
        Of all the cells of a primary owner.
    community_share
        Community officers of a two-team station's officers, at least; 0 to 1.
    two_teams_from, two_teams_from_with_auxiliaries
        Officers from which on a station has two teams; the second where it has at least as many
        auxiliaries as officers.
    """

    households_per_officer: int = 1000
    people_per_officer: int = 3000
    community_share: float = 0.4
    two_teams_from: int = 25
    two_teams_from_with_auxiliaries: int = 15


@dataclass(frozen=True)
class Station:
    """A station with its strength, how many cells it has, and where it departs from a norm.

    `uncounted` of the cells have no count of households.
    """

    code: str
    name: str
    mode: str | None
    strength: Strength
    cells: int
    uncounted: int
    departures: tuple[Because, ...]


def stations(session: Session, actor: Principal) -> tuple[Norms, list[Station]]:
    """Return the staffing norms, and the stations that `actor` may see the force of, by code.

    Raises
    ------
    Forbidden
        The actor may see nobody's.
    """
    require(actor, "force.read")
    moment = now(session)
    book = tables.book(session)
    norms = Norms(**{name: book.parameter(name, moment) for name in vars(Norms())})
    strengths, held = strength.strengths(session), strength.holdings(session, moment)
    version = grids.find_version_in_force(session, moment)
    cells: dict[str | None, list[DescribedCell]] = defaultdict(list)
    for cell in grids.described(session, version.id) if version else ():
        cells[cell.station].append(cell)
    return norms, [
        _station(unit, strengths[unit.code], cells[unit.code], held, norms)
        for unit in org.units(session, "station")
        if actor.may("force.read", unit.path)
    ]


def departures(
    mode: str | None,
    force: Strength,
    cells: Sequence[DescribedCell],
    held: Sequence[tuple[str, ...]],
    norms: Norms,
) -> Iterator[Because]:
    """Give where a station departs from a norm. Pure.

    Parameters
    ----------
    held
        The cells that each primary owner has; several owners of a cell have equal parts of it.
    """
    yield from _of_mode(mode, force, norms)
    owners = Counter(code for codes in held for code in codes)
    by_code = {cell.code: cell for cell in cells}
    for cell in cells:
        if cell.code not in owners:
            yield _of_cells("no_owner", [cell])
    for codes in dict.fromkeys(held):
        theirs = [by_code[code] for code in codes if code in by_code]
        for name, norm in _COUNTS.items():
            count = sum(cell.attributes.get(name, 0) / owners[cell.code] for cell in theirs)
            limit = getattr(norms, norm)
            if count > limit:
                yield _of_cells(name, theirs, value=round(count), limit=limit)


def _of_mode(mode: str | None, force: Strength, norms: Norms) -> Iterator[Because]:
    officers, auxiliaries = force.officers, force.auxiliaries
    limit = norms.two_teams_from
    if mode == "two_rooms_many_areas" and officers >= limit:
        yield Because("staffing.two_rooms", {"officers": officers, "limit": limit})
    if mode != "two_teams_one_room":
        return
    if auxiliaries >= officers:
        limit = norms.two_teams_from_with_auxiliaries
    if officers < limit:
        params = {"officers": officers, "auxiliaries": auxiliaries, "limit": limit}
        yield Because("staffing.two_teams", params)
    if force.community < norms.community_share * officers:
        said = {"community": force.community, "officers": officers}
        share = round(100 * force.community / officers)
        limits = {"share": share, "limit": round(100 * norms.community_share)}
        yield Because("staffing.community_share", said | limits)


def _of_cells(code: str, cells: Sequence[DescribedCell], **params: Any) -> Because:
    named = {
        "cells": [cell.code for cell in cells],
        "cell_names": [cell.name or cell.code for cell in cells],
    }
    return Because(f"staffing.{code}", named | params)


def _station(
    unit: Unit,
    force: Strength,
    cells: Sequence[DescribedCell],
    held: Sequence[tuple[str, ...]],
    norms: Norms,
) -> Station:
    return Station(
        code=unit.code,
        name=unit.name,
        mode=unit.mode,
        strength=force,
        cells=len(cells),
        uncounted=sum("households" not in cell.attributes for cell in cells),
        departures=tuple(departures(unit.mode, force, cells, held, norms)),
    )
