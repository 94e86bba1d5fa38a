"""Making units."""

from __future__ import annotations

from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.errors import Conflict, Invalid
from gridserver.org.models import KINDS, MODES, Unit


def add_unit(
    session: Session,
    actor: audit.Actor | None,
    *,
    code: str,
    kind: str,
    name: str,
    parent: Unit | None = None,
    name_en: str | None = None,
    mode: str | None = None,
    lon: float | None = None,
    lat: float | None = None,
) -> Unit:
    """Add a unit below `parent` (None for the bureau, of which there is one).

    Parameters
    ----------
    lon, lat : float, optional
        Where it is, degrees, EPSG:4326.

    Raises
    ------
    Invalid
        An unknown kind or mode, a code with other characters than letters, digits, ``-``, ``_``.
    Conflict
        The code is taken, or there is a bureau already.
    """
    _check(code, kind, mode, parent)
    if session.scalar(select(Unit.id).where(Unit.code == code)):
        raise Conflict("unit.exists", f"Unit {code} exists.", field="code")
    if parent is None and session.scalar(select(Unit.id).where(Unit.kind == "bureau")):
        raise Conflict("unit.second_bureau", "There is a bureau already.", field="kind")
    unit = Unit(
        code=code,
        kind=kind,
        name=name,
        name_en=name_en,
        parent_id=parent.id if parent else None,
        path=f"{parent.path}.{code}" if parent else code,
        mode=mode,
        location=place(lon, lat),
    )
    session.add(unit)
    session.flush()
    audit.record(session, actor, Tag.UNIT_ADD, subject_kind="unit", subject_id=code)
    return unit


def change_unit(
    session: Session,
    actor: audit.Actor | None,
    unit: Unit,
    *,
    name: str,
    name_en: str | None,
    mode: str | None,
    lon: float | None,
    lat: float | None,
) -> None:
    """Change what may change of a unit: its names, its mode, where it is.

    Raises `Invalid` for a mode that doesn't exist or isn't for this kind of unit.
    """
    _check_mode(unit.kind, mode)
    before = _told(unit)
    unit.name, unit.name_en, unit.mode = name, name_en, mode
    unit.location = place(lon, lat)
    session.flush()
    audit.record(
        session,
        actor,
        Tag.UNIT_CHANGE,
        subject_kind="unit",
        subject_id=unit.code,
        place=None if lon is None or lat is None else (lon, lat),
        before=before,
        after=_told(unit),
    )


def _told(unit: Unit) -> dict[str, str | None]:
    return {"name": unit.name, "name_en": unit.name_en, "mode": unit.mode}


def place(lon: float | None, lat: float | None) -> WKBElement | None:
    """Return the point to store, or None where the place isn't known."""
    return None if lon is None or lat is None else from_shape(Point(lon, lat), srid=4326)


def _check(code: str, kind: str, mode: str | None, parent: Unit | None) -> None:
    if kind not in KINDS:
        raise Invalid("unit.unknown_kind", f"kind must be one of {', '.join(KINDS)}.", field="kind")
    _check_mode(kind, mode)
    if not code.replace("-", "").replace("_", "").isalnum() or not code.isascii():
        raise Invalid(
            "unit.bad_code", "code takes letters, digits, '-' and '_' only.", field="code"
        )
    if (parent is None) != (kind == "bureau"):
        raise Invalid("unit.no_parent", "every unit but the bureau has a parent.", field="parent")


def _check_mode(kind: str, mode: str | None) -> None:
    if mode is not None and (kind != "station" or mode not in MODES):
        raise Invalid(
            "unit.unknown_mode", f"mode is for stations: one of {', '.join(MODES)}.", field="mode"
        )
