"""Who needs to know: the officers of the area now, and those who come on duty there later."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, literal, select, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.bulletins.models import Bulletin, BulletinRecipient
from gridserver.bulletins.rules import Area
from gridserver.force import audiences
from gridserver.force.audiences import Audience
from gridserver.grids import queries as grids
from gridserver.org import queries as org

#: Auxiliaries take checks and report hazards; a bulletin's personal data isn't for them.
SWORN = "officer"


def reached(session: Session, area: Area) -> list[str]:
    """Return the codes of the units that an area reaches: the stations of its cells, and its units.

    Raises
    ------
    Invalid
        ``bulletin.area`` naming ``area.cells`` or ``area.units``, for a code that isn't there, or
        for the bureau's own: that is everybody, and needs a reason.
    """
    stations = _stations(session, area.cells)
    _check_known(area.cells, set(stations), "cells")
    _check_known(area.units, set(org.paths_by_code(session, set(area.units))), "units")
    _check_not_everyone(session, area.units)
    named = {code for code in stations.values() if code is not None}
    return sorted(named | set(area.units))


def add_new(session: Session, row: Bulletin) -> list[int]:
    """Note everyone who is meant now and wasn't told yet, in one statement however many they are;
    return their accounts."""
    parts = _meant(session, row)
    if not parts:
        return []
    meant = union(*parts).subquery()
    added = (
        insert(BulletinRecipient)
        .from_select(
            ["bulletin_id", "account_id", "unit_id", "told_at"],
            select(
                literal(row.id),
                meant.c.account_id,
                meant.c.unit_id,
                literal(now(session)),
            ),
        )
        .on_conflict_do_nothing()
        .returning(BulletinRecipient.account_id)
    )
    return list(session.scalars(added))


def told(session: Session, bulletin_id: int) -> list[int]:
    """Return everyone who was told of a bulletin."""
    chosen = BulletinRecipient.bulletin_id == bulletin_id
    return list(session.scalars(select(BulletinRecipient.account_id).where(chosen)))


def _meant(session: Session, row: Bulletin) -> list[Select[Any]]:
    """Return who is meant now: who is on duty in the units reached, and the cells' owners."""
    bureau = org.bureau(session).path
    on_duty = (
        Audience(everyone=True, on_duty=True)
        if row.area_whole
        else Audience(units=tuple(row.reaches), on_duty=True)
    )
    parts = [_officers(session, on_duty, bureau)] if row.area_whole or row.reaches else []
    # A new grid may lack a cell of the area; the rest of it still needs to know.
    if cells := tuple(_stations(session, row.area_cells)):
        parts.append(_officers(session, Audience(cells=cells), bureau))
    return parts


def _officers(session: Session, audience: Audience, path: str) -> Select[Any]:
    people = audiences.members(session, audience, path).subquery()
    chosen = select(people.c.account_id, people.c.unit_id)
    return chosen.where(people.c.kind == SWORN)


def _stations(session: Session, cells: tuple[str, ...] | list[str]) -> dict[str, str | None]:
    """Return the station of each of these cells that the grid in force has."""
    version = grids.find_version_in_force(session, now(session)) if cells else None
    if version is None:
        return {}
    wanted = set(cells)
    places = grids.cell_places(session, version.id)
    return {place.code: place.station_code for place in places if place.code in wanted}


def _check_known(wanted: tuple[str, ...], there: set[str], name: str) -> None:
    if missing := sorted(set(wanted) - there):
        field = f"area.{name}"
        raise Invalid(
            "bulletin.area",
            f"{field}: {missing[0]} is not there; choose it from the list or the map.",
            field=field,
        )


def _check_not_everyone(session: Session, units: tuple[str, ...]) -> None:
    if units and org.bureau(session).code in units:
        raise Invalid(
            "bulletin.area",
            "area.units: the bureau is everybody; say `whole`, and in `reason` why.",
            field="area.units",
        )
