"""The ledger after a restore: an older state of it, with later seals outside the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridserver.audit import sealing
from gridserver.audit.rootfile import RootFile

_RESUME = text(
    "SELECT setval('audit_entry_id_seq', greatest(:last, (SELECT last_value FROM "
    "audit_entry_id_seq)))"
)


def resume(session: Session, file: RootFile | None) -> dict[str, Any]:
    """Have no id be given out twice, and return what the row of the restore says of the seals that
    were given up: ``{lost_from, lost_to}``, or nothing.

    The next seal goes on from the file's last one. What the file has and the database lacks is then
    no riddle: the restore's own row, which is sealed, names it.
    """
    line = file.last() if file else None
    present = sealing.last(session)
    if line is None or (present and str(present.ledger) != line.seal.ledger):
        return {}
    lost = (present.number if present else 0) + 1
    if line.seal.number < lost:
        return {}
    session.execute(_RESUME, {"last": line.seal.last})
    return {"lost_from": lost, "lost_to": line.seal.number}
