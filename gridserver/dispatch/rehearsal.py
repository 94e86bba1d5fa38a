"""A rehearsal: what a grid version would have made of the incidents of the last days.

Both grids are asked for the same places, with the owners of today, so that whatever differs comes
from the boundaries and codes alone.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from gis.locator import Locator
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.force import queries as force
from gridserver.force.queries import PersonRef
from gridserver.grids import queries as grids
from gridserver.incidents import queries as incidents
from gridserver.incidents.queries import ReportedPlace
from gridserver.org import queries as org

MOST_DAYS = 366


@dataclass(frozen=True)
class Answer:
    """A place's cell, and its primary owner (A角): the one with the lowest service number."""

    cell: str | None
    owner: PersonRef | None

    @property
    def responsible(self) -> tuple[str, str | None]:
        """Who answers: the owner; where there is none, the cell stands for its command room."""
        return ("owner", self.owner.username) if self.owner else ("cell", self.cell)


@dataclass(frozen=True)
class Moved:
    """An incident that another would answer for."""

    incident: ReportedPlace
    before: Answer
    after: Answer


@dataclass(frozen=True)
class Load:
    """How many of the incidents fall to one cell or officer, in each of the two grids."""

    before: int
    after: int


@dataclass(frozen=True)
class Rehearsal:
    """What changes between the version in force (`before`) and another (`after`).

    Attributes
    ----------
    since
        From when on incidents were looked at.
    incidents
        How many.
    moved
        Those that another would answer for, oldest first.
    cells, officers
        Load by code, of all cells of the two versions, and by person, of all their owners.
    unowned
        Incidents in no cell, or in one without an owner.
    """

    before: str
    after: str
    since: dt.datetime
    incidents: int
    moved: tuple[Moved, ...]
    cells: Mapping[str, Load]
    officers: Mapping[PersonRef, Load]
    unowned: Load


def rehearse(session: Session, actor: Principal | None, name: str, days: int) -> Rehearsal:
    """Rehearse a version, in whatever state, on the incidents of the last `days` days.

    Where they lay is shown to who may edit the grid, so the ledger keeps that they looked.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's grid.
    Invalid
        ``input.number``: `days` from 1 to `MOST_DAYS`.
    NotFound
        There is no such version, or none in force to compare it with.
    """
    if actor is not None:
        require(actor, "grid.edit", org.bureau(session).path)
    moment = now(session)
    since = moment - dt.timedelta(days=reading.number(days, "days", least=1, most=MOST_DAYS))
    version = grids.version(session, name)
    present = grids.version_in_force(session, moment)
    places = incidents.places_since(session, since)
    owners = force.primary_owners(session, moment)
    sides = [grids.locator(session, v.id) for v in (present, version)]
    before, after = ([_answer(c, owners) for c in _codes(side, places)] for side in sides)
    audit.record(
        session,
        actor,
        Tag.GRID_REHEARSE,
        subject_kind="grid_version",
        subject_id=name,
        data={"days": days, "incidents": len(places)},
    )
    return compare(present.name, name, since, places, before, after, _all(sides), owners)


def compare(
    before_name: str,
    after_name: str,
    since: dt.datetime,
    places: Sequence[ReportedPlace],
    before: Sequence[Answer],
    after: Sequence[Answer],
    codes: Iterable[str],
    owners: Mapping[str, PersonRef],
) -> Rehearsal:
    """Count what changes, from the answers of the two grids to the same places. Pure."""
    codes = sorted(codes)
    people = {owners[code] for code in codes if code in owners}
    return Rehearsal(
        before=before_name,
        after=after_name,
        since=since,
        incidents=len(places),
        moved=tuple(
            Moved(place, was, becomes)
            for place, was, becomes in zip(places, before, after, strict=True)
            if was.responsible != becomes.responsible
        ),
        cells=_loads(codes, [a.cell for a in before], [a.cell for a in after]),
        officers=_loads(
            sorted(people, key=lambda person: person.username),
            [a.owner for a in before],
            [a.owner for a in after],
        ),
        unowned=Load(*(sum(a.owner is None for a in side) for side in (before, after))),
    )


def document(found: Rehearsal) -> dict[str, Any]:
    """Return a rehearsal as JSON-able values."""
    return {
        "from": found.before,
        "to": found.after,
        "since": found.since.isoformat(),
        "incidents": found.incidents,
        "moved": [
            {
                "incident": moved.incident.id,
                "number": moved.incident.number,
                "lon": moved.incident.lon,
                "lat": moved.incident.lat,
                "from": _said(moved.before),
                "to": _said(moved.after),
            }
            for moved in found.moved
        ],
        "cells": [
            {"code": code, "before": load.before, "after": load.after}
            for code, load in found.cells.items()
        ],
        "officers": [
            {
                "username": person.username,
                "display_name": person.display_name,
                "before": load.before,
                "after": load.after,
            }
            for person, load in found.officers.items()
        ],
        "unowned": {"before": found.unowned.before, "after": found.unowned.after},
    }


def _codes(locator: Locator, places: Sequence[ReportedPlace]) -> list[str | None]:
    """Return each place's cell, with its accuracy where it has one, as at intake."""
    codes, _ = locator.locate_many([p.lon for p in places], [p.lat for p in places])
    return [
        locator.locate(place.lon, place.lat, place.accuracy_m).code if place.accuracy_m else code
        for place, code in zip(places, codes, strict=True)
    ]


def _all(sides: Iterable[Locator]) -> set[str]:
    return {code for side in sides for code in side.codes if code}


def _answer(cell: str | None, owners: Mapping[str, PersonRef]) -> Answer:
    return Answer(cell, owners.get(cell) if cell else None)


def _loads(keys: Iterable[Any], before: Sequence[Any], after: Sequence[Any]) -> dict[Any, Load]:
    counts = Counter(before), Counter(after)
    return {key: Load(counts[0][key], counts[1][key]) for key in keys}


def _said(answer: Answer) -> dict[str, Any]:
    owner = answer.owner
    return {
        "cell": answer.cell,
        "owner": owner and {"username": owner.username, "display_name": owner.display_name},
    }
