"""Accounts, what they may do where, and their sessions."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
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


class Device(Base):
    """A handheld or browser by which an account signed in, under the name it gave itself.

    `battery` is the charge from 0 to 1, at `battery_at`. `unlock` is the server's part of the key
    to what the device keeps: random bytes, given out with a session, so to no device that was
    revoked. `revoked_by` is empty where it was done from the command line. `wiped_at` is when the
    device, since it was revoked, said that it had wiped itself.
    """

    __tablename__ = "device"
    __table_args__ = (
        UniqueConstraint("account_id", "name"),
        CheckConstraint("battery BETWEEN 0 AND 1", name="battery"),
        CheckConstraint("octet_length(unlock) = 32", name="unlock"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="revoke_reason"),
        CheckConstraint("revoked_at IS NOT NULL OR revoked_by IS NULL", name="revoked_by"),
        CheckConstraint("revoked_at IS NOT NULL OR wiped_at IS NULL", name="wiped"),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[Code]
    unlock: Mapped[bytes]
    first_seen_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]
    last_address: Mapped[str | None]
    platform: Mapped[str | None]
    app_version: Mapped[str | None]
    battery: Mapped[float | None]
    battery_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    revoke_reason: Mapped[str | None]
    wiped_at: Mapped[dt.datetime | None]


class LoginSession(Base):
    """A session. Only digests of its secrets are stored (SHA-256 of 32 random bytes).

    `device` is the name under which it acts; `device_id` is empty where the client gave none, and
    for a long-lived token.
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
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)
    clock_offset_s: Mapped[float | None]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
