"""Who is there: when a device of each officer last gave a sign of life, in whichever process."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal, require
from gridserver.delivery import queries as delivery
from gridserver.force.models import Officer
from gridserver.org.models import Unit
from gridserver.org.queries import within


@dataclass(frozen=True)
class Presence:
    """An officer and when a device of theirs was last heard of, to within a minute."""

    username: str
    last_seen_at: dt.datetime


def presence(session: Session, actor: Principal) -> list[Presence]:
    """Return the officers whom `actor` may see and of whom a device was ever seen, by username.

    Raises
    ------
    Forbidden
        ``access.forbidden``.
    """
    require(actor, "force.read")
    officers = session.execute(
        sa.select(Account.id, Account.username)
        .join(Officer, Officer.account_id == Account.id)
        .join(Unit, Unit.id == Officer.unit_id)
        .where(within(actor.paths("force.read")))
        .order_by(Account.username)
    ).all()
    seen = delivery.last_seen(session, (each.id for each in officers))
    return [Presence(each.username, seen[each.id]) for each in officers if each.id in seen]
