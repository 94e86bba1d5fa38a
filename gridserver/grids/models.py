"""Grid versions with a time range, and their cells."""

from __future__ import annotations

import datetime as dt
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import Lifecycle, check_in

#: `retire` gives up a draft, or ends a version that was in force.
LIFECYCLE = Lifecycle(
    states=("draft", "checked", "published", "retired"),
    transitions={
        ("draft", "check"): "checked",
        ("draft", "fault"): "draft",
        ("draft", "retire"): "retired",
        ("checked", "check"): "checked",
        ("checked", "fault"): "draft",
        ("checked", "publish"): "published",
        ("checked", "retire"): "retired",
        ("published", "retire"): "retired",
    },
)


class GridVersion(Base):
    """A named set of cells. `valid` is the time in which it is (or was) the grid in force; the
    exclusion constraint keeps one version in force per bureau and moment. `outline` is the bureau's
    ground: as it came with the cells, or what they enclose; only a draft may lack it."""

    __tablename__ = "grid_version"
    __table_args__ = (
        UniqueConstraint("bureau_id", "name"),
        CheckConstraint(check_in("state", LIFECYCLE.states), name="state"),
        CheckConstraint("state <> 'published' OR valid IS NOT NULL", name="published_has_range"),
        CheckConstraint(
            "state NOT IN ('draft', 'checked') OR valid IS NULL", name="draft_has_none"
        ),
        CheckConstraint("valid IS NULL OR NOT isempty(valid)", name="valid_not_empty"),
        CheckConstraint("valid IS NULL OR outline IS NOT NULL", name="valid_needs_outline"),
        ExcludeConstraint(("bureau_id", "="), ("valid", "&&"), name="ex_grid_version_in_force"),
    )

    id: Mapped[Id]
    bureau_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str]
    state: Mapped[str]
    valid: Mapped[Range[dt.datetime] | None] = mapped_column(TSTZRANGE)
    outline: Mapped[WKBElement | None] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)
    )
    source: Mapped[dict[str, Any]]
    report: Mapped[dict[str, Any] | None]
    created_at: Mapped[dt.datetime]


class Cell(Base):
    """One cell of a version. Rows of a published version never change (a trigger refuses)."""

    __tablename__ = "cell"
    __table_args__ = (
        Index("ix_cell_version_id_geom", "version_id", "geom", postgresql_using="gist"),
        Index("ix_cell_version_id_code", "version_id", "code"),
    )

    id: Mapped[Id]
    version_id: Mapped[int] = mapped_column(ForeignKey("grid_version.id", ondelete="CASCADE"))
    code: Mapped[Code]
    name: Mapped[str]
    station_code: Mapped[Code | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)
    )


class NeighbourBureau(Base):
    """The area of a bureau next door, as context of the map; what is known of it may be partial."""

    __tablename__ = "neighbour_bureau"

    code: Mapped[Code] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)
    )
