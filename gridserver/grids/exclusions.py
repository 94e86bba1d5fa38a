"""Holes that are not the bureau's ground: enclaves of another, lakes; declared by a person.

Hamtramck lies in the middle of Detroit and is a town of its own. A hole that was declared so is no
fault of the draft, no repair fills it, and once the version is published it lies outside the
bureau's ground, however near a cell is.
"""

from __future__ import annotations

import shapely
from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from gis.crs import WGS84, to_wgs84
from gridserver.access.models import Account
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Invalid, NotFound
from gridserver.grids import inspection, mending, queries
from gridserver.grids.drafts import locked_draft
from gridserver.grids.models import Exclusion, GridVersion


def declare(
    session: Session, actor: Principal | None, name: str, lon: float, lat: float, why: str
) -> Exclusion:
    """Declare the hole of a draft around a point (degrees, EPSG:4326) not the bureau's.

    Raises
    ------
    Forbidden, NotFound, Conflict
        As `drafts.locked_draft`.
    Invalid
        ``grid.no_hole``: no gap, sliver or uncovered piece of the outline lies there, or it is
        declared already.
    GisError
        ``coordinates.*``.
    """
    lon, lat = to_wgs84(lon, lat, WGS84, field="lon/lat")
    version = _draft(session, actor, name)
    point = shapely.Point(lon, lat)
    found = inspection.find_faults(inspection.ground(session, version)).values()
    if not any(f.kind in mending.HOLES and f.geometry.covers(point) for f in found):
        raise Invalid(
            "grid.no_hole",
            f"At {lon:.6f}, {lat:.6f} is no gap that is a fault: give a point within one.",
            field="lon/lat",
        )
    made = Exclusion(
        version_id=version.id,
        lon=float(lon),
        lat=float(lat),
        why=why,
        account_id=actor.account_id if actor else None,
        at=now(session),
    )
    session.add(made)
    _look_again(session, version)
    _record(session, actor, Tag.GRID_EXCLUDE, version, made)
    return made


def withdraw(session: Session, actor: Principal | None, name: str, exclusion_id: int) -> None:
    """Take a declaration back; the hole is a fault again.

    Raises
    ------
    Forbidden, NotFound, Conflict
        As `drafts.locked_draft`; ``grid.unknown_exclusion``.
    """
    version = _draft(session, actor, name)
    made, _ = find(session, name, exclusion_id)
    session.delete(made)
    _look_again(session, version)
    _record(session, actor, Tag.GRID_INCLUDE, version, made)


def find(session: Session, name: str, exclusion_id: int) -> tuple[Exclusion, str | None]:
    """Return an exclusion of a version, and who declared it. Raises `NotFound`."""
    for made, who in of(session, queries.version(session, name)):
        if made.id == exclusion_id:
            return made, who
    raise NotFound("grid.unknown_exclusion", f"Version {name} has no exclusion {exclusion_id}.")


def of(session: Session, version: GridVersion) -> list[tuple[Exclusion, str | None]]:
    """Return the exclusions of a version, the first declared first, and who declared each."""
    query = select(Exclusion, Account.display_name).outerjoin(
        Account, Account.id == Exclusion.account_id
    )
    rows = session.execute(query.where(Exclusion.version_id == version.id).order_by(Exclusion.id))
    return [(exclusion, who) for exclusion, who in rows]


def copy(session: Session, origin: GridVersion, made: GridVersion) -> None:
    """Declare of a copy what was declared of its origin, by whom and when."""
    said = (Exclusion.lon, Exclusion.lat, Exclusion.why, Exclusion.account_id, Exclusion.at)
    rows = select(literal(made.id), *said).where(Exclusion.version_id == origin.id)
    names = ["version_id", *(column.key for column in said)]
    session.execute(insert(Exclusion).from_select(names, rows.order_by(Exclusion.id)))


def _draft(session: Session, actor: Principal | None, name: str) -> GridVersion:
    """Return the draft, locked. An exclusion concerns no cell, so any revision will do."""
    if actor is not None:
        require(actor, "grid.edit")
    version = queries.version(session, name)
    session.refresh(version, with_for_update=True)
    return locked_draft(session, actor, name, version.revision)


def _look_again(session: Session, version: GridVersion) -> None:
    """Forget what the last check found: it no longer holds."""
    version.report = None
    version.state = "draft"
    session.flush()


def _record(
    session: Session, actor: Principal | None, tag: Tag, version: GridVersion, made: Exclusion
) -> None:
    audit.record(
        session,
        actor,
        tag,
        subject_kind="grid_version",
        subject_id=version.name,
        purpose=made.why,
        data={"exclusion": made.id},
        place=(made.lon, made.lat),
    )
