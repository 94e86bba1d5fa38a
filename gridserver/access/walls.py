"""A wall: a session that looks on and says nothing, and stands as long as somebody looks.

See docs/decisions/0017-a-wall-looks-on.md.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from gridserver.access import ledger
from gridserver.access.models import LoginSession
from gridserver.access.rules import Principal, require
from gridserver.access.sessions import ISSUED_PREFIX
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict

#: How long a wall stands from when it was last looked at: over a long weekend without power.
LASTS = dt.timedelta(days=7)


def put_up(session: Session, actor: Principal) -> dt.datetime:
    """Turn the actor's session into a wall's, or let it stand on as one; return until when.

    Whatever it could do before, it can now only look on. There is no way back: it signs out.

    Raises
    ------
    Forbidden
        ``access.forbidden``: the account follows no feed.
    Conflict
        ``session.no_wall``: a long-lived token, or no session at all.
    """
    require(actor, "feed.read")
    if actor.session_id is None:
        raise _no_wall()
    row = session.get_one(LoginSession, actor.session_id, with_for_update=True)
    if row.device.startswith(ISSUED_PREFIX):
        raise _no_wall()
    if not row.is_wall:
        data = {"session": str(row.id)}
        ledger.record(session, actor, Tag.SESSION_WALL, actor.account_id, data)
    # Nobody touches a wall, and nothing can be done at it: it is never locked.
    row.is_wall, row.expires_at, row.active_until = True, now(session) + LASTS, None
    session.flush()
    return row.expires_at


def _no_wall() -> Conflict:
    return Conflict("session.no_wall", "Only who signed in with a password puts up a wall.")
