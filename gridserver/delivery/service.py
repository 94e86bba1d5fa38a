"""Posting to inboxes and to the feed, doing a command once, receipts and signs of life.

Sources: the per-recipient counter under a row lock is the "gapless sequence" of PostgreSQL
practice; `{epoch, seq}` as in Centrifugo's history streams.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gis.errors import GisError
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.base.db import before_commit, savepoint
from gridserver.base.errors import Conflict, Forbidden, GridserverError, Invalid, NotFound
from gridserver.delivery import channels, queries
from gridserver.delivery.models import CommandResult

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
    """

    recipient: int
    type: str
    data: dict[str, Any]
    id: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True)
class Receipt:
    """A device has everything up to `seq`."""

    recipient: int
    device: str
    seq: int


@dataclass(frozen=True)
class Outcome:
    """What a command is answered.

    Attributes
    ----------
    status : int
        200, or the HTTP status of the refusal.
    body : dict
        The work's result, or ``{code, detail, field?, …}`` of the refusal.
    replayed : bool
        Whether this is the stored answer to an earlier arrival.
    """

    status: int
    body: dict[str, Any]
    replayed: bool


# --- posting


def post(session: Session, messages: Iterable[Message]) -> None:
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
        SELECT recipient, id, type, data,
               row_number() OVER (PARTITION BY recipient ORDER BY place DESC) - 1 AS behind
        FROM jsonb_to_recordset(CAST(:messages AS jsonb))
             AS m(place integer, recipient bigint, id uuid, type text, data jsonb)
    ), head AS (
        INSERT INTO inbox_head AS h (recipient, seq)
        SELECT recipient, count(*) FROM message GROUP BY recipient ORDER BY recipient
        ON CONFLICT (recipient) DO UPDATE SET seq = h.seq + excluded.seq
        RETURNING recipient, seq
    ), written AS (
        INSERT INTO inbox_message (recipient, seq, id, type, at, data)
        SELECT recipient, head.seq - behind, id, type, :at, data
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
    messages: list[Message] = session.info.pop(_INBOX_QUEUE, [])
    entries: list[tuple[str, dict[str, Any], str]] = session.info.pop(_FEED_QUEUE, [])
    if not messages and not entries:
        return
    wake = []
    if messages:
        payload = channels.recipients_payload(m.recipient for m in messages)
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
                    "recipient": m.recipient,
                    "id": str(m.id),
                    "type": m.type,
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


# --- commands

_ARRIVE = text(
    """
    INSERT INTO command_result (account_id, command_id, payload_digest, at)
    VALUES (:account, :command, :digest, :at)
    ON CONFLICT DO NOTHING
    RETURNING true
    """
).bindparams(bindparam("command", type_=Uuid))
_ANSWER = text(
    """
    UPDATE command_result SET status = :status, body = :body
    WHERE account_id = :account AND command_id = :command
    """
).bindparams(bindparam("command", type_=Uuid), bindparam("body", type_=JSONB))


def run_once(
    session: Session,
    actor: Principal,
    command_id: uuid.UUID,
    payload: dict[str, Any],
    work: Callable[[], dict[str, Any]],
) -> Outcome:
    """Do `work` at most once per account and command id, and answer every arrival alike.

    The result is stored in the transaction that does the work. A refusal (`GridserverError`,
    `GisError`) undoes what the work wrote and queued, and is stored too. A second arrival that
    comes while the first is still at work waits for it.

    Parameters
    ----------
    payload : dict
        What the command says, JSON-able; two arrivals with one id must agree on it.
    work : callable
        Returns the JSON-able body of the answer.

    Raises
    ------
    Invalid
        ``command.reused``: the id was used with another payload.
    """
    digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).digest()
    this = {"account": actor.account_id, "command": command_id}
    first = session.scalar(_ARRIVE, this | {"digest": digest, "at": now(session)})
    if first is None:
        return _stored(session, actor, command_id, digest)
    outcome = _attempt(session, work)
    session.execute(_ANSWER, this | {"status": outcome.status, "body": outcome.body})
    return outcome


def _stored(session: Session, actor: Principal, command_id: uuid.UUID, digest: bytes) -> Outcome:
    found = session.execute(
        select(CommandResult.payload_digest, CommandResult.status, CommandResult.body).where(
            CommandResult.account_id == actor.account_id, CommandResult.command_id == command_id
        )
    ).one()
    if found.payload_digest != digest:
        raise Invalid(
            "command.reused",
            "This command id was used for another command. Give every command an id of its own.",
            field="id",
        )
    return Outcome(found.status, found.body, replayed=True)


_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Invalid, 422),
    (GisError, 422),
)


def _attempt(session: Session, work: Callable[[], dict[str, Any]]) -> Outcome:
    try:
        with savepoint(session):
            return Outcome(200, work(), replayed=False)
    except (Forbidden, NotFound, Conflict, Invalid, GisError) as error:
        # Only these are verdicts on the command. Another refusal (no session, database away)
        # says nothing about it and leaves the transaction, so that the command can come again.
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        return Outcome(status, refusal(error), replayed=False)


def refusal(error: GridserverError | GisError) -> dict[str, Any]:
    """Return a refusal as a stored answer: ``{code, detail, field?, …}``."""
    extra = error.extra if isinstance(error, GridserverError) else {}
    named = {"field": error.field} if error.field else {}
    return {"code": error.code, "detail": error.message, **named, **extra}


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

# In the order of the accounts, so that two web processes that write at once can't deadlock.
_CONTACT = text(
    """
    INSERT INTO device_contact AS c (account_id, at)
    SELECT account_id, at
    FROM jsonb_to_recordset(CAST(:contacts AS jsonb)) AS s(account_id bigint, at timestamptz)
    ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET at = excluded.at WHERE c.at < excluded.at
    """
)


def record_contacts(session: Session, contacts: Mapping[int, dt.datetime]) -> None:
    """Store when a device of each account was last heard of, many in one round trip. Older ones
    change nothing."""
    rows = _json(
        {"account_id": account_id, "at": at.isoformat()} for account_id, at in contacts.items()
    )
    session.execute(_CONTACT, {"contacts": rows})
