"""Reviews, the incidents each is about, remarks on points of their timeline, and lessons."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Id
from gridserver.base.lifecycle import check_in
from gridserver.reviews.rules import REVIEW


class Review(Base):
    """A review of an incident or of an operation, for the unit that answers for it.

    `mobilisation_id` names the operation where it was a mobilisation. `version` counts the changes
    (ETag). `conclusion` is what its author says in the end; who signs it off is somebody else.
    """

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint(check_in("state", REVIEW.states), name="state"),
        CheckConstraint("(state = 'signed') = (signed_at IS NOT NULL)", name="signed_at"),
        CheckConstraint("(signed_at IS NULL) = (signed_by IS NULL)", name="signed_by"),
        CheckConstraint("signed_by <> account_id", name="two_persons"),
        CheckConstraint("state = 'drafted' OR conclusion IS NOT NULL", name="conclusion"),
    )

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    title: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    mobilisation_id: Mapped[int | None] = mapped_column(ForeignKey("mobilisation.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    conclusion: Mapped[str | None]
    submitted_at: Mapped[dt.datetime | None]
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    signed_at: Mapped[dt.datetime | None]


class ReviewIncident(Base):
    """An incident that a review is about."""

    __tablename__ = "review_incident"

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True)

    __table_args__ = (Index("ix_review_incident_incident_id", "incident_id"),)


class ReviewRemark(Base):
    """What somebody says to a review: to a point of its timeline (`event_id`), or to the whole."""

    __tablename__ = "review_remark"

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("task_event.id"))
    text: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[dt.datetime]


class ReviewLesson(Base):
    """What was learnt, who sees to it and until when (a day of the bureau's calendar)."""

    __tablename__ = "review_lesson"
    __table_args__ = (
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled_by"),
        CheckConstraint("(settled_at IS NULL) = (settled_text IS NULL)", name="settled_text"),
    )

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    text: Mapped[str]
    owner: Mapped[int] = mapped_column(ForeignKey("account.id"))
    due_on: Mapped[dt.date]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    settled_text: Mapped[str | None]
