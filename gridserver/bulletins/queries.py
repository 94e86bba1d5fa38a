"""Reading bulletins: the loaders that check access, and a unit's list. Nothing here returns what a
bulletin says: `reading` does, and writes it down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.rules import Principal, require
from gridserver.base.clock import now
from gridserver.base.errors import Forbidden, OutOfReach
from gridserver.bulletins import cards
from gridserver.bulletins.cards import Card
from gridserver.bulletins.lifecycle import ENDED, LIVE
from gridserver.bulletins.models import Bulletin, BulletinRecipient
from gridserver.org import queries as org
from gridserver.org.models import Unit

#: What a bulletin is called in the ledger, and by what belongs to it.
SUBJECT = "bulletin"

#: How long rooms are told that nobody approved one in time.
_TOLD_FOR = dt.timedelta(hours=1)

READ, WRITE, ACROSS = "bulletin.read", "bulletin.write", "bulletin.read_across"


@dataclass(frozen=True)
class Found:
    """A bulletin with the unit that issues it."""

    row: Bulletin
    unit: Unit


@dataclass(frozen=True)
class Unapproved:
    """A bulletin that went out before anybody approved it: ids and times, and nothing it says."""

    id: int
    since: dt.datetime
    until: dt.datetime
    is_withdrawn: bool
    unit_path: str


def bulletin_for(session: Session, actor: Principal, bulletin_id: int) -> Found:
    """Return a bulletin that `actor` may know of: as the issuing unit's room or the auditor, or,
    while it is live, as a room that it reaches.

    Raises
    ------
    NotFound
        ``bulletin.unknown``: there is none, or it is none of the actor's business.
    """
    found = _found(session, bulletin_id)
    if found is None or not _concerns(session, actor, found):
        raise unknown(bulletin_id)
    return found


def bulletin_for_change(session: Session, actor: Principal, bulletin_id: int) -> Found:
    """Return a bulletin of a room that `actor` belongs to, its row locked to the end of the
    transaction. Raises as `bulletin_for`; `Forbidden` where it is another room's."""
    locked(session, bulletin_id)
    found = bulletin_for(session, actor, bulletin_id)
    require(actor, WRITE, found.unit.path)
    return found


def locked(session: Session, bulletin_id: int) -> Bulletin | None:
    """Return a bulletin's row, locked: what every change of it does first."""
    query = select(Bulletin).where(Bulletin.id == bulletin_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def page(
    session: Session,
    actor: Principal,
    unit_code: str | None,
    *,
    is_open: bool,
    before: int | None = None,
    limit: int,
) -> list[Card]:
    """Return the bulletins that a unit issued or that reach it while they are live, newest first.

    Raises
    ------
    Forbidden
        ``bulletin.across_units``: without a unit only the auditor may list.
        ``access.forbidden``: the unit is another's.
    NotFound
        ``unit.unknown``.
    """
    query = select(Bulletin, Unit).join(Unit, Unit.id == Bulletin.unit_id)
    query = (
        query.order_by(Bulletin.id.desc()).limit(limit).where(*_of_unit(session, actor, unit_code))
    )
    if is_open:
        query = query.where(Bulletin.state.not_in(ENDED))
    if before is not None:
        query = query.where(Bulletin.id < before)
    rows = [Found(*row) for row in session.execute(query)]
    return heads(session, rows)


def heads(session: Session, rows: Sequence[Found]) -> list[Card]:
    """Return bulletins as rooms list them."""
    named = {id_ for found in rows for id_ in (found.row.author_id, found.row.approver_id) if id_}
    people = access.account_refs(session, named)
    return [cards.head(found.row, found.unit, people) for found in rows]


def detail(session: Session, actor: Principal, found: Found) -> Card:
    """Return one bulletin's head, with the verbs that `actor` may say now."""
    (card,) = heads(session, [found])
    may = actor.may(WRITE, found.unit.path)
    return card | {"allowed": cards.allowed(found.row, actor.account_id) if may else []}


def held_by(session: Session, account_id: int, bulletin_id: int) -> BulletinRecipient:
    """Return an account's own row of a bulletin, locked. Raises `NotFound`: it was not told."""
    own = session.get(
        BulletinRecipient, (bulletin_id, account_id), with_for_update=True, populate_existing=True
    )
    if own is None:
        raise unknown(bulletin_id)
    return own


def terminal_snapshot_part(session: Session, account_id: int) -> dict[str, Any]:
    """Return ``{bulletins: [{id, version}]}``: what the account was told of and is live."""
    query = (
        select(Bulletin)
        .join(BulletinRecipient, BulletinRecipient.bulletin_id == Bulletin.id)
        .where(BulletinRecipient.account_id == account_id, Bulletin.state.in_(LIVE))
        .order_by(Bulletin.id)
    )
    moment = now(session)
    held = [row for row in session.scalars(query) if is_live(row, moment)]
    return {"bulletins": [cards.reference(row) for row in held]}


def is_live(row: Bulletin, moment: Any) -> bool:
    """Say whether terminals may hold a bulletin: the clock ends it before the worker does."""
    until = cards.live_until(row)
    return until is not None and moment < until


def unknown(bulletin_id: int) -> OutOfReach:
    """Return the refusal of a bulletin that isn't there for who asks."""
    return OutOfReach(
        "bulletin.unknown", f"There is no bulletin {bulletin_id} for you.", field="bulletin"
    )


def unapproved(session: Session, paths: Iterable[str]) -> list[Unapproved]:
    """Return, of the units at and below `paths`, what went out at once and waits for its second
    person, and for a while what the clock withdrew because there was none."""
    waits = Bulletin.state == "provisional"
    lapsed = (
        (Bulletin.state == "withdrawn")
        & Bulletin.ended_by.is_(None)
        & (Bulletin.ended_at > now(session) - _TOLD_FOR)
    )
    query = (
        select(
            Bulletin.id,
            func.coalesce(Bulletin.ended_at, Bulletin.issued_at),
            Bulletin.approve_by,
            Bulletin.ended_at.is_not(None),
            Unit.path,
        )
        .join(Unit, Unit.id == Bulletin.unit_id)
        .where(waits | lapsed, org.within(paths))
        .order_by(Bulletin.id)
    )
    # A draft that lapsed was sent to nobody.
    return [
        Unapproved(id_, since, until, is_withdrawn, path)
        for id_, since, until, is_withdrawn, path in session.execute(query)
        if until is not None
    ]


def by_id(session: Session, ids: Collection[int]) -> dict[int, Found]:
    """Return bulletins for the server itself, by id."""
    query = select(Bulletin, Unit).join(Unit, Unit.id == Bulletin.unit_id)
    rows = session.execute(query.where(Bulletin.id.in_(ids)))
    return {row.id: Found(row, unit) for row, unit in rows}


def _found(session: Session, bulletin_id: int) -> Found | None:
    query = select(Bulletin, Unit).join(Unit, Unit.id == Bulletin.unit_id)
    row = session.execute(query.where(Bulletin.id == bulletin_id)).first()
    return None if row is None else Found(*row)


def _concerns(session: Session, actor: Principal, found: Found) -> bool:
    if any(actor.may(permission, found.unit.path) for permission in (ACROSS, WRITE)):
        return True
    if not is_live(found.row, now(session)):
        return False
    if found.row.area_whole:
        return actor.may(READ)
    paths = org.paths_by_code(session, set(found.row.reaches)).values()
    return any(actor.may(READ, path) for path in paths)


def _of_unit(
    session: Session, actor: Principal, unit_code: str | None
) -> tuple[ColumnElement[bool], ...]:
    if unit_code is None:
        if not actor.may(ACROSS):
            raise Forbidden(
                "bulletin.across_units",
                "unit: name the unit whose bulletins you want; only an auditor lists across units.",
                field="unit",
            )
        return (org.within(actor.paths(ACROSS)),)
    unit = org.unit_by_code(session, unit_code)
    require(actor, READ, unit.path)
    reaching = Bulletin.state.in_(LIVE) & or_(
        Bulletin.area_whole, Bulletin.reaches.contains([unit.code])
    )
    return (or_(Bulletin.unit_id == unit.id, reaching),)
