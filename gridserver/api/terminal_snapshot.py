"""What a terminal starts from: one list of each room that sends it messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from gridserver.bulletins import queries as bulletins
from gridserver.captures import queries as captures
from gridserver.dispatch import queries as dispatch
from gridserver.orders import queries as orders

#: Gives a room's part of what an account holds now, as ``{name: list}``.
Part = Callable[[Session, int], dict[str, Any]]

PARTS: tuple[Part, ...] = (
    dispatch.terminal_snapshot_part,
    orders.terminal_snapshot_part,
    captures.terminal_snapshot_part,
    bulletins.terminal_snapshot_part,
)


def terminal_snapshot(session: Session, account_id: int) -> dict[str, Any]:
    """Return what the account holds now, the parts of all rooms joined: ``{tasks: [TaskCard], …}``.

    The relay calls it in a transaction that sees one moment, so that the parts agree with each
    other and with the number that the snapshot stands at.
    """
    return {name: held for part in PARTS for name, held in part(session, account_id).items()}
