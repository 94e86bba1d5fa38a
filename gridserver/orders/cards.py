"""Orders as JSON-able documents: for who got one, and for the room that sent it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gridserver.access.queries import AccountRef
from gridserver.orders.lifecycle import ORDER
from gridserver.orders.models import Order, OrderProgress, OrderRecipient
from gridserver.org.models import Unit

Card = dict[str, Any]


@dataclass(frozen=True)
class Reference:
    """Another order, as one names it."""

    id: int
    number: int
    title: str


def common(order: Order, unit: Unit, refers_to: Reference | None) -> Card:
    """Return what everybody sees of an order."""
    return {
        "id": order.id,
        "number": order.number,
        "kind": order.kind,
        "state": order.state,
        "unit": {"code": unit.code, "name": unit.name},
        "title": order.title,
        "text": order.text,
        "urgency": order.urgency,
        "asks": order.asks,
        "choices": list(order.choices),
        "answer_by": said(order.answer_by),
        "issued_at": said(order.issued_at),
        "expires_at": said(order.expires_at),
        "refers_to": refers_to and {**reference(refers_to), "relation": order.relation},
        **ending(order),
    }


def ending(order: Order) -> Card:
    """Return how an order ended, if it did."""
    return {"ended_at": said(order.ended_at), "recall_reason": order.recall_reason}


def own(recipient: OrderRecipient) -> Card:
    """Return what one person did about an order."""
    return {
        "read_at": said(recipient.read_at),
        "answered_at": said(recipient.answered_at),
        "answer": recipient.answer,
        "late": recipient.late,
        "reminded_at": said(recipient.reminded_at),
    }


def progress(found: OrderProgress) -> Card:
    """Return how far an order has come: counts only."""
    return {
        "people": found.people,
        "received": found.received,
        "read": found.read,
        "answered": found.answered,
    }


def room_card(
    order: Order,
    unit: Unit,
    counted: OrderProgress,
    refers_to: Reference | None,
    issued_by: AccountRef | None,
) -> Card:
    """Return an order as the rooms list it."""
    person = issued_by and {
        "username": issued_by.username,
        "display_name": issued_by.display_name,
    }
    return common(order, unit, refers_to) | {"issued_by": person, "progress": progress(counted)}


def detail(
    card: Card, order: Order, followed_by: Iterable[Reference], *, may_command: bool
) -> Card:
    """Return a room's card with whom it was meant for, what followed it, and what the reader may
    do to it now."""
    return card | {
        "audience": order.audience,
        "followed_by": [reference(each) for each in followed_by],
        "allowed": list(ORDER.allowed(order.state)) if may_command else [],
    }


def feed_card(order: Order, counted: OrderProgress) -> Card:
    """Return what the feed says of an order: never its text, never a name."""
    return {
        "id": order.id,
        "number": order.number,
        "state": order.state,
        "progress": progress(counted),
    }


def reference(to: Reference) -> Card:
    """Return another order as one names it."""
    return {"id": to.id, "number": to.number, "title": to.title}


def said(moment: dt.datetime | None) -> str | None:
    """Return a moment as JSON says it."""
    return None if moment is None else moment.astimezone(dt.UTC).isoformat()
