"""Who hears of what happened to an order: the persons it was sent to, and the rooms' feed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.delivery import service as delivery
from gridserver.delivery.service import Broadcast, Message
from gridserver.orders import cards, queries
from gridserver.orders.models import Order, OrderProgress, OrderRecipient
from gridserver.orders.queries import Issued

#: How many of those who haven't answered the feed names; the list has them all.
_NAMED = 20


def issued(session: Session, found: Issued, ids: Mapping[int, uuid.UUID]) -> None:
    """Send an order to its persons, each message under the id that their row keeps."""
    order = found.order
    card = cards.common(order, found.unit, queries.reference(session, order))
    post = Broadcast(ids, "order.issued", {"order": card}, order.expires_at)
    delivery.post(session, [post])
    changed(session, found)


def reminded(session: Session, order: Order, account_ids: Iterable[int], reason: str) -> None:
    """Remind those who haven't answered. `reason`: ``half``, ``answer_by`` or ``room``."""
    data = {"order": {"id": order.id, "reminded_at": cards.said(now(session))}, "reason": reason}
    post = Broadcast(_ids(account_ids), "order.reminded", data, order.expires_at)
    delivery.post(session, [post])


def recalled(session: Session, found: Issued) -> None:
    """Tell everyone that an order no longer holds."""
    to = _ids(queries.account_ids(session, found.order.id))
    data = {"order": _end(found.order)}
    delivery.post(session, [Broadcast(to, "order.recalled", data, found.order.expires_at)])
    changed(session, found)


def closed(session: Session, found: Issued) -> None:
    """Tell everyone that no answer is waited for any longer."""
    to = _ids(queries.account_ids(session, found.order.id))
    data = {"order": _end(found.order)}
    delivery.post(session, [Broadcast(to, "order.updated", data, found.order.expires_at)])
    changed(session, found)


def done(session: Session, recipient: OrderRecipient) -> None:
    """Tell a person's other devices what they did on one."""
    data = {"order": {"id": recipient.order_id, **cards.own(recipient)}}
    message = Message(recipient.account_id, "order.updated", data, expires_at=recipient.expires_at)
    delivery.post(session, [message])


def changed(session: Session, found: Issued) -> None:
    """Show the rooms where an order stands: counts only."""
    progress = session.get_one(OrderProgress, found.order.id)
    data = {"order": cards.feed_card(found.order, progress)}
    delivery.append_feed(session, "order.changed", data, found.unit.path)


def overdue(session: Session, found: Issued) -> None:
    """Tell the rooms at the deadline who has not answered."""
    progress = session.get_one(OrderProgress, found.order.id)
    count, first = queries.unanswered(session, found.order.id, _NAMED)
    people = [{"username": each.username, "display_name": each.display_name} for each in first]
    data = {
        "order": cards.feed_card(found.order, progress),
        "unanswered": {"count": count, "first": people},
    }
    delivery.append_feed(session, "order.overdue", data, found.unit.path)


def _end(order: Order) -> dict[str, Any]:
    return {"id": order.id, "state": order.state, **cards.ending(order)}


def _ids(account_ids: Iterable[int]) -> dict[int, uuid.UUID]:
    return {account_id: uuid.uuid4() for account_id in account_ids}
