"""Units, officers and owners over HTTP."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import pytest

from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.delivery import service as delivery
from gridserver.force import amending, positions, queries, service
from gridserver.force.models import Officer
from gridserver.force.positions import Seen
from gridserver.force.rules import Position
from tests.conftest import MORNING
from tests.county import CELLS, County

SW = CELLS[0, 0][0]


def walk(client, path: str, limit: int) -> list[dict]:
    """Read a list to its end, page by page."""
    items, cursor = [], None
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        page = client.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{more}").json
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


class TestUnits:
    def test_lists_the_tree_with_cells(self, client) -> None:
        items = client.as_("330824001").get("/api/v1/units").json["items"]
        assert [(u["code"], u["parent"], u["cells"]) for u in items] == [
            ("330824", None, 0),
            ("33082401", "330824", 2),
            ("33082402", "330824", 2),
        ]
        assert items[1]["mode"] == "two_teams_one_room"
        assert items[1]["lon"] is None

    def test_pages_and_filters(self, client) -> None:
        command = client.as_("command")
        assert len(walk(command, "/api/v1/units", 1)) == 3
        stations = walk(command, "/api/v1/units?kind=station", 1)
        assert [unit["code"] for unit in stations] == ["33082401", "33082402"]

    @pytest.mark.parametrize("query", ["kind=ship", "limit=0", "cursor=_w", "cursor=AA"])
    def test_refuses_bad_arguments(self, client, query: str) -> None:
        answer = client.as_("command").get(f"/api/v1/units?{query}")
        assert answer.status_code == 422
        assert answer.json["field"] == query.split("=")[0]


class TestOfficers:
    PATH = "/api/v1/force/officers"

    def test_lists_those_in_scope_page_by_page(self, client) -> None:
        numbers = [str(330824001 + n) for n in range(8)]
        listed = walk(client.as_("command"), self.PATH, 3)
        assert [officer["service_number"] for officer in listed] == numbers
        listed = walk(client.as_("room-33082402"), self.PATH, 3)
        assert [officer["service_number"] for officer in listed] == numbers[4:]

    def test_an_officer_may_not_list_the_others(self, client) -> None:
        answer = client.as_("330824001").get(self.PATH)
        assert answer.status_code == 403
        assert answer.json["code"] == "access.forbidden"

    def test_tells_duty_absence_and_position(
        self, client, database: Database, county: County
    ) -> None:
        with database.transaction() as session:
            service.set_absence(
                session,
                None,
                officer=session.get_one(Officer, county.officers["330824001"]),
                reason="leave",
                start=MORNING,
                end=MORNING + dt.timedelta(hours=1),
            )
            seen = Position(118.405, 29.105, MORNING)
            positions.store(session, [Seen(county.accounts["330824001"], seen)])
        (officer,) = client.as_("command").get(f"{self.PATH}?q=824001").json["items"]
        assert officer["on_duty"] is True
        assert officer["absent"] is True
        assert officer["unit"] == {"code": "33082401", "name": "南所"}
        position = officer["position"]
        assert (position["lon"], position["lat"]) == (118.405, 29.105)
        assert dt.datetime.fromisoformat(position["at"]) == MORNING

    def test_says_when_a_device_of_each_was_last_seen(
        self, client, database: Database, county: County
    ) -> None:
        with database.transaction() as session:
            seen = {"330824001": MORNING, "330824005": MORNING - dt.timedelta(minutes=7)}
            delivery.record_contacts(
                session, {county.accounts[number]: at for number, at in seen.items()}
            )
        told = client.as_("command").get("/api/v1/force/presence").json
        assert told["online_for_s"] == 120
        assert {
            each["username"]: dt.datetime.fromisoformat(each["last_seen_at"])
            for each in told["items"]
        } == seen
        (alone,) = client.as_("room-33082402").get("/api/v1/force/presence").json["items"]
        assert alone["username"] == "330824005"
        assert client.as_("330824001").get("/api/v1/force/presence").status_code == 403

    def test_says_where_each_was_last_as_the_socket_tells_it(
        self, client, database: Database, county: County
    ) -> None:
        seen = Position(118.405, 29.105, MORNING, heading=90.0, speed_mps=0.2)
        told = dict.fromkeys(("330824001", "330824005"), seen)
        with database.transaction() as session:
            positions.store(session, [Seen(county.accounts[who], at) for who, at in told.items()])
        items = client.as_("command").get("/api/v1/positions").json["items"]
        assert [each["username"] for each in items] == list(told)
        moment = items[0].pop("at")
        assert dt.datetime.fromisoformat(moment) == MORNING
        assert items[0] == {
            "username": "330824001",
            "display_name": items[0]["display_name"],
            "lon": 118.405,
            "lat": 29.105,
            "heading": 90.0,
            "speed_mps": 0.2,
        }
        (alone,) = client.as_("room-33082402").get("/api/v1/positions").json["items"]
        assert alone["username"] == "330824005"
        refused = client.as_("330824001").get("/api/v1/positions")
        assert (refused.status_code, refused.json["code"]) == (403, "access.forbidden")

    def test_filters_by_unit(self, client) -> None:
        listed = client.as_("command").get(f"{self.PATH}?unit=33082402").json["items"]
        assert len(listed) == 4
        answer = client.as_("command").get(f"{self.PATH}?unit=nowhere")
        assert (answer.status_code, answer.json["field"]) == (404, "unit")
        scoped = client.as_("room-33082401").get(f"{self.PATH}?unit=33082402")
        assert scoped.json["items"] == []

    @pytest.mark.parametrize("field", ["q", "unit", "cursor"])
    def test_refuses_what_no_text_holds(self, client, field: str) -> None:
        value = {"cursor": "AA"}.get(field, "%00")
        answer = client.as_("command").get(f"{self.PATH}?{field}={value}")
        assert (answer.status_code, answer.json["field"]) == (422, field)

    def test_looks_for_signs_as_they_are(self, client) -> None:
        assert client.as_("command").get(f"{self.PATH}?q=%25").json["items"] == []


class TestOwners:
    def test_tells_who_owns_a_cell_when(self, client, database: Database, county: County) -> None:
        with database.transaction() as session:
            former = session.get_one(Officer, county.officers["330824001"])
            started = queries.owners(session, SW, MORNING)[0].valid_from
            amending.end_ownership(
                session, None, cell_code=SW, officer=former, start=started, end=MORNING
            )
        path = f"/api/v1/force/cells/{SW}/owners"
        command = client.as_("command")
        now = command.get(path).json["items"]
        assert [(o["role"], o["officer"]["username"]) for o in now] == [("backup", "330824002")]
        before = quote((MORNING - dt.timedelta(seconds=1)).isoformat())
        then = command.get(f"{path}?at={before}").json["items"]
        assert [(o["role"], o["officer"]["username"]) for o in then] == [
            ("primary", "330824001"),
            ("backup", "330824002"),
        ]
        assert dt.datetime.fromisoformat(then[0]["valid_to"]) == MORNING
        assert then[1]["valid_to"] is None

    def test_a_moment_carries_its_offset(self, client) -> None:
        path = f"/api/v1/force/cells/{SW}/owners?at=2026-03-10T09:00:00"
        answer = client.as_("command").get(path)
        assert (answer.status_code, answer.json["field"]) == (422, "at")

    @pytest.mark.parametrize(
        ("path", "field"),
        [(f"{'1' * 101}/owners", "code"), (f"{SW}/owners?at=0001-01-01T00:00Z%2B", "at")],
    )
    def test_refuses_bad_arguments(self, client, path: str, field: str) -> None:
        answer = client.as_("command").get(f"/api/v1/force/cells/{path}")
        assert (answer.status_code, answer.json["field"]) == (422, field)

    PATH = f"/api/v1/force/cells/{SW}/owners"

    def test_a_gis_admin_says_who_owns_a_cell_from_now_on(self, client, clock: SetClock) -> None:
        gis = client.as_("gis")
        before = gis.get(self.PATH)
        body = {"primaries": ["330824003"], "backups": ["330824002"]}
        assert gis.put(self.PATH, json=body).status_code == 428
        clock.advance(dt.timedelta(minutes=1))
        fresh = {"If-Match": before.headers["ETag"]}
        answer = gis.put(self.PATH, json=body, headers=fresh)
        assert answer.status_code == 200, answer.text
        assert [(o["role"], o["officer"]["username"]) for o in answer.json["items"]] == [
            ("primary", "330824003"),
            ("backup", "330824002"),
        ]
        kept, stayed = before.json["items"][1], answer.json["items"][1]
        assert kept == stayed, "who stays goes on as before"
        then, stopped = quote(MORNING.isoformat()), answer.json["items"][0]["valid_from"]
        assert gis.get(f"{self.PATH}?at={then}").json == before.json | {
            "items": [before.json["items"][0] | {"valid_to": stopped}, kept]
        }
        assert gis.put(self.PATH, json=body, headers=fresh).status_code == 412

    @pytest.mark.parametrize(
        ("primaries", "backups", "code", "field"),
        [
            (["330824001"], ["330824001"], "ownership.twice", "backups"),
            (["330824001"], ["nobody"], "ownership.unknown_officer", "backups"),
        ],
    )
    def test_owners_that_cannot_be(
        self, client, primaries: list[str], backups: list[str], code: str, field: str
    ) -> None:
        gis = client.as_("gis")
        before = gis.get(self.PATH)
        body = {"primaries": primaries, "backups": backups}
        answer = gis.put(self.PATH, json=body, headers={"If-Match": before.headers["ETag"]})
        assert (answer.status_code, answer.json["code"]) == (422, code)
        assert answer.json["field"] == field
        assert gis.get(self.PATH).json == before.json

    @pytest.mark.parametrize("username", ["command", "auditor"])
    def test_others_only_look_at_owners(self, client, username: str) -> None:
        client = client.as_(username)
        tag = {"If-Match": client.get(self.PATH).headers["ETag"]}
        answer = client.put(self.PATH, json={"primaries": [], "backups": []}, headers=tag)
        assert (answer.status_code, answer.json["code"]) == (403, "access.forbidden")

    def test_a_code_that_nobody_owns_has_none(self, client) -> None:
        answer = client.as_("command").get("/api/v1/force/cells/none/owners")
        assert answer.json == {"items": []}
