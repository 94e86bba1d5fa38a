"""Units as a tree, kept as a path of codes."""

from __future__ import annotations

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import check_in

KINDS = ("bureau", "station", "team", "group", "specialist")
MODES = ("two_teams_one_room", "two_rooms_many_areas")


class Unit(Base):
    """A unit of the bureau.

    `path` is the codes from the bureau down, joined by dots: ``330824.33082401``. A unit's
    subtree is every path that equals its own or begins with it and a dot.
    """

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint(check_in("kind", KINDS), name="kind"),
        CheckConstraint(
            f"mode IS NULL OR (kind = 'station' AND {check_in('mode', MODES)})", name="mode"
        ),
        CheckConstraint("(kind = 'bureau') = (parent_id IS NULL)", name="root_is_bureau"),
        CheckConstraint("code ~ '^[0-9A-Za-z_-]+$'", name="code"),
    )

    id: Mapped[Id]
    code: Mapped[Code] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    path: Mapped[Code] = mapped_column(unique=True)
    mode: Mapped[str | None]
    location: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False)
    )
