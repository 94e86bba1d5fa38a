"""Sightings: an officer writes one, the issuing room confirms it or not, the clock escalates.

A sighting is part of its bulletin and goes with it. Nothing is matched and nothing is looked up by
place or person: the only source of one is an officer who writes it, and the only way to one is its
bulletin.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.rules import Principal, require
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Forbidden, NotFound
from gridserver.bulletins import cards, hits, ledger, queries, telling
from gridserver.bulletins.cards import Card
from gridserver.bulletins.lifecycle import SIGHTING, UNANSWERED
from gridserver.bulletins.models import Bulletin, BulletinCopy, BulletinSighting
from gridserver.bulletins.queries import Found
from gridserver.delivery.commands import Command, read_moment
from gridserver.org import queries as org
from gridserver.org.models import Unit


@dataclass(frozen=True)
class Overdue:
    """A sighting that nobody answered in time: ids, and nothing that was seen."""

    id: int
    bulletin_id: int
    is_urgent: bool
    since: dt.datetime
    unit_path: str


@dataclass(frozen=True)
class Counts:
    """How many sightings a bulletin has, how many wait, and when the first answer is due."""

    total: int
    waiting: int
    answer_by: dt.datetime | None


def sight(session: Session, actor: Principal, row: Bulletin, said: Command) -> Card:
    """Take a sighting of a bulletin, its row locked, from an officer who was given it; return how
    the sighting stands.

    What comes when the bulletin is over by now is kept with it and waits for nobody.

    Raises
    ------
    Conflict
        ``bulletin.not_held``: no terminal of theirs was given it; ``bulletin.over``: it was purged.
    Invalid
        As `gridserver.bulletins.hits.read_sighting`.
    """
    given = hits.read_sighting(said.data, urgent=row.is_urgent)
    _require_held(session, actor, row)
    moment = now(session)
    is_live = queries.is_live(row, moment)
    sighting = BulletinSighting(
        bulletin_id=row.id,
        account_id=actor.account_id,
        state=SIGHTING.states[0] if is_live else "lapsed",
        is_urgent=given.is_urgent,
        occurred_at=read_moment(said),
        said_at=moment,
        lon=given.lon,
        lat=given.lat,
        place=given.place,
        words=given.text,
        answer_by=hits.answer_by(given.is_urgent, moment) if is_live else None,
    )
    session.add(sighting)
    session.flush()
    _note(session, actor, sighting, "sight", {})
    (unit,) = org.units_by_id(session, {row.unit_id}).values()
    # Who wrote it is told as well: they may have another terminal.
    to = [actor.account_id, *_desks(session, unit)]
    telling.sighted(session, Found(row, unit), sighting, to)
    return cards.sighting_head(sighting)


def look(session: Session, actor: Principal, bulletin_id: int) -> list[Card]:
    """Return a bulletin's sightings, oldest first: all of them to the issuing room and the auditor,
    to an officer their own. The look is written down first.

    Raises
    ------
    NotFound
        ``bulletin.unknown``.
    Forbidden
        It is another room's bulletin.
    """
    query = select(BulletinSighting).where(BulletinSighting.bulletin_id == bulletin_id)
    try:
        found = queries.bulletin_for(session, actor, bulletin_id)
    except NotFound:
        queries.held_by(session, actor.account_id, bulletin_id)
        query = query.where(BulletinSighting.account_id == actor.account_id)
    else:
        if not actor.may(queries.ACROSS, found.unit.path):
            require(actor, queries.WRITE, found.unit.path)
    ledger.note(session, actor, bulletin_id, "look_sightings")
    rows = session.scalars(query.order_by(BulletinSighting.id)).all()
    named = {id_ for row in rows for id_ in (row.account_id, row.answered_by) if id_}
    people = access.account_refs(session, named)
    return [cards.sighting(row, people) for row in rows]


def answer(
    session: Session,
    actor: Principal,
    bulletin_id: int,
    sighting_id: int,
    verb: str,
    said: Mapping[str, Any],
) -> Card:
    """Confirm a sighting, refute it, or say until when there will be an answer.

    Returns
    -------
    Card
        How it stands, without what was seen or answered.

    Raises
    ------
    NotFound
        ``bulletin.unknown``, ``bulletin.unknown_sighting``.
    Forbidden
        It is another room's; ``bulletin.two_persons``: the actor wrote it.
    Conflict
        ``bulletin.sighting_state`` with the present `state`: it was answered, or is over.
    Invalid
        As `gridserver.bulletins.hits`.
    """
    given = {name: value for name, value in said.items() if value is not None}
    hits.check_answer(verb, given)
    found = queries.bulletin_for_change(session, actor, bulletin_id)
    row = _locked(session, bulletin_id, sighting_id)
    if row.account_id == actor.account_id:
        raise Forbidden(
            "bulletin.two_persons", "Who wrote a sighting doesn't answer it: ask another person."
        )
    after = _after(row, verb)
    if verb == "promise":
        row.answer_by = now(session) + hits.read_wait(given.get("minutes"))
    else:
        row.answer = hits.read_text(given.get("text"))
        row.answered_by, row.answered_at = actor.account_id, now(session)
    _move(session, actor, found, row, verb, after)
    return cards.sighting_head(row)


def escalate(session: Session, found: Found, row: BulletinSighting) -> None:
    """Tell the bureau's room of a sighting that wasn't answered in time, its row locked."""
    row.escalated_at = now(session)
    bureau, _ = access.command_rooms(session, None)
    desks = [desk.account_id for desk in bureau.desks]
    _move(session, None, found, row, "escalate", _after(row, "escalate"), desks)


def drop(session: Session, found: Found) -> None:
    """End the waiting for an answer: the bulletin is over. Its row is locked."""
    waiting = select(BulletinSighting).where(
        BulletinSighting.bulletin_id == found.row.id, BulletinSighting.state.in_(UNANSWERED)
    )
    locked = waiting.order_by(BulletinSighting.id).with_for_update()
    for row in session.scalars(locked.execution_options(populate_existing=True)).all():
        _move(session, None, found, row, "drop", _after(row, "drop"))


def counts(session: Session, actor: Principal, found: Found) -> Counts | None:
    """Count a bulletin's sightings; None for whose business they aren't."""
    if not any(actor.may(each, found.unit.path) for each in (queries.ACROSS, queries.WRITE)):
        return None
    waits = BulletinSighting.state.in_(UNANSWERED)
    query = select(
        func.count(),
        func.count().filter(waits),
        func.min(BulletinSighting.answer_by).filter(waits),
    ).where(BulletinSighting.bulletin_id == found.row.id)
    return Counts(*session.execute(query).one())


def overdue(session: Session, paths: Iterable[str]) -> list[Overdue]:
    """Return what was escalated and isn't answered, of the units at and below `paths`."""
    query = (
        select(
            BulletinSighting.id,
            BulletinSighting.bulletin_id,
            BulletinSighting.is_urgent,
            func.coalesce(BulletinSighting.escalated_at, BulletinSighting.said_at),
            Unit.path,
        )
        .join(Bulletin, Bulletin.id == BulletinSighting.bulletin_id)
        .join(Unit, Unit.id == Bulletin.unit_id)
        .where(BulletinSighting.state == "escalated", org.within(paths))
        .order_by(BulletinSighting.id)
    )
    return [Overdue(*row) for row in session.execute(query)]


def _move(
    session: Session,
    actor: Principal | None,
    found: Found,
    row: BulletinSighting,
    verb: str,
    after: str,
    desks: Iterable[int] = (),
) -> None:
    before = {"state": row.state}
    row.state, row.version = after, row.version + 1
    session.flush()
    _note(session, actor, row, verb, before)
    telling.sighted(session, found, row, [row.account_id, *desks])


def _after(row: BulletinSighting, verb: str) -> str:
    after = SIGHTING.after(row.state, verb)
    if after is None:
        raise Conflict(
            "bulletin.sighting_state",
            f"The sighting is {row.state} by now, so {verb} doesn't fit it.",
            state=row.state,
        )
    return after


def _locked(session: Session, bulletin_id: int, sighting_id: int) -> BulletinSighting:
    query = select(BulletinSighting).where(
        BulletinSighting.id == sighting_id, BulletinSighting.bulletin_id == bulletin_id
    )
    row = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFound("bulletin.unknown_sighting", f"The bulletin has no sighting {sighting_id}.")
    return row


def _require_held(session: Session, actor: Principal, row: Bulletin) -> None:
    if row.purged_at is not None:
        raise Conflict("bulletin.over", "The bulletin was purged.", bulletin=cards.reference(row))
    given = exists().where(
        BulletinCopy.bulletin_id == row.id, BulletinCopy.account_id == actor.account_id
    )
    if not session.scalar(select(given)):
        raise Conflict(
            "bulletin.not_held",
            "No terminal of yours was given this bulletin: open it, then write what you saw.",
        )


def _desks(session: Session, unit: Unit) -> list[int]:
    """Return who must answer: the issuing unit's room, or the bureau's where it has none."""
    bureau, own = access.command_rooms(session, unit.code)
    room = own if own is not None and own.desks else bureau
    return [desk.account_id for desk in room.desks]


def _note(
    session: Session,
    actor: Principal | None,
    row: BulletinSighting,
    verb: str,
    before: dict[str, str],
) -> None:
    """Write down what was done. Where it was is left out: the ledger outlives the bulletin, and
    nobody's ways are to be read from it."""
    due = cards.said(row.answer_by)
    data = {"sighting": row.id, "urgent": row.is_urgent, "answer_by": due}
    after = {"state": row.state}
    ledger.note(session, actor, row.bulletin_id, verb, data, before=before, after=after)
