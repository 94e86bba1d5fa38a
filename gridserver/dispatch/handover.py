"""What another agency's system is told of a task that is handed over to it."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from gridserver.dispatch.cards import Card, incident_card
from gridserver.dispatch.dossier import Dossier
from gridserver.partners import outbox

EVENT = "task.handed_over"

#: What the agency gets of the incident's card: what happened where, and nothing of the grid.
_OF_INCIDENT = (
    "number",
    "category",
    "priority",
    "lon",
    "lat",
    "address",
    "description",
    "reported_at",
)


def send(session: Session, dossier: Dossier, data: dict[str, Any]) -> uuid.UUID | None:
    """Have the agency told, after the commit; None where it goes by no partner's name, or the
    partner has no webhook: then the room tells it by telephone, as before.

    Parameters
    ----------
    data : dict
        Of the verb ``hand_over``: `agency`, `text`.
    """
    incident = incident_card(dossier.incident, dossier.facts.place)
    return outbox.queue(
        session,
        data["agency"],
        EVENT,
        subject_kind="task",
        subject_id=dossier.task.id,
        body={
            "task": dossier.task.id,
            "text": data["text"],
            "incident": {name: incident[name] for name in _OF_INCIDENT},
        },
    )


def letter(session: Session, dossier: Dossier) -> Card | None:
    """Return how far the agency's system was told of a task: ``{state, at, tries}`` with `state`
    ``pending``, ``sent`` or ``dead``. None where nothing is sent to it."""
    if dossier.hand_over is None:
        return None
    found = outbox.latest_about(session, "task", dossier.task.id)
    if found is None:
        return None
    at = found.ended_at or found.created_at
    return {"state": found.state, "at": at.isoformat(), "tries": found.tries}
