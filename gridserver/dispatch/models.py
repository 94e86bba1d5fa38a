"""The decision, the task it makes, the task's offers and its history."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Id
from gridserver.base.lifecycle import check_in
from gridserver.dispatch.commands import COUNTS
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.norms import HOURS, ROUTES

#: How an offer ended: its holder signed; somebody else did; the task was taken away from its
#: holder; the holder gave it back; none of its holder's devices could be reached, so that it never
#: was open.
OFFER_OUTCOMES = ("signed", "superseded", "withdrawn", "returned", "passed_over")


class Decision(Base):
    """Who gets an incident and why, with the facts it was computed from, so that the same rules
    give the same decision a year later.

    Rows are only ever added: an incident that is decided anew gets another `revision`, and the last
    one counts.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint(check_in("route", ROUTES), name="route"),
        CheckConstraint(check_in("hours", HOURS), name="hours"),
    )

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, server_default=text("1")
    )
    at: Mapped[dt.datetime]
    rules_version: Mapped[int] = mapped_column(SmallInteger)
    route: Mapped[str]
    hours: Mapped[str]
    facts: Mapped[dict[str, Any]]
    steps: Mapped[list[Any]]
    notes: Mapped[list[Any]]


class Task(Base):
    """What one person must do about an incident. `version` counts the changes (ETag). `outcome` to
    `persons_helped` are the last report's."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint(check_in("state", TASK.states), name="state"),
        *(CheckConstraint(f"{count} >= 0", name=count) for count in COUNTS),
        Index("ix_task_open", "id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_task_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: Mapped[Id]
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), unique=True)
    state: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    assignee_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    outcome: Mapped[str | None]
    feedback: Mapped[str | None]
    suspects: Mapped[int | None] = mapped_column(Integer)
    offences: Mapped[int | None] = mapped_column(Integer)
    persons_helped: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class Offer(Base):
    """Who was told, on which step of the decision and until when. Open while `outcome` is null.

    `deadline` is null on the last step: nobody comes after it. It is `sign_within_s` after
    `told_at`, or after a device of the recipient had the message, once that is seen to be later
    (`Dossier.deadline`). `escalated_at` is when the next step was added because this one wasn't
    signed in time. `message_id` is the inbox message that told the recipient; its receipt says when
    a device had it, which `received_at` keeps once the message is purged.
    """

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint(
            f"outcome IS NULL OR {check_in('outcome', OFFER_OUTCOMES)}", name="outcome"
        ),
        UniqueConstraint("task_id", "round", "recipient"),
        Index(
            "ix_offer_due",
            "deadline",
            postgresql_where=text("outcome IS NULL AND escalated_at IS NULL"),
        ),
        Index("ix_offer_recipient_open", "recipient", postgresql_where=text("outcome IS NULL")),
    )

    id: Mapped[Id]
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    round: Mapped[int] = mapped_column(SmallInteger)
    step: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    recipient: Mapped[int] = mapped_column(ForeignKey("account.id"))
    because: Mapped[dict[str, Any]]
    message_id: Mapped[uuid.UUID] = mapped_column(index=True)
    received_at: Mapped[dt.datetime | None]
    told_at: Mapped[dt.datetime]
    sign_within_s: Mapped[int] = mapped_column(Integer)
    deadline: Mapped[dt.datetime | None]
    escalated_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None]


class TaskEvent(Base):
    """One thing that happened to a task, with the actor's own time and the server's.

    `occurred_at` is as the actor's device said; `clock_offset_s` is what the server's clock was
    ahead of the device's, where that was measured, so their sum is when it was.
    `late` marks a command that no longer fitted when it arrived: it is kept and changes nothing.
    """

    __tablename__ = "task_event"
    __table_args__ = (
        Index("ix_task_event_signed", "at", postgresql_where=text("verb = 'sign' AND NOT late")),
    )

    id: Mapped[Id]
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    verb: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    late: Mapped[bool] = mapped_column(server_default=text("false"))
    actor_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    device: Mapped[str | None]
    command_id: Mapped[uuid.UUID | None]
    occurred_at: Mapped[dt.datetime]
    clock_offset_s: Mapped[float | None]
    at: Mapped[dt.datetime]
    point: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False)
    )
    data: Mapped[dict[str, Any]]


class TaskLink(Base):
    """A task named as a duplicate or a follow-up of another, by a person."""

    __tablename__ = "task_link"
    __table_args__ = (
        CheckConstraint(check_in("kind", ("duplicate", "follow_up")), name="kind"),
        CheckConstraint("task_id <> to_task_id", name="not_itself"),
    )

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    to_task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    kind: Mapped[str]
    at: Mapped[dt.datetime]


class HandOver(Base):
    """A task that another agency has taken on, and what it answered: the last answer counts."""

    __tablename__ = "hand_over"
    __table_args__ = (CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    agency: Mapped[str]
    message: Mapped[str]
    at: Mapped[dt.datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    answer: Mapped[str | None]
    answered_at: Mapped[dt.datetime | None]
    answer_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
