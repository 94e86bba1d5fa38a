"""Figures over HTTP."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import select

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from tests.conftest import MORNING
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.rooms.called import NORTH, SOUTH, add_call

FIGURES = "/api/v1/figures"
PERIOD = {"from": "2026-03-01T00:00:00+08:00", "to": "2026-04-01T00:00:00+08:00"}


@pytest.fixture(autouse=True)
def calls(database: Database, county: County, clock: SetClock) -> None:
    """Two calls in the south, one in the north, today."""
    with database.transaction() as session:
        for station, seconds in ((SOUTH, 40), (SOUTH, 60), (NORTH, 80)):
            add_call(session, county, MORNING, {"signed": seconds}, station=station)
    clock.set(MORNING.replace(hour=11))


def test_the_day_and_its_calls(client: AccountClient) -> None:
    room = client.as_(f"room-{SOUTH}")
    found = room.get(f"{FIGURES}/day").json
    assert found["present"]["received"] == 2
    assert found["present"]["by_hour"][9] == 2
    assert found["standing"]["by_state"] == {"signed": 2}
    page = room.get(f"{FIGURES}/day/calls", query_string={"figure": "received", "limit": 1}).json
    assert (page["total"], len(page["items"])) == (2, 1)
    assert {"address", "description"}.isdisjoint(page["items"][0])
    asked = {"figure": "received", "limit": 1, "cursor": page["next"]}
    last = room.get(f"{FIGURES}/day/calls", query_string=asked).json
    assert last["next"] is None
    assert last["items"][0]["id"] != page["items"][0]["id"]


def test_intervals_by_station_with_their_names(client: AccountClient) -> None:
    found = client.as_("command").get(f"{FIGURES}/intervals", query_string=PERIOD).json
    assert [group["key"] for group in found["groups"]] == [None, SOUTH, NORTH]
    assert found["names"] == {SOUTH: "南所", NORTH: "北所"}
    signing = found["groups"][1]["intervals"]["to_sign"]
    assert signing == {
        "n": 2,
        "p50_s": 50.0,
        "p90_s": 58.0,
        "with_target": 2,
        "within_target": 2,
        "small": True,
    }
    asked = PERIOD | {"interval": "to_sign", "station": SOUTH}
    behind = client.as_("command").get(f"{FIGURES}/intervals/calls", query_string=asked).json
    assert [(each["seconds"], each["target_s"]) for each in behind["items"]] == [
        (60, 420),
        (40, 420),
    ]


def test_sheets_are_kept_in_the_ledger_and_hold_no_formula(
    client: AccountClient, database: Database, county: County
) -> None:
    with database.transaction() as session:
        session.execute(
            AuditEntry.metadata.tables["account"]
            .update()
            .where(AuditEntry.metadata.tables["account"].c.username == "330824001")
            .values(display_name="=cmd|' /C calc'!A0")
        )
    command = client.as_("command")
    answer = command.get(f"{FIGURES}/officers.csv", query_string=PERIOD)
    assert answer.mimetype == "text/csv"
    lines = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert lines[0][0] == "警号"
    assert lines[1][:4] == ["330824001", "'=cmd|' /C calc'!A0", "南所", "3"]
    english = {"Accept-Language": "en"}
    answer = command.get(f"{FIGURES}/intervals.csv", query_string=PERIOD, headers=english)
    lines = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert lines[0][3:5] == ["interval", "n"]
    assert ["33082401", "南所", "2", "to_sign", "2", "50.0", "58.0", "2", "2"] in lines
    with database.transaction() as session:
        exported = AuditEntry.tag == "figures:export"
        kept = session.scalars(select(AuditEntry.subject_id).where(exported)).all()
    assert kept == ["officers", "intervals"]


def test_officers_cells_and_ones_own(client: AccountClient) -> None:
    command = client.as_("command")
    found = command.get(f"{FIGURES}/officers", query_string=PERIOD | {"station": SOUTH}).json
    assert found["ranked"] is False
    assert [each["service_number"] for each in found["items"]][:2] == ["330824001", "330824002"]
    assert found["items"][0]["signed"] == found["items"][0]["open"] == 3
    own = client.as_("330824001").get(f"{FIGURES}/own", query_string=PERIOD).json
    assert own == found["items"][0]
    asked = PERIOD | {"figure": "signed"}
    behind = command.get(f"{FIGURES}/officers/330824001/calls", query_string=asked).json
    assert behind["total"] == 3
    assert command.get(f"{FIGURES}/cells").json["items"] == []


@pytest.mark.parametrize(
    ("who", "path", "asked", "status", "code"),
    [
        ("330824001", "day", {}, 403, "access.forbidden"),
        ("gis", "day", {}, 403, "access.forbidden"),
        (f"room-{SOUTH}", "day", {"station": NORTH}, 403, "access.forbidden"),
        ("command", "day", {"station": "nowhere"}, 404, "unit.unknown"),
        ("command", "officers", PERIOD | {"order": "signed"}, 403, "figures.no_ranking"),
        ("command", "own", PERIOD, 403, "roster.no_officer"),
        ("command", "intervals", PERIOD | {"to": PERIOD["from"]}, 422, "figures.period"),
    ],
)
def test_refusals(
    client: AccountClient, who: str, path: str, asked: dict[str, str], status: int, code: str
) -> None:
    answer = client.as_(who).get(f"{FIGURES}/{path}", query_string=asked)
    is_problem(answer, status, code)
