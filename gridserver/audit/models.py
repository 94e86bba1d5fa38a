"""The ledger's table. Its ids are no foreign keys: a purge elsewhere never touches it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base


class AuditEntry(Base):
    """One deed or look. A trigger refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject_kind", "subject_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[dt.datetime]
    tag: Mapped[str]
    actor_account_id: Mapped[int | None]
    device: Mapped[str | None]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    purpose: Mapped[str | None]
    data: Mapped[dict[str, Any]]
