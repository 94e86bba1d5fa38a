"""Who silenced which alarm, and when a worker was last alive."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Id


class AlarmSilence(Base):
    """An alarm silenced by somebody, until a moment or until its condition renews.

    Rows are only added; the newest of a key counts. The alarm itself is no row: it is worked out
    from what stands in the other rooms.
    """

    __tablename__ = "alarm_silence"
    __table_args__ = (
        CheckConstraint("until > at", name="until"),
        Index("ix_alarm_silence_key", "key", "at"),
    )

    id: Mapped[Id]
    key: Mapped[str]
    at: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    note: Mapped[str]


class WorkerBeat(Base):
    """One row: when a worker last looked at the clock, to within `heartbeat.EVERY`."""

    __tablename__ = "worker_beat"
    __table_args__ = (CheckConstraint("one", name="single_row"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    at: Mapped[dt.datetime]
