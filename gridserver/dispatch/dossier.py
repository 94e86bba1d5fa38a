"""All that is known about a task at hand: what decisions on it and cards of it are made from."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import AccountRef
from gridserver.access.rules import Principal
from gridserver.base import db
from gridserver.delivery import queries as delivery
from gridserver.dispatch.authority import Standing
from gridserver.dispatch.models import Decision as DecisionRow
from gridserver.dispatch.models import HandOver, Offer, Task
from gridserver.dispatch.rules import Decision, Facts, Person, Step
from gridserver.incidents import queries as incidents
from gridserver.incidents.queries import IncidentRecord
from gridserver.org import queries as org


@dataclass
class Dossier:
    """A task with its incident, the decision that counts, and the offers in the order they were
    made.

    Attributes
    ----------
    unit_path : str
        The unit that answers for the place; scopes reach it or don't.
    people : dict
        The accounts that the task and its offers name, by id.
    received : mapping
        When a device of the recipient had the message that told of an offer, by message id.
    hand_over : HandOver or None
        To whom it was handed over, and what they answered.
    """

    task: Task
    incident: IncidentRecord
    unit_path: str
    facts: Facts
    decision: Decision
    offers: list[Offer]
    people: dict[int, AccountRef | Person]
    received: Mapping[uuid.UUID, dt.datetime] = field(default_factory=dict)
    hand_over: HandOver | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The decision's ladder."""
        return self.decision.steps

    @property
    def open_offers(self) -> list[Offer]:
        """The offers that may still be signed, oldest first."""
        return [offer for offer in self.offers if offer.outcome is None]

    @property
    def round(self) -> int:
        """The present round: each return or reassignment starts another."""
        return max((offer.round for offer in self.offers), default=1)

    @property
    def acting(self) -> AccountRef | Person | None:
        """Who is to act now: the assignee, else the holder of the first open offer."""
        if self.task.assignee_account_id is not None:
            return self.people[self.task.assignee_account_id]
        return self.people[self.open_offers[0].recipient] if self.open_offers else None

    def offer_to(self, account_id: int) -> Offer | None:
        """Return the account's open offer, else its last one, else None."""
        theirs = [offer for offer in self.offers if offer.recipient == account_id]
        return max(theirs, key=lambda offer: (offer.outcome is None, offer.id), default=None)

    def deadline(self, offer: Offer) -> dt.datetime | None:
        """Return until when an offer is to be signed; None where nobody comes after it.

        The time to sign counts from the receipt of the message on a device, where one had it before
        the next was told; else from the telling.
        """
        had = self.received.get(offer.message_id)
        if offer.deadline is None or had is None:
            return offer.deadline
        if offer.escalated_at is not None and had > offer.escalated_at:
            return offer.deadline
        return max(offer.deadline, had + dt.timedelta(seconds=offer.sign_within_s))

    def standing(self, actor: Principal) -> Standing:
        """Return what `actor` is to the task."""
        reads = actor.may("incident.read", self.unit_path)
        return Standing(
            offered=any(offer.recipient == actor.account_id for offer in self.open_offers),
            assignee=self.task.assignee_account_id == actor.account_id,
            took_part=any(offer.recipient == actor.account_id for offer in self.offers),
            commands=actor.may("task.command", self.unit_path),
            reads=reads,
            reads_elsewhere=not reads and actor.may("incident.read"),
        )


# Built once, as all that a command asks.
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_OFFERS = select(Offer).where(Offer.task_id.in_(_IDS)).order_by(Offer.id)
_DECISIONS = (
    select(
        DecisionRow.incident_id,
        DecisionRow.facts,
        DecisionRow.route,
        DecisionRow.hours,
        DecisionRow.steps,
        DecisionRow.notes,
    )
    .where(DecisionRow.incident_id.in_(_IDS))
    .order_by(DecisionRow.incident_id, DecisionRow.revision.desc())
    .ext(distinct_on(DecisionRow.incident_id))
)

_HAND_OVERS = select(HandOver).where(HandOver.task_id.in_(_IDS))


def load(session: Session, tasks: Sequence[Task]) -> list[Dossier]:
    """Return the dossiers of `tasks`, in their order, in a fixed number of queries."""
    if not tasks:
        return []
    offers = _offers(session, [task.id for task in tasks])
    incident_ids = [task.incident_id for task in tasks]
    decisions = {
        row.incident_id: (Facts.from_json(row.facts), Decision.from_json(row._asdict()))
        for row in db.rows(session, _DECISIONS, {"ids": incident_ids})
    }
    recorded = incidents.by_ids(session, incident_ids)
    paths = org.paths_by_id(session, {incident.unit_id for incident in recorded.values()})
    named = {offer.recipient for made in offers.values() for offer in made}
    named |= {task.assignee_account_id for task in tasks if task.assignee_account_id is not None}
    handed_over = _hand_overs(session, tasks)
    for over in handed_over.values():
        named |= {over.account_id, over.answer_account_id or over.account_id}
    people = access.account_refs(session, named)
    received = _received(session, [offer for made in offers.values() for offer in made])
    return [
        Dossier(
            task=task,
            incident=recorded[task.incident_id],
            unit_path=paths[recorded[task.incident_id].unit_id],
            facts=decisions[task.incident_id][0],
            decision=decisions[task.incident_id][1],
            offers=offers[task.id],
            people=dict(people),
            received=received,
            hand_over=handed_over.get(task.id),
        )
        for task in tasks
    ]


def _offers(session: Session, task_ids: list[int]) -> dict[int, list[Offer]]:
    by_task: dict[int, list[Offer]] = defaultdict(list)
    for offer in session.scalars(_OFFERS, {"ids": task_ids}):
        by_task[offer.task_id].append(offer)
    return by_task


def _received(session: Session, offers: Sequence[Offer]) -> dict[uuid.UUID, dt.datetime]:
    kept = {each.message_id: each.received_at for each in offers if each.received_at is not None}
    told = [each.message_id for each in offers if each.received_at is None]
    return kept | delivery.received_at(session, told)


def _hand_overs(session: Session, tasks: Sequence[Task]) -> dict[int, HandOver]:
    over = [task.id for task in tasks if task.state == "handed_over"]
    found = session.scalars(_HAND_OVERS, {"ids": over}) if over else ()
    return {each.task_id: each for each in found}
