"""The cells that a person answers for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from gridserver.force.models import Officer, Ownership


@dataclass(frozen=True)
class OwnedCell:
    """A cell code and in which role (`primary`, `backup`) it is somebody's."""

    code: str
    role: str


def cells_by_account(at: dt.datetime) -> Select[int, str]:
    """Return, as a query of ``account_id, cell_code``, who owns what at `at`: a row for each cell
    of each officer, in whichever role."""
    return (
        select(Officer.account_id.label("account_id"), Ownership.cell_code.label("cell_code"))
        .join(Ownership, Ownership.officer_id == Officer.id)
        .where(Ownership.valid.contains(at))
        .distinct()
    )


def owned_cells(session: Session, account_id: int, at: dt.datetime) -> list[OwnedCell]:
    """Return the cells that the account's officer owns at `at`, by code; none for others."""
    rows = session.execute(
        select(Ownership.cell_code, Ownership.role)
        .join(Officer, Officer.id == Ownership.officer_id)
        .where(Officer.account_id == account_id, Ownership.valid.contains(at))
        .order_by(Ownership.cell_code)
    )
    return [OwnedCell(*row) for row in rows]
