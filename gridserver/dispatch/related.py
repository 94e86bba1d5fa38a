"""Incidents that belong together: those that a person has linked, and those that may be about the
same event."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.dispatch import dossier as dossiers
from gridserver.dispatch import duplicates
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Task, TaskLink
from gridserver.dispatch.tables import queries as tables
from gridserver.incidents import nearby
from gridserver.incidents.nearby import Nearby, Reference


@dataclass(frozen=True)
class Linked:
    """A linked incident: `kind` says what the lower one is to the upper, `role` which of the two
    this one is: the ``parent`` of the incident that was asked about, or a ``child`` of it."""

    kind: str
    role: Literal["parent", "child"]
    dossier: Dossier


@dataclass(frozen=True)
class Suggested:
    """An incident that may be about the same event."""

    near: Nearby
    dossier: Dossier


@dataclass(frozen=True)
class Related:
    """Both."""

    linked: tuple[Linked, ...]
    suggested: tuple[Suggested, ...]


def of_incident(session: Session, actor: Principal, found: Dossier) -> Related:
    """Return what belongs, or may belong, to an incident that `actor` may see, as far as they may
    see that too."""
    linked = _linked(session, actor, found.task.id)
    incident = found.incident
    reference = Reference(incident.lon, incident.lat, incident.reported_at, incident.category.code)
    known = {found.task.id, *(each.dossier.task.id for each in linked)}
    return Related(linked, suggestions(session, actor, reference, without=known))


def suggestions(
    session: Session, actor: Principal, reference: Reference, *, without: Collection[int] = ()
) -> tuple[Suggested, ...]:
    """Return the incidents in `actor`'s scope that may be about the same event, likeliest first:
    within the bureau's distance and time. What ended as a duplicate isn't among them; the task that
    stands for the event is.

    Parameters
    ----------
    without
        Ids of tasks that are not to be suggested.
    """
    limits = tables.parameters(session, now(session))
    near = nearby.near(
        session,
        reference,
        radius_m=limits.duplicate_radius_m,
        within_s=limits.duplicate_within_s,
        paths=actor.paths("incident.read"),
    )
    ids = [each.id for each in near]
    own = select(Task).where(Task.incident_id.in_(ids), ~duplicates.is_absorbed())
    tasks = session.scalars(own)
    of = {found.incident.id: found for found in dossiers.load(session, tasks.all())}
    return tuple(
        Suggested(each, of[each.id])
        for each in near
        if each.id in of and of[each.id].task.id not in without
    )


def _linked(session: Session, actor: Principal, task_id: int) -> tuple[Linked, ...]:
    links = session.scalars(
        select(TaskLink)
        .where(or_(TaskLink.task_id == task_id, TaskLink.to_task_id == task_id))
        .order_by(TaskLink.at, TaskLink.task_id, TaskLink.to_task_id)
    ).all()
    other = {link: _other(link, task_id) for link in links}
    tasks = session.scalars(select(Task).where(Task.id.in_(other.values()))).all()
    of = {found.task.id: found for found in dossiers.load(session, tasks)}
    return tuple(
        Linked(link.kind, "parent" if link.task_id == task_id else "child", of[other[link]])
        for link in links
        if _sees(of[other[link]], actor)
    )


def _other(link: TaskLink, task_id: int) -> int:
    return link.to_task_id if link.task_id == task_id else link.task_id


def _sees(found: Dossier, actor: Principal) -> bool:
    standing = found.standing(actor)
    return standing.reads or standing.took_part
