"""What is known of each upload, and what it belongs to. The bytes lie in `gridserver.attachments.
store`, by their hash."""

from __future__ import annotations

import datetime as dt
import uuid

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.attachments.rules import LARGEST_BYTES, MEDIA_TYPES, SUBJECTS, UPLOAD
from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import check_in


class Attachment(Base):
    """A content that an account brings. Who only knows its hash has not brought it, so there is a
    row for each account, and one file for all of them.

    `received` counts the bytes that came in the present `attempt`. `refusal` is the code of what
    was wrong with the content.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("sha256", "account_id"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint(f"size BETWEEN 1 AND {LARGEST_BYTES}", name="size"),
        CheckConstraint("received BETWEEN 0 AND size", name="received"),
        CheckConstraint(check_in("media_type", MEDIA_TYPES), name="media_type"),
        CheckConstraint(check_in("state", UPLOAD.states), name="state"),
        CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refusal"),
        CheckConstraint("state <> 'complete' OR received = size", name="complete"),
        Index(
            "ix_attachment_unfinished",
            "account_id",
            postgresql_where=text("state <> 'complete'"),
        ),
    )

    id: Mapped[Id]
    sha256: Mapped[Code]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    size: Mapped[int] = mapped_column(Integer)
    media_type: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(Integer)
    received: Mapped[int] = mapped_column(Integer)
    refusal: Mapped[str | None]
    taken_at: Mapped[dt.datetime | None]
    point: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False)
    )
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime] = mapped_column(index=True)


class AttachmentStore(Base):
    """One row: by which name a folder of attachments is known to be this database's."""

    __tablename__ = "attachment_store"
    __table_args__ = (CheckConstraint("one", name="single_row"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    id: Mapped[uuid.UUID] = mapped_column(server_default=text("gen_random_uuid()"))


class AttachmentLink(Base):
    """A content that belongs to a task, a capture or a bulletin, as the account said that brings
    it. It may be said before the first byte came, so that there may be no `Attachment` yet; the
    subject's id has no foreign key, since its room stands above this one."""

    __tablename__ = "attachment_link"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "sha256", "account_id"),
        CheckConstraint(check_in("subject_kind", SUBJECTS), name="subject_kind"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        Index("ix_attachment_link_content", "sha256", "account_id"),
    )

    id: Mapped[Id]
    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    sha256: Mapped[Code]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[dt.datetime]
