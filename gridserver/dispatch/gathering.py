"""From a reported place to the facts of a decision: what the rooms below know of it now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import CommandRoom
from gridserver.base.clock import local_now, now
from gridserver.base.errors import Conflict
from gridserver.delivery import queries as delivery
from gridserver.dispatch import border, help
from gridserver.dispatch.norms import Norms
from gridserver.dispatch.rules import (
    CREWS,
    HELP_AT_PRIORITY,
    Border,
    Facts,
    FieldUnit,
    Officer,
    Person,
    Place,
    When,
    crew_units,
    route_of,
)
from gridserver.dispatch.tables import queries as tables
from gridserver.dispatch.tables.book import Book
from gridserver.force import queries as force
from gridserver.force.calendar import Day
from gridserver.force.queries import DutyOfficer, DutyPicture
from gridserver.grids import queries as grids
from gridserver.grids.queries import Location

_CREW_DUTIES = frozenset(CREWS.values())


@dataclass(frozen=True)
class Site:
    """Where a point lies, and the command rooms above it; `station` is None where there is no cell,
    or no such station. `point` is its lon, lat in EPSG:4326, where the border was asked for."""

    location: Location
    bureau: CommandRoom
    station: CommandRoom | None
    point: tuple[float, float] | None = None

    @property
    def room(self) -> CommandRoom:
        """The room of the unit that answers for the place."""
        return self.station or self.bureau


def survey(
    session: Session, lon: float, lat: float, accuracy_m: float | None, reported_at: dt.datetime
) -> Site:
    """Find the cell in the grid that was in force at `reported_at`, and its command rooms.

    Raises
    ------
    Conflict
        ``dispatch.no_bureau_room``: the bureau has no command room, so there is nobody to fall
        back on.
    """
    location = grids.locate(session, lon, lat, reported_at, accuracy_m)
    return replace(site_of(session, location), point=(lon, lat))


def site_of(session: Session, location: Location) -> Site:
    """Return a location with its command rooms. Raises as `survey`."""
    bureau, station = access.command_rooms(session, location.station_code)
    if not bureau.desks:
        raise Conflict(
            "dispatch.no_bureau_room",
            "The bureau has no command room. Give an account the role command for the bureau: "
            "`gridserver account add … --role command`.",
        )
    return Site(location, bureau, station)


def gather(
    session: Session,
    site: Site,
    category: str,
    priority: int | None = None,
    *,
    suspects: int = 0,
    offences: int = 0,
) -> Facts:
    """Gather the facts of a decision that is made now. Three round trips: what is laid down, who is
    on duty, whose devices were last seen when.

    Parameters
    ----------
    priority
        1 (at once) to 4; the category's own where None. For 1 the field units that could help are
        looked at too: up to four round trips more.
    suspects, offences
        As far as they are known: all that is gathered of the persons in the incident.

    Raises
    ------
    Invalid
        ``incident.unknown_category``.
    """
    station = site.station
    code, mode = (station.code, station.mode) if station else (None, None)
    book = tables.book(session)
    norms = tables.norms(book, now(session), category, code, mode)
    units = crew_units(route_of(norms, suspects, offences), code)
    duty = force.duty_picture(session, site.location.cell_code, units, now(session))
    officers = _Officers(session, duty, norms)
    return Facts(
        place=place_of(site),
        norms=norms,
        priority=priority or norms.priority,
        when=_when(session, duty),
        station_room=_desks(station),
        bureau_room=_desks(site.bureau),
        primaries=officers.of(duty.primaries),
        backups=officers.of(duty.backups),
        group=officers.of(duty.group),
        team_leaders=officers.of(duty.team_leaders),
        on_duty={unit: officers.of(_crews(duty.on_duty[unit])) for unit in units},
        border=_border(session, book, site, norms),
        suspects=suspects,
        offences=offences,
        field_units=_field_units(session, site, norms, priority or norms.priority),
    )


def _field_units(
    session: Session, site: Site, norms: Norms, priority: int
) -> tuple[FieldUnit, ...] | None:
    if priority != HELP_AT_PRIORITY or site.point is None:
        return None
    return help.field_units(session, site.point, norms.parameters.position_fresh_s) or None


def with_crews(session: Session, facts: Facts, units: Iterable[str]) -> Facts:
    """Return facts with the crews of further units, by the roster of the facts' own moment.

    Which devices were in reach then is known no more: nobody who is added is out of reach.
    """
    missing = tuple(unit for unit in units if unit not in facts.on_duty)
    if not missing:
        return facts
    duty = force.duty_picture(session, None, missing, facts.when.local)
    crews = {unit: tuple(map(_officer, _crews(duty.on_duty[unit]))) for unit in missing}
    return replace(facts, on_duty={**facts.on_duty, **crews})


def _border(session: Session, book: Book, site: Site, norms: Norms) -> Border | None:
    if site.point is None:
        return None
    within_m = norms.parameters.border_distance_m
    return border.find(session, book, site.location.version_id, *site.point, within_m)


class _Officers:
    """The officers of a picture of duty as the rules know them, with when each was last seen."""

    def __init__(self, session: Session, duty: DutyPicture, norms: Norms) -> None:
        self._now = now(session)
        self._seen: Mapping[int, dt.datetime] = {}
        if norms.parameters.unreachable_after_s is not None:
            self._seen = delivery.last_seen(session, {each.account_id for each in _all(duty)})

    def of(self, officers: Iterable[DutyOfficer]) -> tuple[Officer, ...]:
        return tuple(_officer(each, self._unseen_s) for each in officers)

    def _unseen_s(self, officer: DutyOfficer) -> int | None:
        seen = self._seen.get(officer.account_id)
        return None if seen is None else max(0, int((self._now - seen).total_seconds()))


def _officer(
    officer: DutyOfficer, unseen_s: Callable[[DutyOfficer], int | None] = lambda _: None
) -> Officer:
    stand_in = officer.stand_in
    return Officer(
        officer.account_id,
        officer.username,
        officer.display_name,
        duties=officer.duties,
        absent=officer.absent is not None,
        unseen_s=unseen_s(officer),
        stand_in=_officer(stand_in, unseen_s) if stand_in else None,
    )


def _all(duty: DutyPicture) -> Iterator[DutyOfficer]:
    """Give everybody who may be told, stand-ins too."""
    crews = map(_crews, duty.on_duty.values())
    owners = (duty.primaries, duty.backups, duty.group, duty.team_leaders)
    for officer in chain(*owners, *crews):
        yield officer
        if officer.stand_in is not None:
            yield officer.stand_in


def _crews(officers: Iterable[DutyOfficer]) -> list[DutyOfficer]:
    """Return those whose duty mans a rung; a decision has no need to know of the others."""
    return [officer for officer in officers if not _CREW_DUTIES.isdisjoint(officer.duties)]


def _when(session: Session, duty: DutyPicture) -> When:
    local = local_now(session)
    day: Day = duty.day(local.date())
    name = None
    if day.name_zh is not None:
        name = {"zh-CN": day.name_zh, "en": day.name_en or day.name_zh}
    return When(local, day.kind, name)


def place_of(site: Site) -> Place:
    """Return a site as a decision knows it."""
    location, station = site.location, site.station
    return Place(
        cell=location.cell_code,
        cell_name=location.cell_name,
        station=station.code if station else None,
        station_name=station.name if station else None,
        grid_version=location.version_name,
        method=location.method,
        neighbours=tuple(location.neighbours),
        distance_m=location.distance_m,
    )


def _desks(room: CommandRoom | None) -> tuple[Person, ...]:
    if room is None:
        return ()
    return tuple(Person(desk.account_id, desk.username, desk.display_name) for desk in room.desks)
