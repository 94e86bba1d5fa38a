"""Who has a bulletin, who read it, and who removed it: for the room that issued it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal, require
from gridserver.base.clock import now
from gridserver.bulletins import ledger, queries
from gridserver.bulletins.models import BulletinCopy, BulletinRecipient
from gridserver.force.owned import cells_by_account
from gridserver.org.models import Unit

_COPIES = (
    select(
        BulletinCopy.bulletin_id,
        BulletinCopy.account_id,
        func.min(BulletinCopy.fetched_at).label("fetched_at"),
        func.count().filter(BulletinCopy.removed_at.is_(None)).label("held"),
        func.max(BulletinCopy.removed_at).label("removed_at"),
    )
    .group_by(BulletinCopy.bulletin_id, BulletinCopy.account_id)
    .subquery()
)
_HOLDS = func.coalesce(_COPIES.c.held, 0) > 0
_REMOVED = _COPIES.c.held == 0

#: What the list can be narrowed to.
FILTERS: dict[str, ColumnElement[bool]] = {
    "without": _COPIES.c.account_id.is_(None),
    "holding": _HOLDS,
    "not_read": BulletinRecipient.read_at.is_(None),
    "removed": _REMOVED,
}


@dataclass(frozen=True)
class Progress:
    """How many were told, hold it on a terminal now, have read it, and have removed it from all
    their terminals."""

    told: int
    holding: int
    read: int
    removed: int


@dataclass(frozen=True)
class Told:
    """What one person's terminals did with a bulletin. `removed_at` is when the last of them
    removed it; None while any holds it."""

    username: str
    display_name: str
    unit: str
    unit_name: str
    told_at: dt.datetime
    fetched_at: dt.datetime | None
    read_at: dt.datetime | None
    removed_at: dt.datetime | None


@dataclass(frozen=True)
class AtCell:
    """How many of a cell's owners were told of a bulletin, have it on a terminal, opened it and
    haven't. `code` is None for those who own no cell."""

    code: str | None
    told: int
    holding: int
    read: int
    not_read: int


def progress(session: Session, bulletin_id: int) -> Progress:
    """Count how far a bulletin has come, in one query."""
    counted = _of(
        bulletin_id,
        select(
            func.count(),
            func.count().filter(_HOLDS),
            func.count(BulletinRecipient.read_at),
            func.count().filter(_REMOVED),
        ).select_from(BulletinRecipient),
    )
    return Progress(*session.execute(counted).one())


def people(
    session: Session,
    actor: Principal,
    bulletin_id: int,
    *,
    only: str | None = None,
    after: str | None = None,
    limit: int,
) -> list[Told]:
    """Return who was told of a bulletin, by username.

    Parameters
    ----------
    only : str, optional
        One of `FILTERS`.
    after : str, optional
        The username to go on after (the list's cursor).

    Raises
    ------
    NotFound
        ``bulletin.unknown``.
    Forbidden
        Only the issuing unit's room and the auditor see who has it.
    """
    found = queries.bulletin_for(session, actor, bulletin_id)
    if not actor.may(queries.ACROSS, found.unit.path):
        require(actor, queries.WRITE, found.unit.path)
    removed_at = case((_REMOVED, _COPIES.c.removed_at), else_=None)
    query = _of(
        bulletin_id,
        select(
            Account.username,
            Account.display_name,
            Unit.code,
            Unit.name,
            BulletinRecipient.told_at,
            _COPIES.c.fetched_at,
            BulletinRecipient.read_at,
            removed_at,
        )
        .select_from(BulletinRecipient)
        .join(Account, Account.id == BulletinRecipient.account_id)
        .join(Unit, Unit.id == BulletinRecipient.unit_id),
    )
    query = query.order_by(Account.username).limit(limit)
    if only is not None:
        query = query.where(FILTERS[only])
    if after is not None:
        query = query.where(Account.username > after)
    return [Told(*row) for row in session.execute(query)]


def by_cell(session: Session, actor: Principal, bulletin_id: int) -> list[AtCell]:
    """Count by cell who was told of one bulletin and who opened it, by code, those without a cell
    last; the look is written down first.

    An officer counts at the cells they own now, so that one of two cells counts at both. Where a
    terminal was when the bulletin was read isn't asked.

    Raises
    ------
    NotFound
        ``bulletin.unknown``.
    Forbidden
        Only the issuing unit's room sees it.
    """
    found = queries.bulletin_for(session, actor, bulletin_id)
    require(actor, queries.WRITE, found.unit.path)
    ledger.note(session, actor, bulletin_id, "look_cells", {"version": found.row.version})
    owned = cells_by_account(now(session)).subquery()
    counted = _of(
        bulletin_id,
        select(
            owned.c.cell_code,
            func.count(),
            func.count().filter(_HOLDS),
            func.count(BulletinRecipient.read_at),
            func.count().filter(BulletinRecipient.read_at.is_(None)),
        )
        .select_from(BulletinRecipient)
        .outerjoin(owned, owned.c.account_id == BulletinRecipient.account_id),
    )
    rows = counted.group_by(owned.c.cell_code).order_by(owned.c.cell_code.nulls_last())
    return [AtCell(*row) for row in session.execute(rows)]


def _of(bulletin_id: int, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    its_copies = (_COPIES.c.bulletin_id == BulletinRecipient.bulletin_id) & (
        _COPIES.c.account_id == BulletinRecipient.account_id
    )
    return query.outerjoin(_COPIES, its_copies).where(BulletinRecipient.bulletin_id == bulletin_id)
