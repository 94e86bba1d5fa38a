"""A county of accounts that are signed in: number n holds the token ``n``."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from gridserver.base.db import Database
from gridserver.delivery.service import Broadcast

#: As long as a task's card.
DATA = {"task": {"id": 1, "text": "x" * 900}}

_MAKE = """
    WITH unit AS (
        INSERT INTO unit (code, kind, name, path) VALUES ('1', 'bureau', 'bench', '1') RETURNING id
    ), made AS (
        INSERT INTO account (username, display_name, password_hash, created_at)
        SELECT n::text, n::text, '!', now() FROM generate_series(1, :count) AS n
        RETURNING id, username
    ), granted AS (
        INSERT INTO role_grant (account_id, role, unit_id)
        SELECT made.id, 'officer', unit.id FROM made, unit
    )
    INSERT INTO login_session
        (id, account_id, token_digest, csrf_token, device, created_at, expires_at)
    SELECT gen_random_uuid(), id, sha256(username::bytea), '', '', now(), now() + interval '1 day'
    FROM made ORDER BY username::integer
    RETURNING account_id
"""


#: So that their positions count.
_ON_DUTY = """
    WITH made AS (
        INSERT INTO officer (account_id, service_number, kind, unit_id)
        SELECT account.id, username, 'officer', unit.id FROM account, unit
        RETURNING id, unit_id
    )
    INSERT INTO shift (officer_id, unit_id, duty, during)
    SELECT id, unit_id, 'community', tstzrange(now() - interval '1 day', now() + interval '1 day')
    FROM made
"""


def make(database: Database, count: int) -> list[int]:
    """Make the accounts, officers on duty all; return their ids, in the order of their numbers."""
    with database.transaction() as session:
        made = list(session.execute(sa.text(_MAKE), {"count": count}).scalars())
        session.execute(sa.text(_ON_DUTY))
    return made


def message(recipients: list[int]) -> Broadcast:
    """Return a message to all of them."""
    return Broadcast({recipient: uuid.uuid4() for recipient in recipients}, "task.changed", DATA)
