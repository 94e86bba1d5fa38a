"""Bulletins, their contents, and which terminal has which.

What the rules refuse the database refuses too: the constraints say it a second time, for whoever
comes past the application.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Id
from gridserver.base.lifecycle import check_in
from gridserver.bulletins.lifecycle import BULLETIN, ENDED, LIVE, SIGHTING
from gridserver.bulletins.rules import BASES_OF, KINDS, LONGEST_H, ROLES_OF, URGENT_KIND


def _fits_kind(column: str, words_of: Mapping[str, Sequence[str]]) -> str:
    """Return the SQL of a CHECK that a column holds a word of the row's kind."""
    return " OR ".join(
        f"(kind = {kind!r} AND {check_in(column, words)})" for kind, words in words_of.items()
    )


def _longest() -> str:
    cases = " ".join(f"WHEN {kind!r} THEN {hours}" for kind, hours in LONGEST_H.items())
    return f"CASE kind {cases} END"


_UNSENT = check_in("state", ("draft", "withdrawn"))
#: A second person has said yes, or it is one that waits for it or never got that far.
_UNAPPROVED = check_in("state", ("draft", "provisional", "withdrawn", "resolved", "expired"))


class Bulletin(Base):
    """A bulletin without what it says: whose it is, on what ground, for whom, and how it stands.

    `version` counts the changes. `runs_from` is its issue or last renewal (of an approved one the
    approval), from which `expires_at` is at most the kind's longest time away. `approve_by` is the
    second person's deadline of an urgent one. `reaches` are the codes of the units whose command
    rooms it concerns, derived from the area. `looked_at` is when it was last asked who is new.
    `origin` is the name of the CAP message that it came by, `earlier_origins` those of the messages
    before, which that one was about; an exercise is never approved.
    """

    __tablename__ = "bulletin"
    __table_args__ = (
        CheckConstraint(check_in("kind", KINDS), name="kind"),
        CheckConstraint(check_in("state", BULLETIN.states), name="state"),
        CheckConstraint(_fits_kind("role", ROLES_OF), name="role"),
        CheckConstraint(_fits_kind("basis_type", BASES_OF), name="basis"),
        CheckConstraint("basis_number ~ '\\S' AND basis_authority ~ '\\S'", name="basis_said"),
        CheckConstraint(
            "area_whole OR cardinality(area_cells) + cardinality(area_units) > 0", name="area"
        ),
        CheckConstraint("area_whole = (area_reason IS NOT NULL)", name="area_reason"),
        CheckConstraint(f"lasts_h BETWEEN 1 AND {_longest()}", name="lasts_h"),
        CheckConstraint(
            "runs_from IS NOT NULL AND expires_at IS NOT NULL AND expires_at > runs_from "
            f"AND expires_at <= runs_from + make_interval(hours => {_longest()}) "
            f"OR {_UNSENT} AND runs_from IS NULL AND expires_at IS NULL",
            name="expiry",
        ),
        CheckConstraint("approver_id <> author_id", name="two_persons"),
        CheckConstraint("renewed_by <> author_id", name="renewed_by_another"),
        CheckConstraint("(approver_id IS NULL) = (approved_at IS NULL)", name="approved_at"),
        CheckConstraint(f"approver_id IS NOT NULL OR {_UNAPPROVED}", name="approved"),
        CheckConstraint(
            f"state <> 'provisional' OR is_urgent AND kind = '{URGENT_KIND}' "
            "AND approver_id IS NULL AND approve_by IS NOT NULL",
            name="provisional",
        ),
        CheckConstraint(
            f"NOT {check_in('state', LIVE)} OR issued_at IS NOT NULL AND validate_by IS NOT NULL",
            name="issued",
        ),
        CheckConstraint(f"({check_in('state', ENDED)}) = (ended_at IS NOT NULL)", name="ended_at"),
        CheckConstraint("purged_at IS NULL OR ended_at IS NOT NULL", name="purged_at"),
        CheckConstraint(f"NOT is_exercise OR {_UNSENT}", name="exercise"),
        Index("ix_bulletin_unit_id", "unit_id", "id"),
        Index(
            "ix_bulletin_origin",
            "unit_id",
            "origin",
            unique=True,
            postgresql_where=text("origin IS NOT NULL"),
        ),
        Index("ix_bulletin_open", "expires_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    kind: Mapped[str]
    state: Mapped[str]
    role: Mapped[str]
    is_urgent: Mapped[bool]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    basis_type: Mapped[str]
    basis_number: Mapped[str]
    basis_authority: Mapped[str]
    basis_date: Mapped[dt.date]
    area_cells: Mapped[list[str]] = mapped_column(ARRAY(Text(collation="C")))
    area_units: Mapped[list[str]] = mapped_column(ARRAY(Text(collation="C")))
    area_whole: Mapped[bool]
    area_reason: Mapped[str | None]
    reaches: Mapped[list[str]] = mapped_column(ARRAY(Text(collation="C")))
    lasts_h: Mapped[int] = mapped_column(Integer)
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    approved_at: Mapped[dt.datetime | None]
    approve_by: Mapped[dt.datetime | None]
    runs_from: Mapped[dt.datetime | None]
    issued_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime | None]
    validate_by: Mapped[dt.datetime | None]
    renewed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[str | None]
    purged_at: Mapped[dt.datetime | None]
    looked_at: Mapped[dt.datetime | None]
    origin: Mapped[str | None]
    earlier_origins: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    is_exercise: Mapped[bool] = mapped_column(server_default=text("false"))


class BulletinContents(Base):
    """What a bulletin says of a person: all the personal data there is, in one row that the purge
    deletes. Its photos belong to it by `attachment_link`."""

    __tablename__ = "bulletin_contents"
    __table_args__ = tuple(
        CheckConstraint(f"{name} ~ '\\S'", name=name) for name in ("fact", "to_do", "not_to_do")
    )

    bulletin_id: Mapped[int] = mapped_column(
        ForeignKey("bulletin.id", ondelete="CASCADE"), primary_key=True
    )
    fact: Mapped[str]
    opinion: Mapped[str | None]
    last_seen_at: Mapped[dt.datetime | None]
    last_seen_place: Mapped[str | None]
    to_do: Mapped[str]
    not_to_do: Mapped[str]


class BulletinRecipient(Base):
    """A person who was told of a bulletin, and when they first opened it."""

    __tablename__ = "bulletin_recipient"
    __table_args__ = (Index("ix_bulletin_recipient_account_id", "account_id", "bulletin_id"),)

    bulletin_id: Mapped[int] = mapped_column(ForeignKey("bulletin.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    told_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]


class BulletinCopy(Base):
    """That a terminal was given a bulletin, in which version, and when it said that it removed
    it."""

    __tablename__ = "bulletin_copy"
    __table_args__ = (
        Index("ix_bulletin_copy_held", "bulletin_id", postgresql_where=text("removed_at IS NULL")),
    )

    bulletin_id: Mapped[int] = mapped_column(ForeignKey("bulletin.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    device: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    fetched_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]


class BulletinSighting(Base):
    """That an officer saw whom a bulletin is about, as they wrote it, and what the issuing room
    answered. It belongs to its bulletin and is deleted with what that says.

    Its place is for who reads it: nothing is indexed by it, nor by person. `said_at` is when it
    came, from which `answer_by` is counted; `occurred_at` the officer's own time.
    """

    __tablename__ = "bulletin_sighting"
    __table_args__ = (
        CheckConstraint(check_in("state", SIGHTING.states), name="state"),
        CheckConstraint("words ~ '\\S'", name="words"),
        CheckConstraint("lon IS NOT NULL OR place IS NOT NULL AND place ~ '\\S'", name="somewhere"),
        CheckConstraint(
            "(lon IS NULL) = (lat IS NULL) AND lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90",
            name="point",
        ),
        CheckConstraint(
            "(state IN ('confirmed', 'refuted')) "
            "= (answered_by IS NOT NULL AND answered_at IS NOT NULL)",
            name="answered",
        ),
        CheckConstraint("answered_by <> account_id", name="two_persons"),
        CheckConstraint("state = 'lapsed' OR answer_by IS NOT NULL", name="answer_by"),
        CheckConstraint("state <> 'escalated' OR escalated_at IS NOT NULL", name="escalated_at"),
        Index("ix_bulletin_sighting_bulletin_id", "bulletin_id", "id"),
        Index(
            "ix_bulletin_sighting_due",
            "answer_by",
            postgresql_where=text("state IN ('open', 'promised')"),
        ),
        Index("ix_bulletin_sighting_escalated", "id", postgresql_where=text("state = 'escalated'")),
    )

    id: Mapped[Id]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    bulletin_id: Mapped[int] = mapped_column(ForeignKey("bulletin.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    state: Mapped[str]
    is_urgent: Mapped[bool]
    occurred_at: Mapped[dt.datetime | None]
    said_at: Mapped[dt.datetime]
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    place: Mapped[str | None]
    words: Mapped[str]
    answer_by: Mapped[dt.datetime | None]
    escalated_at: Mapped[dt.datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    answered_at: Mapped[dt.datetime | None]
    answer: Mapped[str | None]
