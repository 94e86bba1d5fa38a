"""What a bulletin said and what was seen is deleted a while after its end; that it was, and who did
what, stays."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from gridserver.attachments import service as attachments
from gridserver.base.clock import now
from gridserver.bulletins import ledger
from gridserver.bulletins.models import Bulletin, BulletinContents, BulletinSighting
from gridserver.bulletins.queries import SUBJECT
from gridserver.bulletins.rules import KEPT

#: What stands where a reason in free words stood.
_GONE = "—"

_DUE = (
    select(Bulletin)
    .where(Bulletin.ended_at <= bindparam("before"), Bulletin.purged_at.is_(None))
    .order_by(Bulletin.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)


def purge(session: Session, limit: int = 100, *, kept: dt.timedelta = KEPT) -> int:
    """Delete the personal data of what ended `kept` ago; return how many bulletins it was.

    Left are the kind, the instrument, who was told and when, and the ledger's rows. The photos'
    files go with the sweep of what nothing refers to.
    """
    rows = session.scalars(_DUE, {"before": now(session) - kept, "limit": limit}).all()
    for row in rows:
        for table in (BulletinContents, BulletinSighting):
            session.execute(delete(table).where(table.bulletin_id == row.id))
        attachments.unlink(session, SUBJECT, row.id)
        row.end_reason = row.end_reason and _GONE
        row.area_reason = row.area_reason and _GONE
        row.purged_at = row.updated_at = now(session)
        row.version += 1
        session.flush()
        ledger.note(session, None, row.id, "purge")
    return len(rows)
