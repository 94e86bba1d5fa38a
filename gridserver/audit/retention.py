"""Taking away the contents of rows whose time is over, by a function of the tables' owner.

The row goes, its hash stays, so that every seal still holds. What was taken, by which law and when
stands in a row of its own, which is sealed like any other and never purged.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.keeping import Keep

#: Rows of one purge.
MOST = 10_000

_PURGE = text("SELECT audit_purge(:keep, :law, :before, CAST(:tags AS text[]), :most)")


def purge(session: Session, _limit: int, *, keep: Keep, period: dt.timedelta) -> int:
    """Purge the oldest rows of a kind that were sealed longer than `period` ago, `MOST` at most; a
    chore. Returns 1 where there were any, and else 0.

    PostgreSQL refuses a `period` below the lawful minimum, whatever the settings say.
    """
    tags = [tag.value for tag in Tag if tag.keep is keep]
    before = now(session) - period
    wanted = {"keep": keep.value, "law": keep.law, "before": before, "tags": tags, "most": MOST}
    return min(1, session.scalar(_PURGE, wanted) or 0)
