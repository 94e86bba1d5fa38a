"""The verbs of grid versions: import, check, publish, retire. None of them commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import shapely
from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape
from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gis.features import Layer
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict
from gridserver.grids import inspection, plausibility, queries, reports, rules
from gridserver.grids.mending import Ground
from gridserver.grids.models import LIFECYCLE, Cell, GridVersion, NeighbourBureau
from gridserver.org import queries as org
from gridserver.org.models import Unit

#: Why a verb is refused, for the message.
_ONLY = {
    "check": "only a draft can be checked and published.",
    "fault": "only a draft can be checked and published.",
    "publish": "only a checked draft can be published.",
    "retire": "it has ended already.",
}


def import_draft(
    session: Session,
    actor: Principal | None,
    layer: Layer,
    *,
    name: str,
    outline: shapely.Polygon | shapely.MultiPolygon | None = None,
    source: dict[str, Any],
    attributes: Mapping[str, Mapping[str, Any]] | None = None,
) -> GridVersion:
    """Store the cells of a layer as a draft, whatever their faults.

    Parameters
    ----------
    layer : Layer
        From `gis.files.read_layer`. Invalid rings are stored as they are.
    name : str
        What the version is called from now on.
    outline : Polygon or MultiPolygon, optional
        The bureau's area in EPSG:4326, which the cells are to fill.
    source : dict
        Where the cells come from, JSON-able: file, crs, fields. ``"illustrative": true`` has
        every map say so. The key ``warnings`` is added: what the admin should look at, as
        `gis.features.Remark`.
    attributes : mapping, optional
        What else is known of cells, by code: ``households``, ``people``, ``class``, ``team``.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's grid.
    Invalid
        ``grid.bad_name``, and of cells that can't be where they are said to be (`plausibility`).
    Conflict
        ``grid.name_taken``.
    """
    bureau = _locked_bureau(session, actor)
    rules.check_name(name)
    if session.scalar(select(GridVersion.id).where(GridVersion.name == name)):
        raise Conflict(
            "grid.name_taken", f"version {name} exists", field="name", params={"name": name}
        )
    warnings = [*layer.warnings, *plausibility.doubts(session, layer, outline)]
    version = GridVersion(
        bureau_id=bureau.id,
        name=name,
        state=LIFECYCLE.states[0],
        outline=None if outline is None else _stored([outline])[0],
        source=source | {"warnings": [vars(warning) for warning in warnings]},
        created_at=now(session),
    )
    session.add(version)
    session.flush()
    session.execute(insert(Cell), _rows(version.id, layer, attributes or {}))
    _record(session, actor, Tag.GRID_IMPORT, version, cells=len(layer.cells))
    return version


def check(
    session: Session,
    actor: Principal | None,
    name: str,
    tolerance_m: float | None = None,
) -> reports.Report:
    """Look for the faults of a version and keep the report with it.

    A draft without blocking faults becomes checked, and a checked one with them a draft again. A
    published or retired version is only looked at. So is any with a tolerance of one's own, since
    publishing judges by the usual one.

    Parameters
    ----------
    tolerance_m : float, optional
        As in `gis.coverage.faults`; the usual one where None.

    Raises
    ------
    NotFound
        There is no such version.
    """
    _locked_bureau(session, actor)
    version = _locked_version(session, name)
    own = {} if tolerance_m is None else {"tolerance_m": tolerance_m}
    report = _report(version, inspection.ground(session, version, **own))
    if tolerance_m is None and LIFECYCLE.after(version.state, "check"):
        _settle(session, version, report)
        _record(session, actor, Tag.GRID_CHECK, version, blocking=report.blocking)
    return report


def publish(
    session: Session, actor: Principal | None, name: str, at: dt.datetime | None = None
) -> GridVersion:
    """Put a version in force from `at` (default: now) on, and end the one before it then.

    The version is checked again under its lock, so that what takes force is what was checked.
    A version that came without an outline gets the ground that its cells enclose as one, and the
    holes that were declared not the bureau's are taken out of either.

    Raises
    ------
    Conflict
        ``grid.blocking_faults`` naming them; ``grid.wrong_state``: published or retired already;
        ``grid.later_version``: another one was published for a later moment.
    Invalid
        ``grid.past``.
    NotFound
        There is no such version.
    """
    bureau = _locked_bureau(session, actor)
    version = _locked_version(session, name)
    moment = now(session)
    since = rules.starting(at, moment)
    _after(version, "check", moment)
    looked_at = inspection.ground(session, version)
    report = _report(version, looked_at)
    if report.blocking:
        raise Conflict("grid.blocking_faults", report.refusal(), faults=report.counts())
    _settle(session, version, report)
    _make_room(session, actor, bureau, since)
    version.outline = _stored([inspection.outline(looked_at)])[0]
    version.state = _after(version, "publish", moment)
    version.valid = Range(since, None)
    session.flush()
    _record(session, actor, Tag.GRID_PUBLISH, version, since=since.isoformat())
    return version


def retire(session: Session, actor: Principal | None, name: str) -> GridVersion:
    """Give up a draft, withdraw a version that is not in force yet, or end the one in force.

    A withdrawn version gives its time back to the one before it. After the one in force has
    ended no cell is anybody's until another is published.

    Raises
    ------
    Conflict
        ``grid.wrong_state``: it has retired already.
    NotFound
        There is no such version.
    """
    bureau = _locked_bureau(session, actor)
    version = _locked_version(session, name)
    moment = now(session)
    begins = version.valid.lower if version.valid else None
    if begins is None:
        version.state = _after(version, "retire", moment)
    else:
        _end(session, version, moment)
    session.flush()
    if begins is not None and begins > moment:
        _give_back(session, bureau, begins)
    _record(session, actor, Tag.GRID_RETIRE, version)
    return version


def set_neighbours(
    session: Session, actor: Principal | None, neighbours: Iterable[queries.Neighbour]
) -> None:
    """Replace what is known of the bureaus next door."""
    bureau, neighbours = _locked_bureau(session, actor), list(neighbours)
    codes = select(NeighbourBureau.code).order_by(NeighbourBureau.code)
    before = list(session.scalars(codes))
    session.execute(delete(NeighbourBureau))
    session.add_all(
        NeighbourBureau(
            code=n.code,
            name=n.name,
            name_en=n.name_en,
            geom=_stored([n.geom])[0],
        )
        for n in neighbours
    )
    session.flush()
    audit.record(
        session,
        actor,
        Tag.GRID_NEIGHBOURS,
        subject_kind="unit",
        subject_id=bureau.code,
        before={"neighbours": before},
        after={"neighbours": sorted(each.code for each in neighbours)},
    )


def _locked_bureau(session: Session, actor: Principal | None) -> Unit:
    """Return the bureau if the actor may edit its grid (None is the server itself).

    Its row is locked, so that of two changes to what is in force one waits for the other.
    """
    bureau = org.bureau(session)
    if actor is not None:
        require(actor, "grid.edit", bureau.path)
    # Not FOR UPDATE: that would hold up everyone who refers to the bureau.
    locked = select(Unit).where(Unit.id == bureau.id).with_for_update(key_share=True)
    return session.scalars(locked).one()


def _locked_version(session: Session, name: str) -> GridVersion:
    version = queries.version(session, name)
    session.refresh(version, with_for_update=True)
    return version


def _after(version: GridVersion, verb: str, moment: dt.datetime) -> str:
    """Return the state after `verb`. Raises `Conflict` where the verb doesn't fit the state."""
    present = rules.state_at(version.state, version.valid.upper if version.valid else None, moment)
    state = LIFECYCLE.after(present, verb)
    if state is None:
        raise Conflict(
            "grid.wrong_state",
            f"Version {version.name} is {present}: {_ONLY[verb]}",
            field="name",
            state=present,
        )
    return state


def _report(version: GridVersion, looked_at: Ground) -> reports.Report:
    found = inspection.find_faults(looked_at)
    return reports.Report(version.name, looked_at.cells, list(found.values()))


def _settle(session: Session, version: GridVersion, report: reports.Report) -> None:
    """Keep the report, and the state that follows from it."""
    version.report = report.to_keep()
    version.state = _after(version, "fault" if report.blocking else "check", now(session))
    session.flush()


def _make_room(session: Session, actor: Principal | None, bureau: Unit, since: dt.datetime) -> None:
    """End the version that would be in force from `since` on."""
    overlapping = select(GridVersion).where(
        GridVersion.bureau_id == bureau.id, GridVersion.valid.overlaps(Range(since, None))
    )
    for former in session.scalars(overlapping.with_for_update()):
        begins = former.valid.lower if former.valid else None
        if begins is not None and begins > since:
            raise Conflict(
                "grid.later_version",
                f"Version {former.name} is published from {begins.isoformat()} on: "
                "retire it first, or publish for a later moment.",
                field="from",
                version=former.name,
            )
        _end(session, former, since)
        _record(session, actor, Tag.GRID_END, former, at=since.isoformat())
    session.flush()


def _end(session: Session, version: GridVersion, at: dt.datetime) -> None:
    """End a published version's time at `at`; one that begins then or later was never in force."""
    moment = now(session)
    ended = _after(version, "retire", moment)
    begins = version.valid.lower if version.valid else None
    version.valid = Range(begins, at) if begins is None or begins < at else None
    if version.valid is None or at <= moment:
        version.state = ended


def _give_back(session: Session, bureau: Unit, begins: dt.datetime) -> None:
    """Have the version that was to end at `begins` go on."""
    before = select(GridVersion).where(
        GridVersion.bureau_id == bureau.id, func.upper(GridVersion.valid) == begins
    )
    former = session.scalar(before.with_for_update())
    if former is not None and former.valid is not None:
        former.valid = Range(former.valid.lower, None)
        session.flush()


def _rows(
    version_id: int, layer: Layer, attributes: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    return [
        {
            "version_id": version_id,
            "code": cell.code,
            "name": cell.name or cell.code,
            "station_code": cell.station or None,
            "attributes": dict(attributes.get(cell.code, {})),
            "geom": geom,
        }
        for cell, geom in zip(layer.cells, _stored(layer.geoms), strict=True)
    ]


def _stored(geoms: Iterable[Any]) -> list[WKBElement]:
    """Return polygons and multipolygons, valid or not, as the multipolygons that are stored."""
    return [
        from_shape(shapely.MultiPolygon(list(shapely.get_parts(geom))), srid=4326) for geom in geoms
    ]


def _record(
    session: Session, actor: Principal | None, tag: Tag, version: GridVersion, **data: Any
) -> None:
    audit.record(
        session, actor, tag, subject_kind="grid_version", subject_id=version.name, data=data
    )
