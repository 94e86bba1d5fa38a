"""Shorthands for the tests of orders."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.delivery.commands import Command
from gridserver.delivery.once import Outcome
from gridserver.force.audiences import Audience
from gridserver.orders import service
from gridserver.orders.models import OrderRecipient
from gridserver.orders.queries import Issued
from gridserver.orders.rules import Draft
from tests.county import County

HOUR = dt.timedelta(hours=1)
EVERYONE = Audience(everyone=True)
#: The owners of the southern station's two cells, and the northern one's.
SOUTH = [f"33082400{n}" for n in (1, 2, 3, 4)]
NORTH = [f"33082400{n}" for n in (5, 6, 7, 8)]


def issue(
    session: Session,
    county: County,
    audience: Audience = EVERYONE,
    *,
    unit: str = "33082401",
    who: str = "room-33082401",
    **fields: Any,
) -> Issued:
    """Send an order that asks to be read within an hour, unless told otherwise."""
    said = {"kind": "order", "title": "集结", "text": "到所里集合。", "asks": "read"} | fields
    if said["asks"] != "none":
        said = {"answer_by": now(session) + HOUR} | said
    return service.issue(session, county.principal(who), unit, Draft(**said), audience)


def say(
    session: Session,
    county: County,
    who: str,
    found: Issued,
    verb: str = "read",
    data: dict[str, Any] | None = None,
) -> Outcome:
    """Say a verb to an order."""
    command = Command(uuid.uuid4(), verb, now(session), data or {})
    return service.command(session, county.principal(who), found.order.id, command)


def rows(session: Session, county: County, found: Issued) -> dict[str, OrderRecipient]:
    """Return who an order was sent to, by username."""
    names = {id_: name for name, id_ in county.accounts.items()}
    query = select(OrderRecipient).where(OrderRecipient.order_id == found.order.id)
    query = query.execution_options(populate_existing=True)
    return {names[row.account_id]: row for row in session.scalars(query)}
