"""Departures from the staffing norms over HTTP."""

from __future__ import annotations

from sqlalchemy import select

from gridserver.base.db import Database
from gridserver.force.models import Ownership
from gridserver.grids.models import Cell
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

DEPARTURES = "/api/v1/dispatch/norms/departures"


def test_each_station_with_its_departures(client: AccountClient, county: County) -> None:
    found = client.as_("command").get(DEPARTURES, headers={"Accept-Language": "en"}).json
    assert found["norms"]["two_teams_from"] == 25
    south, north = found["items"]
    assert south["station"] == {"code": "33082401", "name": "南所"}
    assert (south["officers"], south["auxiliaries"], south["community_officers"]) == (4, 0, 0)
    assert (south["cells"], south["cells_uncounted"]) == (2, 2)
    assert [each["code"] for each in south["departures"]] == [
        "staffing.two_teams",
        "staffing.community_share",
    ]
    assert south["departures"][0]["text"].startswith("4 officers")
    assert north["departures"] == []


def test_cells_by_the_officers_they_have(
    client: AccountClient, county: County, database: Database
) -> None:
    sw = "330824001001001"
    with database.transaction() as session:
        owner = session.scalars(
            select(Ownership).where(Ownership.cell_code == sw, Ownership.role == "primary")
        ).one()
        shared = Ownership(
            cell_code="330824002001001",
            officer_id=owner.officer_id,
            role="primary",
            valid=owner.valid,
        )
        session.add(shared)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE cell DISABLE TRIGGER USER")
        connection.execute(
            Cell.__table__.update().where(Cell.code == sw).values(attributes={"households": 1200})
        )
        connection.exec_driver_sql("ALTER TABLE cell ENABLE TRIGGER USER")
    (south,) = client.as_("room-33082401").get(DEPARTURES).json["items"]
    (crowded,) = (d for d in south["departures"] if d["code"] == "staffing.households")
    assert (crowded["params"]["cells"], crowded["params"]["value"]) == ([sw], 1200)
    assert south["cells_uncounted"] == 1


def test_officers_do_not_see_the_force(client: AccountClient) -> None:
    is_problem(client.as_("330824001").get(DEPARTURES), 403, "access.forbidden")
