"""Orders, the persons each was sent to, its deadlines, and how far it has come."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Sequence, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from gridserver.base.db import Base, Id
from gridserver.base.lifecycle import check_in
from gridserver.orders.lifecycle import ORDER
from gridserver.orders.rules import ASKS, DEADLINES, KINDS, RELATIONS, URGENCIES

#: Spoken on the radio: three digits that come round again, where an incident has four.
NUMBERS = Sequence("order_number", start=101, minvalue=101, maxvalue=999, cycle=True)


class Order(Base):
    """An order or a notice as it was issued for a unit. What was said never changes.

    `audience` is what was chosen, `gridserver.force.audiences.Audience` as JSON; who that was
    stands in `order_recipient`. `expires_at` is when terminals let go of it.
    """

    __tablename__ = "command_order"
    __table_args__ = (
        CheckConstraint(check_in("kind", KINDS), name="kind"),
        CheckConstraint(check_in("state", ORDER.states), name="state"),
        CheckConstraint(check_in("urgency", URGENCIES), name="urgency"),
        CheckConstraint(check_in("asks", ASKS), name="asks"),
        CheckConstraint(check_in("relation", RELATIONS), name="relation"),
        CheckConstraint("(asks = 'choice') = (cardinality(choices) > 0)", name="choices"),
        CheckConstraint("answer_by IS NULL OR asks <> 'none'", name="answer_by"),
        CheckConstraint("(refers_to IS NULL) = (relation IS NULL)", name="refers_to"),
        CheckConstraint("(state = 'issued') = (ended_at IS NULL)", name="ended_at"),
    )

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(NUMBERS, server_default=NUMBERS.next_value())
    kind: Mapped[str]
    state: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    title: Mapped[str]
    text: Mapped[str]
    urgency: Mapped[str]
    asks: Mapped[str]
    choices: Mapped[list[str]] = mapped_column(ARRAY(Text))
    answer_by: Mapped[dt.datetime | None]
    audience: Mapped[dict[str, Any]]
    refers_to: Mapped[int | None] = mapped_column(ForeignKey("command_order.id"), index=True)
    relation: Mapped[str | None]
    issued_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    issued_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[dt.datetime | None]
    recall_reason: Mapped[str | None]


class OrderRecipient(Base):
    """A person in the audience as it was at the sending, and what they did.

    `received_at` is the device's receipt, copied from the delivery, or when the person read it,
    where that is known first. `read_said_at` and `answered_said_at` are by the officer's own clock,
    which the server's was `clock_offset_s` ahead of. An answer is `late` after the deadline, or
    after the order's end. What `is_uncounted` isn't in the order's progress yet.
    """

    __tablename__ = "order_recipient"
    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer"),
        CheckConstraint("answered_at IS NULL OR read_at IS NOT NULL", name="read_first"),
        Index("ix_order_recipient_account_id", "account_id", "order_id"),
        Index(
            "ix_order_recipient_unreceived",
            "expires_at",
            postgresql_where=text("received_at IS NULL"),
        ),
        Index("ix_order_recipient_uncounted", "order_id", postgresql_where=text("is_uncounted")),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("command_order.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    message_id: Mapped[uuid.UUID]
    expires_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime | None]
    read_at: Mapped[dt.datetime | None]
    read_said_at: Mapped[dt.datetime | None]
    answered_at: Mapped[dt.datetime | None]
    answered_said_at: Mapped[dt.datetime | None]
    clock_offset_s: Mapped[float | None]
    answer: Mapped[dict[str, Any] | None]
    late: Mapped[bool] = mapped_column(server_default=text("false"))
    reminders: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    reminded_at: Mapped[dt.datetime | None]
    is_uncounted: Mapped[bool] = mapped_column(server_default=text("false"))


class OrderDeadline(Base):
    """What the clock does to an order, and when. One that the order's end overtook is deleted."""

    __tablename__ = "order_deadline"
    __table_args__ = (
        CheckConstraint(check_in("kind", DEADLINES), name="kind"),
        Index(
            "ix_order_deadline_undone",
            "due_at",
            "order_id",
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("command_order.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]


class OrderProgress(Base):
    """How many of an order's persons have it, read it and answered. The worker alone counts."""

    __tablename__ = "order_progress"

    order_id: Mapped[int] = mapped_column(ForeignKey("command_order.id"), primary_key=True)
    people: Mapped[int]
    received: Mapped[int] = mapped_column(server_default=text("0"))
    read: Mapped[int] = mapped_column(server_default=text("0"))
    answered: Mapped[int] = mapped_column(server_default=text("0"))
