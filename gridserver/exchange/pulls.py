"""The views that are read for sources: what an admin decides, who reads, and how far it came."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.exchange.models import Pull
from gridserver.exchange.views import View
from gridserver.org import queries as org
from gridserver.partners import service as partners

#: How long a worker may go on reading without a sign of life before another takes it for dead.
LEASE = dt.timedelta(seconds=90)

_LONGEST_NAME = 128
_LONGEST_POSITION = 200
_INTERVALS_S = (1, 86_400)
_MOST_OVERLAP = 1_000_000


@dataclass(frozen=True)
class Terms:
    """What an admin decides about a view.

    Attributes
    ----------
    view, cursor_column
        As `views.View`.
    interval_s
        Seconds between two readings.
    overlap
        How far before the last position a reading begins; see `views.View.rows`.
    start
        Rows up to this position are never taken; None: the last row that is there at the first
        reading, so that a view full of history makes no tasks.
    """

    view: str
    cursor_column: str
    interval_s: int = 10
    overlap: int = 60
    start: str | None = None
    enabled: bool = True


@dataclass(frozen=True)
class Claimed:
    """A view that this worker is to read."""

    partner_id: int
    partner_code: str
    view: View
    interval_s: int
    overlap: int
    start: str | None
    position: str | None
    read_at: dt.datetime | None
    lease: dt.datetime

    @property
    def is_first(self) -> bool:
        """Whether it is yet to be found out where this source begins."""
        return self.start is None and self.read_at is None


def locked(session: Session, actor: Principal, code: str) -> Pull | None:
    """Return a partner's pull for changing it, None where it has none. Raises `Forbidden`,
    `NotFound`."""
    partner = partners.locked(session, actor, code)
    return session.get(Pull, partner.id, with_for_update=True, populate_existing=True)


def present(session: Session, actor: Principal, code: str) -> Pull | None:
    """Return a partner's pull, None where it has none. Raises `Forbidden`, `NotFound`."""
    require(actor, "exchange.edit", org.bureau(session).path)
    return session.get(Pull, partners.partner(session, code).id, populate_existing=True)


def put(session: Session, actor: Principal, code: str, terms: Terms) -> Pull:
    """Decide how a partner's view is read. A reading that is on its way ends after its present row;
    another view or start begins anew.

    Raises
    ------
    Forbidden, NotFound
    Invalid
        ``input.*``: names the field.
    """
    terms, pull = _read(terms), locked(session, actor, code)
    before = {name: getattr(pull, name) for name in vars(terms)} if pull else None
    if pull is None:
        pull = Pull(partner_id=partners.partner(session, code).id)
        session.add(pull)
    now_wanted = (terms.view, terms.cursor_column, terms.start)
    if (pull.view, pull.cursor_column, pull.start) != now_wanted:
        pull.position, pull.error, pull.read_at = terms.start, None, None
    for name, value in vars(terms).items():
        setattr(pull, name, value)
    pull.busy_until, pull.due_at = None, now(session)
    session.flush()
    audit.record(
        session,
        actor,
        Tag.EXCHANGE_PULL,
        subject_kind="partner",
        subject_id=code,
        before=before,
        after=vars(terms),
    )
    return pull


def by_partner(session: Session) -> dict[int, Pull]:
    """Return all pulls by their partner's id."""
    return {pull.partner_id: pull for pull in session.scalars(select(Pull))}


_CLAIM = text(
    """
    WITH due AS (
        SELECT partner_id FROM exchange_pull JOIN partner ON partner.id = partner_id
        WHERE exchange_pull.enabled AND partner.enabled AND due_at <= :now
          AND (exchange_pull.busy_until IS NULL OR exchange_pull.busy_until <= :now)
        ORDER BY due_at LIMIT :limit
        FOR UPDATE OF exchange_pull SKIP LOCKED
    )
    UPDATE exchange_pull SET busy_until = :lease
    FROM due JOIN partner ON partner.id = due.partner_id
    WHERE exchange_pull.partner_id = due.partner_id
    RETURNING exchange_pull.partner_id, partner.code, view, cursor_column, interval_s, overlap,
              start, position, read_at, exchange_pull.busy_until AS lease
    """
)


def claim(session: Session, limit: int) -> list[Claimed]:
    """Take up to `limit` views that are due and that nobody reads."""
    moment = now(session)
    rows = session.execute(_CLAIM, {"now": moment, "lease": moment + LEASE, "limit": limit})
    return [
        Claimed(
            partner_id=row.partner_id,
            partner_code=row.code,
            view=View(row.view, row.cursor_column),
            interval_s=row.interval_s,
            overlap=row.overlap,
            start=row.start,
            position=row.position,
            read_at=row.read_at,
            lease=row.lease,
        )
        for row in rows
    ]


def go_on(session: Session, claimed: Claimed, position: str | None) -> Claimed | None:
    """Store that the rows up to `position` were taken, in the transaction that takes the last of
    them, and hold the view on; None where it is no longer this worker's."""
    lease = now(session) + LEASE
    if not _update(session, claimed, position=position, busy_until=lease):
        return None
    return replace(claimed, position=position, lease=lease)


def begin_after(session: Session, claimed: Claimed, newest: str | None) -> None:
    """Store where a source begins, and end its first reading."""
    _update(session, claimed, start=newest, **_ended(session, claimed, newest))


def end(session: Session, claimed: Claimed, position: str | None) -> None:
    """End a reading that came to `position`, the last row there was."""
    _update(session, claimed, **_ended(session, claimed, position))


def fail(session: Session, partner_id: int, error: str) -> None:
    """End a reading that `error` kept from its end. The next one goes on from where it came."""
    session.execute(
        update(Pull)
        .where(Pull.partner_id == partner_id)
        .values(
            error=error,
            busy_until=None,
            due_at=now(session) + Pull.interval_s * dt.timedelta(seconds=1),
        )
    )


def _ended(session: Session, claimed: Claimed, position: str | None) -> dict[str, Any]:
    moment = now(session)
    return {
        "position": position,
        "busy_until": None,
        "due_at": moment + dt.timedelta(seconds=claimed.interval_s),
        "read_at": moment,
        "error": None,
    }


def _update(session: Session, claimed: Claimed, **values: Any) -> bool:
    mine = (Pull.partner_id == claimed.partner_id, Pull.busy_until == claimed.lease)
    held = update(Pull).where(*mine).values(**values).returning(Pull.partner_id)
    return session.scalar(held) is not None


def _read(terms: Terms) -> Terms:
    least, most = _INTERVALS_S
    return Terms(
        view=reading.text(terms.view, "view", longest=_LONGEST_NAME),
        cursor_column=reading.text(terms.cursor_column, "cursor_column", longest=_LONGEST_NAME),
        interval_s=int(reading.number(terms.interval_s, "interval_s", least=least, most=most)),
        overlap=int(reading.number(terms.overlap, "overlap", least=0, most=_MOST_OVERLAP)),
        start=reading.optional_text(terms.start, "start", longest=_LONGEST_POSITION),
        enabled=terms.enabled,
    )
