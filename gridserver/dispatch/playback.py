"""Playback: a past period as the command room could have seen it, moment by moment.

A task's states come from its history, which is only ever added to, so that each moment shows what
was known then. Every playback is written down, and one with officers' positions says why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.dispatch.models import Task, TaskEvent
from gridserver.force import tracks
from gridserver.force.tracks import Tracks
from gridserver.incidents import queries as incidents
from gridserver.incidents.queries import IncidentRecord

PERMISSION = "feed.read"
LONGEST = dt.timedelta(days=31)
#: Incidents in one answer: what a browser holds and draws without a pause.
MOST_TASKS = 5000
_LONGEST_PURPOSE = 500


@dataclass(frozen=True)
class Asked:
    """What to play back: from `start` to before `end`, of the unit at `unit_path` and below it
    (None: all that the actor may see), with officers' positions for a stated purpose."""

    start: dt.datetime
    end: dt.datetime
    unit_path: str | None = None
    positions: bool = False
    purpose: str | None = None


@dataclass(frozen=True)
class Turn:
    """A task came to a state at a moment, by the server's clock."""

    at: dt.datetime
    state: str


@dataclass(frozen=True)
class PlayedTask:
    """A task with every state that it had from its beginning to the period's end, oldest first."""

    id: int
    incident: IncidentRecord
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Playback:
    """A period; `recorded` are incidents of it that made no task (imported history), oldest first;
    `tracks` is None where positions weren't asked for."""

    start: dt.datetime
    end: dt.datetime
    tasks: tuple[PlayedTask, ...]
    recorded: tuple[IncidentRecord, ...]
    tracks: Tracks | None


def open_playback(session: Session, actor: Principal, asked: Asked) -> Playback:
    """Return a past period, and write down who looked at it and why.

    Raises
    ------
    Forbidden
        ``access.forbidden``: the account watches nothing, or not that unit.
    Invalid
        ``playback.bad_period``, ``playback.too_many``; a missing purpose (``input.length``);
        ``track.too_long`` and ``track.gone`` as `force.tracks.check_kept` says.
    """
    require(actor, PERMISSION, asked.unit_path)
    start, end = _period(session, asked)
    purpose = _purpose(asked)
    paths = actor.paths(PERMISSION) if asked.unit_path is None else (asked.unit_path,)
    seen = tracks.tracks(session, paths, start, end) if asked.positions else None
    tasks = _tasks(session, paths, start, end)
    recorded = _recorded(session, paths, start, end, MOST_TASKS - len(tasks))
    playback = Playback(start, end, tasks, recorded, seen)
    audit.record(
        session,
        actor,
        Tag.PLAYBACK_OPEN,
        subject_kind="unit",
        subject_id=" ".join(path.rsplit(".", 1)[-1] for path in paths),
        data={
            "from": start.isoformat(),
            "to": end.isoformat(),
            "officers": [track.officer_id for track in seen.tracks] if seen else None,
        },
        purpose=purpose,
    )
    return playback


def _period(session: Session, asked: Asked) -> tuple[dt.datetime, dt.datetime]:
    """Return the period, which ends now at the latest."""
    end = min(asked.end, now(session))
    if not dt.timedelta() < end - asked.start <= LONGEST:
        raise Invalid(
            "playback.bad_period",
            f"Give a `from` in the past and a later `to`, at most {LONGEST.days} days apart.",
            field="from",
        )
    return asked.start, end


def _purpose(asked: Asked) -> str | None:
    longest = _LONGEST_PURPOSE
    if asked.positions:
        return reading.text(asked.purpose or "", "purpose", longest=longest)
    return reading.optional_text(asked.purpose, "purpose", longest=longest)


def _tasks(
    session: Session, paths: Sequence[str], start: dt.datetime, end: dt.datetime
) -> tuple[PlayedTask, ...]:
    during = (
        Task.created_at < end,
        or_(Task.ended_at.is_(None), Task.ended_at >= start),
        Task.incident_id.in_(incidents.ids_within(paths)),
    )
    count = session.scalar(select(func.count()).select_from(Task).where(*during)) or 0
    if count > MOST_TASKS:
        raise _too_many(count)
    found = session.execute(select(Task.id, Task.incident_id).where(*during).order_by(Task.id))
    incident_of = {row.id: row.incident_id for row in found}
    known = incidents.by_ids(session, incident_of.values())
    turns = _turns(session, incident_of, end)
    return tuple(
        PlayedTask(task, known[incident], tuple(turns[task]))
        for task, incident in incident_of.items()
        if task in turns
    )


def _recorded(
    session: Session, paths: Sequence[str], start: dt.datetime, end: dt.datetime, most: int
) -> tuple[IncidentRecord, ...]:
    """Return what was reported in the period and made no task."""
    reported = incidents.ids_between(session, paths, start, end)
    made = set(session.scalars(select(Task.incident_id).where(Task.incident_id.in_(reported))))
    ids = [id_ for id_ in reported if id_ not in made]
    if len(ids) > most:
        raise _too_many(MOST_TASKS - most + len(ids))
    known = incidents.by_ids(session, ids)
    return tuple(sorted(known.values(), key=lambda each: (each.reported_at, each.id)))


def _too_many(count: int) -> Invalid:
    return Invalid(
        "playback.too_many",
        f"{count} incidents fall into this period, and {MOST_TASKS} can be played back at once: "
        "choose a shorter period or one station.",
        field="from",
    )


def _turns(session: Session, tasks: dict[int, int], end: dt.datetime) -> dict[int, list[Turn]]:
    """Return the changes of state; what came late or changed nothing is left out."""
    rows = session.execute(
        select(TaskEvent.task_id, TaskEvent.at, TaskEvent.to_state)
        .where(
            TaskEvent.task_id.in_(tasks),
            TaskEvent.late.is_(False),
            TaskEvent.at < end,
            TaskEvent.from_state.is_distinct_from(TaskEvent.to_state),
        )
        .order_by(TaskEvent.id)
    )
    turns: dict[int, list[Turn]] = {}
    for task, at, state in rows:
        turns.setdefault(task, []).append(Turn(at, state))
    return turns
