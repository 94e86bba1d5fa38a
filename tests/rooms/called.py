"""Calls of the sample county as rows, with their ways laid out, for the tests of the figures."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid

from sqlalchemy.orm import Session

from gridserver.dispatch.models import Offer, Task, TaskEvent
from gridserver.incidents.models import Incident
from tests.county import County

SW, NW = "330824001001001", "330824002001001"
SOUTH, NORTH = "33082401", "33082402"
_NUMBERS = itertools.count(1)
#: The verb that brings each milestone about, and the state after it.
VERBS = {
    "signed": ("sign", "signed"),
    "departed": ("depart", "en_route"),
    "arrived": ("arrive", "on_scene"),
    "reported": ("report", "reported"),
    "closed": ("close", "closed"),
}


def add_call(
    session: Session,
    county: County,
    reported_at: dt.datetime,
    way: dict[str, float] | None = None,
    *,
    station: str = SOUTH,
    cell: str | None = SW,
    category: str = "dispute",
    priority: int = 3,
    officer: str = "330824001",
    state: str | None = None,
    rung: str = "primary",
    sign_within_s: int = 300,
) -> Task:
    """Add a call with a task.

    Parameters
    ----------
    way
        Seconds after the call of ``dispatched``, ``delivered`` and the names of `VERBS`, as far as
        the task came; it is dispatched at once where nothing else is said.
    state
        Where it isn't what the way says: ``handed_over`` or ``cancelled``, ended by its last
        moment.
    rung
        Who is asked.
    """
    way = {"dispatched": 0.0} | (way or {})
    moments = {name: reported_at + dt.timedelta(seconds=after) for name, after in way.items()}
    done = [name for name in VERBS if name in way]
    after = state or (VERBS[done[-1]][1] if done else "assigned")
    is_ended = after in ("closed", "handed_over", "cancelled")
    incident = _incident(session, county, reported_at, station, cell, category, priority)
    task = Task(
        incident_id=incident.id,
        state=after,
        assignee_account_id=county.accounts[officer] if done else None,
        created_at=reported_at,
        updated_at=max(moments.values()),
        ended_at=max(moments.values()) if is_ended else None,
    )
    session.add(task)
    session.flush()
    session.add(
        Offer(
            task_id=task.id,
            round=1,
            step=1,
            kind=rung,
            recipient=county.accounts[officer],
            because={"code": "primary.on_duty", "params": {}},
            message_id=uuid.uuid4(),
            received_at=moments.get("delivered"),
            told_at=moments["dispatched"],
            sign_within_s=sign_within_s,
            deadline=moments["dispatched"] + dt.timedelta(seconds=sign_within_s),
            outcome="signed" if done else None,
        )
    )
    for name in done:
        add_event(session, county, task, name, moments[name], officer)
    session.flush()
    return task


def add_event(
    session: Session,
    county: County,
    task: Task,
    name: str,
    at: dt.datetime,
    officer: str = "330824001",
    **fields: object,
) -> None:
    """Have a milestone reached at `at`, by the server's clock."""
    verb, to_state = VERBS[name]
    said = {"occurred_at": at, "at": at, "data": {}} | fields
    actor = county.accounts[officer]
    session.add(
        TaskEvent(task_id=task.id, verb=verb, to_state=to_state, actor_account_id=actor, **said)
    )
    session.flush()


def _incident(
    session: Session,
    county: County,
    at: dt.datetime,
    station: str,
    cell: str | None,
    category: str,
    priority: int,
) -> Incident:
    incident = Incident(
        source="110",
        external_id=f"figure-{next(_NUMBERS)}",
        body_digest=b"",
        category=category,
        priority=priority,
        raw_x=118.405,
        raw_y=29.105,
        raw_crs="EPSG:4326",
        point="SRID=4326;POINT(118.405 29.105)",
        reported_at=at,
        received_at=at,
        cell_code=cell,
        method="covers",
        neighbours=[],
        unit_id=county.units[station],
    )
    session.add(incident)
    session.flush()
    return incident
