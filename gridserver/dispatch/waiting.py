"""Unsigned tasks that wait too long, or for nobody: of a task at hand, for its card, and as
conditions for lists, figures and reports. A test holds the two against each other."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, exists, func, or_, select

from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.models import Offer, Task
from gridserver.dispatch.rules import ROOMS

_UNSIGNED = TASK.states[0]
#: How the reason ends that a room is asked for since the officer gave the task back.
_RETURNED = ".returned"


def overdue_from(dossier: Dossier) -> dt.datetime | None:
    """Return after when a task is overdue for as long as nobody signs it: once the time of the
    first of those who may still sign is over, whoever was told after them. None where it never is.
    """
    deadlines = [offer.deadline for offer in dossier.open_offers if offer.deadline is not None]
    return min(deadlines, default=None) if dossier.task.state == _UNSIGNED else None


def overdue_at(at: dt.datetime) -> ColumnElement[bool]:
    """Return the condition that a task is overdue at `at`, as `overdue_from` says."""
    late = select(Offer.task_id).where(Offer.outcome.is_(None), Offer.deadline < at)
    return (Task.state == _UNSIGNED) & Task.id.in_(late)


def is_unowned(dossier: Dossier) -> bool:
    """Say whether a task is without owner (无主): unsigned, and nobody or only a command room is
    asked to take it. A room that comes last in a ladder follows officers, who still may sign; one
    that a task was given back to follows nobody."""
    if dossier.task.state != _UNSIGNED:
        return False
    if not dossier.open_offers:
        return True
    last = dossier.open_offers[-1]
    is_first = last.step == 1 or last.because["code"].endswith(_RETURNED)
    return last.kind in ROOMS and is_first


def unowned() -> ColumnElement[bool]:
    """Return the condition that a task is without owner, as `is_unowned` says."""
    last = select(func.max(Offer.id)).where(Offer.task_id == Task.id, Offer.outcome.is_(None))
    follows = (Offer.step > 1) & ~Offer.because["code"].astext.endswith(_RETURNED)
    has_owner = exists().where(
        Offer.id == last.correlate(Task).scalar_subquery(),
        or_(Offer.kind.not_in(ROOMS), follows),
    )
    return (Task.state == _UNSIGNED) & ~has_owner
