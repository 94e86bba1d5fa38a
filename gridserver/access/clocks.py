"""How far the clocks of devices are off, so that what officers say happened can be put in order."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import update
from sqlalchemy.orm import Session

from gridserver.access.models import LoginSession
from gridserver.access.rules import Principal
from gridserver.base.clock import now

#: A change of less is the network's, not the clock's, and is not worth a write at every connect.
_NOTABLE_S = 2.0


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
