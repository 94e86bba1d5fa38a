"""The owners of a cell as a whole: who answers for it from now on, and who no longer does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.force import amending, service
from gridserver.force.models import Officer, Ownership
from gridserver.org import queries as org


def set_owners(
    session: Session,
    actor: Principal,
    cell_code: str,
    primaries: Sequence[str],
    backups: Sequence[str],
) -> None:
    """Have these officers (by service number), and no others, own a cell from now on.

    Who stays in the same role goes on as before; whoever else owned the cell ends now. The ledger
    has a row for each that ends or begins.

    Raises
    ------
    Forbidden
        The actor may not say who owns the bureau's cells.
    Invalid
        ``ownership.unknown_officer``, ``ownership.twice``: somebody is to be both;
        ``ownership.auxiliary``.
    Conflict
        ``ownership.overlaps``: an officer is to own the cell from a later moment on already.
    """
    require(actor, "ownership.edit", org.bureau(session).path)
    wanted = _roles(primaries, backups)
    officers = _officers(session, wanted)
    moment = now(session)
    present = select(Ownership.role, Officer, sa.func.lower(Ownership.valid))
    present = present.join(Officer, Officer.id == Ownership.officer_id)
    here = present.where(Ownership.cell_code == cell_code, Ownership.valid.contains(moment))
    kept = set()
    for role, officer, began in session.execute(here.with_for_update(of=Ownership)).all():
        if wanted.get(officer.service_number) == role:
            kept.add(officer.service_number)
            continue
        amending.end_ownership(
            session,
            actor,
            cell_code=cell_code,
            officer=officer,
            start=began,
            end=moment,
        )
    for number in sorted(wanted.keys() - kept):
        service.assign_owner(
            session,
            actor,
            cell_code=cell_code,
            officer=officers[number],
            role=wanted[number],
            start=moment,
        )


def _roles(primaries: Sequence[str], backups: Sequence[str]) -> dict[str, str]:
    if both := sorted(set(primaries) & set(backups)):
        raise Invalid(
            "ownership.twice",
            f"{both[0]} can't be primary and backup of one cell: choose one of the two.",
            field="backups",
        )
    return dict.fromkeys(primaries, "primary") | dict.fromkeys(backups, "backup")


def _officers(session: Session, wanted: Mapping[str, str]) -> dict[str, Officer]:
    rows = session.scalars(select(Officer).where(Officer.service_number.in_(list(wanted))))
    found = {officer.service_number: officer for officer in rows}
    if unknown := sorted(wanted.keys() - found.keys()):
        raise Invalid(
            "ownership.unknown_officer",
            f"There is no officer {unknown[0]}: give service numbers.",
            field="primaries" if wanted[unknown[0]] == "primary" else "backups",
        )
    return found
