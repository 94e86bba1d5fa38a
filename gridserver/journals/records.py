"""The record of one incident, for whoever may see it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now, zone
from gridserver.dispatch import cards, queries, related
from gridserver.journals import forms
from gridserver.journals.forms import Source, Wording
from gridserver.org import queries as org


def record_of(
    session: Session, actor: Principal, incident_id: int, language: str
) -> dict[str, object]:
    """Return the form of an incident, laid out for `printing.pdf_of`; the ledger keeps who had it.

    Raises as `gridserver.dispatch.queries.incident_for`.
    """
    found = queries.incident_for(session, actor, incident_id)
    beside = cards.related(related.of_incident(session, actor, found))
    bureau = org.bureau(session)
    source = Source(
        bureau=bureau.name_en if language == "en" and bureau.name_en else bureau.name,
        incident=cards.incident_detail(found, language),
        task=queries.detail(session, actor, found, language),
        linked=tuple(beside["linked"]),
        printed_by=actor.display_name,
        printed_at=now(session),
    )
    audit.record(
        session,
        actor,
        Tag.INCIDENT_PRINT,
        subject_kind="incident",
        subject_id=incident_id,
        data={"language": language},
    )
    return forms.layout(source, Wording(language, zone(session)))
