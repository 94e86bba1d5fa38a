"""Tables as workbooks: what stands in them, what is no formula, who had them, and how many rows."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.journals import exports, sheets
from tests.conftest import MORNING
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.rooms.dispatching import PRIMARY, STATION_ROOM, a_report, bring_to, minutes, take

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=2")


@pytest.fixture
def reported(database: Database, county: County) -> list[int]:
    """Incidents whose addresses are formulas, and one that was closed."""
    with database.transaction() as session:
        made = [take(session, county, a_report(description=text)) for text in FORMULAS[:4]]
        closed = take(session, county, a_report(address="华埠镇", category="help"))
        bring_to(session, county, closed.task.id, "closed")
        return [each.incident.id for each in (*made, closed)]


def rows(client: AccountClient, path: str, **query: Any) -> list[tuple[Any, ...]]:
    answer = client.get(f"/api/v1/{path}", query_string=query, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.content_type) == (200, sheets.MEDIA_TYPE), answer.text
    (sheet,) = load_workbook(io.BytesIO(answer.data)).worksheets
    return list(sheet.values)


def exported(database: Database) -> list[tuple[str, int]]:
    with database.transaction() as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.tag == "export:write"))
        return [(each.subject_kind, each.data["rows"]) for each in found]


def test_incidents_as_the_list_finds_them(
    client: AccountClient, reported: list[int], database: Database
) -> None:
    head, *found = rows(client.as_(STATION_ROOM), "incidents.xlsx", state="all")
    assert [row[head.index("Id")] for row in found] == reported[::-1]
    closed = dict(zip(head, found[0], strict=True))
    assert (closed["Category"], closed["State"], closed["Outcome"]) == (
        "Request for help",
        "Closed",
        "Resolved",
    )
    assert closed["Signed"] == MORNING.strftime("%Y-%m-%d %H:%M:%S")
    assert len(rows(client.as_(STATION_ROOM), "incidents.xlsx", category="help", state="all")) == 2
    assert len(rows(client.as_("room-33082402"), "incidents.xlsx", state="all")) == 1
    assert exported(database) == [("incidents", 5), ("incidents", 1), ("incidents", 0)]


def test_what_was_said_is_no_formula(client: AccountClient, reported: list[int]) -> None:
    answer = client.as_("command").get("/api/v1/incidents.xlsx")
    (sheet,) = load_workbook(io.BytesIO(answer.data)).worksheets
    said = {cell.value: cell for row in sheet.iter_rows() for cell in row}
    for text in FORMULAS[:4]:
        assert (said[text].data_type, said[text].quotePrefix) == ("s", True), text


def test_what_no_cell_can_hold_is_left_out() -> None:
    content = sheets.write("x", ("a",), [("a\x00b\x1fc",), ("y" * 40_000,), (None,), (1.5,)])
    (sheet,) = load_workbook(io.BytesIO(content)).worksheets
    _, control, long, nothing, number = (row[0] for row in sheet.values)
    assert (control, len(long), nothing, number) == ("abc", 32_767, None, 1.5)


def test_too_many_rows_are_refused_and_none_is_written(
    client: AccountClient,
    reported: list[int],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 4)
    monkeypatch.setattr(exports, "_BATCH", 2)
    refused = client.as_("command").get("/api/v1/incidents.xlsx", query_string={"state": "all"})
    assert is_problem(refused, 422, "export.too_many")["most"] == 4
    assert exported(database) == []


def test_a_day_log(client: AccountClient, reported: list[int], database: Database) -> None:
    head, *found = rows(client.as_(PRIMARY), "day-log.xlsx")
    assert head[:4] == ("Time", "Device time", "Kind", "What")
    assert ("Task", "Sign") in {(row[2], row[3]) for row in found}
    assert exported(database) == [("log", len(found))]
    is_problem(client.as_(PRIMARY).get("/api/v1/day-log.xlsx?officer=330824003"), 403)


def test_a_handover(client: AccountClient, reported: list[int], clock: SetClock) -> None:
    room = client.as_(STATION_ROOM)
    watch = {
        "unit": "33082401",
        "from": (MORNING - minutes(60)).isoformat(),
        "to": (MORNING + minutes(1)).isoformat(),
        "remark": "The river rises.",
    }
    given = room.post("/api/v1/handovers", json=watch, headers={"Idempotency-Key": "h-1"})
    again = room.post("/api/v1/handovers", json=watch, headers={"Idempotency-Key": "h-1"})
    assert (given.status_code, again.json) == (201, given.json)
    counts = {name: part["count"] for name, part in given.json["report"]["parts"].items()}
    assert (counts["came"], counts["unsigned"]) == (5, 4)
    _head, *found = rows(room, f"handovers/{given.json['id']}.xlsx")
    assert [row[0] for row in found].count("Came in") == 5
    assert len(found) == sum(counts.values())
    path = given.headers["Location"]
    is_problem(room.post(f"{path}/take", json={}), 403, "handover.own")
    taken = client.as_("command").post(f"{path}/take", json={"remark": "Seen."})
    assert taken.json["taken_by"]["username"] == "command"
    assert room.get(path).json["state"] == "taken"
    assert [each["id"] for each in room.get("/api/v1/handovers").json["items"]] == [
        taken.json["id"]
    ]
    preview = room.get(
        "/api/v1/handovers/preview", query_string={k: watch[k] for k in ("unit", "from", "to")}
    )
    assert preview.json["parts"]["came"]["count"] == 5
    clock.advance(minutes(5))
    following = room.get("/api/v1/handovers/preview", query_string={"unit": "33082401"}).json
    assert following["from"] == given.json["to"]


def test_a_look_at_a_day(client: AccountClient, reported: list[int]) -> None:
    own = client.as_(PRIMARY).get("/api/v1/day-log").json
    seen = client.as_(STATION_ROOM).get("/api/v1/day-log", query_string={"officer": PRIMARY})
    assert seen.json == own
    assert own["date"] == MORNING.date().isoformat()
    wrong = client.as_(STATION_ROOM).get("/api/v1/day-log", query_string={"date": "yesterday"})
    assert is_problem(wrong, 422)["field"] == "date"
