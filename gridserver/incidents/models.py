"""Incidents and their categories. An incident keeps its point as reported, its cell, and the grid
version that was asked."""

from __future__ import annotations

import datetime as dt

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, Sequence, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from gridserver.base.db import Base, Code, Id
from gridserver.base.effective import Effective, one_at_a_time
from gridserver.base.lifecycle import check_in
from gridserver.incidents.categories import BROAD_CLASSES

#: Spoken on the radio, so four digits that come round again; the id is what is unique.
NUMBERS = Sequence("incident_number", start=1001, minvalue=1001, maxvalue=9999, cycle=True)


class Category(Base):
    """A code that a kind of incident has or had."""

    __tablename__ = "category"

    code: Mapped[Code] = mapped_column(primary_key=True)


class CategoryRow(Effective, Base):
    """What a category's code means, for a time.

    `parent` is the category above it, of which there are at most three; None for a top one.
    `broad_class` is the same all the way up. `priority` is what an incident has unless the caller's
    case says otherwise; `position` orders the list.
    """

    __tablename__ = "category_row"
    __table_args__ = (
        *one_at_a_time("category_row", "code"),
        CheckConstraint(check_in("broad_class", BROAD_CLASSES), name="broad_class"),
        CheckConstraint("parent <> code", name="not_its_own_parent"),
        CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
    )

    code: Mapped[Code] = mapped_column(ForeignKey("category.code"))
    parent: Mapped[Code | None] = mapped_column(ForeignKey("category.code"))
    broad_class: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger)
    position: Mapped[int]


class Incident(Base):
    """Something reported at a place. `raw_x`, `raw_y` and `raw_crs` are as the source gave them;
    `point` is the same in EPSG:4326."""

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
        Index("ix_incident_reported_at", "reported_at", "id"),
        Index("ix_incident_number_id", "number", "id"),
    )

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(NUMBERS, server_default=NUMBERS.next_value())
    source: Mapped[Code]
    external_id: Mapped[Code]
    body_digest: Mapped[bytes]
    category: Mapped[Code] = mapped_column(ForeignKey("category.code"))
    priority: Mapped[int] = mapped_column(SmallInteger)
    raw_x: Mapped[float]
    raw_y: Mapped[float]
    raw_crs: Mapped[str]
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=4326))
    accuracy_m: Mapped[float | None]
    address: Mapped[str | None]
    description: Mapped[str | None]
    occurred_at: Mapped[dt.datetime | None]
    reported_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    grid_version_id: Mapped[int | None] = mapped_column(ForeignKey("grid_version.id"))
    cell_code: Mapped[Code | None]
    method: Mapped[str]
    neighbours: Mapped[list[str]] = mapped_column(ARRAY(Text))
    distance_m: Mapped[float | None]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
