"""How each source is read, what could not be read of it, and how far its view was read."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Id
from gridserver.base.lifecycle import check_in
from gridserver.exchange.lifecycle import REJECT


class MappingVersion(Base):
    """A mapping as an admin wrote it. The highest version is in force; none is ever changed."""

    __tablename__ = "exchange_mapping"

    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    rules: Mapped[dict[str, Any]]
    at: Mapped[dt.datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    remark: Mapped[str | None]


class Reject(Base):
    """A message that couldn't be taken, with the reason. `body` is as it came, and is wiped when
    the reject ends; `times` counts how often the same body came."""

    __tablename__ = "exchange_reject"
    __table_args__ = (
        CheckConstraint(check_in("state", REJECT.states), name="state"),
        CheckConstraint("(state = 'open') = (body IS NOT NULL)", name="body"),
        UniqueConstraint("partner_id", "digest"),
        Index("ix_exchange_reject_state", "state", "id"),
    )

    id: Mapped[Id]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    digest: Mapped[bytes]
    body: Mapped[str | None]
    state: Mapped[str]
    code: Mapped[str]
    detail: Mapped[str]
    field: Mapped[str | None]
    first_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]
    times: Mapped[int] = mapped_column(server_default=text("1"))
    ended_at: Mapped[dt.datetime | None]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))


class Pull(Base):
    """A view that is read for a source. Its database's URL is not here (`base.keyring`).

    `position` is the cursor column's value up to which rows were taken, as text; no row up to
    `start` ever is. `overlap` is how far before `position` each reading begins, for rows that were
    committed late: seconds for a column of times, else a number. `busy_until` is the lease of the
    worker that reads; `error` is what kept the last reading from its end.
    """

    __tablename__ = "exchange_pull"
    __table_args__ = (CheckConstraint("interval_s BETWEEN 1 AND 86400", name="interval"),)

    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    view: Mapped[str]
    cursor_column: Mapped[str]
    interval_s: Mapped[int]
    overlap: Mapped[int]
    enabled: Mapped[bool]
    start: Mapped[str | None]
    position: Mapped[str | None]
    due_at: Mapped[dt.datetime]
    busy_until: Mapped[dt.datetime | None]
    read_at: Mapped[dt.datetime | None]
    error: Mapped[str | None]
