"""The handovers of watches. All else in this room is derived when it is asked for."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Id
from gridserver.base.lifecycle import check_in
from gridserver.journals.rules import HANDOVER


class WatchHandover(Base):
    """A room's watch as it was handed over: the report as it stood then, the remark of who gave it,
    and who took it over. Two persons: each signs with their own account."""

    __tablename__ = "watch_handover"
    __table_args__ = (
        CheckConstraint(check_in("state", HANDOVER.states), name="state"),
        CheckConstraint("since < until", name="interval"),
        CheckConstraint("(state = 'taken') = (taken_at IS NOT NULL)", name="taken_at"),
        CheckConstraint("(taken_at IS NULL) = (taken_by IS NULL)", name="taken_by"),
        CheckConstraint("taken_by <> given_by", name="two_persons"),
        Index("ix_watch_handover_unit_id_id", "unit_id", "id"),
    )

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    state: Mapped[str]
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    report: Mapped[dict[str, Any]]
    remark: Mapped[str | None]
    given_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    given_at: Mapped[dt.datetime]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    taken_at: Mapped[dt.datetime | None]
    taken_remark: Mapped[str | None]
