"""Captures, each with the cell and the grid version of its place and time."""

from __future__ import annotations

import datetime as dt
import uuid

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import check_in
from gridserver.captures.rules import CAPTURE, KINDS


class Capture(Base):
    """What an officer saw. `unit_id` is the unit that answers for the place: the cell's station,
    else the bureau.

    `occurred_at` is by the officer's own clock, as said; `clock_offset_s` later it was by the
    server's, where that was measured. `version` counts the changes (ETag). `decided_by` is empty
    where the server itself decided.
    """

    __tablename__ = "capture"
    __table_args__ = (
        UniqueConstraint("account_id", "command_id"),
        CheckConstraint(check_in("kind", KINDS), name="kind"),
        CheckConstraint(check_in("state", CAPTURE.states), name="state"),
        CheckConstraint("(state = 'declined') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("(state = 'became_task') = (task_id IS NOT NULL)", name="task"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided"),
        Index("ix_capture_open", "id", postgresql_where=text("state = 'proposed'")),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    command_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    text: Mapped[str]
    name: Mapped[str | None]
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    accuracy_m: Mapped[float | None]
    cell_code: Mapped[Code | None]
    cell_name: Mapped[str | None]
    grid_version_id: Mapped[int | None] = mapped_column(ForeignKey("grid_version.id"))
    method: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    occurred_at: Mapped[dt.datetime]
    clock_offset_s: Mapped[float | None]
    received_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str | None]
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), index=True)
