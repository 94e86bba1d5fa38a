"""Loading the demo county: all of it or nothing, in one transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import shapely
from rich.console import Console
from sqlalchemy.orm import Session

from gis.files import read_area, read_layer
from gridserver.access import passwords
from gridserver.access import queries as access_queries
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.errors import Conflict
from gridserver.delivery import queries as delivery_queries
from gridserver.delivery import service as delivery
from gridserver.demo import addresses, field_units, norms, orders, people, rosters, units
from gridserver.demo.accounts import add_desks, be_lenient
from gridserver.demo.calls import made_up_calls
from gridserver.demo.county import DemoCell, read_cells
from gridserver.demo.past import DEVICE, Past
from gridserver.force import holidays, months, patterns, positions, workdays
from gridserver.force import queries as force_queries
from gridserver.force.importing import import_tables
from gridserver.force.models import RosterPattern
from gridserver.force.positions import Seen
from gridserver.force.rules import Position
from gridserver.force.tables import Tables
from gridserver.grids import queries as grid_queries
from gridserver.grids import service as grids
from gridserver.org import queries as org

VERSION = "demo-1"
#: The county's civil time, wherever the server stands.
ZONE = ZoneInfo("Asia/Shanghai")
DAYS = 30
CALLS_A_DAY = 20.0
#: The grid is older than the oldest incident.
_GRID_AGE = dt.timedelta(days=10)


def is_empty(database: Database) -> bool:
    """Say whether there is no bureau yet."""
    with database.transaction() as session:
        return org.find_bureau(session) is None


def is_demo(database: Database) -> bool:
    """Say whether the demo county was loaded into this database."""
    with database.transaction() as session:
        return any(card.name == VERSION for card in grid_queries.versions(session, limit=1))


def load(database: Database, password: str, console: Console, *, days: int = DAYS) -> None:
    """Load the demo county with `days` of past incidents.

    Everything comes in through the rooms' services, with the clock set back, so that the rows are
    those of real use. One transaction: whatever interrupts it leaves the database empty.

    Raises
    ------
    Conflict
        ``demo.not_empty``: there is a bureau already.
    """
    present = database.clock.now()
    today = present.astimezone(ZONE).date()
    first_day = dt.datetime.combine(today - dt.timedelta(days=days), dt.time(), ZONE)
    clock = SetClock(first_day - _GRID_AGE)
    cells = read_cells()
    with database.transaction(clock) as session:
        if org.find_bureau(session) is not None:
            raise Conflict("demo.not_empty", "The database isn't empty; the demo county is new.")
        with console.status("Loading the demo county: people and grid …"):
            add_people(session, cells, today, password)
            add_grid(session, cells)
            norms.lay_down(session, grid_queries.neighbours(session))
            addresses.lay_down(session, cells, units.read_stations())
        past = Past(session, clock, Random(people.SEED))  # noqa: S311 (a fixed county)
        calls = made_up_calls(Random(people.SEED), cells, days + 1, CALLS_A_DAY)  # noqa: S311
        rng = Random(people.SEED)  # noqa: S311
        beside = orders.stories(session, present, rng)
        past.play(calls, first_day, until=present, console=console, beside=beside)
        clock.set(present)
        _place_officers(session, cells, present)
        field_units.place(session, present)
        _empty_inboxes(session)
    with database.transaction() as session:
        delivery.number_feed(session)


def add_people(session: Session, cells: list[DemoCell], today: dt.date, password: str) -> None:
    """Add units, officers, auxiliaries, ownership and rosters, and everybody's accounts.

    One argon2 hash serves all the accounts: they share the password, and hashing it 800 times
    would take a minute. No bureau's own accounts are made this way.
    """
    stations = units.read_stations()
    crews = people.crews(units.posts(stations))
    officers = [member for crew in crews for member in crew.members]
    password_hash = passwords.hash_password(password)
    since = dt.datetime.combine(rosters.first_day(today), dt.time(), ZONE)
    tables = Tables(
        units=units.unit_rows(stations),
        officers=(*officers, *people.auxiliaries(stations, cells)),
        ownership=tuple(people.ownership(stations, cells, crews, since)),
        absences=tuple(rosters.absences(crews, today, ZONE)),
        leaders=tuple(rosters.leaders(crews, since)),
        posts=rosters.posts(stations),
    )
    import_tables(session, None, tables, password_hash=password_hash)
    add_desks(session, stations, password_hash)
    be_lenient(session)
    field_units.lay_down(session, crews)
    add_rosters(session, crews, today)


def add_rosters(session: Session, crews: Sequence[people.Crew], today: dt.date) -> None:
    """Fill the calendar, keep the patterns, and put everybody on the shifts that come of them."""
    first, last = rosters.first_day(today), today + dt.timedelta(days=rosters.DAYS_AFTER)
    for year in range(first.year, last.year + 1):
        if holidays.of_year(year) is not None:
            workdays.fill(session, None, year)
    days = workdays.between(session, first, last)
    for plan in rosters.plans(crews):
        kept = session.get_one(RosterPattern, patterns.add_pattern(session, None, plan))
        stretches = rosters.shifts(plan, today, ZONE, lambda date: days[date].is_working)
        months.put_on(session, kept, list(stretches))


def add_grid(session: Session, cells: list[DemoCell]) -> None:
    """Import the illustrative cells, check and publish them, and add the counties around."""
    with resources.as_file(resources.files("gridserver.demo") / "data") as data:
        layer = read_layer(
            data / "cells.geojson", code_field="code", name_field="name", station_field="station"
        )
        outline = read_area(data / "outline.geojson")
        neighbours = _read_neighbours(data / "neighbours.geojson")
    source = {"file": "cells.geojson", "crs": layer.crs.name, "illustrative": True}
    known = {
        cell.code: {"class": cell.kind, "households": cell.households, "people": cell.people}
        for cell in cells
    }
    grids.import_draft(
        session, None, layer, name=VERSION, outline=outline, source=source, attributes=known
    )
    grids.check(session, None, VERSION)
    grids.publish(session, None, VERSION)
    grids.set_neighbours(session, None, neighbours)


def _read_neighbours(path: Path) -> list[grid_queries.Neighbour]:
    features = json.loads(path.read_text("utf-8"))["features"]
    return [
        grid_queries.Neighbour(
            feature["properties"]["code"],
            feature["properties"]["name"],
            feature["properties"]["name_en"],
            shapely.geometry.shape(feature["geometry"]),
        )
        for feature in features
    ]


def _place_officers(session: Session, cells: list[DemoCell], present: dt.datetime) -> None:
    """Have the primaries who are on duty report from the middle of the first of their cells."""
    placed: set[int] = set()
    for cell in cells:
        picture = force_queries.duty_picture(session, cell.code, (), present)
        for officer in picture.primaries:
            if officer.on_duty and not officer.absent and officer.account_id not in placed:
                placed.add(officer.account_id)
                middle = cell.shape.representative_point()
                here = Position(round(middle.x, 6), round(middle.y, 6), present, accuracy_m=15.0)
                positions.store(session, [Seen(officer.account_id, here)])


def _empty_inboxes(session: Session) -> None:
    """Have every account's device acknowledge all it was sent."""
    accounts = [card.account_id for card in access_queries.accounts(session)]
    heads = delivery_queries.heads(session, accounts)
    delivery.record_receipts(
        session, [delivery.Receipt(account, DEVICE, head) for account, head in heads.items()]
    )
