"""Accounts, what they may do where, and their sessions."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.access.rules import ROLES
from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import check_in


class Account(Base):
    """Who can sign in: a person or a command room's desk."""

    __tablename__ = "account"

    id: Mapped[Id]
    username: Mapped[Code] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    created_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]


class RoleGrant(Base):
    """A role that an account holds for a unit and everything below it."""

    __tablename__ = "role_grant"
    __table_args__ = (CheckConstraint(check_in("role", ROLES), name="role"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True, index=True)


class LoginSession(Base):
    """A session. Only digests of its secrets are stored (SHA-256 of 32 random bytes).

    `clock_offset_s` is what the server's clock was ahead of the device's when it last connected.
    """

    __tablename__ = "login_session"
    __table_args__ = (
        Index("ix_login_session_live", "account_id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    csrf_token: Mapped[str]
    device: Mapped[str]
    clock_offset_s: Mapped[float | None]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
