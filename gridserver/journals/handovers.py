"""Handing a watch over: the outgoing person gives it with the report as it stands, the incoming
takes it. Each signs with their own account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, defer

from gridserver.access import queries as access
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Forbidden, OutOfReach
from gridserver.journals import watch
from gridserver.journals.models import WatchHandover
from gridserver.journals.rules import HANDOVER, begin_of_watch, check_watch, read_remark
from gridserver.org import queries as org
from gridserver.org.models import Unit

Card = dict[str, Any]


def preview(
    session: Session,
    actor: Principal,
    unit_code: str,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> Card:
    """Return the report of a room's watch as it stands now, without storing anything.

    Parameters
    ----------
    since
        None: as `gridserver.journals.rules.begin_of_watch` says of the room's watches.
    until
        None: now.

    Returns
    -------
    dict
        The report, and ``from`` and ``to``: the watch that it is of.

    Raises
    ------
    NotFound, Forbidden
        ``unit.unknown``; ``access.forbidden``.
    Invalid
        ``handover.bad_interval``.
    """
    unit = org.unit_by_code(session, unit_code)
    require(actor, "handover.read", unit.path)
    since, until = _watch(session, unit, since, until)
    report = watch.report(session, unit, since, until)
    return {"from": since.isoformat(), "to": until.isoformat(), **report}


def give(
    session: Session,
    actor: Principal,
    unit_code: str,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    remark: str | None = None,
) -> Card:
    """Hand a watch over, with the report as it stands. Takes the times and raises as `preview`."""
    unit = org.unit_by_code(session, unit_code)
    require(actor, "handover.write", unit.path)
    since, until = _watch(session, unit, since, until)
    given = WatchHandover(
        unit_id=unit.id,
        state=HANDOVER.states[0],
        since=since,
        until=until,
        report=watch.report(session, unit, since, until),
        remark=read_remark(remark, "remark"),
        given_by=actor.account_id,
        given_at=now(session),
    )
    session.add(given)
    session.flush()
    _record(session, actor, "give", given)
    return _shown(session, actor, given)


def _watch(
    session: Session, unit: Unit, since: dt.datetime | None, until: dt.datetime | None
) -> tuple[dt.datetime, dt.datetime]:
    """Return from when to when a watch was, as `preview` says."""
    at = now(session)
    until = until or at
    if since is None:
        before = select(func.max(WatchHandover.until)).where(
            WatchHandover.unit_id == unit.id, WatchHandover.until < until
        )
        since = begin_of_watch(until, session.scalar(before))
    check_watch(since, until, at)
    return since, until


def take(session: Session, actor: Principal, handover_id: int, remark: str | None) -> Card:
    """Take a watch over.

    Raises
    ------
    NotFound
        ``handover.unknown``.
    Forbidden
        ``access.forbidden``; ``handover.own`` for who gave it.
    Conflict
        ``handover.wrong_state``: it was taken over.
    """
    locked = select(WatchHandover).where(WatchHandover.id == handover_id, _visible_to(actor))
    given = session.scalar(locked.with_for_update().execution_options(populate_existing=True))
    if given is None:
        raise _unknown(handover_id)
    require(actor, "handover.write", session.get_one(Unit, given.unit_id).path)
    after = HANDOVER.after(given.state, "take")
    if after is None:
        raise Conflict(
            "handover.wrong_state", "The watch was taken over already.", state=given.state
        )
    if given.given_by == actor.account_id:
        raise Forbidden(
            "handover.own", "Who gives a watch can't take it; the incoming signs in themselves."
        )
    given.taken_remark = read_remark(remark, "remark")
    given.state, given.taken_by, given.taken_at = after, actor.account_id, now(session)
    session.flush()
    _record(session, actor, "take", given)
    return _shown(session, actor, given)


def one(session: Session, actor: Principal, handover_id: int) -> Card:
    """Return a handover with its report. Raises `NotFound` (``handover.unknown``)."""
    query = select(WatchHandover).where(WatchHandover.id == handover_id, _visible_to(actor))
    found = session.scalar(query)
    if found is None:
        raise _unknown(handover_id)
    return _shown(session, actor, found)


def page(
    session: Session, actor: Principal, *, before: int | None = None, limit: int
) -> list[Card]:
    """Return the handovers that `actor` may see, newest first, without their reports."""
    query = select(WatchHandover).where(_visible_to(actor)).options(defer(WatchHandover.report))
    if before is not None:
        query = query.where(WatchHandover.id < before)
    found = session.scalars(query.order_by(WatchHandover.id.desc()).limit(limit))
    return _cards(session, actor, found.all())


def _shown(session: Session, actor: Principal, handover: WatchHandover) -> Card:
    (card,) = _cards(session, actor, [handover])
    return card | {"report": handover.report}


def _cards(session: Session, actor: Principal, handovers: Sequence[WatchHandover]) -> list[Card]:
    units = org.units_by_id(session, {each.unit_id for each in handovers})
    named = {id_ for each in handovers for id_ in (each.given_by, each.taken_by) if id_}
    people = access.account_refs(session, named)
    return [
        {
            "id": each.id,
            "unit": {"code": units[each.unit_id].code, "name": units[each.unit_id].name},
            "state": each.state,
            "from": each.since.isoformat(),
            "to": each.until.isoformat(),
            "remark": each.remark,
            "given_by": people[each.given_by].document(),
            "given_at": each.given_at.isoformat(),
            "taken_by": people[each.taken_by].document() if each.taken_by else None,
            "taken_at": each.taken_at.isoformat() if each.taken_at else None,
            "taken_remark": each.taken_remark,
            "allowed": list(_allowed(actor, each, units[each.unit_id])),
        }
        for each in handovers
    ]


def _allowed(actor: Principal, handover: WatchHandover, unit: Unit) -> Iterable[str]:
    may_take = handover.given_by != actor.account_id and actor.may("handover.write", unit.path)
    return HANDOVER.allowed(handover.state) if may_take else ()


def _visible_to(actor: Principal) -> ColumnElement[bool]:
    reached = org.within(actor.paths("handover.read"))
    return WatchHandover.unit_id.in_(select(Unit.id).where(reached))


def _record(session: Session, actor: Principal, verb: str, handover: WatchHandover) -> None:
    audit.record(
        session, actor, Tag.of("handover", verb), subject_kind="handover", subject_id=handover.id
    )


def _unknown(handover_id: int) -> OutOfReach:
    return OutOfReach("handover.unknown", f"There is no handover {handover_id}.")
