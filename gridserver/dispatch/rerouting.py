"""Open tasks under a new grid: who is not at the scene yet may be another officer's by now.

An incident keeps the cell that it was given at intake unless a GIS admin asks for this when a
version takes force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.delivery import service as delivery
from gridserver.dispatch import cards, dossier, gathering, history, offers, revising, telling, verbs
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.gathering import Site
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.models import Task
from gridserver.dispatch.rules import Decision, Place, Step
from gridserver.dispatch.telling import Change
from gridserver.incidents import service as incidents
from gridserver.org import queries as org

#: Whoever has arrived finishes, and what is reported is only to be reviewed.
REROUTED = ("assigned", "signed", "en_route")


@dataclass(frozen=True)
class Rerouted:
    """How many open tasks were looked at, and the ids of those that were decided anew."""

    considered: int
    tasks: tuple[int, ...]


def reroute(session: Session, actor: Principal | None) -> Rerouted:
    """Decide the open tasks anew whose place has other owners in the grid that is in force now.

    Such an incident gets its cell of now. Its task goes back to ``assigned`` with a new decision
    and a new round of offers, and the former holders are told that it left them. Who would be told
    first and has the task already keeps it.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's grid.
    Conflict
        ``dispatch.no_bureau_room``.
    """
    if actor is not None:
        require(actor, "grid.edit", org.bureau(session).path)
    tasks = session.scalars(
        select(Task)
        .where(Task.state.in_(REROUTED))
        .order_by(Task.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    moved = [
        found.task.id for found in dossier.load(session, tasks) if _reroute(session, actor, found)
    ]
    return Rerouted(len(tasks), tuple(moved))


def _reroute(session: Session, actor: Principal | None, found: Dossier) -> bool:
    incident, former = found.incident, found.facts.place
    site = gathering.survey(session, incident.lon, incident.lat, incident.accuracy_m, now(session))
    if site.location.cell_code == former.cell:
        return False
    facts, decision = revising.decide_now(session, found, site)
    # Asked of today's roster and tables, as the new one: only the boundary may make a difference.
    _, present = revising.decide_now(session, found, revising.standing_site(session, found))
    if _ladder(decision) == _ladder(present):
        return False
    before, former_path, former_steps = found.task.state, found.unit_path, found.steps
    _relocate(session, found, site)
    revising.revise(session, found, facts, decision)
    change = _offer_anew(session, found)
    session.flush()
    _note(session, actor, found, before, former, former_steps)
    if former_path != found.unit_path:
        data = {"task": cards.task_card(found)}
        delivery.append_feed(session, "task.changed", data, former_path)
    telling.announce(session, found, change)
    return True


def _ladder(decision: Decision) -> list[tuple[str, int]]:
    return [(step.kind, step.who.account_id) for step in decision.steps]


def _relocate(session: Session, found: Dossier, site: Site) -> None:
    """Give the incident its cell of now, and the unit that answers for it."""
    location, room = site.location, site.room
    incidents.relocate(session, found.incident.id, location, room.unit_id)
    found.incident = replace(
        found.incident,
        grid_version_id=location.version_id,
        cell_code=location.cell_code,
        method=location.method,
        neighbours=tuple(location.neighbours),
        distance_m=location.distance_m,
        unit_id=room.unit_id,
    )
    found.unit_path = room.path


def _offer_anew(session: Session, found: Dossier) -> Change:
    """Begin a round with the first of the new ladder, unless they have the task already."""
    task, first, moment = found.task, found.steps[0], now(session)
    if found.acting is not None and found.acting.account_id == first.who.account_id:
        verbs.touch(task, task.state, moment)
        return Change()
    after = TASK.transitions[task.state, "reassign"]
    left = offers.take_away(found, "withdrawn", moment)
    verbs.touch(task, after, moment)
    made = offers.begin(found, first, found.round + 1, moment)
    offers.store(session, made)
    return Change(offered=made, withdrawn=dict.fromkeys(left, "rerouted"))


def _note(
    session: Session,
    actor: Principal | None,
    found: Dossier,
    before: str,
    former: Place,
    steps: Sequence[Step],
) -> None:
    """Keep in the history that it moved, and in the ledger what had been decided."""
    place = found.facts.place
    moved = {"grid_version": place.grid_version, "from": former.cell, "to": place.cell}
    history.add(
        session,
        actor,
        found.task.id,
        "reroute",
        from_state=before,
        to_state=found.task.state,
        data=moved,
    )
    ladder = [
        {"kind": step.kind, "account": step.who.account_id, "because": step.because.code}
        for step in steps
    ]
    audit.record(
        session,
        actor,
        Tag.TASK_REROUTE,
        subject_kind="task",
        subject_id=found.task.id,
        data=moved | {"former_grid_version": former.grid_version, "former_steps": ladder},
    )
