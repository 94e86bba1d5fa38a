"""Taking the force in from tables, and giving it out as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from gridserver.access.models import Account
from gridserver.audit import service as audit
from gridserver.force import amending, merging, posts, service
from gridserver.force.models import Absence, Leadership, Officer, Ownership, Post, Shift
from gridserver.force.tables import (
    AbsenceRow,
    LeaderRow,
    OfficerRow,
    OwnershipRow,
    PostRow,
    ShiftRow,
    Tables,
    UnitRow,
)
from gridserver.force.workbook import refuse
from gridserver.org import queries as org_queries
from gridserver.org import service as org
from gridserver.org.models import Unit


def import_tables(
    session: Session,
    actor: audit.Actor | None,
    given: Tables,
    *,
    password_hash: str | None = None,
) -> dict[str, dict[str, int]]:
    """Bring the database to what `given` says; see `gridserver.force.merging`.

    Parameters
    ----------
    password_hash : str, optional
        For the accounts of new officers. Without it nobody can sign in to them until an admin
        sets a password.

    Returns
    -------
    dict
        Sheet → ``{"added": n, "changed": n, "unchanged": n}``.

    Raises
    ------
    Invalid
        ``force.bad_workbook``, with every fault in `errors`. Nothing is changed.
    """
    present = tables(session)
    if faults := merging.check(present, given):
        raise refuse(faults)
    plan = merging.plan(present, given)
    _apply_units(session, actor, plan.units)
    _apply_officers(session, actor, plan.officers, password_hash)
    officers = {officer.service_number: officer for officer in session.scalars(select(Officer))}
    _apply_ownership(session, actor, officers, plan.ownership)
    _apply_leaders(session, actor, officers, plan.leaders)
    _apply_posts(session, actor, plan.posts)
    _apply_rosters(session, actor, officers, plan.rosters)
    _apply_absences(session, actor, officers, plan.absences)
    return {name: dict(merging.counts(getattr(plan, name))) for name in merging.KEYS}


def tables(session: Session) -> Tables:
    """Return the whole force as tables, each by its key."""
    return Tables(
        units=_units(session),
        officers=_officers(session),
        ownership=_ownership(session),
        rosters=_rosters(session),
        absences=_absences(session),
        leaders=_leaders(session),
        posts=_posts(session),
    )


def _apply_units(
    session: Session, actor: audit.Actor | None, difference: merging.Difference[UnitRow]
) -> None:
    units = {unit.code: unit for unit in org_queries.units(session)}
    for row in difference.added:
        units[row.code] = org.add_unit(
            session,
            actor,
            code=row.code,
            kind=row.kind,
            name=row.name,
            parent=units[row.parent] if row.parent else None,
            name_en=row.name_en,
            mode=row.mode,
            lon=row.lon,
            lat=row.lat,
        )
    for row in difference.changed:
        org.change_unit(
            session,
            actor,
            units[row.code],
            name=row.name,
            name_en=row.name_en,
            mode=row.mode,
            lon=row.lon,
            lat=row.lat,
        )


def _apply_officers(
    session: Session,
    actor: audit.Actor | None,
    difference: merging.Difference[OfficerRow],
    password_hash: str | None,
) -> None:
    units = {unit.code: unit for unit in org_queries.units(session)}
    for row in difference.added:
        service.add_officer(
            session,
            actor,
            service_number=row.service_number,
            display_name=row.name,
            unit=units[row.unit],
            rank=row.rank,
            kind=row.kind,
            password_hash=password_hash,
        )
    for row in difference.changed:
        officer = session.scalars(
            select(Officer).where(Officer.service_number == row.service_number)
        ).one()
        amending.change_officer(session, actor, officer, display_name=row.name, rank=row.rank)
        if officer.unit_id != units[row.unit].id:
            amending.transfer(session, actor, officer, units[row.unit])


def _apply_ownership(
    session: Session,
    actor: audit.Actor | None,
    officers: Mapping[str, Officer],
    difference: merging.Difference[OwnershipRow],
) -> None:
    # Changes first: one that is ended earlier makes room for the next.
    for row in difference.changed:
        amending.end_ownership(
            session,
            actor,
            cell_code=row.cell,
            officer=officers[row.service_number],
            start=row.valid_from,
            end=row.valid_to,
        )
    for row in difference.added:
        service.assign_owner(
            session,
            actor,
            cell_code=row.cell,
            officer=officers[row.service_number],
            role=row.role,
            start=row.valid_from,
            end=row.valid_to,
        )


def _apply_leaders(
    session: Session,
    actor: audit.Actor | None,
    officers: Mapping[str, Officer],
    difference: merging.Difference[LeaderRow],
) -> None:
    units = {unit.code: unit for unit in org_queries.units(session)}
    # Changes first, as with ownership.
    for row in (*difference.changed, *difference.added):
        lead = posts.end_leadership if row in difference.changed else posts.appoint
        lead(
            session,
            actor,
            unit=units[row.unit],
            officer=officers[row.service_number],
            start=row.valid_from,
            end=row.valid_to,
        )


def _apply_posts(
    session: Session, actor: audit.Actor | None, difference: merging.Difference[PostRow]
) -> None:
    units = {unit.code: unit for unit in org_queries.units(session)}
    for row in (*difference.changed, *difference.added):
        posts.set_post(
            session,
            actor,
            code=row.code,
            name=row.name,
            unit=units[row.unit],
            watched=row.watched,
            lon=row.lon,
            lat=row.lat,
        )


def _apply_rosters(
    session: Session,
    actor: audit.Actor | None,
    officers: Mapping[str, Officer],
    difference: merging.Difference[ShiftRow],
) -> None:
    units = {unit.code: unit.id for unit in org_queries.units(session)}
    places = {post.code: post.id for post in session.scalars(select(Post))}
    amending.set_roster(
        session,
        actor,
        [
            amending.Duty(
                officers[row.service_number].id,
                row.duty,
                row.start,
                row.end,
                units[row.unit] if row.unit else None,
                places[row.post] if row.post else None,
            )
            for row in (*difference.changed, *difference.added)
        ],
    )


def _apply_absences(
    session: Session,
    actor: audit.Actor | None,
    officers: Mapping[str, Officer],
    difference: merging.Difference[AbsenceRow],
) -> None:
    for row in difference.changed:
        amending.change_absence(
            session,
            actor,
            officer=officers[row.service_number],
            start=row.start,
            end=row.end,
            reason=row.reason,
            stand_in=officers[row.stand_in] if row.stand_in else None,
        )
    for row in difference.added:
        service.set_absence(
            session,
            actor,
            officer=officers[row.service_number],
            reason=row.reason,
            start=row.start,
            end=row.end,
            stand_in=officers[row.stand_in] if row.stand_in else None,
        )


def _units(session: Session) -> tuple[UnitRow, ...]:
    codes = {unit.id: unit.code for unit in org_queries.units(session)}
    places = session.execute(select(Unit, ST_X(Unit.location), ST_Y(Unit.location)))
    rows = (
        UnitRow(
            code=unit.code,
            kind=unit.kind,
            name=unit.name,
            name_en=unit.name_en,
            parent=codes[unit.parent_id] if unit.parent_id else None,
            mode=unit.mode,
            lon=lon,
            lat=lat,
        )
        for unit, lon, lat in places
    )
    return _by_key("units", rows)


def _officers(session: Session) -> tuple[OfficerRow, ...]:
    rows = session.execute(
        select(Officer.service_number, Account.display_name, Officer.kind, Unit.code, Officer.rank)
        .join(Account, Account.id == Officer.account_id)
        .join(Unit, Unit.id == Officer.unit_id)
    )
    return _by_key("officers", (OfficerRow(*row) for row in rows))


def _ownership(session: Session) -> tuple[OwnershipRow, ...]:
    rows = session.execute(
        select(
            Ownership.cell_code,
            Ownership.role,
            Officer.service_number,
            sa.func.lower(Ownership.valid),
            sa.func.upper(Ownership.valid),
        ).join(Officer, Officer.id == Ownership.officer_id)
    )
    return _by_key("ownership", (OwnershipRow(*row) for row in rows))


def _rosters(session: Session) -> tuple[ShiftRow, ...]:
    rows = session.execute(
        select(
            Officer.service_number,
            Shift.duty,
            sa.func.lower(Shift.during),
            sa.func.upper(Shift.during),
            Unit.code,
            Post.code,
        )
        .join(Officer, Officer.id == Shift.officer_id)
        .join(Unit, Unit.id == Shift.unit_id)
        .outerjoin(Post, Post.id == Shift.post_id)
    )
    return _by_key("rosters", (ShiftRow(*row) for row in rows))


def _absences(session: Session) -> tuple[AbsenceRow, ...]:
    stand_in = aliased(Officer)
    rows = session.execute(
        select(
            Officer.service_number,
            Absence.reason,
            sa.func.lower(Absence.during),
            sa.func.upper(Absence.during),
            stand_in.service_number,
        )
        .join(Officer, Officer.id == Absence.officer_id)
        .outerjoin(stand_in, stand_in.id == Absence.stand_in_id)
    )
    return _by_key("absences", (AbsenceRow(*row) for row in rows))


def _leaders(session: Session) -> tuple[LeaderRow, ...]:
    rows = session.execute(
        select(
            Unit.code,
            Officer.service_number,
            sa.func.lower(Leadership.valid),
            sa.func.upper(Leadership.valid),
        )
        .join(Officer, Officer.id == Leadership.officer_id)
        .join(Unit, Unit.id == Leadership.unit_id)
    )
    return _by_key("leaders", (LeaderRow(*row) for row in rows))


def _posts(session: Session) -> tuple[PostRow, ...]:
    rows = session.execute(
        select(
            Post.code, Post.name, Unit.code, Post.watched, ST_X(Post.point), ST_Y(Post.point)
        ).join(Unit, Unit.id == Post.unit_id)
    )
    return _by_key("posts", (PostRow(*row) for row in rows))


def _by_key(name: str, rows: Any) -> tuple[Any, ...]:
    return tuple(sorted(rows, key=merging.KEYS[name]))
