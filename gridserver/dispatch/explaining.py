"""A stored decision, explained and tried again: what was known, what followed, and whether the same
would follow today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.base.errors import NotFound
from gridserver.dispatch import cards, queries
from gridserver.dispatch.models import Decision as DecisionRow
from gridserver.dispatch.rules import RULES_VERSION, Decision, Facts, decide
from gridserver.dispatch.rules.wording import in_words


@dataclass(frozen=True)
class Explanation:
    """A decision as it was stored, and what its facts give under the present rules.

    Attributes
    ----------
    number
        The incident's, for the radio.
    revision, revisions
        Which decision on the incident it is, of how many; the last one counts.
    at, rules_version
        When it was made, and under which rules.
    """

    incident_id: int
    number: int
    revision: int
    revisions: int
    at: dt.datetime
    rules_version: int
    facts: Facts
    stored: Decision
    replayed: Decision

    @property
    def identical(self) -> bool:
        """Whether the stored facts give the stored decision. Of older rules the steps count: what
        is noted beside them has changed since."""
        if self.rules_version == RULES_VERSION:
            return self.replayed == self.stored
        return self.replayed.steps == self.stored.steps


def explain(
    session: Session, actor: Principal | None, incident_id: int, revision: int | None = None
) -> Explanation:
    """Return a decision on an incident, the last one unless told otherwise, tried again.

    Parameters
    ----------
    actor
        None for the command line.

    Raises
    ------
    NotFound
        ``incident.unknown``, ``decision.unknown``.
    Forbidden
        ``task.out_of_scope``, ``task.not_yours``.
    """
    incident = queries.incident_for(session, actor, incident_id).incident
    of_incident = DecisionRow.incident_id == incident_id
    revisions = session.execute(select(func.max(DecisionRow.revision)).where(of_incident)).scalar()
    wanted = DecisionRow.revision == (revision or revisions)
    row = session.scalar(select(DecisionRow).where(of_incident, wanted))
    if row is None:
        raise NotFound(
            "decision.unknown",
            f"There is no decision {revision} on incident {incident_id}: it has {revisions}.",
            field="revision",
        )
    facts = Facts.from_json(row.facts)
    return Explanation(
        incident_id=incident_id,
        number=incident.number,
        revision=row.revision,
        revisions=revisions or row.revision,
        at=row.at,
        rules_version=row.rules_version,
        facts=facts,
        stored=Decision.from_json(
            {name: getattr(row, name) for name in ("route", "hours", "steps", "notes")}
        ),
        replayed=decide(facts),
    )


def document(found: Explanation, language: str) -> dict[str, Any]:
    """Return an explanation as JSON-able values, in words of `language`."""
    return {
        "incident": {"id": found.incident_id, "number": found.number},
        "revision": found.revision,
        "revisions": found.revisions,
        "at": found.at.isoformat(),
        "rules_version": found.rules_version,
        "facts": [cards.because(fact, language) for fact in in_words(found.facts)],
        **cards.decision_card(found.stored, language),
        "replay": {
            "identical": found.identical,
            "decision": cards.ladder(found.replayed.steps, language),
        },
    }
