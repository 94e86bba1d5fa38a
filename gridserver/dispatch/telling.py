"""Who hears of what happened to a task: inbox messages to persons, one entry in the feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from gridserver.delivery import service as delivery
from gridserver.delivery.service import Message
from gridserver.dispatch import cards
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Offer


@dataclass
class Change:
    """What a verb did to the parties, beside the task's own row.

    Attributes
    ----------
    offered
        New offers, of those who were passed over too.
    withdrawn
        Who no longer has a part, with the reason they are told.
    called
        Who is asked for support.
    noted
        What the history keeps beside what was said.
    absorbed_by
        The task that answers for the event instead, where this one is to end as its duplicate.
    """

    offered: list[Offer] = field(default_factory=list)
    withdrawn: dict[int, str] = field(default_factory=dict)
    called: list[int] = field(default_factory=list)
    noted: dict[str, Any] = field(default_factory=dict)
    absorbed_by: Dossier | None = None


def announce(session: Session, dossier: Dossier, change: Change) -> None:
    """Tell everyone concerned: the new holders, the former ones, and, on all their devices, who
    still has the task. The command rooms see it in the feed."""
    offered = {offer.recipient: offer for offer in change.offered}
    withdrawn = {who: why for who, why in change.withdrawn.items() if who not in offered}
    holders = {offer.recipient for offer in dossier.open_offers}
    if dossier.task.assignee_account_id is not None:
        holders.add(dossier.task.assignee_account_id)
    informed = holders - offered.keys() - withdrawn.keys() - set(change.called)
    delivery.post(
        session,
        [
            *(_message(dossier, who, "task.withdrawn", why) for who, why in withdrawn.items()),
            *(_message(dossier, who, "task.changed") for who in sorted(informed)),
            *(_message(dossier, who, "task.changed", "support_called") for who in change.called),
            *(told_message(dossier, offer) for offer in offered.values()),
        ],
    )
    feed_change(session, dossier)


def told_message(dossier: Dossier, offer: Offer) -> Message:
    """Return the message that tells of an offer, under the id that the offer keeps. Who was passed
    over is told so: the message waits for their device."""
    data: cards.Card = {"task": cards.task_card(dossier, offer.recipient)}
    if offer.outcome == "passed_over":
        data |= {"reason": "unreachable"}
        return Message(offer.recipient, "task.passed_over", data, offer.message_id)
    return Message(offer.recipient, "task.offered", data, offer.message_id)


def feed_creation(session: Session, dossier: Dossier) -> None:
    """Show a new incident to the command rooms."""
    incident = cards.incident_card(dossier.incident, dossier.facts.place)
    data = {"incident": incident, "task": cards.task_card(dossier)}
    delivery.append_feed(session, "incident.created", data, dossier.unit_path)


def feed_change(session: Session, dossier: Dossier) -> None:
    """Show a changed task to the command rooms."""
    data = {"task": cards.task_card(dossier)}
    delivery.append_feed(session, "task.changed", data, dossier.unit_path)


def _message(dossier: Dossier, who: int, type_: str, reason: str | None = None) -> Message:
    data = {"task": cards.task_card(dossier, who)}
    return Message(who, type_, data if reason is None else data | {"reason": reason})
