"""The demo county's field units: an armed response car, patrol cars and a squad of special police,
ridden with by officers of the patrol and special police brigade."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gridserver.access import service as access
from gridserver.demo.people import Crew
from gridserver.force import positions, units
from gridserver.force.positions import Seen
from gridserver.force.rules import Position
from gridserver.force.units import UnitDraft

BRIGADE = "330824-PATROL"


@dataclass(frozen=True)
class DemoUnit:
    """A field unit, how many ride with it, and where it stands (degrees, EPSG:4326)."""

    code: str
    name: str
    name_en: str
    kind: str
    riders: int
    lon: float
    lat: float


UNITS = (
    DemoUnit("A1", "武装处突车", "Armed Response Car", "armed_response", 3, 118.4141, 29.1372),
    DemoUnit("P1", "巡逻一号车", "Patrol Car 1", "patrol_car", 2, 118.4302, 29.1487),
    DemoUnit("P2", "巡逻二号车", "Patrol Car 2", "patrol_car", 2, 118.3817, 29.1264),
    DemoUnit("P3", "巡逻三号车", "Patrol Car 3", "patrol_car", 2, 118.3349, 29.2436),
    DemoUnit("S1", "特警一分队", "Special Police Squad 1", "special_police", 3, 118.4098, 29.1406),
)


def lay_down(session: Session, crews: Sequence[Crew]) -> None:
    """Add the units; the last officers of the brigade ride with them until further notice."""
    riders = iter(_riders(crews))
    for unit in UNITS:
        draft = UnitDraft(unit.name, unit.kind, BRIGADE, unit.name_en)
        units.add_field_unit(session, None, unit.code, draft)
        units.set_crew(session, None, unit.code, [next(riders) for _ in range(unit.riders)])


def place(session: Session, present: dt.datetime) -> None:
    """Have one of each unit's crew report where it stands."""
    where = {unit.code: unit for unit in UNITS}
    for unit in units.standing(session):
        account = access.account_by_username(session, unit.crew[0].username)
        stands = where[unit.code]
        here = Position(stands.lon, stands.lat, present, accuracy_m=10.0)
        positions.store(session, [Seen(account.id, here)])


def _riders(crews: Sequence[Crew]) -> tuple[str, ...]:
    (brigade,) = (crew for crew in crews if crew.post.unit == BRIGADE)
    return brigade.numbers[-sum(unit.riders for unit in UNITS) :]
