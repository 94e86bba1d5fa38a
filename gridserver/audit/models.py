"""The ledger's tables. Their ids are no foreign keys: a purge elsewhere never touches them.

Triggers refuse UPDATE, DELETE and TRUNCATE of all three, and where the installation has an owner's
role the application's may only add to them (`gridserver.audit.rights`).
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base


class AuditEntry(Base):
    """One deed or look. `actor` is the account's username as it was; `lon` and `lat` are EPSG:4326,
    degrees."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject_kind", "subject_id", "id"),
        Index("ix_audit_entry_actor", "actor_account_id", "id"),
        Index("ix_audit_entry_tag", "tag", "id"),
        Index("ix_audit_entry_at", "at", postgresql_using="brin"),
        CheckConstraint("(lon IS NULL) = (lat IS NULL)", name="place"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[dt.datetime]
    tag: Mapped[str]
    actor_account_id: Mapped[int | None]
    actor: Mapped[str | None]
    device: Mapped[str | None]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    purpose: Mapped[str | None]
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    data: Mapped[dict[str, Any]]


class AuditLeaf(Base):
    """In which seal a row stands, and by which hash. It outlives the row's contents."""

    __tablename__ = "audit_leaf"

    entry_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seal: Mapped[int]
    hash: Mapped[bytes]


class AuditSeal(Base):
    """A sealed batch (`gridserver.audit.seals`). Every id up to `settled` is sealed or will never
    be a row."""

    __tablename__ = "audit_seal"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ledger: Mapped[uuid.UUID]
    at: Mapped[dt.datetime]
    ids: Mapped[str]
    rows: Mapped[int]
    root: Mapped[bytes]
    previous: Mapped[bytes]
    settled: Mapped[int]
