"""From the facts of an incident to a decision, and from a decision to its task."""

from __future__ import annotations

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.dispatch import offers
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Offer, Task
from gridserver.dispatch.rules import RULES_VERSION, Facts, decide
from gridserver.incidents.queries import IncidentRecord


def open_task(
    session: Session,
    actor: Principal,
    incident: IncidentRecord,
    unit_path: str,
    facts: Facts,
    *,
    offered: bool = True,
) -> Dossier:
    """Decide on `facts` and store the decision, the task, its first offers (none unless `offered`)
    and the history's first entry, in one round trip."""
    moment = now(session)
    task = Task(
        incident_id=incident.id,
        state="assigned",
        version=1,
        created_at=moment,
        updated_at=moment,
    )
    dossier = Dossier(task, incident, unit_path, facts, decide(facts), [], {})
    if offered:
        offers.begin(dossier, dossier.steps[0], 1, moment)
    stored = session.execute(_OPEN, _row(actor, dossier)).one()
    task.id = stored.task_id
    for offer, offer_id in zip(dossier.offers, stored.offer_ids, strict=True):
        offer.id, offer.task_id = offer_id, task.id
    return dossier


_OPEN = text(
    """
    WITH decided AS (
        INSERT INTO decision
            (incident_id, at, rules_version, route, hours, facts, steps, notes)
        VALUES (:incident_id, :at, :rules_version, :route, :hours, :facts, :steps, :notes)
    ), opened AS (
        INSERT INTO task (incident_id, state, created_at, updated_at)
        VALUES (:incident_id, :state, :at, :at)
        RETURNING id
    ), offered AS (
        INSERT INTO offer
            (task_id, round, step, kind, recipient, because, message_id, told_at,
             sign_within_s, deadline, outcome, ended_at)
        SELECT opened.id, o.round, o.step, o.kind, o.recipient, o.because, o.message_id, :at,
               o.sign_within_s, o.deadline, o.outcome, o.ended_at
        FROM opened, jsonb_to_recordset(:offers) AS o(
            round smallint, step smallint, kind text, recipient bigint, because jsonb,
            place integer, message_id uuid, sign_within_s integer, deadline timestamptz,
            outcome text, ended_at timestamptz
        )
        ORDER BY o.place
        RETURNING id
    ), noted AS (
        INSERT INTO task_event
            (task_id, verb, to_state, actor_account_id, device, occurred_at, at, data)
        SELECT id, 'dispatch', :state, :actor, :device, :occurred_at, :at, '{}' FROM opened
    )
    SELECT opened.id AS task_id, ARRAY(SELECT id FROM offered ORDER BY id) AS offer_ids
    FROM opened
    """
).bindparams(*(bindparam(name, type_=JSONB) for name in ("facts", "steps", "notes", "offers")))


def _row(actor: Principal, dossier: Dossier) -> dict[str, object]:
    return {
        "incident_id": dossier.incident.id,
        "rules_version": RULES_VERSION,
        "facts": dossier.facts.to_json(),
        **dossier.decision.to_json(),
        "state": dossier.task.state,
        "at": dossier.task.created_at,
        "offers": [_offer(offer, place) for place, offer in enumerate(dossier.offers)],
        "actor": actor.account_id,
        "device": actor.device,
        "occurred_at": dossier.incident.reported_at,
    }


def _offer(offer: Offer, place: int) -> dict[str, object]:
    return {
        "place": place,
        "round": offer.round,
        "step": offer.step,
        "kind": offer.kind,
        "recipient": offer.recipient,
        "because": offer.because,
        "message_id": str(offer.message_id),
        "sign_within_s": offer.sign_within_s,
        "deadline": offer.deadline and offer.deadline.isoformat(),
        "outcome": offer.outcome,
        "ended_at": offer.ended_at and offer.ended_at.isoformat(),
    }
