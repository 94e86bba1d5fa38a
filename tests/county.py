"""A small sample county: two stations, four cells, eight officers, and everyone's accounts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, box
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access import passwords
from gridserver.access import queries as access_queries
from gridserver.access import service as access
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.base.db import Database
from gridserver.force import amending
from gridserver.force.models import Leadership, Officer, Ownership, Shift
from gridserver.grids.models import Cell, GridVersion
from gridserver.org import queries as org_queries
from gridserver.org import service as org
from gridserver.org.models import Unit

PASSWORD = "county-test-1"
#: One hash for all, since argon2 is slow on purpose.
_HASH = passwords.hash_password(PASSWORD)

WEST, SOUTH, SIDE = 118.40, 29.10, 0.01
STATIONS = ("33082401", "33082402")
#: Cell codes by (column, row), with the station.
CELLS = {
    (0, 0): ("330824001001001", "33082401"),
    (1, 0): ("330824001001002", "33082401"),
    (0, 1): ("330824002001001", "33082402"),
    (1, 1): ("330824002001002", "33082402"),
}


@dataclass
class County:
    """Ids of what was made, usable in any session on the same database."""

    bureau_id: int
    version_id: int
    units: dict[str, int]
    accounts: dict[str, int] = field(default_factory=dict)
    officers: dict[str, int] = field(default_factory=dict)
    principals: dict[str, Principal] = field(default_factory=dict)

    def principal(self, username: str) -> Principal:
        """Return the account as an actor, as if signed in."""
        return self.principals[username]


def centre(column: int, row: int) -> tuple[float, float]:
    """Return lon, lat of a cell's middle."""
    return WEST + SIDE * (column + 0.5), SOUTH + SIDE * (row + 0.5)


def make_county(session: Session) -> County:
    """Make the sample county in `session`, in force from a week before its clock's now."""
    bureau = org.add_unit(session, None, code="330824", kind="bureau", name="开化县公安局")
    stations = {
        code: org.add_unit(
            session,
            None,
            code=code,
            kind="station",
            name=name,
            parent=bureau,
            mode=mode,
        )
        for code, name, mode in (
            ("33082401", "南所", "two_teams_one_room"),
            ("33082402", "北所", "two_rooms_many_areas"),
        )
    }
    since = now(session) - dt.timedelta(days=7)
    version = _grid(session, bureau, since)
    county = County(
        bureau_id=bureau.id,
        version_id=version.id,
        units={"330824": bureau.id} | {code: unit.id for code, unit in stations.items()},
    )
    for username, role, unit in (
        ("admin", "admin", bureau),
        ("gis", "gis_admin", bureau),
        ("command", "command", bureau),
        ("auditor", "auditor", bureau),
        *((f"room-{code}", "command", unit) for code, unit in stations.items()),
    ):
        _account(session, county, username, role, unit)
    for index, (code, station) in enumerate(CELLS.values()):
        for offset, role in enumerate(("primary", "backup")):
            number = f"{330824001 + 2 * index + offset}"
            _officer(session, county, number, stations[station], code, role, since)
    for username, account_id in county.accounts.items():
        county.principals[username] = access_queries.principal_of(session, account_id)
    return county


@dataclass(frozen=True)
class Member:
    """An officer that `add_teams` takes on: where, what for, and whether they lead the unit."""

    number: str
    unit: str
    duty: str | None
    leads: bool = False


#: The southern station's people beside the owners of its cells, who join the first group.
TEAMS = (
    ("33082401-S1", "team", "社区警务队", "33082401"),
    ("33082401-S1-1", "group", "第一警组", "33082401-S1"),
    ("33082401-C", "team", "案件办理队", "33082401"),
)
MEMBERS = (
    Member("330824101", "33082401-S1-1", "community"),
    Member("330824102", "33082401-S1", None, leads=True),
    Member("330824103", "33082401-C", "case"),
    Member("330824104", "33082401-C", "pool"),
    Member("330824105", "33082401", "leader"),
)


def add_teams(session: Session, county: County) -> None:
    """Give the southern station a community team with one group, a case team, and `MEMBERS`.

    Their shifts serve the station, last as long as the owners', and cover all hours.
    """
    since = now(session) - dt.timedelta(days=7)
    units = {unit.code: unit for unit in org_queries.units(session)}
    for code, kind, name, parent in TEAMS:
        units[code] = org.add_unit(
            session, None, code=code, kind=kind, name=name, parent=units[parent]
        )
        county.units[code] = units[code].id
    group = units["33082401-S1-1"]
    for number in ("330824001", "330824002"):
        amending.transfer(session, None, session.get_one(Officer, county.officers[number]), group)
    for member in MEMBERS:
        officer = _member(session, county, member.number, units[member.unit])
        if member.duty:
            _shift(session, officer, units["33082401"], member.duty, since)
        if member.leads:
            session.add(
                Leadership(
                    unit_id=units[member.unit].id, officer_id=officer.id, valid=Range(since, None)
                )
            )
    session.flush()
    for member in MEMBERS:
        county.principals[member.number] = access_queries.principal_of(
            session, county.accounts[member.number]
        )


#: Service number of the one officer of the brigade, on duty at all hours.
DETECTIVE, BRIGADE = "330824201", "330824-XZ"


def add_brigade(session: Session, county: County) -> None:
    """Give the bureau a criminal investigation brigade with one officer on duty."""
    bureau = session.get_one(Unit, county.bureau_id)
    brigade = org.add_unit(
        session, None, code=BRIGADE, kind="specialist", name="刑事侦查大队", parent=bureau
    )
    officer = _member(session, county, DETECTIVE, brigade)
    _shift(session, officer, brigade, "specialist", now(session) - dt.timedelta(days=7))
    session.flush()
    account_id = county.accounts[DETECTIVE]
    county.principals[DETECTIVE] = access_queries.principal_of(session, account_id)


def commit_county(database: Database) -> County:
    """Make the sample county in a database of the test's own, committed."""
    with database.transaction() as session:
        return make_county(session)


def _grid(session: Session, bureau: Unit, since: dt.datetime) -> GridVersion:
    ground = box(WEST, SOUTH, WEST + SIDE * 2, SOUTH + SIDE * 2)
    version = GridVersion(
        bureau_id=bureau.id,
        name="v1",
        state="draft",
        outline=from_shape(MultiPolygon([ground]), srid=4326),
        source={},
        created_at=since,
    )
    session.add(version)
    session.flush()
    for (column, row), (code, station) in CELLS.items():
        west, south = WEST + SIDE * column, SOUTH + SIDE * row
        square = box(west, south, WEST + SIDE * (column + 1), SOUTH + SIDE * (row + 1))
        session.add(
            Cell(
                version_id=version.id,
                code=code,
                name=f"村{column}{row}",
                station_code=station,
                attributes={},
                geom=from_shape(MultiPolygon([square]), srid=4326),
            )
        )
    session.flush()
    version.state, version.valid = "published", Range(since, None)
    session.flush()
    return version


def _account(session: Session, county: County, username: str, role: str, unit: Unit) -> int:
    account = access.add_account(
        session, None, username=username, display_name=username, password_hash=_HASH
    )
    access.grant(session, None, account, role, unit, authorised_by=("纪委", "法制"))
    county.accounts[username] = account.id
    return account.id


def _officer(
    session: Session,
    county: County,
    number: str,
    station: Unit,
    cell_code: str,
    role: str,
    since: dt.datetime,
) -> None:
    officer = _member(session, county, number, station)
    session.add(
        Ownership(cell_code=cell_code, officer_id=officer.id, role=role, valid=Range(since, None))
    )
    _shift(session, officer, station, "community", since)
    session.flush()


def _member(session: Session, county: County, number: str, unit: Unit) -> Officer:
    account_id = _account(session, county, number, "officer", unit)
    officer = Officer(account_id=account_id, service_number=number, kind="officer", unit_id=unit.id)
    session.add(officer)
    session.flush()
    county.officers[number] = officer.id
    return officer


def _shift(session: Session, officer: Officer, unit: Unit, duty: str, since: dt.datetime) -> None:
    during = Range(since, since + dt.timedelta(days=14))
    session.add(Shift(officer_id=officer.id, unit_id=unit.id, duty=duty, during=during))
