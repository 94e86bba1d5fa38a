"""Orders of mobilisation, as they are read and shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import AccountRef
from gridserver.base.clock import now
from gridserver.base.errors import NotFound
from gridserver.dispatch.tables.models import Mobilisation
from gridserver.org import queries as org

#: `cancelled`: ended before it began.
STATES = ("planned", "in_force", "over", "cancelled")


@dataclass(frozen=True)
class Order:
    """An order as it is shown.

    Attributes
    ----------
    valid_from, valid_to
        When it holds; None: until it is ended.
    ordered_by, entered_by
        Who gave the order, and whose account entered it.
    ended_by, ended_at
        Who ended it before its time, and when.
    """

    id: int
    unit: str
    unit_name: str
    valid_from: dt.datetime
    valid_to: dt.datetime | None
    ordered_by: str
    why: str
    entered_by: AccountRef | None
    entered_at: dt.datetime
    ended_by: AccountRef | None
    ended_at: dt.datetime | None
    state: str


def orders(
    session: Session, *, is_open: bool, before: int | None = None, limit: int
) -> list[Order]:
    """Return the orders, the last entered first.

    Parameters
    ----------
    is_open : bool
        Only those that hold now, or will.
    before : int, optional
        The order to go on after (the list's cursor).
    """
    query = select(Mobilisation).order_by(Mobilisation.id.desc()).limit(limit)
    if is_open:
        ends = func.upper(Mobilisation.valid)
        query = query.where(
            Mobilisation.withdrawn_at.is_(None), or_(ends.is_(None), ends > now(session))
        )
    if before is not None:
        query = query.where(Mobilisation.id < before)
    return shown(session, session.scalars(query).all())


def by_ids(session: Session, ids: Collection[int]) -> list[Order]:
    """Return orders by id."""
    query = select(Mobilisation).where(Mobilisation.id.in_(ids))
    return shown(session, session.scalars(query).all()) if ids else []


def one(session: Session, order_id: int) -> Order:
    """Return an order. Raises `NotFound` (``mobilisation.unknown``)."""
    row = session.get(Mobilisation, order_id)
    if row is None:
        raise unknown(order_id)
    return shown(session, [row])[0]


def document(order: Order) -> dict[str, Any]:
    """Return an order as JSON-able values."""
    people = {
        name: person and person.document()
        for name, person in (("entered_by", order.entered_by), ("ended_by", order.ended_by))
    }
    moments = {
        name: _said(getattr(order, name))
        for name in ("valid_from", "valid_to", "entered_at", "ended_at")
    }
    unit = {"code": order.unit, "name": order.unit_name}
    names = ("id", "state", "ordered_by", "why")
    return {name: getattr(order, name) for name in names} | {"unit": unit} | moments | people


def _said(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def shown(session: Session, rows: Sequence[Mobilisation]) -> list[Order]:
    """Return orders as they are order."""
    accounts = {id_ for row in rows for id_ in (row.account_id, row.ended_by) if id_ is not None}
    people = access.account_refs(session, accounts)
    names = {unit.code: unit.name for unit in org.units(session)}
    return [
        Order(
            id=row.id,
            unit=row.unit,
            unit_name=names[row.unit],
            valid_from=row.valid.lower or row.at,
            valid_to=row.valid.upper,
            ordered_by=row.ordered_by,
            why=row.why or "",
            entered_by=people.get(row.account_id or 0),
            entered_at=row.at,
            ended_by=people.get(row.ended_by or 0),
            ended_at=row.ended_at,
            state=_state(row, now(session)),
        )
        for row in rows
    ]


def _state(row: Mobilisation, at: dt.datetime) -> str:
    if row.withdrawn_at is not None:
        return "cancelled"
    if row.valid.upper is not None and row.valid.upper <= at:
        return "over"
    begun = row.valid.lower is None or row.valid.lower <= at
    return "in_force" if begun else "planned"


def unknown(order_id: int) -> NotFound:
    """Return the refusal of an order that there isn't."""
    return NotFound("mobilisation.unknown", f"There is no mobilisation {order_id}.", field="id")
