"""Officers, ownership of a cell *code* over time, shifts and absences as ranges, positions."""

from __future__ import annotations

import datetime as dt

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import check_in

KINDS = ("officer", "auxiliary")
OWNERSHIP_ROLES = ("primary", "backup")


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


class Shift(Base):
    """A stretch of duty. It belongs to its interval, not to a date: nights cross midnight."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("NOT isempty(during)", name="during_not_empty"),
        Index("ix_shift_during", "during", postgresql_using="gist"),
        ExcludeConstraint(
            ("officer_id", "="), ("duty", "="), ("during", "&&"), name="ex_shift_once"
        ),
    )

    id: Mapped[Id]
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    duty: Mapped[Code]
    during: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)


class Absence(Base):
    """A time in which an officer can't be called on."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("NOT isempty(during)", name="during_not_empty"),
        ExcludeConstraint(("officer_id", "="), ("during", "&&"), name="ex_absence_once"),
    )

    id: Mapped[Id]
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    reason: Mapped[str]
    during: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)


class OfficerPosition(Base):
    """The latest position of an officer on duty."""

    __tablename__ = "officer_position"

    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    accuracy_m: Mapped[float | None]
    battery: Mapped[float | None]
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
