"""Looking through incidents: each filter alone and together, pages, and whose they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from tests.conftest import MORNING
from tests.county import County, centre
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.rooms.dispatching import PRIMARY, STATION_ROOM, a_report, bring_to, minutes, say, take

INCIDENTS = "/api/v1/incidents"
EAST_OWNER = "330824003"


@pytest.fixture
def reported(database: Database, county: County, clock: SetClock) -> dict[str, int]:
    """Four incidents a quarter of an hour apart: their ids by what they are."""
    what = {
        "closed": a_report(address="华埠镇 1 号"),
        "late": a_report(description="100% drunk", priority=1, source="12345"),
        "east": a_report(centre(1, 0), category="help"),
        "north": a_report(centre(0, 1), category="traffic"),
    }
    ids = {}
    for name, report in what.items():
        with database.transaction() as session:
            found = take(session, county, report)
            ids[name] = found.incident.id
            if name == "closed":
                bring_to(session, county, found.task.id, "closed")
            if name == "east":
                assert say(session, county, EAST_OWNER, found.task.id, "sign").status == 200
        clock.advance(minutes(15))
    return ids


def after(count: float) -> str:
    return (MORNING + minutes(count)).isoformat()


#: A query, and what of the four it finds, newest first.
QUERIES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["north", "east", "late"]),
    ({"state": "all"}, ["north", "east", "late", "closed"]),
    ({"state": "closed,signed"}, ["east", "closed"]),
    ({"state": "open,closed"}, ["north", "east", "late", "closed"]),
    ({"state": "all", "station": "33082401"}, ["east", "late", "closed"]),
    ({"state": "all", "station": "330824", "cell": "330824001001001"}, ["late", "closed"]),
    ({"category": "help,traffic"}, ["north", "east"]),
    ({"priority": "1"}, ["late"]),
    ({"state": "all", "officer": PRIMARY}, ["late", "closed"]),
    ({"officer": EAST_OWNER}, ["east"]),
    ({"from": after(15), "to": after(45)}, ["east", "late"]),
    ({"overdue": 1}, ["north", "late"]),
    ({"state": "all", "q": "华埠"}, ["closed"]),
    ({"q": "100% drunk"}, ["late"]),
    ({"q": "10_%"}, []),
    ({"source": "12345"}, ["late"]),
    ({"source": "12345", "category": "traffic"}, []),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_what_is_found(
    query: dict[str, Any],
    expected: list[str],
    client: AccountClient,
    reported: dict[str, int],
    clock: SetClock,
) -> None:
    clock.set(MORNING + minutes(70))
    found = client.as_("command").get(INCIDENTS, query_string=query).json
    assert [each["id"] for each in found["items"]] == [reported[name] for name in expected]
    assert (found["total"], found["next"]) == (len(expected), None)


def test_by_its_number(client: AccountClient, reported: dict[str, int]) -> None:
    command = client.as_("command")
    number = command.get(f"{INCIDENTS}/{reported['east']}").json["number"]
    (found,) = command.get(INCIDENTS, query_string={"q": str(number)}).json["items"]
    assert found["id"] == reported["east"]


def test_pages_count_once(client: AccountClient, reported: dict[str, int]) -> None:
    command, query = client.as_("command"), {"state": "all", "limit": 3}
    first = command.get(INCIDENTS, query_string=query).json
    second = command.get(INCIDENTS, query_string={**query, "cursor": first["next"]}).json
    found = [each["id"] for page in (first, second) for each in page["items"]]
    assert found == sorted(reported.values(), reverse=True)
    assert (first["total"], second["total"], second["next"]) == (4, None, None)


def test_a_room_sees_its_station(client: AccountClient, reported: dict[str, int]) -> None:
    found = client.as_(STATION_ROOM).get(INCIDENTS, query_string={"state": "all"}).json
    assert reported["north"] not in {each["id"] for each in found["items"]}
    assert found["total"] == 3


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"state": "asleep"}, 422, "state"),
        ({"station": "nowhere"}, 404, "station"),
        ({"officer": "0"}, 422, "officer"),
        ({"priority": "5"}, 422, "priority"),
        ({"from": "2026-03-10"}, 422, "from"),
        ({"from": after(10), "to": after(5)}, 422, "to"),
        ({"q": "x" * 300}, 422, "q"),
    ],
)
def test_bad_filters_are_named(
    query: dict[str, str], status: int, field: str, client: AccountClient
) -> None:
    refused = client.as_("command").get(INCIDENTS, query_string=query)
    assert is_problem(refused, status)["field"] == field


def test_an_interval_begins_and_ends(
    client: AccountClient, reported: dict[str, int], clock: SetClock
) -> None:
    """Of two intervals that meet, each incident lies in one."""
    command = client.as_("command")
    middle = MORNING + dt.timedelta(minutes=15)
    parts = ({"from": after(0), "to": middle.isoformat()}, {"from": middle.isoformat()})
    found = [command.get(INCIDENTS, query_string={"state": "all", **part}).json for part in parts]
    assert [page["total"] for page in found] == [1, 3]
