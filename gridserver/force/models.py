"""Officers, ownership of a cell *code* over time, duty and absences as ranges, the patterns and
swaps that duty comes from, the calendar of working days, positions, field units and their crews."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import check_in
from gridserver.force.rules import (
    ABSENCE_REASONS,
    DAY_KINDS,
    DAY_SOURCES,
    DUTIES,
    FIELD_UNIT_KINDS,
    KINDS,
    OWNERSHIP_ROLES,
    PATTERN_DAYS,
    SWAP,
)


class Officer(Base):
    """A member of the force and the account with which they sign in."""

    __tablename__ = "officer"
    __table_args__ = (CheckConstraint(check_in("kind", KINDS), name="kind"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    service_number: Mapped[Code] = mapped_column(unique=True)
    rank: Mapped[str | None]
    kind: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)


class Ownership(Base):
    """Who answers for a cell code (A角) and who covers (B角), with its own time range: a new grid
    version loses no owner."""

    __tablename__ = "ownership"
    __table_args__ = (
        CheckConstraint(check_in("role", OWNERSHIP_ROLES), name="role"),
        CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
        ExcludeConstraint(
            ("cell_code", "="), ("officer_id", "="), ("valid", "&&"), name="ex_ownership_once"
        ),
    )

    id: Mapped[Id]
    cell_code: Mapped[Code]
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"), index=True)
    role: Mapped[str]
    valid: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)


class Leadership(Base):
    """Who leads a unit, from when to when. A unit may have several leaders."""

    __tablename__ = "leadership"
    __table_args__ = (
        CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
        ExcludeConstraint(
            ("unit_id", "="), ("officer_id", "="), ("valid", "&&"), name="ex_leadership_once"
        ),
    )

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"), index=True)
    valid: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)


class Post(Base):
    """A police post (警务站, 警务室): a place of a unit.

    Where it is `watched` around the clock (7×24), an hour without its watch is a void.
    """

    __tablename__ = "post"
    __table_args__ = (CheckConstraint("code ~ '^[0-9A-Za-z_-]+$'", name="code"),)

    id: Mapped[Id]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    watched: Mapped[bool]
    point: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False)
    )


class RosterPattern(Base):
    """What a month's shifts are made from.

    `cycle` is a list of days, each a list of ``{"start": "18:00", "end": "00:00"}`` in the bureau's
    time; an end that isn't after its start is on the next day. On `starts_on` the first crew has
    the cycle's first day, and each crew is `crew_step` days further on than the one before it.
    """

    __tablename__ = "roster_pattern"
    __table_args__ = (
        CheckConstraint(check_in("duty", DUTIES), name="duty"),
        CheckConstraint(check_in("on_days", PATTERN_DAYS), name="on_days"),
        CheckConstraint("crew_step >= 0", name="crew_step"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    duty: Mapped[Code]
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    on_days: Mapped[str]
    starts_on: Mapped[dt.date]
    cycle: Mapped[list[Any]]
    crew_step: Mapped[int] = mapped_column(SmallInteger)


class RosterCrew(Base):
    """Who serves in which crew of a pattern; crews count from 0."""

    __tablename__ = "roster_crew"

    pattern_id: Mapped[int] = mapped_column(
        ForeignKey("roster_pattern.id", ondelete="CASCADE"), primary_key=True
    )
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    crew: Mapped[int] = mapped_column(SmallInteger)


class PatternException(Base):
    """A shift of a pattern that was changed, removed or swapped by hand: it isn't made again."""

    __tablename__ = "pattern_exception"

    pattern_id: Mapped[int] = mapped_column(
        ForeignKey("roster_pattern.id", ondelete="CASCADE"), primary_key=True
    )
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    start: Mapped[dt.datetime] = mapped_column(primary_key=True)


class Shift(Base):
    """A stretch of duty for a unit. It belongs to its interval, not to a date.

    `pattern_id` names the pattern that made it; who changes it by hand takes it out of the pattern.
    The constraint can wait for the end of a swap, in which two officers hold each other's shift.
    """

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint(check_in("duty", DUTIES), name="duty"),
        CheckConstraint("NOT isempty(during)", name="during_not_empty"),
        Index("ix_shift_during", "during", postgresql_using="gist"),
        Index("ix_shift_unit_id_during", "unit_id", "during", postgresql_using="gist"),
        ExcludeConstraint(
            ("officer_id", "="),
            ("duty", "="),
            ("during", "&&"),
            name="ex_shift_once",
            deferrable=True,
        ),
    )

    id: Mapped[Id]
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), index=True)
    pattern_id: Mapped[int | None] = mapped_column(
        ForeignKey("roster_pattern.id", ondelete="SET NULL"), index=True
    )
    duty: Mapped[Code]
    during: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)


class Absence(Base):
    """A time in which an officer can't be called on, and who stands in."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint(check_in("reason", ABSENCE_REASONS), name="reason"),
        CheckConstraint("stand_in_id <> officer_id", name="stand_in"),
        CheckConstraint("NOT isempty(during)", name="during_not_empty"),
        ExcludeConstraint(("officer_id", "="), ("during", "&&"), name="ex_absence_once"),
    )

    id: Mapped[Id]
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    reason: Mapped[str]
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("officer.id"), index=True)
    during: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)


class ShiftSwap(Base):
    """Two officers' wish to exchange shifts, or one's to hand a shift over (no `other_shift_id`).

    `terms` keeps what the shifts were when it was proposed: consent holds for these and no others.
    """

    __tablename__ = "shift_swap"
    __table_args__ = (
        CheckConstraint(check_in("state", SWAP.states), name="state"),
        CheckConstraint("other_officer_id <> officer_id", name="other_officer"),
        Index(
            "ix_shift_swap_open",
            "shift_id",
            unique=True,
            postgresql_where=text("state IN ('proposed', 'agreed')"),
        ),
    )

    id: Mapped[Id]
    state: Mapped[str]
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"), index=True)
    other_officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"), index=True)
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id", ondelete="SET NULL"))
    other_shift_id: Mapped[int | None] = mapped_column(
        ForeignKey("shift.id", ondelete="SET NULL"), index=True
    )
    terms: Mapped[dict[str, Any]]
    proposed_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class CalendarDay(Base):
    """A day that isn't what its weekday says: Saturdays and Sundays are rest days without a row."""

    __tablename__ = "calendar_day"
    __table_args__ = (
        CheckConstraint(check_in("kind", DAY_KINDS), name="kind"),
        CheckConstraint(check_in("source", DAY_SOURCES), name="source"),
    )

    date: Mapped[dt.date] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name_zh: Mapped[str | None]
    name_en: Mapped[str | None]
    source: Mapped[str]


class RosterRevision(Base):
    """Names the present state of all that says who is where on duty: one row, or a few where
    several changed it at once. Triggers take away what they can and add a new name with every
    change, so no two states ever have the same names, committed or not."""

    __tablename__ = "roster_revision"

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, server_default=text("gen_random_uuid()")
    )


class OfficerPosition(Base):
    """The latest position of an officer on duty."""

    __tablename__ = "officer_position"

    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    accuracy_m: Mapped[float | None]
    heading: Mapped[float | None]
    speed_mps: Mapped[float | None]
    battery: Mapped[float | None]
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))


class PositionRecord(Base):
    """Where an officer on duty was. A partition holds a day (UTC), and is dropped as a whole when
    its time is over; `force.position_days` makes and drops them."""

    __tablename__ = "position_record"
    __table_args__ = ({"postgresql_partition_by": "RANGE (at)"},)

    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(primary_key=True)
    received_at: Mapped[dt.datetime]
    accuracy_m: Mapped[float | None]
    heading: Mapped[float | None]
    speed_mps: Mapped[float | None]
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))


class FieldUnit(Base):
    """A patrol car, an armed response car or a squad of special police, which goes where help is
    needed. One that is not `in_service` is in repair or stood down."""

    __tablename__ = "field_unit"
    __table_args__ = (
        CheckConstraint(check_in("kind", FIELD_UNIT_KINDS), name="kind"),
        CheckConstraint("code ~ '^[0-9A-Za-z_-]+$'", name="code"),
    )

    id: Mapped[Id]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    kind: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    in_service: Mapped[bool]


class UnitCrew(Base):
    """Who rides with a field unit, from when to when. Nobody rides with two at a time."""

    __tablename__ = "unit_crew"
    __table_args__ = (
        CheckConstraint("NOT isempty(during)", name="during_not_empty"),
        ExcludeConstraint(("officer_id", "="), ("during", "&&"), name="ex_unit_crew_once"),
    )

    id: Mapped[Id]
    field_unit_id: Mapped[int] = mapped_column(ForeignKey("field_unit.id"), index=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    during: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)
