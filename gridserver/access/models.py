"""Accounts, what they may do where, and their sessions."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.access.passwords import unusable_password
from gridserver.access.rules import FACTOR_KINDS, ROLES, WANTS
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

    @hybrid_property
    def has_password(self) -> bool:
        """Whether it has a password here; without one it signs in by the identity provider."""
        return self.password_hash != unusable_password()


class RoleGrant(Base):
    """A role that an account holds for a unit and everything below it."""

    __tablename__ = "role_grant"
    __table_args__ = (CheckConstraint(check_in("role", ROLES), name="role"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True, index=True)


class Device(Base):
    """A handheld or browser by which an account signed in, under the name it gave itself.

    `workplace` is the digest of the cookie by which it is known again; empty until a sign-in gave
    one. `battery` is the charge from 0 to 1, at `battery_at`. `unlock` is the server's part of the
    key to what the device keeps: random bytes, given out with a session, so to no device that was
    revoked. `revoked_by` is empty where it was done from the command line. `wiped_at` is when the
    device, since it was revoked, said that it had wiped itself. `public_key` is of the pair that it
    made when it was enrolled (`gridserver.access.proofs`).
    """

    __tablename__ = "device"
    __table_args__ = (
        UniqueConstraint("account_id", "name"),
        CheckConstraint("battery BETWEEN 0 AND 1", name="battery"),
        CheckConstraint("octet_length(unlock) = 32", name="unlock"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="revoke_reason"),
        CheckConstraint("revoked_at IS NOT NULL OR revoked_by IS NULL", name="revoked_by"),
        CheckConstraint("revoked_at IS NOT NULL OR wiped_at IS NULL", name="wiped"),
        CheckConstraint("(public_key IS NULL) = (enrolled_at IS NULL)", name="enrolled"),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[Code]
    unlock: Mapped[bytes]
    workplace: Mapped[bytes | None]
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
    public_key: Mapped[bytes | None]
    enrolled_at: Mapped[dt.datetime | None]


class ProviderIdentity(Base):
    """Whom an identity provider knows an account's person as: the account is theirs from their
    first sign-in by it on, whoever is given their name there later."""

    __tablename__ = "provider_identity"
    __table_args__ = (UniqueConstraint("account_id", "issuer"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    bound_at: Mapped[dt.datetime]


class DeviceCode(Base):
    """A code by which a device of an account may be enrolled, once. Only its digest is stored;
    `challenge` is what the device that holds it has to sign."""

    __tablename__ = "device_code"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    challenge: Mapped[str | None]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class SignInPolicy(Base):
    """What the bureau demands of who signs in: one row. `gridserver.access.policy` says what."""

    __tablename__ = "sign_in_policy"
    __table_args__ = (
        CheckConstraint("id = 1", name="only"),
        CheckConstraint("most_failures BETWEEN 3 AND 1000", name="most_failures"),
        CheckConstraint("idle_minutes BETWEEN 1 AND 480", name="idle_minutes"),
        CheckConstraint("session_hours BETWEEN 1 AND 168", name="session_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    most_failures: Mapped[int] = mapped_column(server_default=text("5"))
    second_factor_roles: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    idle_minutes: Mapped[int] = mapped_column(server_default=text("30"))
    session_hours: Mapped[int] = mapped_column(server_default=text("24"))
    provider_only_roles: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    provider_factor_counts: Mapped[bool] = mapped_column(server_default=text("false"))
    enrolled_device_roles: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))


class SignInCount(Base):
    """Failures in a row by one way of signing in (`gridserver.access.limits.Way`).

    `subject` is the SHA-256 of the username that was tried, whether there is such an account or
    not: who mistypes may write their password there. Empty where the count is of all accounts.
    """

    __tablename__ = "sign_in_count"

    subject: Mapped[bytes] = mapped_column(primary_key=True)
    way: Mapped[Code] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[dt.datetime] = mapped_column(index=True)


class SecondFactor(Base):
    """What an account shows beside its password: codes by the clock, or a security key.

    It counts once it is confirmed; until then `challenge` is what a key has to sign. `sealed` is
    the codes' secret (`gridserver.base.sealing`), `last_step` the time step of the last code that
    was taken. `origin` is where the key was made.
    """

    __tablename__ = "second_factor"
    __table_args__ = (
        CheckConstraint(check_in("kind", FACTOR_KINDS), name="kind"),
        CheckConstraint("(kind = 'totp') = (sealed IS NOT NULL)", name="sealed"),
        CheckConstraint("(kind = 'webauthn') = (origin IS NOT NULL)", name="origin"),
        CheckConstraint(
            "kind = 'totp' OR (confirmed_at IS NOT NULL) = (credential_id IS NOT NULL)",
            name="credential_id",
        ),
        CheckConstraint(
            "(credential_id IS NULL) = (public_key IS NULL)"
            " AND (credential_id IS NULL) = (sign_count IS NULL)",
            name="key",
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]
    sealed: Mapped[bytes | None]
    last_step: Mapped[int | None]
    origin: Mapped[str | None]
    challenge: Mapped[bytes | None]
    credential_id: Mapped[bytes | None] = mapped_column(unique=True)
    public_key: Mapped[bytes | None]
    sign_count: Mapped[int | None]


class RecoveryCode(Base):
    """A code that stands in for a second factor, once. Only its digest is stored."""

    __tablename__ = "recovery_code"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    digest: Mapped[bytes]
    used_at: Mapped[dt.datetime | None]


class SignInTicket(Base):
    """A sign-in half done: `shown` is what was shown, and `wants` says what is to be shown next.

    `device` is the name that the client gave its device; `challenge` is what a security key, at
    `origin`, or the device has to sign.
    """

    __tablename__ = "sign_in_ticket"
    __table_args__ = (CheckConstraint(check_in("wants", WANTS), name="wants"),)

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    wants: Mapped[str]
    shown: Mapped[list[Any]] = mapped_column(server_default=text("""'["password"]'"""))
    device: Mapped[str | None]
    origin: Mapped[str | None]
    challenge: Mapped[bytes | None]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class LoginSession(Base):
    """A session. Only digests of its secrets are stored (SHA-256 of 32 random bytes).

    `device` is the name under which it acts; `device_id` is empty where the client gave none, and
    for a long-lived token.
    `active_until` is when it is locked unless somebody touches its page; empty: never.
    `clock_offset_s` is what the server's clock was ahead of the device's when it last connected.
    `is_wall` marks one that only looks on, and stands on as long as it is used.
    `by_provider` marks one that the identity provider opened, where they may be signed in still.
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
    is_wall: Mapped[bool] = mapped_column(server_default=text("false"))
    by_provider: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    active_until: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
