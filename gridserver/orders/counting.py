"""How far orders have come: counted by the worker, so that ten thousand who read at once write to
ten thousand rows and not to one.

What a person did marks their own row. Each round counts the orders that have such rows, and tells
the rooms: once a round, however much happened.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select, tuple_, update
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.delivery import queries as delivery
from gridserver.orders import telling
from gridserver.orders.models import Order, OrderProgress, OrderRecipient
from gridserver.orders.queries import Issued
from gridserver.org import queries as org

_KEY = (OrderRecipient.order_id, OrderRecipient.account_id)


def take_receipts(session: Session, limit: int = 100) -> int:
    """Note when a device of each person first had the order; return for how many it is new.

    It is one statement, however many they are, so that `limit` plays no part. Rows that another
    worker or a command holds are left to the next call.
    """
    at = delivery.first_receipt(OrderRecipient.message_id)
    there = (
        select(*_KEY, at.label("at"))
        .where(
            OrderRecipient.received_at.is_(None),
            OrderRecipient.expires_at > now(session),
            at.is_not(None),
        )
        .with_for_update(skip_locked=True, of=OrderRecipient)
        .cte("there")
    )
    received = session.scalars(
        update(OrderRecipient)
        .where(OrderRecipient.order_id == there.c.order_id)
        .where(OrderRecipient.account_id == there.c.account_id)
        .values(received_at=there.c.at, is_uncounted=True)
        .returning(OrderRecipient.account_id)
        .execution_options(synchronize_session=False)
    )
    return len(received.all())


# Whoever holds an order's progress counts it; another worker leaves it alone.
_STIRRED = (
    select(OrderProgress)
    .where(
        OrderProgress.order_id.in_(
            select(OrderRecipient.order_id).where(OrderRecipient.is_uncounted)
        )
    )
    .order_by(OrderProgress.order_id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)


def count_progress(session: Session, limit: int = 100) -> int:
    """Count the orders that something happened to, and tell the rooms; return how many."""
    found = session.scalars(_STIRRED, {"limit": limit}).all()
    if found:
        _clear_marks(session, [each.order_id for each in found])
        _count(session, found)
        _tell(session, found)
    return len(found)


def _clear_marks(session: Session, order_ids: Sequence[int]) -> None:
    """Take the marks off before counting: what is marked from now on is counted the next time. A
    row that somebody holds keeps its mark."""
    marked = (
        select(*_KEY)
        .where(OrderRecipient.order_id.in_(order_ids), OrderRecipient.is_uncounted)
        .with_for_update(skip_locked=True)
    )
    session.execute(
        update(OrderRecipient)
        .where(tuple_(*_KEY).in_(marked))
        .values(is_uncounted=False)
        .execution_options(synchronize_session=False)
    )


def _count(session: Session, found: Sequence[OrderProgress]) -> None:
    # A statement of its own, so that it sees all that was committed before the marks were taken.
    rows = session.execute(
        select(
            OrderRecipient.order_id,
            func.count(OrderRecipient.received_at),
            func.count(OrderRecipient.read_at),
            func.count(OrderRecipient.answered_at),
        )
        .where(OrderRecipient.order_id.in_([each.order_id for each in found]))
        .group_by(OrderRecipient.order_id)
    )
    counts = {row[0]: row[1:] for row in rows}
    for each in found:
        each.received, each.read, each.answered = counts[each.order_id]
    session.flush()


def _tell(session: Session, found: Sequence[OrderProgress]) -> None:
    ids = [each.order_id for each in found]
    orders = session.scalars(select(Order).where(Order.id.in_(ids)).order_by(Order.id)).all()
    units = org.units_by_id(session, {order.unit_id for order in orders})
    for order in orders:
        telling.changed(session, Issued(order, units[order.unit_id]))
