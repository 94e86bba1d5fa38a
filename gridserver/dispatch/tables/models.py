"""The rows of the tables, and the name of their present state."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from gridserver.base.db import Base, Code
from gridserver.base.effective import Effective, one_at_a_time
from gridserver.base.lifecycle import check_in
from gridserver.dispatch.norms import HOURS, INTERVALS, ROUTES


class RouteRow(Effective, Base):
    """Where a category goes; a category without a row goes where the one above it goes.

    `unit` is whose work it is where it isn't the station's own, `agency` whom it is handed over to.
    """

    __tablename__ = "route"
    __table_args__ = (
        *one_at_a_time("route", "scope", "category"),
        CheckConstraint(check_in("kind", ROUTES), name="kind"),
        CheckConstraint("(kind = 'hand_over') = (agency IS NOT NULL)", name="agency"),
        CheckConstraint(
            "unit IS NULL OR kind IN ('case', 'traffic', 'specialist')", name="unit_of_its_own"
        ),
        CheckConstraint("unit IS NOT NULL OR kind <> 'specialist'", name="specialist_has_unit"),
    )

    scope: Mapped[Code]
    category: Mapped[Code] = mapped_column(ForeignKey("category.code"))
    kind: Mapped[str]
    unit: Mapped[Code | None] = mapped_column(ForeignKey("unit.code"))
    agency: Mapped[str | None]


class LadderRow(Effective, Base):
    """Who is asked one after the other on a route, by day and in pooled hours."""

    __tablename__ = "ladder"
    __table_args__ = (
        *one_at_a_time("ladder", "scope", "route", "hours"),
        CheckConstraint(check_in("route", ROUTES), name="route"),
        CheckConstraint(check_in("hours", HOURS), name="hours"),
    )

    scope: Mapped[Code]
    route: Mapped[str]
    hours: Mapped[str]
    rungs: Mapped[list[str]] = mapped_column(ARRAY(Text))


class SignLimit(Effective, Base):
    """Seconds to sign, by priority."""

    __tablename__ = "sign_limit"
    __table_args__ = (
        *one_at_a_time("sign_limit", "scope", "priority"),
        CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
        CheckConstraint("seconds > 0", name="seconds"),
    )

    scope: Mapped[Code]
    priority: Mapped[int] = mapped_column(SmallInteger)
    seconds: Mapped[int]


class ResponseTarget(Effective, Base):
    """Seconds that a stretch of a task's way shall take at most, by priority. It decides nothing:
    figures are held against it."""

    __tablename__ = "response_target"
    __table_args__ = (
        *one_at_a_time("response_target", "scope", "interval", "priority"),
        CheckConstraint(check_in("interval", INTERVALS), name="interval"),
        CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
        CheckConstraint("seconds > 0", name="seconds"),
    )

    scope: Mapped[Code]
    interval: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger)
    seconds: Mapped[int]


class ParameterRow(Effective, Base):
    """A number of the bureau, by name (`gridserver.dispatch.tables.columns.PARAMETERS`)."""

    __tablename__ = "parameter"
    __table_args__ = one_at_a_time("parameter", "name")

    name: Mapped[Code]
    value: Mapped[Any] = mapped_column(JSONB(none_as_null=False), nullable=False)


class LiaisonRow(Effective, Base):
    """Whom to call at a bureau next door; its outline is the grid's neighbour of that code."""

    __tablename__ = "liaison"
    __table_args__ = one_at_a_time("liaison", "code")

    code: Mapped[Code]
    name: Mapped[str]
    contact: Mapped[str]


class Mobilisation(Effective, Base):
    """An order that mobilises a unit and all below it.

    `ordered_by` gave the order, `account_id` entered it; `ended_by` ended it early.
    """

    __tablename__ = "mobilisation"
    __table_args__ = (
        *one_at_a_time("mobilisation", "unit"),
        CheckConstraint("lower(valid) IS NOT NULL", name="begins"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
    )

    unit: Mapped[Code] = mapped_column(ForeignKey("unit.code"))
    ordered_by: Mapped[str]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[dt.datetime | None]


class NormsRevision(Base):
    """Names the present state of all that norms are made from. Triggers give it a new name with
    every change, so no two states ever have the same one, committed or not."""

    __tablename__ = "norms_revision"
    __table_args__ = (CheckConstraint("one", name="single_row"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    id: Mapped[uuid.UUID] = mapped_column(server_default=text("gen_random_uuid()"))
