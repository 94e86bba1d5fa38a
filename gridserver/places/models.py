"""The gazetteer with what its entries are found by, and the road network as pgRouting reads it."""

from __future__ import annotations

import datetime as dt

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Code, Id
from gridserver.base.lifecycle import check_in
from gridserver.places.rules import KINDS, PLACE, ROLES


def _trigrams(column: str) -> Index:
    return Index(
        f"ix_place_term_{column}",
        column,
        postgresql_using="gin",
        postgresql_ops={column: "gin_trgm_ops"},
    )


class RoadEdge(Base):
    """A stretch of road between two junctions.

    `source` and `target` number the junctions at which the line begins and ends. `minutes` is what
    it takes to drive it as it is drawn, `reverse_minutes` against that; null: not that way.
    """

    __tablename__ = "road_edge"
    __table_args__ = (
        CheckConstraint("minutes >= 0 AND reverse_minutes >= 0", name="minutes"),
        CheckConstraint("coalesce(minutes, reverse_minutes) IS NOT NULL", name="some_way"),
    )

    id: Mapped[Id]
    source: Mapped[int]
    target: Mapped[int]
    minutes: Mapped[float | None]
    reverse_minutes: Mapped[float | None]
    geom: Mapped[WKBElement] = mapped_column(Geometry("LINESTRING", srid=4326))


class Place(Base):
    """An entry of the gazetteer.

    `point` is where to send somebody, `extent` what it covers, where that is known. What a source
    calls it is `external_id`; nothing of a source's own is changed by it once somebody changed it
    by hand (`by_hand`). `version` counts the changes (ETag).
    """

    __tablename__ = "place"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        CheckConstraint(check_in("kind", KINDS), name="kind"),
        CheckConstraint(check_in("state", PLACE.states), name="state"),
        CheckConstraint("(state = 'retired') = (retired_at IS NOT NULL)", name="retired"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    name: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text))
    address: Mapped[str | None]
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=4326))
    extent: Mapped[WKBElement | None] = mapped_column(
        Geometry("GEOMETRY", srid=4326, spatial_index=False)
    )
    source: Mapped[str]
    external_id: Mapped[str]
    by_hand: Mapped[bool]
    state: Mapped[str]
    retired_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class PlaceTerm(Base):
    """Words that one or more places go by, as `gridserver.places.terms.Term`."""

    __tablename__ = "place_term"
    __table_args__ = (
        Index("ix_place_term_grams", "grams", postgresql_using="gin"),
        _trigrams("initials"),
        _trigrams("sound"),
    )

    id: Mapped[Id]
    words: Mapped[Code] = mapped_column(unique=True)
    grams: Mapped[list[str]] = mapped_column(ARRAY(Text(collation="C")))
    syllables: Mapped[str]
    initials: Mapped[str]
    sound: Mapped[str]


class PlaceKey(Base):
    """A term that a place goes by, with the numbers beside it; `role` says as what."""

    __tablename__ = "place_key"
    __table_args__ = (
        UniqueConstraint("place_id", "term_id", "numbers"),
        CheckConstraint(check_in("role", ROLES), name="role"),
        # All that a search asks for, so that it needn't read the table.
        Index(
            "ix_place_key_term_id_numbers",
            "term_id",
            "numbers",
            postgresql_include=["place_id", "role"],
        ),
    )

    id: Mapped[Id]
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    term_id: Mapped[int] = mapped_column(ForeignKey("place_term.id"))
    numbers: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    role: Mapped[str]
