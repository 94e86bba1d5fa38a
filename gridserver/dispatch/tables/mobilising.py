"""Mobilisation of the bureau or of a station: ordered for a time, and ended early by a person."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Invalid
from gridserver.delivery import service as delivery
from gridserver.dispatch.tables import orders, queries
from gridserver.dispatch.tables.models import Mobilisation
from gridserver.dispatch.tables.orders import Order
from gridserver.org import queries as org
from gridserver.org.models import Unit

UNIT_KINDS = ("bureau", "station")
_LONGEST_REASON = 500
_LONGEST_NAME = 100


def order(
    session: Session,
    actor: Principal,
    unit_code: str,
    *,
    why: str,
    ordered_by: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> Order:
    """Mobilise a unit and all below it, from now or later on.

    Parameters
    ----------
    ordered_by
        Who gave the order; default: who enters it.
    until
        None: until it is ended.

    Raises
    ------
    NotFound
        ``unit.unknown``.
    Forbidden
        The actor is no command room or admin that reaches the unit.
    Invalid
        ``mobilisation.unit``, ``mobilisation.time``; a text that is none.
    Conflict
        ``mobilisation.overlaps``: the unit is mobilised in this time already.
    """
    unit = org.unit_by_code(session, unit_code)
    require(actor, "mobilisation.order", unit.path)
    if unit.kind not in UNIT_KINDS:
        raise Invalid(
            "mobilisation.unit", "unit: the bureau or a station is mobilised.", field="unit"
        )
    moment = now(session)
    begins = moment if since is None else reading.moment(since, "from")
    ends = reading.optional_moment(until, "to")
    _check_time(moment, begins, ends)
    queries.lock(session)
    _refuse_overlap(session, unit, begins, ends)
    row = Mobilisation(
        unit=unit.code,
        ordered_by=reading.optional_text(ordered_by, "ordered_by", longest=_LONGEST_NAME)
        or actor.display_name,
        valid=Range(begins, ends),
        why=reading.text(why, "why", longest=_LONGEST_REASON),
        account_id=actor.account_id,
        at=moment,
    )
    session.add(row)
    session.flush()
    return _note(session, actor, row, unit, "order")


def end(session: Session, actor: Principal, order_id: int) -> Order:
    """End a mobilisation now; one that was only planned never begins.

    Raises
    ------
    NotFound
        ``mobilisation.unknown``.
    Forbidden
        As `order`.
    Conflict
        ``mobilisation.over``.
    """
    queries.lock(session)
    row = session.get(Mobilisation, order_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise orders.unknown(order_id)
    unit = org.unit_by_code(session, row.unit)
    require(actor, "mobilisation.order", unit.path)
    moment = now(session)
    begins, ends = row.valid.lower, row.valid.upper
    if row.ended_at is not None or (ends is not None and ends <= moment):
        raise Conflict("mobilisation.over", "This mobilisation is over already.", field="id")
    row.ended_at, row.ended_by = moment, actor.account_id
    if begins is not None and begins < moment:
        row.valid = Range(begins, moment)
    else:
        row.withdrawn_at = moment
    session.flush()
    return _note(session, actor, row, unit, "end")


def _check_time(moment: dt.datetime, begins: dt.datetime, ends: dt.datetime | None) -> None:
    if begins < moment:
        raise Invalid("mobilisation.time", "from: give now or later.", field="from")
    if ends is not None and ends <= begins:
        raise Invalid("mobilisation.time", "to: give a time after the beginning.", field="to")


def _refuse_overlap(
    session: Session, unit: Unit, begins: dt.datetime, ends: dt.datetime | None
) -> None:
    during = func.tstzrange(begins, ends)
    standing = select(Mobilisation).where(
        Mobilisation.unit == unit.code,
        Mobilisation.withdrawn_at.is_(None),
        Mobilisation.valid.op("&&")(during),
    )
    if session.scalars(standing.limit(1)).first() is not None:
        raise Conflict(
            "mobilisation.overlaps",
            f"{unit.name} is mobilised in this time already: end that, or give another time.",
            field="from",
        )


def _note(session: Session, actor: Principal, row: Mobilisation, unit: Unit, verb: str) -> Order:
    """Keep in the ledger what was done, and tell the command views it reaches."""
    (shown,) = orders.shown(session, [row])
    told = orders.document(shown)
    audit.record(
        session,
        actor,
        Tag.of("mobilisation", verb),
        subject_kind="unit",
        subject_id=unit.code,
        data={"from": told["valid_from"], "to": told["valid_to"]},
        purpose=row.why,
    )
    stations = [each.path for each in org.units(session, "station") if unit.kind == "bureau"]
    for path in (unit.path, *stations):
        delivery.append_feed(session, "mode.changed", {"mobilisation": told}, path)
    return shown
