"""Reading units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, bindparam, false, or_, select
from sqlalchemy.orm import Session

from gridserver.base import db
from gridserver.base.errors import NotFound
from gridserver.org.models import Unit


def find_bureau(session: Session) -> Unit | None:
    """Return the bureau, or None in an empty installation."""
    return session.scalar(select(Unit).where(Unit.kind == "bureau"))


def bureau(session: Session) -> Unit:
    """Return the bureau. Raises `NotFound` with the remedy in an empty installation."""
    unit = find_bureau(session)
    if unit is None:
        raise NotFound(
            "unit.no_bureau", "There is no bureau yet: make one with `gridserver account add`."
        )
    return unit


def unit_by_code(session: Session, code: str, *, field: str = "unit") -> Unit:
    """Return the unit with `code`. Raises `NotFound` naming `field`."""
    unit = session.scalar(select(Unit).where(Unit.code == code))
    if unit is None:
        raise NotFound("unit.unknown", f"There is no unit {code!r}.", field=field)
    return unit


def units(
    session: Session,
    kind: str | None = None,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Sequence[Unit]:
    """Return all units, or those of one kind, by path; a page of them after the path `after`."""
    query = select(Unit).order_by(Unit.path).limit(limit)
    if kind is not None:
        query = query.where(Unit.kind == kind)
    if after is not None:
        query = query.where(Unit.path > after)
    return session.scalars(query).all()


def at_or_below(path: str) -> ColumnElement[bool]:
    """Return the condition that a unit is the one at `path` or stands below it."""
    return or_(Unit.path == path, Unit.path.startswith(path + ".", autoescape=True))


def within(paths: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a unit is at or below one of `paths`; of none of them it is
    false."""
    return or_(false(), *(at_or_below(path) for path in paths))


def units_by_id(session: Session, ids: set[int]) -> dict[int, Unit]:
    """Return the units with these ids."""
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))}


_PATHS = select(Unit.id, Unit.path).where(Unit.id.in_(bindparam("ids", expanding=True)))


def paths_by_id(session: Session, ids: set[int]) -> dict[int, str]:
    """Return the paths of the units with these ids."""
    return {row.id: row.path for row in db.rows(session, _PATHS, {"ids": list(ids)})}


def paths_by_code(session: Session, codes: set[str]) -> dict[str, str]:
    """Return the paths of units; codes that no unit has are left out."""
    units = session.scalars(select(Unit).where(Unit.code.in_(codes)))
    return {unit.code: unit.path for unit in units}


def bureau_and_station(session: Session, station_code: str | None) -> tuple[Unit, Unit | None]:
    """Return the bureau, and the station with the code (None where there is none), in one query."""
    wanted = or_(Unit.kind == "bureau", Unit.code == station_code)
    found = session.scalars(select(Unit).where(wanted).order_by(Unit.path)).all()
    bureaus = [unit for unit in found if unit.kind == "bureau"]
    stations = [unit for unit in found if unit.kind != "bureau"]
    return bureaus[0] if bureaus else bureau(session), stations[0] if stations else None
