"""What the clock does to bulletins, in any number of workers."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.bulletins import queries, recipients, service, sightings, telling
from gridserver.bulletins.lifecycle import LIVE
from gridserver.bulletins.models import Bulletin, BulletinSighting
from gridserver.bulletins.queries import Found
from gridserver.bulletins.rules import DRAFT_KEPT
from gridserver.org import queries as org

#: How often it is looked who has come on duty in a bulletin's area.
LOOKED_EVERY = dt.timedelta(seconds=30)

_LIVE = Bulletin.state.in_(LIVE)
_DUE = (
    select(Bulletin)
    .where(
        Bulletin.ended_at.is_(None),
        or_(
            Bulletin.expires_at <= bindparam("now"),
            (Bulletin.state == "draft") & (Bulletin.updated_at <= bindparam("stale")),
            _LIVE & (Bulletin.validate_by <= bindparam("now")),
            (Bulletin.state == "provisional") & (Bulletin.approve_by <= bindparam("now")),
        ),
    )
    .order_by(Bulletin.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)
_TO_LOOK_AT = (
    select(Bulletin)
    .where(_LIVE, Bulletin.looked_at <= bindparam("before"))
    .order_by(Bulletin.looked_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)
_UNANSWERED = (
    select(BulletinSighting)
    .where(
        BulletinSighting.state.in_(("open", "promised")),
        BulletinSighting.answer_by <= bindparam("now"),
    )
    .order_by(BulletinSighting.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)


def end_due(session: Session, limit: int = 100) -> int:
    """End what is over: unapproved in time, expired, or not validated; return how many."""
    moment = now(session)
    asked = {"now": moment, "stale": moment - DRAFT_KEPT, "limit": limit}
    rows = session.scalars(_DUE, asked).all()
    units = org.units_by_id(session, {row.unit_id for row in rows})
    for row in rows:
        verb, because = _ending(row, moment)
        service.end_by_clock(session, Found(row, units[row.unit_id]), verb, because)
    return len(rows)


def tell_latecomers(session: Session, limit: int = 100) -> int:
    """Tell those who have come on duty in the area of a live bulletin; return how many bulletins
    were looked at."""
    moment = now(session)
    asked = {"before": moment - LOOKED_EVERY, "limit": limit}
    rows = session.scalars(_TO_LOOK_AT, asked).all()
    for row in rows:
        row.looked_at = moment
        telling.issued(session, row, recipients.add_new(session, row))
    session.flush()
    return len(rows)


def escalate_sightings(session: Session, limit: int = 100) -> int:
    """Raise what wasn't answered in time to the bureau's room; return how many sightings."""
    rows = session.scalars(_UNANSWERED, {"now": now(session), "limit": limit}).all()
    found = queries.by_id(session, {row.bulletin_id for row in rows})
    for row in rows:
        sightings.escalate(session, found[row.bulletin_id], row)
    return len(rows)


def _ending(row: Bulletin, moment: dt.datetime) -> tuple[str, str]:
    is_late = row.approve_by is not None and row.approve_by <= moment
    if row.state == "draft" or (row.state == "provisional" and is_late):
        return "lapse", "unapproved"
    is_over = row.expires_at is not None and row.expires_at <= moment
    return "expire", "expiry" if is_over else "validation"
