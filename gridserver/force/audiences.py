"""Who is meant by an audience: everyone, units, the owners of cells, crews, named officers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from gridserver.access.models import Account, RoleGrant
from gridserver.access.rules import PERMISSIONS
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.force.models import FieldUnit, Officer, Ownership, UnitCrew
from gridserver.force.queries import absent_at, on_shift_at, stands_in_at
from gridserver.grids import queries as grids
from gridserver.org.models import Unit
from gridserver.org.queries import at_or_below

#: How many of a kind one audience may name.
MOST_NAMED = 1_000
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Audience:
    """Who is meant; the parts are joined.

    Attributes
    ----------
    everyone : bool
        Everyone of the unit that speaks, and of all below it.
    units : sequence of str
        Codes of units; all below them is meant too.
    cells : sequence of str
        Codes of cells: their owners now, A and B.
    field_units : sequence of str
        Codes of field units: who rides with them now.
    officers : sequence of str
        Service numbers.
    on_duty : bool
        Of all these, only who is on duty now, or stands in for one who is and is absent.
    """

    everyone: bool = False
    units: Sequence[str] = ()
    cells: Sequence[str] = ()
    field_units: Sequence[str] = ()
    officers: Sequence[str] = ()
    on_duty: bool = False


def members(session: Session, audience: Audience, path: str) -> Select[*tuple[Any, ...]]:
    """Return, as a query, who is in an audience that the unit at `path` speaks to.

    Each person comes once, whatever names them. Only who can sign in and has an inbox is there.

    Returns
    -------
    Select
        Of ``account_id, unit_id, path, username, display_name, service_number, kind, unit_code,
        unit_name, on_duty``, in no order.

    Raises
    ------
    Invalid
        ``audience.empty``; ``audience.too_many``; ``audience.unknown``, naming the field, for what
        doesn't exist or doesn't belong to the unit.
    """
    at = now(session)
    query = _people(at).where(sa.or_(*_parts(session, audience, path, at)))
    return query.where(_on_duty(at)) if audience.on_duty else query


def _people(at: dt.datetime) -> Select[*tuple[Any, ...]]:
    has_inbox = sa.exists().where(
        RoleGrant.account_id == Account.id, RoleGrant.role.in_(PERMISSIONS["inbox.read"])
    )
    return (
        select(
            Account.id.label("account_id"),
            Unit.id.label("unit_id"),
            Unit.path,
            Account.username,
            Account.display_name,
            Officer.service_number,
            Officer.kind,
            Unit.code.label("unit_code"),
            Unit.name.label("unit_name"),
            _on_duty(at).label("on_duty"),
        )
        .join(Officer, Officer.account_id == Account.id)
        .join(Unit, Unit.id == Officer.unit_id)
        .where(Account.disabled_at.is_(None), has_inbox)
    )


def _on_duty(at: dt.datetime) -> ColumnElement[bool]:
    return (on_shift_at(at) | stands_in_at(at)) & ~absent_at(at)


def _parts(
    session: Session, audience: Audience, path: str, at: dt.datetime
) -> list[ColumnElement[bool]]:
    units = _named(session, audience.units, "units", select(Unit.code).where(at_or_below(path)))
    cells = _cells(session, audience.cells, path, at)
    crews = _named(session, audience.field_units, "field_units", _field_units_of(path))
    officers = _named(session, audience.officers, "officers", _officers_of(path))
    if not (audience.everyone or units or cells or crews or officers):
        raise Invalid("audience.empty", "audience: say who is meant.", field="audience")
    parts = []
    if audience.everyone:
        parts.append(at_or_below(path))
    if units:
        parts.append(_below(units))
    if cells:
        owning = Ownership.cell_code.in_(cells) & Ownership.valid.contains(at)
        parts.append(Officer.id.in_(select(Ownership.officer_id).where(owning)))
    if crews:
        riding = UnitCrew.during.contains(at) & FieldUnit.code.in_(crews)
        rides = select(UnitCrew.officer_id).join(FieldUnit, FieldUnit.id == UnitCrew.field_unit_id)
        parts.append(Officer.id.in_(rides.where(riding)))
    if officers:
        parts.append(Officer.service_number.in_(officers))
    return parts


def _below(codes: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a person's unit is one of these or stands below one."""
    above = sa.alias(Unit.__table__)
    below = (Unit.path == above.c.path) | Unit.path.startswith(above.c.path + ".", autoescape=False)
    return sa.exists().where(above.c.code.in_(codes), below)


def _cells(session: Session, codes: Sequence[str], path: str, at: dt.datetime) -> set[str]:
    """Return the codes, checked: cells of the unit at `path` and of all below it. The bureau's are
    all, those without a station too."""
    wanted = _wanted(codes, "cells")
    version = grids.find_version_in_force(session, at) if wanted else None
    if version is None:
        return _known(wanted, set(), "cells")
    stations = set(session.scalars(select(Unit.code).where(at_or_below(path))))
    is_whole = "." not in path
    places = grids.cell_places(session, version.id)
    there = {cell.code for cell in places if is_whole or cell.station_code in stations}
    return _known(wanted, there, "cells")


def _field_units_of(path: str) -> Select[str]:
    return select(FieldUnit.code).join(Unit, Unit.id == FieldUnit.unit_id).where(at_or_below(path))


def _officers_of(path: str) -> Select[str]:
    belongs = select(Officer.service_number).join(Unit, Unit.id == Officer.unit_id)
    return belongs.where(at_or_below(path))


def _named(session: Session, names: Sequence[str], field: str, there: Select[str]) -> set[str]:
    wanted = _wanted(names, field)
    if not wanted:
        return wanted
    (name,) = there.selected_columns
    return _known(wanted, set(session.scalars(there.where(name.in_(wanted)))), field)


def _wanted(names: Sequence[str], field: str) -> set[str]:
    place = f"audience.{field}"
    if len(names) > MOST_NAMED:
        raise Invalid("audience.too_many", f"{place}: name {MOST_NAMED} at most.", field=place)
    return {reading.text(name, place, longest=_LONGEST_NAME) for name in names}


def _known(wanted: set[str], there: set[str], field: str) -> set[str]:
    if missing := sorted(wanted - there):
        place = f"audience.{field}"
        raise Invalid(
            "audience.unknown",
            f"{place}: {missing[0]} is not there, or belongs to another unit.",
            field=place,
        )
    return wanted
