"""Drafts in a room test: put there, edited, and looked at to the last bit."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gis.arcs import ArcCoverage
from gis.crs import WGS84
from gis.features import Cell as CellShape
from gis.features import Layer
from gis.testing import SOUTH, STEP, WEST
from gridserver.access.rules import Principal
from gridserver.grids import drafts, queries, service
from gridserver.grids.drafts import Changed
from gridserver.grids.models import Cell, DraftArc, DraftFace, GridVersion

NAME = "v2"


def put(session: Session, cells: list[CellShape], name: str = NAME) -> GridVersion:
    layer = Layer(tuple(cells), WGS84)
    return service.import_draft(session, None, layer, name=name, source={})


def edit(session: Session, actor: Principal | None, verb: str, **arguments: object) -> Changed:
    draft = drafts.locked_draft(session, actor, NAME, revision(session))
    return drafts.edit(session, actor, draft, verb, arguments)


def undo(session: Session, actor: Principal | None = None) -> Changed:
    return drafts.undo(session, actor, drafts.locked_draft(session, actor, NAME, revision(session)))


def redo(session: Session, actor: Principal | None = None) -> Changed:
    return drafts.redo(session, actor, drafts.locked_draft(session, actor, NAME, revision(session)))


def revision(session: Session) -> int:
    return queries.version(session, NAME).revision


def rows(session: Session) -> dict[str, object]:
    """All that the database has of the draft's ground, bit for bit."""
    version = queries.version(session, NAME)
    wkb = sa.func.ST_AsBinary(Cell.geom, type_=sa.LargeBinary)
    cells = sa.select(Cell.code, Cell.name, Cell.station_code, Cell.attributes, wkb)
    arcs = sa.select(*DraftArc.__table__.columns).where(DraftArc.version_id == version.id)
    faces = sa.select(*DraftFace.__table__.columns).where(DraftFace.version_id == version.id)
    return {
        "cells": [
            (*known, bytes(geom))
            for *known, geom in session.execute(
                cells.where(Cell.version_id == version.id).order_by(Cell.code, wkb)
            )
        ],
        "arcs": [
            (*known, bytes(coords))
            for *known, coords in session.execute(arcs.order_by(DraftArc.id))
        ],
        "faces": [tuple(row) for row in session.execute(faces.order_by(DraftFace.id))],
    }


def stored(session: Session) -> list[CellShape]:
    return queries.cells(session, queries.version(session, NAME).id)


def opened(session: Session, actor: Principal) -> ArcCoverage:
    return drafts.open_draft(session, actor, NAME)[1]


def crossing(coverage: ArcCoverage) -> int:
    """The node in the middle of four cells."""
    return next(i for i, refs in coverage.nodes.items() if len(refs) == 4)


def at(column: float, row: float) -> tuple[float, float]:
    return WEST + STEP * column, SOUTH + STEP * row
