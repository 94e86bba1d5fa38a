"""Looking at what was reported, found and done: the ledger keeps who did.

The board, which a room has before it for as long as it works, and what is delivered to a terminal
are no looks of a person: sessions and receipts say who had them.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.dispatch import queries
from gridserver.dispatch.dossier import Dossier


def at_incident(session: Session, actor: Principal, incident_id: int) -> Dossier:
    """Return an incident with its task. Raises as `gridserver.dispatch.queries.incident_for`."""
    return _kept(session, actor, queries.incident_for(session, actor, incident_id))


def at_task(session: Session, actor: Principal, task_id: int) -> Dossier:
    """Return a task with its incident. Raises as `gridserver.dispatch.queries.task_for`."""
    return _kept(session, actor, queries.task_for(session, actor, task_id))


def through_incidents(
    session: Session,
    actor: Principal,
    filters: Collection[str],
    rows: int,
    *,
    station: str = "",
) -> None:
    """Keep that somebody looked through incidents: by which filters, and how many were shown.

    What the filters said isn't kept: the words that were looked for may name a person.
    """
    audit.record(
        session,
        actor,
        Tag.INCIDENT_SEARCH,
        subject_kind="unit",
        subject_id=station,
        data={"filters": sorted(filters), "rows": rows},
    )


def _kept(session: Session, actor: Principal, found: Dossier) -> Dossier:
    audit.record(
        session,
        actor,
        Tag.INCIDENT_LOOK,
        subject_kind="incident",
        subject_id=found.incident.id,
        once_in=audit.ONE_LOOK,
    )
    return found
