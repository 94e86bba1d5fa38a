"""Cells of a draft made, changed and removed as features, by programs such as QGIS.

Such a program changes one polygon at a time, so that gaps and overlaps may come to be; the fault
report shows them, and they can be undone like any other edit.

OGC API Features Part 4 (OGC 20-002r1) has ``If-Match`` for two who change one feature. QGIS sends
none, so what a session was last shown of each feature is kept here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import shapely
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.areas import areas_m2
from gis.errors import GeometryError
from gis.features import Cell as CellShape
from gis.features import Remark
from gridserver.access.rules import Principal
from gridserver.base import reading
from gridserver.base.errors import Conflict, Invalid, Stale
from gridserver.grids import drafts, features, queries
from gridserver.grids.edit_log import Deed
from gridserver.grids.models import FeatureReading, GridVersion
from gridserver.org import queries as org

Polygonal = shapely.Polygon | shapely.MultiPolygon

_LONGEST = 100


@dataclass(frozen=True)
class Given:
    """What a client sent of a feature. `geom` in EPSG:4326; None where it sent none."""

    properties: Mapping[str, object]
    geom: Polygonal | None


def note_reading(
    session: Session, session_id: uuid.UUID | None, version_id: int, cells: Iterable[CellShape]
) -> None:
    """Keep what a session was shown."""
    rows = [
        {
            "session_id": session_id,
            "version_id": version_id,
            "code": cell.code,
            "tag": features.tag(cell),
        }
        for cell in {cell.code: cell for cell in cells}.values()
    ]
    if session_id is None or not rows:
        return
    made = insert(FeatureReading)
    key = ["session_id", "version_id", "code"]
    session.execute(
        made.on_conflict_do_update(index_elements=key, set_={"tag": made.excluded.tag}), rows
    )


def create(session: Session, actor: Principal, version: GridVersion, given: Given) -> CellShape:
    """Add a cell, whose code is among the properties.

    Raises
    ------
    Invalid, GeometryError
        What is missing, or can't be right.
    Conflict
        ``grid.code_taken``; ``grid.wrong_state``: the version is no draft.
    """
    draft = _locked(session, actor, version)
    cell = _read(session, given, None)
    if queries.cells(session, draft.id, [cell.code]):
        raise Conflict(
            "grid.code_taken",
            f"There is a cell {cell.code} already.",
            field="code",
            params={"code": cell.code},
        )
    grown = {cell.code: _area_m2(cell)}
    deed = Deed("create_feature", _said("create", cell.code, "added"), grown)
    drafts.record_change(session, actor, draft, deed, {cell.code: [cell]})
    return _shown(session, actor, draft, cell.code)


def replace_cell(
    session: Session,
    actor: Principal,
    version: GridVersion,
    code: str,
    given: Given,
    if_match: Iterable[str] | None,
    *,
    partly: bool,
) -> CellShape:
    """Change a cell to what was sent; `partly`: what was not sent stays.

    Parameters
    ----------
    if_match
        Tags (`features.tag`) of which the cell must have one; None where the client sent none.

    Raises
    ------
    Invalid, GeometryError
        What can't be right; ``grid.code_changes``.
    NotFound
        ``grid.unknown_cell``.
    Stale
        The cell has none of the tags.
    Conflict
        ``grid.changed_since_read``; ``grid.wrong_state``.
    """
    draft = _locked(session, actor, version)
    present = _present(session, actor, draft, code, if_match)
    kept = {"name": present.name, "station": present.station} if partly else {}
    geom = present.geom if partly and given.geom is None else given.geom
    properties = {"code": code, **kept, **given.properties}
    cell = _read(session, Given(properties, geom), present)
    grown = {code: _area_m2(cell) - _area_m2(present)}
    deed = Deed("replace_feature", _said("replace", code, "changed"), grown)
    drafts.record_change(session, actor, draft, deed, {code: [cell]})
    return _shown(session, actor, draft, code)


def remove(
    session: Session,
    actor: Principal,
    version: GridVersion,
    code: str,
    if_match: Iterable[str] | None,
) -> None:
    """Remove a cell. Raises as `replace_cell`."""
    draft = _locked(session, actor, version)
    present = _present(session, actor, draft, code, if_match)
    grown = {code: -_area_m2(present)}
    deed = Deed("delete_feature", _said("delete", code, "removed"), grown)
    drafts.record_change(session, actor, draft, deed, {code: []})


def _said(verb: str, code: str, done: str) -> Remark:
    text = f"Cell {code} was {done} as a feature."
    return Remark(f"edit.{verb}_feature", text, {"code": code})


def _locked(session: Session, actor: Principal, version: GridVersion) -> GridVersion:
    session.refresh(version, with_for_update=True)
    return drafts.locked_draft(session, actor, version.name, version.revision)


def _present(
    session: Session,
    actor: Principal,
    draft: GridVersion,
    code: str,
    if_match: Iterable[str] | None,
) -> CellShape:
    """Return the cell as it is, which must be the one that the client means."""
    present = features.one(session, draft.id, code)
    if len(queries.cells(session, draft.id, [code])) > 1:
        raise Conflict(
            "grid.duplicate_code",
            f"Several cells have the code {code}: mend that in the draft first.",
            field="code",
            params={"code": code},
        )
    tag = features.tag(present)
    if if_match is not None:
        if tag not in if_match and "*" not in if_match:
            raise Stale(
                "grid.stale",
                f"Cell {code} was changed meanwhile: read it again, then change it.",
                field="If-Match",
            )
        return present
    shown = session.get(FeatureReading, (actor.session_id, draft.id, code))
    if shown is not None and shown.tag != tag:
        raise Conflict(
            "grid.changed_since_read",
            f"Cell {code} was changed since you read it: reload the layer, then change it.",
            field="code",
            params={"code": code},
        )
    return present


def _read(session: Session, given: Given, present: CellShape | None) -> CellShape:
    code = reading.text(given.properties.get("code"), "code", longest=_LONGEST)
    if present is not None and code != present.code:
        raise Invalid(
            "grid.code_changes",
            f"A feature keeps its code: rename {present.code} in the editor, or make a new cell.",
            field="code",
        )
    if unknown := sorted(set(given.properties) - {"id", *features.PROPERTIES}):
        raise Invalid(
            "grid.unknown_property",
            f"A cell has no {unknown[0]!r}; give {', '.join(features.PROPERTIES)}.",
            field=unknown[0],
        )
    name = reading.optional_text(given.properties.get("name"), "name", longest=_LONGEST)
    station = reading.optional_text(given.properties.get("station"), "station", longest=_LONGEST)
    if station is not None and station not in {u.code for u in org.units(session, "station")}:
        raise Invalid(
            "grid.unknown_station",
            f"There is no station with the code {station!r}: give one there is, or none.",
            field="station",
            params={"station": station},
        )
    return CellShape(code, _geometry(given.geom, present), name or code, station)


def _geometry(geom: Polygonal | None, present: CellShape | None) -> Polygonal:
    """Return a geometry that may be stored. An invalid one only stays where it is."""
    if geom is None:
        raise GeometryError("geometry.null", "A cell needs a geometry.", "geometry")
    unchanged = present is not None and shapely.equals_identical(
        _as_multi(geom), _as_multi(present.geom)
    )
    if not unchanged and not shapely.is_valid(geom):
        reason = shapely.is_valid_reason(geom)
        raise GeometryError(
            "geometry.invalid", f"The boundary crosses or touches itself ({reason}).", "geometry"
        )
    return geom


def _shown(session: Session, actor: Principal, draft: GridVersion, code: str) -> CellShape:
    """Return a cell as it is now; whoever changed it knows it so."""
    cell = features.one(session, draft.id, code)
    note_reading(session, actor.session_id, draft.id, [cell])
    return cell


def _area_m2(cell: CellShape | None) -> float:
    return 0.0 if cell is None else float(areas_m2([cell.geom])[0])


def _as_multi(geom: Polygonal) -> Polygonal:
    return shapely.MultiPolygon(list(shapely.get_parts(geom)))
