"""What another agency is told of a task that is handed over to it."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from gridserver.dispatch.cards import incident_card
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
