"""Grid versions with a time range, their cells, and what a draft has while it is edited."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import Lifecycle, check_in

#: `retire` gives up a draft, or ends a version that was in force.
LIFECYCLE = Lifecycle(
    states=("draft", "checked", "published", "retired"),
    transitions={
        ("draft", "check"): "checked",
        ("draft", "fault"): "draft",
        ("draft", "retire"): "retired",
        ("draft", "edit"): "draft",
        ("checked", "check"): "checked",
        ("checked", "edit"): "draft",
        ("checked", "fault"): "draft",
        ("checked", "publish"): "published",
        ("checked", "retire"): "retired",
        ("published", "retire"): "retired",
    },
)


class GridVersion(Base):
    """A named set of cells. `valid` is the time in which it is (or was) the grid in force; the
    exclusion constraint keeps one version in force per bureau and moment. `outline` is the bureau's
    ground: as it came with the cells, or what they enclose; only a draft may lack it. `revision`
    counts the changes of a draft's cells; `arcs` names the state of its arcs and faces, and is null
    where they are not drawn: no two states ever have the same name, committed or not, and one that
    an undo or a redo comes back to has its name again."""

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
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    arcs: Mapped[uuid.UUID | None]


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


class DraftArc(Base):
    """A stretch of boundary of a draft, as `gis.arcs.Arc`. `coords` is longitude and latitude by
    turns, little-endian doubles, so that no bit is lost; a null side is the ground outside."""

    __tablename__ = "draft_arc"

    version_id: Mapped[int] = mapped_column(
        ForeignKey("grid_version.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    start_node: Mapped[int]
    end_node: Mapped[int]
    left_face: Mapped[int | None]
    right_face: Mapped[int | None]
    coords: Mapped[bytes]


class DraftFace(Base):
    """A connected piece of a draft's ground, as `gis.arcs.Face`: whose it is, and its rings."""

    __tablename__ = "draft_face"

    version_id: Mapped[int] = mapped_column(
        ForeignKey("grid_version.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owners: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rings: Mapped[list[Any]]


class DraftEdit(Base):
    """One change of a draft, with what it takes to undo and to do it again.

    `text` says in English what was done; `code` and `params` say it to `gridserver.grids.texts`.

    `cells` and `arcs` are compressed JSON (see `gridserver.grids.edit_log`). `arcs` is null where
    the arcs were drawn anew since: then the cells alone are put back. `arcs_before` and
    `arcs_after` name the states of the arcs that it led between (`GridVersion.arcs`). Of a draft's
    edits those that are undone come last.
    """

    __tablename__ = "draft_edit"
    __table_args__ = (UniqueConstraint("version_id", "number"),)

    id: Mapped[Id]
    version_id: Mapped[int] = mapped_column(ForeignKey("grid_version.id", ondelete="CASCADE"))
    number: Mapped[int]
    revision: Mapped[int]
    verb: Mapped[str]
    text: Mapped[str]
    code: Mapped[str]
    params: Mapped[dict[str, Any]]
    area_change_m2: Mapped[dict[str, Any]]
    actor_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[dt.datetime]
    undone: Mapped[bool] = mapped_column(server_default=false())
    cells: Mapped[bytes]
    arcs: Mapped[bytes | None]
    arcs_before: Mapped[uuid.UUID | None]
    arcs_after: Mapped[uuid.UUID | None]


class GridSetting(Base):
    """What a bureau decided about its grid; without a row the defaults hold."""

    __tablename__ = "grid_setting"

    bureau_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    code_scheme: Mapped[str]
    code_pattern: Mapped[str | None]
    tolerance_m: Mapped[float]
    min_area_m2: Mapped[float]
    enclave_m2: Mapped[float]
    min_cell_m2: Mapped[float]
    snap_m: Mapped[float]


class Exclusion(Base):
    """A hole between the cells that a person declared not the bureau's: the one around a point in
    EPSG:4326, why, and who said so (null: the server itself)."""

    __tablename__ = "grid_exclusion"

    id: Mapped[Id]
    version_id: Mapped[int] = mapped_column(
        ForeignKey("grid_version.id", ondelete="CASCADE"), index=True
    )
    lon: Mapped[float]
    lat: Mapped[float]
    why: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[dt.datetime]


class NeighbourBureau(Base):
    """The area of a bureau next door, as context of the map; what is known of it may be partial."""

    __tablename__ = "neighbour_bureau"

    code: Mapped[Code] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)
    )


class FeatureReading(Base):
    """What a session was last shown of a draft's cell: programs such as QGIS that change a feature
    don't say which state of it they mean."""

    __tablename__ = "feature_reading"

    session_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("login_session.id", ondelete="CASCADE"), primary_key=True
    )
    version_id: Mapped[int] = mapped_column(
        ForeignKey("grid_version.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    code: Mapped[Code] = mapped_column(primary_key=True)
    tag: Mapped[str]
