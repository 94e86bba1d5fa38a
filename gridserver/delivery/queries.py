"""Reading inboxes, receipts and the feed."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ScalarSelect,
    bindparam,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from gridserver.base import db
from gridserver.base.clock import now
from gridserver.delivery import rules
from gridserver.delivery.models import (
    DeviceContact,
    Epoch,
    FeedEntry,
    InboxHead,
    InboxMessage,
    InboxReceipt,
)
from gridserver.delivery.rules import Standing


class StoredMessage(NamedTuple):
    """A row of an inbox, as read: past its end a tombstone (`rules.EXPIRED`).

    The database has made everything ready to be sent (the time by RFC 3339, the data as JSON text),
    so that a message to thousands isn't read and written again thousands of times here.
    """

    recipient: int
    seq: int
    id_text: str
    type: str
    at: str
    data_text: str

    @property
    def id(self) -> uuid.UUID:
        return uuid.UUID(self.id_text)

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.data_text)

    def envelope(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what a client gets: ``{seq, id, type, at, data}``, with `data` as rendered."""
        return {"seq": self.seq, "id": self.id_text, "type": self.type, "at": self.at, "data": data}

    def envelope_text(self) -> str:
        """Return the same as JSON text, with the data as stored."""
        return (
            f'{{"seq":{self.seq},"id":"{self.id_text}","type":"{self.type}","at":"{self.at}",'
            f'"data":{self.data_text}}}'
        )


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A numbered row of the feed, as read."""

    seq: int
    unit_path: str
    type: str
    data: dict[str, Any]

    def envelope(self) -> dict[str, Any]:
        """Return what a client gets: ``{seq, type, data}``."""
        return {"seq": self.seq, "type": self.type, "data": self.data}


@dataclass(frozen=True, slots=True)
class Want:
    """At most `limit` messages of `recipient` after `after`."""

    recipient: int
    after: int
    limit: int


def read_as_of_one_moment(session: Session) -> None:
    """Have all reads of this transaction see one moment, so that a snapshot and the number it
    stands at agree. To be called before the transaction's first statement."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def epoch(session: Session) -> str:
    """Return the life of this database that every number belongs to."""
    return str(session.scalars(select(Epoch.id)).one())


def head(session: Session, account_id: int) -> int:
    """Return the last number of an inbox; 0 for an empty one."""
    return heads(session, (account_id,)).get(account_id, 0)


def heads(session: Session, account_ids: Iterable[int]) -> dict[int, int]:
    """Return the last number of each inbox that has any message."""
    query = select(InboxHead.recipient, InboxHead.seq)
    chosen = InboxHead.recipient == func.any(literal(list(account_ids), ARRAY(BigInteger)))
    return {row.recipient: row.seq for row in session.execute(query.where(chosen))}


def last_acknowledged(session: Session, account_id: int, device: str | None = None) -> int:
    """Return the highest number that `device` (or any of the account's) has; 0 for none."""
    query = select(func.max(InboxReceipt.seq)).where(InboxReceipt.recipient == account_id)
    if device is not None:
        query = query.where(InboxReceipt.device == device)
    return session.scalar(query) or 0


# Built once: after a restart every terminal asks for it.
_STANDING = (
    select(
        Epoch.id,
        InboxHead.seq,
        select(func.max(InboxReceipt.seq))
        .where(InboxReceipt.recipient == bindparam("account"))
        .scalar_subquery(),
        InboxHead.purged_through,
    )
    .select_from(Epoch)
    .outerjoin(InboxHead, InboxHead.recipient == bindparam("account"))
)


def standing(session: Session, account_id: int) -> Standing:
    """Return where an inbox stands, in one round trip."""
    (row,) = db.rows(session, _STANDING, {"account": account_id})
    return Standing(str(row[0]), row[1] or 0, row[2] or 0, row[3] or 0)


def page(session: Session, account_id: int, after: int, limit: int = 100) -> list[StoredMessage]:
    """Return the messages after number `after`, in order."""
    return pages(session, [Want(account_id, after, limit)])[0]


_PAGES = text(
    """
    SELECT want.place, m.expires_at <= :now, m.recipient, m.seq, m.id::text, m.type,
           to_json(m.at) #>> '{}', m.data::text
    FROM jsonb_to_recordset(CAST(:wants AS jsonb))
         AS want(place integer, recipient bigint, after bigint, "limit" integer)
    CROSS JOIN LATERAL (
        SELECT * FROM inbox_message
        WHERE recipient = want.recipient AND seq > want.after
        ORDER BY seq LIMIT want.limit
    ) AS m
    ORDER BY want.place, m.seq
    """
)


def pages(session: Session, wants: Sequence[Want]) -> list[list[StoredMessage]]:
    """Return a page for each want, all in one round trip."""
    rows = [
        {"place": place, "recipient": w.recipient, "after": w.after, "limit": w.limit}
        for place, w in enumerate(wants)
    ]
    found: dict[int, list[StoredMessage]] = defaultdict(list)
    asked = {"wants": json.dumps(rows), "now": now(session)}
    for place, is_over, *row in session.execute(_PAGES, asked):
        message = StoredMessage(*row)
        found[place].append(_tombstone(message) if is_over else message)
    return [found[place] for place in range(len(wants))]


def _tombstone(message: StoredMessage) -> StoredMessage:
    if message.type == rules.EXPIRED:
        return message
    data = rules.tombstone(message.type, message.data)
    return message._replace(type=rules.EXPIRED, data_text=json.dumps(data, ensure_ascii=False))


# Built once: it is asked for every command.
_RECEIVED = (
    select(InboxMessage.id, func.min(InboxReceipt.at))
    .join(
        InboxReceipt,
        (InboxReceipt.recipient == InboxMessage.recipient) & (InboxReceipt.seq >= InboxMessage.seq),
    )
    .where(InboxMessage.id.in_(bindparam("ids", expanding=True)))
    .group_by(InboxMessage.id)
)


def received_at(session: Session, message_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dt.datetime]:
    """Return when a device of the recipient first acknowledged each message that one has."""
    rows = db.rows(session, _RECEIVED, {"ids": list(message_ids)})
    return {row[0]: row[1] for row in rows}


def first_receipt(message_id: InstrumentedAttribute[uuid.UUID]) -> ScalarSelect[dt.datetime]:
    """Return, for a query that holds message ids, when a device of the recipient first had each;
    null where none has."""
    return (
        select(func.min(InboxReceipt.at))
        .join(
            InboxMessage,
            (InboxReceipt.recipient == InboxMessage.recipient)
            & (InboxReceipt.seq >= InboxMessage.seq),
        )
        .where(InboxMessage.id == message_id)
        .scalar_subquery()
    )


# Built once: it is asked for every incident.
_LAST_SEEN = select(DeviceContact.account_id, DeviceContact.at).where(
    DeviceContact.account_id.in_(bindparam("accounts", expanding=True))
)


def last_seen(session: Session, account_ids: Iterable[int]) -> dict[int, dt.datetime]:
    """Return when any device of each account last gave a sign of life, to within a minute.

    An account of which no device was ever seen is missing: nothing is known of it. One round trip.
    """
    wanted = list(account_ids)
    rows = db.rows(session, _LAST_SEEN, {"accounts": wanted}) if wanted else ()
    return {row.account_id: row.at for row in rows}


def feed_standing(session: Session) -> Standing:
    """Return where the feed stands."""
    row = session.execute(select(Epoch.id, Epoch.feed_seq, Epoch.feed_purged_through)).one()
    return Standing(str(row.id), row.feed_seq, purged_through=row.feed_purged_through)


def waiting_since(session: Session) -> dt.datetime | None:
    """Return when the oldest feed entry was appended that no process has numbered yet, so that no
    room has heard of it."""
    return session.scalar(select(func.min(FeedEntry.at)).where(FeedEntry.seq.is_(None)))


def feed_page(session: Session, after: int, limit: int) -> list[StoredEntry]:
    """Return the numbered entries after `after`, in order, whoever may see them."""
    rows = session.execute(
        select(FeedEntry.seq, FeedEntry.unit_path, FeedEntry.type, FeedEntry.data)
        .where(FeedEntry.seq > after)
        .order_by(FeedEntry.seq)
        .limit(limit)
    )
    return [StoredEntry(*row) for row in rows]
