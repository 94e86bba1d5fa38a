"""The cells that a person answers for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.force.models import Officer, Ownership


@dataclass(frozen=True)
class OwnedCell:
    """A cell code and in which role (`primary`, `backup`) it is somebody's."""

    code: str
    role: str


def owned_cells(session: Session, account_id: int, at: dt.datetime) -> list[OwnedCell]:
    """Return the cells that the account's officer owns at `at`, by code; none for others."""
    rows = session.execute(
        select(Ownership.cell_code, Ownership.role)
        .join(Officer, Officer.id == Ownership.officer_id)
        .where(Officer.account_id == account_id, Ownership.valid.contains(at))
        .order_by(Ownership.cell_code)
    )
    return [OwnedCell(*row) for row in rows]
