"""Rosters, patterns, swaps, voids and the calendar over HTTP."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import quote

import pytest

from gridserver.base.db import Database
from gridserver.force.models import Post
from gridserver.force.posts import set_post
from gridserver.org.models import Unit
from tests.conftest import MORNING
from tests.county import STATIONS, County, add_teams
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

FORCE = "/api/v1/force"
SOUTH = STATIONS[0]
LATER = MORNING + dt.timedelta(days=20)
HOUR = dt.timedelta(hours=1)
SHIFT = {
    "officer": "330824001",
    "duty": "pool",
    "start": LATER.isoformat(),
    "end": (LATER + 6 * HOUR).isoformat(),
}
LEAVE = {
    "officer": "330824001",
    "reason": "sick",
    "start": LATER.isoformat(),
    "end": (LATER + 24 * HOUR).isoformat(),
    "stand_in": "330824002",
}
PATTERN = {
    "name": "集约值班",
    "unit": SOUTH,
    "duty": "pool",
    "starts_on": "2026-03-01",
    "cycle": [
        [{"start": "00:00", "end": "06:00"}],
        [{"start": "06:00", "end": "12:00"}],
        [{"start": "12:00", "end": "18:00"}],
        [{"start": "18:00", "end": "00:00"}],
    ],
    "crews": [["330824001"], ["330824002"], ["330824003"], ["330824004"]],
}


@pytest.fixture
def room(client: AccountClient, database: Database, county: County) -> AccountClient:
    """The southern station's command room, whose station has its teams."""
    with database.transaction() as session:
        add_teams(session, county)
    return client.as_("room-33082401")


def span(start: dt.datetime, end: dt.datetime) -> str:
    return f"from={quote(start.isoformat())}&to={quote(end.isoformat())}"


@pytest.mark.parametrize(
    ("path", "draft", "change"),
    [
        ("shifts", SHIFT, {"duty": "leader"}),
        ("absences", LEAVE, {"reason": "court"}),
        ("patterns", PATTERN, {"name": "四班"}),
    ],
)
def test_what_is_put_on_is_changed_and_taken_off_by_its_tag(
    room: AccountClient, path: str, draft: dict[str, Any], change: dict[str, Any]
) -> None:
    body = {"shifts": [draft]} if path == "shifts" else draft
    answer = room.post(f"{FORCE}/{path}", json=body, headers={"Idempotency-Key": "1"})
    assert answer.status_code == 201, answer.text
    made = answer.json["items"][0] if path == "shifts" else answer.json
    again = room.post(f"{FORCE}/{path}", json=body, headers={"Idempotency-Key": "1"})
    assert (again.status_code, again.json) == (201, answer.json)

    one = f"{FORCE}/{path}/{made['id']}"
    shown = room.get(one)
    assert shown.json == made
    tag = {"If-Match": shown.headers["ETag"]}
    is_problem(room.put(one, json=draft | change), 428)
    changed = room.put(one, json=draft | change, headers=tag)
    assert changed.status_code == 200, changed.text
    assert changed.json == made | change
    is_problem(room.put(one, json=draft, headers=tag), 412)
    is_problem(room.delete(one, headers=tag), 412)
    is_problem(room.delete(one), 428)
    assert room.delete(one, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    is_problem(room.get(one), 404)


@pytest.mark.parametrize(
    ("path", "draft"), [("shifts", {"shifts": [SHIFT]}), ("absences", LEAVE), ("patterns", PATTERN)]
)
def test_rosters_are_for_who_may_edit_them(
    room: AccountClient, client: AccountClient, path: str, draft: dict[str, Any]
) -> None:
    for username in ("room-33082402", "330824001", "gis", "auditor"):
        answer = client.as_(username).post(f"{FORCE}/{path}", json=draft)
        is_problem(answer, 403, "access.forbidden")


class TestShifts:
    def test_a_list_goes_on_where_it_ended(self, room: AccountClient) -> None:
        drafts = [
            SHIFT | {"officer": f"33082400{n}", "start": (LATER + n * HOUR).isoformat()}
            for n in (3, 2, 1)
        ]
        room.post(f"{FORCE}/shifts", json={"shifts": drafts})
        path = f"{FORCE}/shifts?limit=2&{span(LATER, LATER + 24 * HOUR)}"
        first = room.get(path).json
        rest = room.get(f"{path}&cursor={first['next']}").json
        numbers = [s["officer"]["service_number"] for s in first["items"] + rest["items"]]
        assert numbers == ["330824001", "330824002", "330824003"]
        assert rest["next"] is None

    def test_names_the_field_at_fault(self, room: AccountClient) -> None:
        drafts = [SHIFT, SHIFT | {"officer": "nobody"}]
        answer = room.post(f"{FORCE}/shifts", json={"shifts": drafts})
        is_problem(answer, 422, "roster.unknown_officer")
        assert answer.json["field"] == "shifts[1].officer"
        assert room.get(f"{FORCE}/shifts?{span(LATER, LATER + HOUR)}").json["items"] == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("from=yesterday", "from"),
            (f"from={quote('9999-12-31T00:00:00+00:00')}", "to"),
            (span(LATER, LATER), "to"),
            (span(LATER, LATER + dt.timedelta(days=94)), "to"),
            ("cursor=AAAA", "cursor"),
            ("cursor=MjAyNi0wMy0xMCAx", "cursor"),
        ],
    )
    def test_refuses_bad_arguments(self, room: AccountClient, query: str, field: str) -> None:
        answer = room.get(f"{FORCE}/shifts?{query}")
        assert (answer.status_code, answer.json["field"]) == (422, field)

    def test_half_a_character_is_no_number(self, room: AccountClient) -> None:
        for path, body in (
            ("shifts", {"shifts": [SHIFT | {"officer": "\ud800"}]}),
            ("shifts", {"shifts": [SHIFT | {"unit": "\ud800"}]}),
            ("shifts", {"shifts": [SHIFT | {"post": "\ud800"}]}),
            ("absences", LEAVE | {"stand_in": "\ud800"}),
            ("patterns", PATTERN | {"name": "\ud800"}),
        ):
            answer = room.post(
                f"{FORCE}/{path}", data=json.dumps(body), content_type="application/json"
            )
            is_problem(answer, 422, "input.characters")


class TestPatterns:
    def test_a_month_is_looked_at_and_then_made(self, room: AccountClient) -> None:
        kept = room.post(f"{FORCE}/patterns", json=PATTERN).json
        path = f"{FORCE}/patterns/{kept['id']}/month"
        seen = room.post(path, json={"month": "2026-04"}).json
        assert (len(seen["added"]), seen["unknown_years"]) == (120, [2026])
        month = span(LATER, LATER + dt.timedelta(days=20))
        assert room.get(f"{FORCE}/shifts?{month}").json["items"] == []
        made = room.post(path, json={"month": "2026-04", "dry_run": False})
        assert made.json == seen
        shown = room.get(f"{FORCE}/shifts?{month}").json["items"]
        assert {shift["pattern"] for shift in shown} == {kept["id"]}

        gone = f"{FORCE}/shifts/{shown[0]['id']}"
        room.delete(gone, headers={"If-Match": room.get(gone).headers["ETag"]})
        again = room.post(path, json={"month": "2026-04", "dry_run": False}).json
        assert (again["added"], again["unchanged"]) == ([], 119)
        assert [(k["officer"], k["why"]) for k in again["kept"]] == [
            (shown[0]["officer"]["service_number"], "exception")
        ]

    @pytest.mark.parametrize(
        "change",
        [
            {"cycle": []},
            {"cycle": [[{"start": "24:00", "end": "06:00"}]]},
            {"cycle": [[{"start": "08:00", "end": "18:00"}, {"start": "17:00", "end": "20:00"}]]},
            {"crews": [[]]},
            {"crews": [["330824001"], ["330824001"]]},
            {"starts_on": "soon"},
            {"crew_step": 56},
        ],
    )
    def test_refuses_a_pattern_nobody_could_keep(
        self, room: AccountClient, change: dict[str, Any]
    ) -> None:
        answer = room.post(f"{FORCE}/patterns", json=PATTERN | change)
        is_problem(answer, 422)
        assert answer.json["field"].split(".")[0] == next(iter(change))


class TestSwaps:
    def test_two_officers_and_their_leader(
        self, room: AccountClient, client: AccountClient
    ) -> None:
        drafts = [
            SHIFT,
            SHIFT
            | {
                "officer": "330824002",
                "start": (LATER + 24 * HOUR).isoformat(),
                "end": (LATER + 30 * HOUR).isoformat(),
            },
        ]
        given, taken = room.post(f"{FORCE}/shifts", json={"shifts": drafts}).json["items"]
        proposer, other, leader = (
            client.as_(number) for number in ("330824001", "330824002", "330824102")
        )
        swap = proposer.post(
            f"{FORCE}/swaps",
            json={"shift": given["id"], "other": "330824002", "other_shift": taken["id"]},
        ).json
        assert (swap["state"], swap["given"]["shift"]) == ("proposed", given["id"])
        commands = f"{FORCE}/swaps/{swap['id']}/commands"

        assert [s["id"] for s in other.get(f"{FORCE}/my-duty").json["swaps"]] == [swap["id"]]
        is_problem(proposer.post(commands, json={"verb": "agree"}), 403, "swap.not_yours")
        key = {"Idempotency-Key": "1"}
        agreed = other.post(commands, json={"verb": "agree"}, headers=key)
        assert agreed.json["state"] == "agreed"
        assert other.post(commands, json={"verb": "agree"}, headers=key).json == agreed.json
        answer = other.post(commands, json={"verb": "agree"})
        is_problem(answer, 409, "swap.wrong_state")
        assert answer.json["state"] == "agreed"
        assert leader.get(f"{FORCE}/swaps").json["items"][0]["allowed"] == ["decline", "consent"]
        assert leader.post(commands, json={"verb": "consent"}).json["state"] == "done"
        changed = room.get(f"{FORCE}/shifts/{given['id']}").json
        assert changed["officer"]["service_number"] == "330824002"
        is_problem(client.as_("330824005").get(f"{FORCE}/swaps/{swap['id']}"), 404)
        assert proposer.get(f"{FORCE}/swaps").json["items"] == []
        assert len(proposer.get(f"{FORCE}/swaps?state=all").json["items"]) == 1


class TestDuty:
    def test_shows_who_serves_unit_by_unit(self, room: AccountClient) -> None:
        room.post(
            f"{FORCE}/absences",
            json=LEAVE
            | {
                "officer": "330824105",
                "start": MORNING.isoformat(),
                "end": (MORNING + HOUR).isoformat(),
                "stand_in": None,
            },
        )
        picture = room.get(f"{FORCE}/duty").json
        assert (picture["day"]["kind"], picture["day"]["source"]) == ("working", "weekday")
        (unit,) = picture["units"]
        assert unit["unit"]["code"] == SOUTH
        assert {d["duty"]: [s["absent"] for s in d["serving"]] for d in unit["duties"]} == {
            "case": [False],
            "community": [False] * 5,
            "leader": [True],
            "pool": [False],
        }
        later = quote((MORNING + dt.timedelta(days=8)).isoformat())
        assert room.get(f"{FORCE}/duty?at={later}").json["units"] == []

    def test_an_officer_sees_what_they_have_before_them(
        self, room: AccountClient, client: AccountClient
    ) -> None:
        room.post(
            f"{FORCE}/absences",
            json=LEAVE | {"start": MORNING.isoformat(), "end": (MORNING + HOUR).isoformat()},
        )
        own = client.as_("330824001").get(f"{FORCE}/my-duty").json
        assert [s["duty"] for s in own["shifts"]] == ["community"]
        assert [a["reason"] for a in own["absences"]] == [None]
        colleagues = {s["officer"]["service_number"] for s in own["colleagues"]}
        assert colleagues == {"330824002", "330824101"}
        stand_in = client.as_("330824002").get(f"{FORCE}/my-duty").json["standing_in"]
        assert [a["officer"]["service_number"] for a in stand_in] == ["330824001"]
        is_problem(room.get(f"{FORCE}/my-duty"), 403, "roster.no_officer")

    def test_lists_posts_and_leaders_in_scope(
        self, room: AccountClient, client: AccountClient, database: Database, county: County
    ) -> None:
        with database.transaction() as session:
            unit = session.get_one(Unit, county.units[SOUTH])
            set_post(
                session,
                None,
                code="P1",
                name="桥头警务站",
                unit=unit,
                watched=True,
                lon=118.41,
                lat=29.11,
            )
        (post,) = room.get(f"{FORCE}/posts").json["items"]
        assert (post["code"], post["unit"]["code"], post["lon"]) == ("P1", SOUTH, 118.41)
        (leader,) = room.get(f"{FORCE}/leaders").json["items"]
        assert leader["unit"]["code"] == "33082401-S1"
        assert leader["officer"]["service_number"] == "330824102"
        assert leader["valid_to"] is None
        for path in ("posts", "leaders"):
            assert client.as_("room-33082402").get(f"{FORCE}/{path}").json["items"] == []
            is_problem(client.as_("330824001").get(f"{FORCE}/{path}"), 403)

    def test_tells_where_nobody_will_be(
        self, room: AccountClient, database: Database, county: County
    ) -> None:
        with database.transaction() as session:
            unit_id = county.units[SOUTH]
            session.add(Post(code="P1", name="桥头警务站", unit_id=unit_id, watched=True))
        told = room.get(f"{FORCE}/voids?days=1").json
        assert told["counts"] == {"post": 1}
        assert dt.datetime.fromisoformat(told["to"]) == MORNING + 24 * HOUR
        (void,) = told["items"]
        assert (void["kind"], void["code"], void["why"]) == ("post", "P1", "no_shift")
        assert room.get(f"{FORCE}/voids?days=7&unit={SOUTH}").json["counts"]["post"] == 1
        is_problem(room.get(f"{FORCE}/voids?unit=33082402"), 403)
        is_problem(room.get(f"{FORCE}/voids?days=32"), 422)


class TestCalendar:
    def test_is_filled_and_then_set_by_hand(self, client: AccountClient, county: County) -> None:
        command = client.as_("command")
        assert command.get(f"{FORCE}/calendar").json == {"year": 2026, "known": False, "days": []}
        filled = command.post(f"{FORCE}/calendar", json={"year": 2026}).json
        assert filled["known"]
        one = f"{FORCE}/calendar/2026-10-01"
        day = command.get(one)
        assert (day.json["kind"], day.json["name_zh"]) == ("holiday", "国庆节")
        is_problem(command.put(one, json={"kind": "working"}), 428)
        tag = {"If-Match": day.headers["ETag"]}
        said = command.put(one, json={"kind": "working", "name_zh": "安保"}, headers=tag)
        assert (said.json["source"], said.json["name_en"]) == ("bureau", None)
        is_problem(command.put(one, json={"kind": "rest"}, headers=tag), 412)
        assert client.as_("330824001").get(one).json == said.json

    def test_refuses_what_is_no_day(self, client: AccountClient, county: County) -> None:
        command = client.as_("command")
        for date in ("tomorrow", "2026-02-30", "1999-01-01"):
            is_problem(command.get(f"{FORCE}/calendar/{date}"), 422)
        is_problem(
            command.post(f"{FORCE}/calendar", json={"year": 2100}), 422, "calendar.unknown_year"
        )
        is_problem(client.as_("room-33082401").post(f"{FORCE}/calendar", json={"year": 2026}), 403)
