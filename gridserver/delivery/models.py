"""Inbox, receipts, stored results of commands, and the command room's feed."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Code, Id


class Epoch(Base):
    """One row: which life of the database this is (a restored backup starts another), the number
    that the feed has reached, and the one up to which it was purged."""

    __tablename__ = "epoch"
    __table_args__ = (CheckConstraint("one", name="single_row"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    id: Mapped[uuid.UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    feed_seq: Mapped[int] = mapped_column(server_default=text("0"))
    feed_purged_through: Mapped[int] = mapped_column(server_default=text("0"))


class InboxHead(Base):
    """The last `seq` of each recipient. Its row lock, held to the commit, is what makes a
    recipient's sequence free of holes and equal to the order of the commits.

    Everything up to `purged_through` is gone: a reader who stands before it needs a snapshot.
    """

    __tablename__ = "inbox_head"

    recipient: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    seq: Mapped[int]
    purged_through: Mapped[int] = mapped_column(server_default=text("0"))


class InboxMessage(Base):
    """A message to one account. Written once, and never changed but to blank it: past `expires_at`
    a reader gets a tombstone in its place, and later the row itself is turned into one."""

    __tablename__ = "inbox_message"
    __table_args__ = (
        CheckConstraint("seq > 0", name="seq"),
        Index(
            "ix_inbox_message_expiring",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL AND type <> 'expired'"),
        ),
    )

    recipient: Mapped[int] = mapped_column(ForeignKey("inbox_head.recipient"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(unique=True, server_default=text("gen_random_uuid()"))
    type: Mapped[str]
    at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    data: Mapped[dict[str, Any]]


class InboxReceipt(Base):
    """A device's cumulative acknowledgement: it holds everything up to `seq` since `at`.

    The key begins with (recipient, seq), by which an account's highest receipt is found.
    """

    __tablename__ = "inbox_receipt"

    recipient: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]


class DeviceContact(Base):
    """When any device of an account last gave a sign of life, to within a minute."""

    __tablename__ = "device_contact"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    at: Mapped[dt.datetime]


class FeedEntry(Base):
    """Something that the command rooms see. Appended without a lock and numbered after the
    commit by whichever process holds the advisory lock, so that numbers follow visibility."""

    __tablename__ = "feed_entry"
    __table_args__ = (
        Index("ix_feed_entry_unnumbered", "id", postgresql_where=text("seq IS NULL")),
    )

    id: Mapped[Id]
    seq: Mapped[int | None] = mapped_column(unique=True)
    at: Mapped[dt.datetime]
    unit_path: Mapped[Code]
    type: Mapped[str]
    data: Mapped[dict[str, Any]]


class CommandResult(Base):
    """What a command's first arrival was answered, errors included. Later arrivals get the same."""

    __tablename__ = "command_result"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    command_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    payload_digest: Mapped[bytes]
    at: Mapped[dt.datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    body: Mapped[dict[str, Any] | None]
