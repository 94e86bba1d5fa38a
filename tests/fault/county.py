"""A county in bulk: as many officers as there are handhelds, each the owner of one cell."""

from __future__ import annotations

import datetime as dt
import math

from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, box
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access import passwords
from gridserver.access import queries as access_queries
from gridserver.access import service as access
from gridserver.base.clock import now
from gridserver.dispatch.tables import service as tables
from gridserver.dispatch.tables.changes import Change
from gridserver.force.models import Officer, Ownership, Shift
from gridserver.grids.models import Cell, GridVersion
from gridserver.org import service as org
from gridserver.org.models import Unit

PASSWORD = "county-fault-1"
WEST, SOUTH, SIDE = 118.40, 29.10, 0.01
#: Officers of one station.
_STATION = 25
ROOM = "command"


def usernames(terminals: int) -> list[str]:
    """Return who has a handheld: the bureau's command room, the stations' rooms, the officers."""
    rooms = [f"room-{code}" for code in _stations(terminals)]
    officers = terminals - len(rooms) - 1
    return [ROOM, *rooms, *(str(330824001 + index) for index in range(officers))]


def place(terminals: int, index: int) -> tuple[float, float]:
    """Return lon, lat of the middle of the `index`-th officer's cell."""
    column, row = _cell(terminals, index)
    return WEST + SIDE * (column + 0.5), SOUTH + SIDE * (row + 0.5)


def officers(terminals: int) -> int:
    """Return how many of the handhelds are officers', and so how many cells there are."""
    return terminals - len(_stations(terminals)) - 1


def make_county(session: Session, terminals: int, sign_within_s: int) -> dict[str, int]:
    """Make the county in force since a week; return the id of each account with a handheld.

    Each cell has its owner (A) and its neighbour's (B), all on duty at all hours.

    Parameters
    ----------
    terminals
        How many handhelds there are, the command rooms' included.
    sign_within_s
        The time to sign, so short that the worker has something to escalate.
    """
    since = now(session) - dt.timedelta(days=7)
    bureau = org.add_unit(session, None, code="330824", kind="bureau", name="故障县公安局")
    stations = [
        org.add_unit(
            session,
            None,
            code=code,
            kind="station",
            name=f"{code}所",
            parent=bureau,
            mode="two_teams_one_room",
        )
        for code in _stations(terminals)
    ]
    hashed = passwords.hash_password(PASSWORD)
    accounts = {
        name: _account(session, name, hashed, "command", unit)
        for name, unit in zip(usernames(terminals), [bureau, *stations], strict=False)
    }
    people = []
    for index, name in enumerate(usernames(terminals)[len(accounts) :]):
        station = stations[index * len(stations) // officers(terminals)]
        accounts[name] = _account(session, name, hashed, "officer", station)
        people.append(_officer(session, name, accounts[name], station, since))
    _own(session, bureau, stations, people, since)
    admin = _account(session, "admin", hashed, "admin", bureau)
    limits = [
        Change("sign_limit", {"scope": "bureau", "priority": p}, {"seconds": sign_within_s})
        for p in (1, 2, 3, 4)
    ]
    tables.change(session, access_queries.principal_of(session, admin), limits, why="under fire")
    return accounts


def _stations(terminals: int) -> list[str]:
    return [f"{33082401 + index}" for index in range(max(2, terminals // _STATION))]


def _cell(terminals: int, index: int) -> tuple[int, int]:
    row, column = divmod(index, math.ceil(math.sqrt(officers(terminals))))
    return column, row


def _account(session: Session, name: str, hashed: str, role: str, unit: Unit) -> int:
    account = access.add_account(
        session, None, username=name, display_name=name, password_hash=hashed
    )
    access.grant(session, None, account, role, unit, authorised_by=("纪委", "法制"))
    return account.id


def _officer(
    session: Session, number: str, account_id: int, station: Unit, since: dt.datetime
) -> Officer:
    officer = Officer(
        account_id=account_id, service_number=number, kind="officer", unit_id=station.id
    )
    session.add(officer)
    session.flush()
    during = Range(since, since + dt.timedelta(days=14))
    session.add(Shift(officer_id=officer.id, unit_id=station.id, duty="community", during=during))
    return officer


def _own(
    session: Session, bureau: Unit, stations: list[Unit], people: list[Officer], since: dt.datetime
) -> None:
    """Publish a grid of one cell an officer, and say who owns which."""
    terminals = len(people) + len(stations) + 1
    codes = {unit.id: unit.code for unit in stations}
    side = SIDE * math.ceil(math.sqrt(len(people)))
    outline = box(WEST, SOUTH, WEST + side, SOUTH + side)
    version = GridVersion(
        bureau_id=bureau.id,
        name="v1",
        state="draft",
        outline=from_shape(MultiPolygon([outline]), srid=4326),
        source={},
        created_at=since,
    )
    session.add(version)
    session.flush()
    for index, owner in enumerate(people):
        lon, lat = place(terminals, index)
        station = codes[owner.unit_id]
        code = f"{station}{index:07}"
        square = box(lon - SIDE / 2, lat - SIDE / 2, lon + SIDE / 2, lat + SIDE / 2)
        session.add(
            Cell(
                version_id=version.id,
                code=code,
                name=f"格{index}",
                station_code=station,
                attributes={},
                geom=from_shape(MultiPolygon([square]), srid=4326),
            )
        )
        for role, officer in (("primary", owner), ("backup", people[index - 1])):
            valid = Range(since, None)
            session.add(Ownership(cell_code=code, officer_id=officer.id, role=role, valid=valid))
    session.flush()
    version.state, version.valid = "published", Range(since, None)
    session.flush()
