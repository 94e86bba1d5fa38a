"""A task's history: rows that are only ever added, and reading them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import AccountRef
from gridserver.access.rules import Principal
from gridserver.base import db
from gridserver.base.clock import now
from gridserver.dispatch.cards import HistoryEntry
from gridserver.dispatch.models import TaskEvent
from gridserver.dispatch.rules import Person

# Built once. The insert is of the table, not of the class: a row that nobody holds needs no ORM.
_ADD = insert(TaskEvent.metadata.tables[TaskEvent.__tablename__])
_OF_TASKS = (
    select(
        TaskEvent.task_id,
        TaskEvent.id,
        TaskEvent.verb,
        TaskEvent.from_state,
        TaskEvent.to_state,
        TaskEvent.late,
        TaskEvent.actor_account_id,
        TaskEvent.device,
        TaskEvent.occurred_at,
        TaskEvent.clock_offset_s,
        TaskEvent.at,
        ST_X(TaskEvent.point).label("lon"),
        ST_Y(TaskEvent.point).label("lat"),
        TaskEvent.data,
    )
    .where(TaskEvent.task_id.in_(bindparam("tasks", expanding=True)))
    .order_by(TaskEvent.id)
)


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
    """Add what happened. `actor` None is the server itself; `point` is lon, lat (EPSG:4326).

    `occurred_at` is by the actor's own clock, and kept as said; how far that clock is off is kept
    beside it.
    """
    moment = now(session)
    session.execute(
        _ADD,
        {
            "task_id": task_id,
            "verb": verb,
            "from_state": from_state,
            "to_state": to_state,
            "late": late,
            "actor_account_id": actor.account_id if actor else None,
            "device": actor.device if actor else None,
            "command_id": command_id,
            "occurred_at": occurred_at or moment,
            "clock_offset_s": actor.clock_offset_s if actor and occurred_at else None,
            "at": moment,
            "point": None if point is None else f"SRID=4326;POINT({point[0]!r} {point[1]!r})",
            "data": data,
        },
    )


def of_task(
    session: Session, task_id: int, known: Mapping[int, AccountRef | Person]
) -> list[HistoryEntry]:
    """Return a task's history, oldest first. `known` are accounts that need not be asked for."""
    return [entry for _, entry in of_tasks(session, [task_id], known)]


def of_tasks(
    session: Session,
    task_ids: Sequence[int],
    known: Mapping[int, AccountRef | Person] | None = None,
) -> list[tuple[int, HistoryEntry]]:
    """Return the history of several tasks as one, oldest first, each entry with its task's id."""
    rows = db.rows(session, _OF_TASKS, {"tasks": task_ids})
    known = known or {}
    strangers = {row.actor_account_id for row in rows} - known.keys() - {None}
    actors = {**known, **access.account_refs(session, strangers)}
    return [(row.task_id, _entry(row, actors.get(row.actor_account_id))) for row in rows]


def _entry(row: Row, actor: AccountRef | Person | None) -> HistoryEntry:
    return HistoryEntry(
        id=row.id,
        verb=row.verb,
        from_state=row.from_state,
        to_state=row.to_state,
        late=row.late,
        actor=actor,
        device=row.device,
        occurred_at=row.occurred_at,
        clock_offset_s=row.clock_offset_s,
        at=row.at,
        lon=row.lon,
        lat=row.lat,
        data=row.data,
    )
