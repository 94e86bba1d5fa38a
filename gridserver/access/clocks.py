"""How far the clocks of devices are off, so that what officers say happened can be put in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gridserver.access.models import Account, Device, LoginSession, RoleGrant
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.org.models import Unit
from gridserver.org.queries import within

#: A change of less is the network's, not the clock's, and is not worth a write at every connect.
_NOTABLE_S = 2.0
#: Whose device wasn't heard of for longer is no longer at work with it.
_HEARD_WITHIN = dt.timedelta(hours=12)


@dataclass(frozen=True)
class Drift:
    """An account whose device tells times that are off by `offset_s` (positive: it is behind), and
    when it signed in with it."""

    username: str
    display_name: str
    unit_path: str
    offset_s: float
    since: dt.datetime


def note(session: Session, actor: Principal, device_time: dt.datetime) -> None:
    """Keep with the actor's session how many seconds the server's clock is ahead of the device's.

    It is measured at a connect, so it holds the way there too: some tenths of a second.

    Parameters
    ----------
    device_time : datetime
        What the device's clock showed when it connected. However wrong, it is no ground for
        refusal.
    """
    offset = round((now(session) - device_time).total_seconds(), 1)
    known = actor.clock_offset_s
    if known is None or abs(known - offset) >= _NOTABLE_S:
        session.execute(
            update(LoginSession)
            .where(LoginSession.id == actor.session_id)
            .values(clock_offset_s=offset)
        )


def drifting(session: Session, paths: Collection[str], off_s: float) -> list[Drift]:
    """Return the accounts with a role at or below `paths` whose device, heard of lately, is off by
    more than `off_s` seconds."""
    moment = now(session)
    query = (
        select(
            Account.username,
            Account.display_name,
            func.min(Unit.path),
            func.coalesce(LoginSession.clock_offset_s, 0.0),
            LoginSession.created_at,
        )
        .join(Account, Account.id == LoginSession.account_id)
        .join(Device, Device.id == LoginSession.device_id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .where(func.abs(LoginSession.clock_offset_s) > off_s)
        .where(LoginSession.ended_at.is_(None), LoginSession.expires_at > moment)
        .where(Device.last_seen_at > moment - _HEARD_WITHIN, Device.revoked_at.is_(None))
        .where(within(paths))
        .group_by(Account.id, LoginSession.id)
        .ext(distinct_on(Account.username))
        .order_by(Account.username, LoginSession.created_at.desc())
    )
    return [Drift(*row) for row in session.execute(query)]
