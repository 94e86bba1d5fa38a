"""Incidents with their tasks, as the room looks for them: filters, pages, how many there are."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.dispatch import dossier
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.models import Task
from gridserver.dispatch.queries import held_by, visible_to
from gridserver.dispatch.waiting import overdue_at
from gridserver.incidents import searching
from gridserver.incidents.searching import Reported

#: Words for states of a list: what hasn't ended, and everything.
OPEN, ALL = "open", "all"
#: Beyond so many a list doesn't count its rows.
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Wanted:
    """Which incidents are looked for.

    Attributes
    ----------
    states : tuple of str
        States of the task, or `OPEN` for those that haven't ended; none, or `ALL`: any.
    holder : int, optional
        Only those that this account signed for, or may sign now.
    is_overdue : bool
        Only those unsigned although the time of a step that was told is over.
    reported : Reported
        What was reported.
    """

    states: tuple[str, ...] = ()
    holder: int | None = None
    is_overdue: bool = False
    reported: Reported = field(default_factory=Reported)


def read_states(text: str) -> tuple[str, ...]:
    """Return the states in a comma list. Raises `Invalid` (``task.unknown_state``)."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    known = (OPEN, ALL, *TASK.states)
    for name in names:
        if name not in known:
            raise Invalid(
                "task.unknown_state", f"state: give some of {', '.join(known)}.", field="state"
            )
    return names


def page(
    session: Session, actor: Principal, wanted: Wanted, *, before: int | None = None, limit: int
) -> list[Dossier]:
    """Return those that `actor` may see, newest first, going on after the task `before`."""
    query = _query(session, actor, wanted).order_by(Task.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Task.id < before)
    return dossier.load(session, session.scalars(query).all())


def count(session: Session, actor: Principal, wanted: Wanted) -> int | None:
    """Return how many `actor` may see; None for more than `MOST_COUNTED`."""
    some = _query(session, actor, wanted).with_only_columns(Task.id).limit(MOST_COUNTED + 1)
    found = session.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return None if found > MOST_COUNTED else found


def _query(session: Session, actor: Principal, wanted: Wanted) -> Select[Task]:
    query = select(Task).where(visible_to(actor))
    if wanted.states and ALL not in wanted.states:
        query = query.where(_in_states(wanted.states))
    if wanted.holder is not None:
        query = query.where(held_by(wanted.holder))
    if wanted.is_overdue:
        query = query.where(overdue_at(now(session)))
    if not wanted.reported.says_nothing:
        query = query.where(Task.incident_id.in_(searching.ids(wanted.reported)))
    return query


def _in_states(states: tuple[str, ...]) -> ColumnElement[bool]:
    named = Task.state.in_(states)
    return named | Task.ended_at.is_(None) if OPEN in states else named
