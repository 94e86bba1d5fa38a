"""What the clock does to orders, in any number of workers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.orders import service, telling
from gridserver.orders.models import Order, OrderDeadline
from gridserver.orders.queries import Issued
from gridserver.org import queries as org

_RUNG = exists().where(
    OrderDeadline.order_id == Order.id,
    OrderDeadline.done_at.is_(None),
    OrderDeadline.due_at <= bindparam("now"),
)
_DUE = (
    select(Order)
    .where(_RUNG)
    .order_by(Order.id)
    .limit(bindparam("limit"))
    .with_for_update(key_share=True, skip_locked=True)
    .execution_options(populate_existing=True)
)


def meet_deadlines(session: Session, limit: int = 100) -> int:
    """Do what is due: remind at half of the time and at its end, and close what terminals let go
    of; return how many orders were due.

    Each deadline is met once, by whichever worker locks its order first. After an outage, people
    are reminded once of all that was due meanwhile.
    """
    orders = session.scalars(_DUE, {"now": now(session), "limit": limit}).all()
    due = _due(session, orders)
    units = org.units_by_id(session, {order.unit_id for order in orders})
    for order in orders:
        if kinds := due[order.id]:
            _meet(session, Issued(order, units[order.unit_id]), kinds)
    return len(orders)


def _due(session: Session, orders: Collection[Order]) -> dict[int, set[str]]:
    """Mark what is due as done, and return it. It is read after the locks are held: a worker that
    was before us may have met it."""
    moment = now(session)
    found = session.scalars(
        select(OrderDeadline)
        .where(
            OrderDeadline.order_id.in_([order.id for order in orders]),
            OrderDeadline.done_at.is_(None),
            OrderDeadline.due_at <= moment,
        )
        .execution_options(populate_existing=True)
    )
    due: dict[int, set[str]] = defaultdict(set)
    for deadline in found:
        deadline.done_at = moment
        due[deadline.order_id].add(deadline.kind)
    session.flush()
    return due


def _meet(session: Session, found: Issued, kinds: set[str]) -> None:
    if "expires" in kinds:
        service.expire(session, found)
    elif "answer_by" in kinds:
        service.remind_unanswered(session, None, found, "answer_by")
        telling.overdue(session, found)
    else:
        service.remind_unanswered(session, None, found, "half")
