"""The workers' sign of life. Any number of them keep the one row."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.alarms.models import WorkerBeat
from gridserver.base.clock import now

#: A beat that is younger is left as it is.
EVERY = dt.timedelta(seconds=5)


def beat(session: Session, _limit: int = 1) -> int:
    """Say that a worker is alive. A chore of the worker's that leaves nothing to do: returns 0."""
    moment = now(session)
    made = insert(WorkerBeat).values(one=True, at=moment)
    session.execute(
        made.on_conflict_do_update(
            index_elements=["one"],
            set_={"at": moment},
            where=WorkerBeat.at <= moment - EVERY,
        )
    )
    return 0


def last_beat(session: Session) -> dt.datetime | None:
    """Return when a worker was last alive; None where none ever ran."""
    return session.scalar(select(WorkerBeat.at))
