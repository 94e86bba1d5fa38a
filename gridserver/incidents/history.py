"""Past incidents from elsewhere: recorded with the cell of their time, and given to nobody.

They are there for figures and for rehearsing a new grid. No task is made of them and nobody is
told: whatever had to be done about them was done, or not, before this server knew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gis.locator import Locator
from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import GridserverError
from gridserver.grids import queries as grids
from gridserver.grids.queries import Location
from gridserver.incidents import queries, rules, service
from gridserver.incidents.rules import Report
from gridserver.org import queries as org


@dataclass(frozen=True)
class _Grid:
    """A version's cells, ready for many points; `stations` and `names` by cell code."""

    locator: Locator
    names: dict[str, str | None]
    stations: dict[str, str | None]


class Atlas:
    """The grids of all times and the units, read once for reports by the thousand.

    Each grid is read when the first report of its time asks for it. An atlas may outlive a
    transaction: what was published never changes, and a version that is published meanwhile isn't
    in force at any past moment.
    """

    def __init__(self, session: Session) -> None:
        self._versions = [card for card in grids.versions(session) if card.valid_from is not None]
        self._units = {unit.code: unit.id for unit in org.units(session)}
        self._bureau_id = org.bureau(session).id
        self._grids: dict[int, _Grid] = {}

    def locate(self, session: Session, report: Report, at: dt.datetime) -> Location:
        """Find the cell in the version that was in force at `at`, as `grids.locate` would."""
        version = next((card for card in self._versions if _in_force(card, at)), None)
        if version is None:
            return Location(None, None, None, None, None, "outside")
        if version.id not in self._grids:
            self._grids[version.id] = _read_grid(session, version.id)
        grid = self._grids[version.id]
        found = grid.locator.locate(report.lon, report.lat, report.accuracy_m)
        return Location(
            cell_code=found.code,
            cell_name=grid.names[found.code] if found.code else None,
            station_code=grid.stations[found.code] if found.code else None,
            version_id=version.id,
            version_name=version.name,
            method=found.method,
            neighbours=found.neighbours,
            distance_m=found.distance_m,
        )

    def unit_id(self, location: Location) -> int:
        """Return the unit that answers for a place: the cell's station, else the bureau."""
        return self._units.get(location.station_code or "", self._bureau_id)


def record_past(
    session: Session, actor: Principal | None, reports: Sequence[Report], atlas: Atlas
) -> list[bool | GridserverError]:
    """Record reports as history, each once per source and external id.

    Parameters
    ----------
    reports
        Each with its `reported_at`, which chooses the grid.

    Returns
    -------
    list
        For each report whether it was new, or why it was refused: ``incident.unknown_category``,
        ``incident.from_the_future``, ``incident.exists_differently``. The others are recorded.
    """
    # Most of an import that is run again was recorded before: asked for at once.
    before = queries.digests(
        session, {report.source for report in reports}, {report.external_id for report in reports}
    )
    outcomes = [
        False
        if before.get((report.source, report.external_id)) == report.digest()
        else _record(session, report, atlas)
        for report in reports
    ]
    recorded = sum(outcome is True for outcome in outcomes)
    if recorded:
        sources = sorted({report.source for report in reports})
        audit.record(
            session,
            actor,
            Tag.INCIDENT_IMPORT,
            subject_kind="bureau",
            subject_id=org.bureau(session).id,
            data={"recorded": recorded, "sources": sources},
        )
    return outcomes


def _record(session: Session, report: Report, atlas: Atlas) -> bool | GridserverError:
    try:
        location = atlas.locate(
            session, report, rules.reported_at(report.reported_at, now(session))
        )
        return service.record(session, report, location, atlas.unit_id(location))[1]
    except GridserverError as refusal:
        return refusal


def _in_force(card: grids.VersionCard, at: dt.datetime) -> bool:
    begun = card.valid_from is not None and card.valid_from <= at
    return begun and (card.valid_to is None or at < card.valid_to)


def _read_grid(session: Session, version_id: int) -> _Grid:
    cells = grids.cells(session, version_id)
    return _Grid(
        Locator(
            [cell.code for cell in cells],
            [cell.geom for cell in cells],
            ground=grids.outline(session, version_id),
        ),
        {cell.code: cell.name for cell in cells},
        {cell.code: cell.station for cell in cells},
    )
