"""Police posts (警务站, 警务室), and who leads which unit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.force.models import Leadership, Officer, Post
from gridserver.force.people import PersonOfForce, readable
from gridserver.force.queries import UnitRef
from gridserver.force.recording import add, record, refusing_overlap
from gridserver.force.rules import check_range
from gridserver.org.models import Unit
from gridserver.org.service import place


@dataclass(frozen=True)
class PostCard:
    """A post as others show it; `lon`, `lat` in degrees, EPSG:4326, None where it isn't known."""

    code: str
    name: str
    unit: UnitRef
    watched: bool
    lon: float | None
    lat: float | None


@dataclass(frozen=True)
class LeaderCard:
    """Who leads a unit, from when to when (None: until further notice)."""

    unit: UnitRef
    officer: PersonOfForce
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None


def posts(session: Session, actor: Principal) -> list[PostCard]:
    """Return the posts of the units that `actor` may see, by code."""
    rows = session.execute(
        select(
            Post.code,
            Post.name,
            Unit.code.label("unit_code"),
            Unit.name.label("unit_name"),
            Post.watched,
            ST_X(Post.point).label("lon"),
            ST_Y(Post.point).label("lat"),
        )
        .join(Unit, Unit.id == Post.unit_id)
        .where(readable(actor))
        .order_by(Post.code)
    )
    return [
        PostCard(r.code, r.name, UnitRef(r.unit_code, r.unit_name), r.watched, r.lon, r.lat)
        for r in rows
    ]


def leaders(session: Session, actor: Principal) -> list[LeaderCard]:
    """Return who leads the units that `actor` may see, now and later, by unit and number."""
    rows = session.execute(
        select(
            Unit.code.label("unit_code"),
            Unit.name.label("unit_name"),
            Account.username,
            Officer.service_number,
            Account.display_name,
            Leadership.valid,
        )
        .join(Unit, Unit.id == Leadership.unit_id)
        .join(Officer, Officer.id == Leadership.officer_id)
        .join(Account, Account.id == Officer.account_id)
        .where(readable(actor))
        .where(sa.func.coalesce(sa.func.upper(Leadership.valid) > now(session), sa.true()))
        .order_by(Unit.path, Officer.service_number, sa.func.lower(Leadership.valid))
    )
    return [
        LeaderCard(
            UnitRef(row.unit_code, row.unit_name),
            PersonOfForce(row.username, row.service_number, row.display_name),
            row.valid.lower,
            row.valid.upper,
        )
        for row in rows
    ]


def set_post(
    session: Session,
    actor: audit.Actor | None,
    *,
    code: str,
    name: str,
    unit: Unit,
    watched: bool,
    lon: float | None,
    lat: float | None,
) -> None:
    """Add a post, or change the one that has the code."""
    post = session.scalar(select(Post).where(Post.code == code)) or Post(code=code)
    before = _told(session, post) if post.id else None
    post.name, post.unit_id, post.watched = name, unit.id, watched
    post.point = place(lon, lat)
    session.add(post)
    session.flush()
    audit.record(
        session,
        actor,
        Tag.POST_SET,
        subject_kind="post",
        subject_id=code,
        place=None if lon is None or lat is None else (lon, lat),
        before=before,
        after=_told(session, post),
    )


def _told(session: Session, post: Post) -> dict[str, object]:
    unit = session.get_one(Unit, post.unit_id)
    return {"name": post.name, "unit": unit.code, "watched": post.watched}


def appoint(
    session: Session,
    actor: audit.Actor | None,
    *,
    unit: Unit,
    officer: Officer,
    start: dt.datetime,
    end: dt.datetime | None = None,
) -> None:
    """Have an officer lead a unit from `start` to before `end` (None: until further notice).

    Raises
    ------
    Invalid
        An auxiliary, or an end that isn't after the start.
    Conflict
        The officer leads the unit already at some time in the range.
    """
    if officer.kind != "officer":
        raise Invalid(
            "leadership.auxiliary",
            f"{officer.service_number} is an auxiliary and leads no unit.",
            field="service_number",
        )
    check_range(start, end, start_field="valid_from", end_field="valid_to")
    leads = Leadership(unit_id=unit.id, officer_id=officer.id, valid=Range(start, end))
    add(session, leads, f"{officer.service_number} leads {unit.code}", "ex_leadership_once")
    record(session, actor, Tag.LEADERSHIP_APPOINT, officer, {"unit": unit.code})


def end_leadership(
    session: Session,
    actor: audit.Actor | None,
    *,
    unit: Unit,
    officer: Officer,
    start: dt.datetime,
    end: dt.datetime | None,
) -> None:
    """Have the leadership that began at `start` end at `end` (None: until further notice).

    Raises as `appoint` does.
    """
    check_range(start, end, start_field="valid_from", end_field="valid_to")
    leads = session.scalars(
        select(Leadership).where(
            Leadership.unit_id == unit.id,
            Leadership.officer_id == officer.id,
            sa.func.lower(Leadership.valid) == start,
        )
    ).one()
    what = f"{officer.service_number} leads {unit.code}"
    with refusing_overlap(session, "ex_leadership_once", "leadership.overlaps", what):
        leads.valid = Range(start, end)
        session.flush()
    data = {"unit": unit.code, "end": end.isoformat() if end else None}
    record(session, actor, Tag.LEADERSHIP_END, officer, data)
