"""The two officers of a swap, and whoever leads them both."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.base.clock import now
from gridserver.force.models import Leadership, Officer, ShiftSwap
from gridserver.force.people import PersonOfForce
from gridserver.org.models import Unit


@dataclass(frozen=True)
class Party:
    """An officer whom a swap names, and the path of their unit."""

    account_id: int
    person: PersonOfForce
    path: str


def parties_of(session: Session, swaps: Iterable[ShiftSwap]) -> dict[int, Party]:
    """Return the parties of some swaps by the officer's id."""
    named = {o for swap in swaps for o in (swap.officer_id, swap.other_officer_id)}
    rows = session.execute(
        select(
            Officer.id,
            Account.id.label("account"),
            Account.username,
            Officer.service_number,
            Account.display_name,
            Unit.path,
        )
        .join(Account, Account.id == Officer.account_id)
        .join(Unit, Unit.id == Officer.unit_id)
        .where(Officer.id.in_(named))
    )
    return {row.id: Party(row.account, PersonOfForce(*row[2:5]), row.path) for row in rows}


def nearest_leaders(session: Session, parties: Collection[Party]) -> frozenset[int]:
    """Return the accounts of who leads the lowest unit above all these officers that has a leader
    now besides themselves; none where no unit has one."""
    above = frozenset.intersection(*(_chain(party.path) for party in parties))
    led = session.execute(
        select(Unit.path, Officer.account_id)
        .join(Leadership, Leadership.unit_id == Unit.id)
        .join(Officer, Officer.id == Leadership.officer_id)
        .where(
            Unit.path.in_(above),
            Leadership.valid.contains(now(session)),
            Officer.account_id.not_in([party.account_id for party in parties]),
        )
    ).all()
    lowest = max((row.path for row in led), key=len, default=None)
    return frozenset(row.account_id for row in led if row.path == lowest)


def _chain(path: str) -> frozenset[str]:
    """Return a unit's path and those of all units above it."""
    names = path.split(".")
    return frozenset(".".join(names[: depth + 1]) for depth in range(len(names)))
