"""Deciding an incident anew: a decision that counts from now on, after those that it has."""

from __future__ import annotations

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.dispatch import gathering
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.gathering import Site
from gridserver.dispatch.models import Decision as DecisionRow
from gridserver.dispatch.rules import RULES_VERSION, Decision, Facts, decide
from gridserver.grids.queries import Location


def decide_now(session: Session, found: Dossier, site: Site) -> tuple[Facts, Decision]:
    """Return the facts and the decision that a site gives an incident now."""
    incident, task = found.incident, found.task
    facts = gathering.gather(
        session,
        site,
        incident.category.code,
        incident.priority,
        suspects=task.suspects or 0,
        offences=task.offences or 0,
    )
    return facts, decide(facts)


def standing_site(session: Session, found: Dossier) -> Site:
    """Return where an incident lies by the decision that counts. Raises as `gathering.survey`."""
    place = found.facts.place
    location = Location(
        place.cell,
        place.cell_name,
        place.station,
        None,
        place.grid_version,
        place.method,
        place.neighbours,
        place.distance_m,
    )
    return gathering.site_of(session, location)


def revise(session: Session, found: Dossier, facts: Facts, decision: Decision) -> None:
    """Have a decision count from now on. What was decided before stays; the task's row lock, which
    the caller holds, keeps the order."""
    found.facts, found.decision = facts, decision
    revision = select(func.max(DecisionRow.revision) + 1).where(
        DecisionRow.incident_id == found.incident.id
    )
    session.execute(
        insert(DecisionRow).values(
            incident_id=found.incident.id,
            revision=revision.scalar_subquery(),
            at=now(session),
            rules_version=RULES_VERSION,
            facts=found.facts.to_json(),
            **found.decision.to_json(),
        )
    )
