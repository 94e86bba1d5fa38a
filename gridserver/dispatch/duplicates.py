"""Calls about an event that another task stands for already (重复警情).

One event, one task: a duplicate that nobody has signed for ends with the link that says so. See
docs/decisions/0016-a-duplicate-ends-with-its-link.md.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from gridserver.dispatch import dossier as dossiers
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Task, TaskLink

#: Nobody is at it, so that nobody is called away when it ends.
_UNSIGNED = "assigned"
_CANCELLED = "cancelled"

#: The advisory lock of whoever makes a link.
_LINKING = 0x6C696E6B  # "link"

_STANDS_FOR = (
    select(TaskLink.to_task_id)
    .join(Task, Task.id == TaskLink.task_id)
    .where(
        TaskLink.task_id == bindparam("id"),
        TaskLink.kind == "duplicate",
        Task.state == _CANCELLED,
    )
    .order_by(TaskLink.at.desc())
    .limit(1)
)
# Shared: whoever would end it meanwhile waits, so that two duplicates can't end each other.
_TO_STAY = (
    select(Task)
    .where(Task.id == bindparam("id"))
    .with_for_update(read=True)
    .execution_options(populate_existing=True)
)


def take_turn(session: Session) -> None:
    """Wait for other links to be made. Ask for it before the row of any task.

    A link holds two tasks to its end, so two that lead to each other would wait forever.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LINKING)))


def main_of(session: Session, to: int) -> Dossier:
    """Return the task that stands for the event that the task `to` is about: `to`, or what that
    ended as a duplicate of. It stays as it is to the end of the transaction."""
    passed = {to}
    while (former := session.scalar(_STANDS_FOR, {"id": to})) is not None and former not in passed:
        passed.add(former)
        to = former
    task = session.scalars(_TO_STAY, {"id": to}).one()
    return dossiers.load(session, [task])[0]


def is_of(session: Session, task_id: int, main_id: int) -> bool:
    """Say whether a task is linked to another as its duplicate."""
    link = session.get(TaskLink, (task_id, main_id))
    return link is not None and link.kind == "duplicate"


def absorbs(main: Dossier) -> bool:
    """Say whether a task answers for its duplicates. One that was cancelled answers for nothing:
    another call about it may well mean that there is something to it."""
    return main.task.state != _CANCELLED


def ends(duplicate: Task, main: Dossier) -> bool:
    """Say whether a task ends as a duplicate of `main`. Where somebody is at it, or has reported,
    that goes on."""
    return duplicate.state == _UNSIGNED and absorbs(main)


def is_absorbed() -> ColumnElement[bool]:
    """Return the condition that a task ended as a duplicate."""
    linked = select(TaskLink.task_id).where(TaskLink.kind == "duplicate")
    return (Task.state == _CANCELLED) & Task.id.in_(linked)
