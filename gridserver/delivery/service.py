"""Posting to inboxes and to the feed, receipts and signs of life.

Sources: the per-recipient counter under a row lock is the "gapless sequence" of PostgreSQL
practice; `{epoch, seq}` as in Centrifugo's history streams.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.base.db import before_commit
from gridserver.base.errors import Forbidden, Invalid
from gridserver.delivery import channels, queries

_INBOX_QUEUE = "delivery_inbox_queue"
_FEED_QUEUE = "delivery_feed_queue"

#: Advisory lock: who holds it numbers the feed. Any constant, the same in every process.
_NUMBERING = 0x67726964


@dataclass(frozen=True)
class Message:
    """A message to one account.

    Attributes
    ----------
    recipient : int
        Account id.
    type : str
        E.g. ``task.offered``.
    data : dict
        JSON-able. Never a bulletin's contents, only its id and version.
    id : UUID
        Given beforehand, so that the poster can keep it.
    expires_at : datetime, optional
        From when on a reader gets only a tombstone: an order's deadline, a bulletin's end.
    """

    recipient: int
    type: str
    data: dict[str, Any]
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    expires_at: dt.datetime | None = None


@dataclass(frozen=True)
class Broadcast:
    """The same message to many accounts, said once however many they are.

    Attributes
    ----------
    to : mapping of int to UUID
        Account id → the id that its message has.
    type, data, expires_at
        As of `Message`.
    """

    to: Mapping[int, uuid.UUID]
    type: str
    data: dict[str, Any]
    expires_at: dt.datetime | None = None


@dataclass(frozen=True)
class Receipt:
    """A device has everything up to `seq`."""

    recipient: int
    device: str
    seq: int


# --- posting


def post(session: Session, messages: Iterable[Message | Broadcast]) -> None:
    """Queue messages; they are written together as the transaction's last statement."""
    session.info.setdefault(_INBOX_QUEUE, []).extend(messages)
    before_commit(session, _write_queues)


def append_feed(session: Session, type_: str, data: dict[str, Any], unit_path: str) -> None:
    """Queue an entry of the command rooms' feed, for those who may see `unit_path`."""
    session.info.setdefault(_FEED_QUEUE, []).append((type_, data, unit_path))
    before_commit(session, _write_queues)


# One round trip for everything. The upsert takes the heads' row locks in the order of the
# recipients, as SELECT … ORDER BY … FOR UPDATE would, and makes missing heads on the way: two
# broadcasts can't deadlock, and each head stays locked to the commit.
_WRITE = text(
    """
    WITH message AS (
        SELECT CAST(key AS bigint) AS recipient, CAST(value AS uuid) AS id, type, expires_at, data,
               row_number() OVER (PARTITION BY key ORDER BY place DESC) - 1 AS behind
        FROM jsonb_to_recordset(CAST(:messages AS jsonb))
             AS m(place integer, ids jsonb, type text, expires_at timestamptz, data jsonb)
        CROSS JOIN LATERAL jsonb_each_text(ids)
    ), head AS (
        INSERT INTO inbox_head AS h (recipient, seq)
        SELECT recipient, count(*) FROM message GROUP BY recipient ORDER BY recipient
        ON CONFLICT (recipient) DO UPDATE SET seq = h.seq + excluded.seq
        RETURNING recipient, seq
    ), written AS (
        INSERT INTO inbox_message (recipient, seq, id, type, at, expires_at, data)
        SELECT recipient, head.seq - behind, id, type, :at, expires_at, data
        FROM message JOIN head USING (recipient)
    ), fed AS (
        INSERT INTO feed_entry (at, unit_path, type, data)
        SELECT :at, unit_path, type, data
        FROM jsonb_to_recordset(CAST(:entries AS jsonb))
             AS f(place integer, unit_path text, type text, data jsonb)
        ORDER BY place
    )
    SELECT pg_notify(channel, payload)
    FROM jsonb_to_recordset(CAST(:wake AS jsonb)) AS w(channel text, payload text)
    """
)


def _write_queues(session: Session) -> None:
    messages: list[Message | Broadcast] = session.info.pop(_INBOX_QUEUE, [])
    entries: list[tuple[str, dict[str, Any], str]] = session.info.pop(_FEED_QUEUE, [])
    if not messages and not entries:
        return
    wake = []
    if messages:
        payload = channels.recipients_payload(chain.from_iterable(map(_ids, messages)))
        wake.append({"channel": channels.INBOX, "payload": payload})
    if entries:
        wake.append({"channel": channels.FEED, "payload": channels.ADDED})
    session.execute(
        _WRITE,
        {
            "at": now(session),
            "messages": _json(
                {
                    "place": place,
                    "ids": {recipient: str(id_) for recipient, id_ in _ids(m).items()},
                    "type": m.type,
                    "expires_at": m.expires_at.isoformat() if m.expires_at else None,
                    "data": m.data,
                }
                for place, m in enumerate(messages)
            ),
            "entries": _json(
                {"place": place, "type": type_, "data": data, "unit_path": unit_path}
                for place, (type_, data, unit_path) in enumerate(entries)
            ),
            "wake": _json(wake),
        },
    )


def _ids(message: Message | Broadcast) -> Mapping[int, uuid.UUID]:
    """Return whom a message goes to, with the id that it has for each."""
    return message.to if isinstance(message, Broadcast) else {message.recipient: message.id}


def _json(rows: Iterable[dict[str, Any]]) -> str:
    return json.dumps(list(rows), ensure_ascii=False, allow_nan=False)


_NUMBER = text(
    """
    WITH fresh AS (
        SELECT id, row_number() OVER (ORDER BY id) AS nth FROM feed_entry WHERE seq IS NULL
    ), numbered AS (
        UPDATE feed_entry SET seq = epoch.feed_seq + fresh.nth
        FROM fresh, epoch WHERE feed_entry.id = fresh.id
    ), counted AS (
        UPDATE epoch SET feed_seq = feed_seq + (SELECT count(*) FROM fresh)
        WHERE EXISTS (SELECT FROM fresh)
    )
    SELECT count(pg_notify(:channel, :payload)) FROM (SELECT FROM fresh LIMIT 1) AS any_fresh
    """
)


def number_feed(session: Session) -> bool:
    """Number the feed's new entries; say whether there were any.

    One process does it at a time (transaction-level advisory lock). Whoever finds it taken does
    nothing: the holder, woken by the same commit, or the next sweep numbers what is left.
    """
    # The lock is a statement of its own, so that the next one's snapshot is taken while holding it.
    if not session.scalar(select(text(f"pg_try_advisory_xact_lock({_NUMBERING})"))):
        return False
    notified = {"channel": channels.FEED, "payload": channels.NUMBERED}
    return bool(session.scalar(_NUMBER, notified))


# --- receipts

_RECEIVE = text(
    """
    INSERT INTO inbox_receipt (recipient, device, seq, at)
    SELECT r.recipient, r.device, r.seq, :at
    FROM jsonb_to_recordset(CAST(:receipts AS jsonb))
         AS r(recipient bigint, device text, seq bigint)
    JOIN inbox_head h ON h.recipient = r.recipient AND r.seq BETWEEN 1 AND h.seq
    WHERE NOT EXISTS (
        SELECT FROM inbox_receipt i
        WHERE i.recipient = r.recipient AND i.device = r.device AND i.seq >= r.seq
    )
    ON CONFLICT DO NOTHING
    """
)


def record_receipts(session: Session, receipts: Iterable[Receipt]) -> None:
    """Store what devices have, many in one round trip. Older or impossible ones change nothing."""
    rows = _json(asdict(receipt) for receipt in receipts)
    session.execute(_RECEIVE, {"at": now(session), "receipts": rows})


def acknowledge(session: Session, actor: Principal, seq: int) -> int:
    """Store that the actor's device has everything up to `seq`; return its highest receipt.

    Acknowledging less than before changes nothing. Raises `Invalid` for a number beyond the head.
    """
    if actor.account_id is None:
        raise Forbidden("inbox.no_account", "Only an account has an inbox.")
    if not 0 <= seq <= queries.head(session, actor.account_id):
        raise Invalid(
            "inbox.beyond_head",
            "seq: only what the inbox holds can be acknowledged.",
            field="seq",
        )
    device = actor.device or ""
    record_receipts(session, (Receipt(actor.account_id, device, seq),))
    return queries.last_acknowledged(session, actor.account_id, device)


# --- signs of life

#: Where no device at all was heard of for so long, it was the server that was away.
_OUTAGE = dt.timedelta(minutes=5)

# In the order of the accounts, so that two web processes that write at once can't deadlock.
_CONTACT = text(
    """
    WITH heard AS (
        SELECT account_id, at
        FROM jsonb_to_recordset(CAST(:contacts AS jsonb)) AS s(account_id bigint, at timestamptz)
    ), excused AS (
        UPDATE device_contact SET at = (SELECT max(at) FROM heard)
        WHERE account_id NOT IN (SELECT account_id FROM heard)
          AND (SELECT max(at) FROM device_contact) < (SELECT max(at) FROM heard) - :outage
    )
    INSERT INTO device_contact AS c (account_id, at)
    SELECT account_id, at FROM heard ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET at = excluded.at WHERE c.at < excluded.at
    """
)


def record_contacts(session: Session, contacts: Mapping[int, dt.datetime]) -> None:
    """Store when a device of each account was last heard of, many in one round trip. Older ones
    change nothing.

    After an outage of the server nobody's silence is held against them: all devices that were known
    count as heard of when the first is.
    """
    rows = _json(
        {"account_id": account_id, "at": at.isoformat()} for account_id, at in contacts.items()
    )
    session.execute(_CONTACT, {"contacts": rows, "outage": _OUTAGE})
