"""A task's history: rows that are only ever added, and reading them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.dispatch.cards import HistoryEntry
from gridserver.dispatch.models import TaskEvent


def add(
    session: Session,
    actor: Principal | None,
    task_id: int,
    verb: str,
    *,
    from_state: str,
    to_state: str,
    data: dict[str, Any],
    late: bool = False,
    command_id: uuid.UUID | None = None,
    occurred_at: dt.datetime | None = None,
    point: tuple[float, float] | None = None,
) -> None:
    """Add what happened. `actor` None is the server itself; `point` is lon, lat (EPSG:4326)."""
    moment = now(session)
    session.execute(
        insert(TaskEvent).values(
            task_id=task_id,
            verb=verb,
            from_state=from_state,
            to_state=to_state,
            late=late,
            actor_account_id=actor.account_id if actor else None,
            device=actor.device if actor else None,
            command_id=command_id,
            occurred_at=occurred_at or moment,
            at=moment,
            point=None if point is None else func.ST_SetSRID(func.ST_MakePoint(*point), 4326),
            data=data,
        )
    )


def of_task(session: Session, task_id: int) -> list[HistoryEntry]:
    """Return a task's history, oldest first."""
    rows = session.execute(
        select(TaskEvent, ST_X(TaskEvent.point), ST_Y(TaskEvent.point))
        .where(TaskEvent.task_id == task_id)
        .order_by(TaskEvent.id)
    ).all()
    actors = access.account_refs(
        session, {e.actor_account_id for e, *_ in rows if e.actor_account_id is not None}
    )
    return [
        HistoryEntry(
            id=event.id,
            verb=event.verb,
            from_state=event.from_state,
            to_state=event.to_state,
            late=event.late,
            actor=actors.get(event.actor_account_id),
            occurred_at=event.occurred_at,
            at=event.at,
            lon=lon,
            lat=lat,
            data=event.data,
        )
        for event, lon, lat in rows
    ]
