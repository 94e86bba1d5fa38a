"""Other agencies, and the messages that wait to be sent to them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import check_in
from gridserver.partners.lifecycle import LETTER


class Partner(Base):
    """An agency whose system talks with ours. Its secret is not here (`gridserver.base.keyring`).

    `account_id` stands for it in the ledger and in histories; nobody can sign in with it.
    `busy_until` is the lease of the worker that is sending to it.
    """

    __tablename__ = "partner"
    __table_args__ = (CheckConstraint("code ~ '^[a-z0-9][a-z0-9-]{0,31}$'", name="code"),)

    id: Mapped[Id]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    webhook_url: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    busy_until: Mapped[dt.datetime | None]


class Letter(Base):
    """A message to a partner: the outbox. Written in the transaction that made it necessary.

    `delivery` is by what the receiver knows one that came twice. `subject_kind` and `subject_id`
    name what it is about, without a foreign key: this room doesn't know tasks.
    """

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint(check_in("state", LETTER.states), name="state"),
        Index(
            "ix_letter_due",
            "partner_id",
            "due_at",
            "id",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_letter_subject", "subject_kind", "subject_id"),
        Index("ix_letter_state", "state", "id"),
    )

    id: Mapped[Id]
    delivery: Mapped[uuid.UUID] = mapped_column(unique=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    type: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    state: Mapped[str]
    due_at: Mapped[dt.datetime]
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    ended_at: Mapped[dt.datetime | None]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    error: Mapped[str | None]
