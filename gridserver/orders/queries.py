"""Reading orders: the loaders that check access, lists, who did what, one's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Interval, Select, func, or_, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.models import Account
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.base.errors import Forbidden, OutOfReach
from gridserver.orders import cards
from gridserver.orders.cards import Card, Reference
from gridserver.orders.models import Order, OrderProgress, OrderRecipient
from gridserver.org.models import Unit
from gridserver.org.queries import within

READ, COMMAND = "order.read", "order.issue"

_OFFSET = func.make_interval(
    0, 0, 0, 0, 0, 0, func.coalesce(OrderRecipient.clock_offset_s, 0.0), type_=Interval
)

#: What the list of an order's persons can be narrowed to.
FILTERS: dict[str, ColumnElement[bool]] = {
    "not_received": OrderRecipient.received_at.is_(None),
    "not_read": OrderRecipient.read_at.is_(None),
    "not_answered": OrderRecipient.answered_at.is_(None),
    "answered": OrderRecipient.answered_at.is_not(None),
    "late": OrderRecipient.late.is_(True),
}


@dataclass(frozen=True)
class Issued:
    """An order with the unit that it was issued for."""

    order: Order
    unit: Unit


@dataclass(frozen=True)
class Person:
    """What one person in the audience did about an order. `answered_said_at` is when by the
    officer's own clock, put right by what that clock was off."""

    account_id: int
    username: str
    display_name: str
    unit: str
    unit_name: str
    received_at: dt.datetime | None
    read_at: dt.datetime | None
    answered_at: dt.datetime | None
    answered_said_at: dt.datetime | None
    answer: dict[str, Any] | None
    late: bool
    reminders: int
    reminded_at: dt.datetime | None


def order_for(session: Session, actor: Principal, order_id: int, permission: str = READ) -> Issued:
    """Return an order that `actor` has the permission for.

    Raises
    ------
    NotFound
        ``order.unknown``.
    Forbidden
        ``order.out_of_scope``.
    """
    return _checked(actor, order_id, permission, _issued(session, order_id))


def order_for_change(session: Session, actor: Principal, order_id: int) -> Issued:
    """Return an order that `actor` commands, its row locked to the end of the transaction. The
    order's row is what every change of its state locks first. Raises as `order_for`."""
    query = select(Order).where(Order.id == order_id).with_for_update(key_share=True)
    session.scalar(query.execution_options(populate_existing=True))
    return order_for(session, actor, order_id, COMMAND)


def page(
    session: Session,
    actor: Principal,
    *,
    is_open: bool,
    before: int | None = None,
    limit: int,
) -> list[Card]:
    """Return the orders of the units that the actor may see, newest first.

    Parameters
    ----------
    is_open : bool
        Only those that were neither recalled nor closed.
    before : int, optional
        The order's id to go on after (the list's cursor).
    """
    query = select(Order, Unit, OrderProgress).join(Unit, Unit.id == Order.unit_id)
    query = query.join(OrderProgress, OrderProgress.order_id == Order.id)
    query = query.where(_within(actor.paths(READ))).order_by(Order.id.desc()).limit(limit)
    if is_open:
        query = query.where(Order.state == "issued")
    if before is not None:
        query = query.where(Order.id < before)
    found = session.execute(query)
    return _room_cards(session, [(order, unit, progress) for order, unit, progress in found])


def detail(session: Session, actor: Principal, found: Issued) -> Card:
    """Return an order as its room sees it, with how far it has come."""
    progress = session.get_one(OrderProgress, found.order.id, populate_existing=True)
    (card,) = _room_cards(session, [(found.order, found.unit, progress)])
    followed = session.scalars(
        select(Order).where(Order.refers_to == found.order.id).order_by(Order.id)
    )
    return cards.detail(
        card,
        found.order,
        [Reference(each.id, each.number, each.title) for each in followed],
        may_command=actor.may(COMMAND, found.unit.path),
    )


def recipients(
    session: Session,
    order_id: int,
    *,
    only: str | None = None,
    after: str | None = None,
    limit: int,
) -> list[Person]:
    """Return the persons that an order was sent to, by username.

    Parameters
    ----------
    only : str, optional
        One of `FILTERS`.
    after : str, optional
        The username to go on after (the list's cursor).
    """
    query = _persons(order_id).order_by(Account.username).limit(limit)
    if only is not None:
        query = query.where(FILTERS[only])
    if after is not None:
        query = query.where(Account.username > after)
    return [Person(*row) for row in session.execute(query)]


def mine(session: Session, account_id: int, *, before: int | None = None, limit: int) -> list[Card]:
    """Return the orders that an account was sent, newest first, the expired ones too."""
    query = _sent_to(account_id).order_by(Order.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Order.id < before)
    return _own_cards(session, query)


def own_card(session: Session, account_id: int, order_id: int) -> Card:
    """Return one of the orders that an account was sent."""
    (card,) = _own_cards(session, _sent_to(account_id).where(Order.id == order_id))
    return card


def terminal_snapshot_part(session: Session, account_id: int) -> dict[str, Any]:
    """Return ``{orders: [OrderCard]}``: what the account was sent and that hasn't expired."""
    query = _sent_to(account_id).where(OrderRecipient.expires_at > now(session))
    return {"orders": _own_cards(session, query.order_by(Order.id))}


def account_ids(session: Session, order_id: int) -> Sequence[int]:
    """Return everyone that an order was sent to."""
    chosen = OrderRecipient.order_id == order_id
    return session.scalars(select(OrderRecipient.account_id).where(chosen)).all()


def unanswered(session: Session, order_id: int, most: int) -> tuple[int, list[Person]]:
    """Return how many haven't answered an order, and the first `most` of them by username."""
    missing = (OrderRecipient.order_id == order_id) & OrderRecipient.answered_at.is_(None)
    count = session.scalar(select(func.count()).where(missing)) or 0
    return count, recipients(session, order_id, only="not_answered", limit=most)


def _issued(session: Session, order_id: int) -> Issued | None:
    row = session.execute(
        select(Order, Unit).join(Unit, Unit.id == Order.unit_id).where(Order.id == order_id)
    ).first()
    return None if row is None else Issued(*row)


def _checked(actor: Principal, order_id: int, permission: str, found: Issued | None) -> Issued:
    if found is None:
        raise unknown(order_id)
    if not actor.may(permission, found.unit.path):
        raise Forbidden(
            "order.out_of_scope",
            f"The order was issued for {found.unit.name}; its command room answers for it.",
        )
    return found


def _within(paths: Iterable[str]) -> ColumnElement[bool]:
    return or_(Unit.id.is_(None), within(paths))


def _room_cards(session: Session, rows: Sequence[tuple[Order, Unit, OrderProgress]]) -> list[Card]:
    orders = [order for order, _, _ in rows]
    references = _references(session, orders)
    people = access.account_refs(session, {order.issued_by for order in orders})
    return [
        cards.room_card(
            order, unit, progress, references.get(order.id), people.get(order.issued_by)
        )
        for order, unit, progress in rows
    ]


def _sent_to(account_id: int) -> Select[Order, Unit, OrderRecipient]:
    return (
        select(Order, Unit, OrderRecipient)
        .join(OrderRecipient, OrderRecipient.order_id == Order.id)
        .join(Unit, Unit.id == Order.unit_id)
        .where(OrderRecipient.account_id == account_id)
        .execution_options(populate_existing=True)
    )


def _own_cards(session: Session, query: Select[Order, Unit, OrderRecipient]) -> list[Card]:
    rows = session.execute(query).all()
    references = _references(session, [row[0] for row in rows])
    return [
        cards.common(order, unit, references.get(order.id)) | cards.own(recipient)
        for order, unit, recipient in rows
    ]


def _references(session: Session, orders: Sequence[Order]) -> dict[int, Reference]:
    """Return, by the order that refers to it, the order that each refers to."""
    wanted = {order.refers_to for order in orders if order.refers_to is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Order.id, Order.number, Order.title).where(Order.id.in_(wanted)))
    named = {row.id: Reference(*row) for row in rows}
    return {order.id: named[order.refers_to] for order in orders if order.refers_to is not None}


def reference(session: Session, order: Order) -> Reference | None:
    """Return the order that this one refers to, if it does."""
    return _references(session, [order]).get(order.id)


def _persons(order_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            OrderRecipient.account_id,
            Account.username,
            Account.display_name,
            Unit.code,
            Unit.name,
            OrderRecipient.received_at,
            OrderRecipient.read_at,
            OrderRecipient.answered_at,
            OrderRecipient.answered_said_at + _OFFSET,
            OrderRecipient.answer,
            OrderRecipient.late,
            OrderRecipient.reminders,
            OrderRecipient.reminded_at,
        )
        .join(Account, Account.id == OrderRecipient.account_id)
        .join(Unit, Unit.id == OrderRecipient.unit_id)
        .where(OrderRecipient.order_id == order_id)
    )


def unknown(order_id: int) -> OutOfReach:
    """Return the refusal of an order that there isn't, or that wasn't sent to who asks."""
    return OutOfReach("order.unknown", f"There is no order {order_id} for you.", field="order")
