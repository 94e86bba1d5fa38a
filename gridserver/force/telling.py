"""Who hears of a swap: its parties, and the leader whose consent it waits for."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.delivery import service as delivery
from gridserver.delivery.service import Message
from gridserver.force.models import ShiftSwap
from gridserver.force.parties import Party, nearest_leaders, parties_of

#: The message that tells of a swap which came into a state.
_TYPES = {
    "proposed": "swap.asked",
    "agreed": "swap.agreed",
    "declined": "swap.refused",
    "withdrawn": "swap.withdrawn",
    "done": "swap.done",
}


def tell(
    session: Session, actor: Principal | None, swap: ShiftSwap, *, before: str | None = None
) -> None:
    """Tell both parties where a swap stands, and from the agreement on their nearest leader; not
    who brought it there.

    `before` is the state that it had; None for a new one.
    """
    parties = parties_of(session, [swap])
    both = parties[swap.officer_id], parties[swap.other_officer_id]
    concerned = {party.account_id for party in both}
    if "agreed" in (before, swap.state):
        concerned |= nearest_leaders(session, both)
    if actor is not None:
        concerned -= {actor.account_id}
    data = {"swap": _card(swap, *both)}
    type_ = _TYPES[swap.state]
    delivery.post(session, [Message(who, type_, data) for who in sorted(concerned)])


def _card(swap: ShiftSwap, officer: Party, other: Party) -> dict[str, Any]:
    return {
        "id": swap.id,
        "state": swap.state,
        "officer": asdict(officer.person),
        "other_officer": asdict(other.person),
        "given": swap.terms["given"],
        "taken": swap.terms["taken"],
        "proposed_at": _iso(swap.proposed_at),
        "updated_at": _iso(swap.updated_at),
    }


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()
