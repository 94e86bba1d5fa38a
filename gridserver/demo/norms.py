"""What the demo county has laid down beside what every installation begins with: its specialist
units, and whom to call next door. The contacts are places, not numbers: nobody's telephone."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from gridserver.dispatch.tables import service
from gridserver.dispatch.tables.changes import Change
from gridserver.grids.queries import Neighbour

CRIMINAL, TRAFFIC = "330824-CRIMINAL", "330824-TRAFFIC"
_WHY = "演示县"


def lay_down(session: Session, neighbours: Iterable[Neighbour]) -> None:
    """Have stations of two teams leave traffic to the bureau's traffic police, cases of three or
    more go to its criminal investigation, and every neighbour have a liaison."""
    traffic = {"kind": "traffic", "unit": TRAFFIC, "agency": None}
    changes = [
        Change("route", {"scope": "two_teams_one_room", "category": "traffic"}, traffic),
        Change("parameter", {"name": "three_or_more_unit"}, {"value": CRIMINAL}),
    ]
    for neighbour in neighbours:
        said = {"name": f"{neighbour.name}公安局", "contact": "指挥中心值班台"}
        changes.append(Change("liaison", {"code": neighbour.code}, said))
    service.change(session, None, changes, why=_WHY)
