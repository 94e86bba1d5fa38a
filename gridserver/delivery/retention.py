"""How long delivery keeps what it delivered, and the worker's chores that end it.

Nothing here makes a hole: what is purged of a stream is always its oldest part, and how far that
went is kept beside the stream. A reader who stands before it gets a snapshot (`rules.start`).

The chores take a session and a limit and return how much they did. Any number of workers may do
them at once.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.delivery import queries, rules
from gridserver.delivery.models import InboxMessage

#: Messages, with their receipts: longer than any leave or course, so that whoever comes back to
#: work still gets what was said to them. What was done about it stays with the tasks for good.
KEEP_INBOX = dt.timedelta(days=90)
#: Answers to commands: no device holds an unanswered command for longer than it holds messages.
KEEP_RESULTS = KEEP_INBOX
#: The command rooms' feed: a view that was closed over a holiday takes a snapshot, which is less to
#: read than a week of changes.
KEEP_FEED = dt.timedelta(days=7)

#: Takes when a device first had each of some messages, which are about to be deleted.
Keeper = Callable[[Session, Mapping[uuid.UUID, dt.datetime]], None]


def blank_expired(session: Session, limit: int) -> int:
    """Turn messages past their end into the tombstones that readers get anyway."""
    over = (
        select(InboxMessage)
        .where(InboxMessage.expires_at <= now(session), InboxMessage.type != rules.EXPIRED)
        .order_by(InboxMessage.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    messages = session.scalars(over).all()
    for message in messages:
        message.data = rules.tombstone(message.type, message.data)
        message.type = rules.EXPIRED
    session.flush()
    return len(messages)


# The oldest messages of each inbox, as far as they are all due: `at` follows `seq` but for the
# moments that a transaction waited for the head.
_DUE = text(
    """
    SELECT h.recipient, m.seq, m.id
    FROM inbox_head h
    CROSS JOIN LATERAL (
        SELECT seq, id, bool_and(at < :before) OVER (ORDER BY seq) AS is_due
        FROM (
            SELECT seq, id, at FROM inbox_message
            WHERE recipient = h.recipient AND seq > h.purged_through
            ORDER BY seq LIMIT :limit
        ) AS oldest
    ) AS m
    WHERE m.is_due AND EXISTS (
        SELECT FROM inbox_message
        WHERE recipient = h.recipient AND seq = h.purged_through + 1 AND at < :before
    )
    ORDER BY h.recipient, m.seq
    LIMIT :limit
    """
)
# A receipt for the last purged message stays: it says that the account needs no snapshot.
_PURGE = text(
    """
    WITH due AS (
        SELECT recipient, seq
        FROM jsonb_to_recordset(CAST(:through AS jsonb)) AS t(recipient bigint, seq bigint)
    ), head AS (
        SELECT due.* FROM inbox_head h JOIN due USING (recipient)
        ORDER BY recipient FOR UPDATE OF h SKIP LOCKED
    ), moved AS (
        UPDATE inbox_head h SET purged_through = greatest(h.purged_through, head.seq)
        FROM head WHERE h.recipient = head.recipient
    ), forgotten AS (
        DELETE FROM inbox_receipt r
        USING head WHERE r.recipient = head.recipient AND r.seq < head.seq
    )
    DELETE FROM inbox_message m
    USING head WHERE m.recipient = head.recipient AND m.seq <= head.seq
    """
)


def purge_inboxes(session: Session, limit: int, *, keepers: tuple[Keeper, ...]) -> int:
    """Delete messages older than `KEEP_INBOX`, the oldest of each inbox first, and the receipts
    that no longer tell anything.

    Parameters
    ----------
    keepers : tuple of callable
        Rooms that keep for good when a device had a message of theirs. They go first, while no
        inbox is locked: what they lock themselves may be held by who waits for an inbox.
    """
    before = now(session) - KEEP_INBOX
    due = session.execute(_DUE, {"before": before, "limit": limit}).all()
    if not due:
        return 0
    received = queries.received_at(session, [row.id for row in due])
    for keep in keepers:
        keep(session, received)
    # In the order of the numbers, so the last of each inbox is the one that stays here.
    through = {row.recipient: row.seq for row in due}
    rows = [{"recipient": recipient, "seq": seq} for recipient, seq in through.items()]
    return session.execute(_PURGE, {"through": json.dumps(rows)}).rowcount  # type: ignore[attr-defined]


# Materialized: a subquery in the join may be asked again for each row, and then finds others.
_PURGE_RESULTS = text(
    """
    WITH old AS MATERIALIZED (
        SELECT account_id, command_id FROM command_result
        WHERE at < :before ORDER BY at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM command_result r USING old
    WHERE r.account_id = old.account_id AND r.command_id = old.command_id
    """
)


def purge_results(session: Session, limit: int) -> int:
    """Delete what commands were answered longer than `KEEP_RESULTS` ago."""
    asked = {"before": now(session) - KEEP_RESULTS, "limit": limit}
    return session.execute(_PURGE_RESULTS, asked).rowcount  # type: ignore[attr-defined]


_PURGE_FEED = text(
    """
    WITH life AS (
        SELECT feed_purged_through AS through FROM epoch FOR UPDATE
    ), due AS (
        SELECT seq, bool_and(at < :before) OVER (ORDER BY seq) AS is_due
        FROM (
            SELECT seq, at FROM feed_entry
            WHERE seq > (SELECT through FROM life) ORDER BY seq LIMIT :limit
        ) AS oldest
    ), moved AS (
        UPDATE epoch SET feed_purged_through = (SELECT max(seq) FROM due WHERE is_due)
        WHERE EXISTS (SELECT FROM due WHERE is_due)
    )
    DELETE FROM feed_entry USING due WHERE feed_entry.seq = due.seq AND due.is_due
    """
)


def purge_feed(session: Session, limit: int) -> int:
    """Delete the feed's oldest entries, as far as they are older than `KEEP_FEED`."""
    asked = {"before": now(session) - KEEP_FEED, "limit": limit}
    return session.execute(_PURGE_FEED, asked).rowcount  # type: ignore[attr-defined]
