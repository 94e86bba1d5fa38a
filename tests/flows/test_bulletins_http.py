"""Bulletins by HTTP and by the socket: written by rooms, given to terminals."""

from __future__ import annotations

import copy
import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock, SystemClock
from gridserver.base.db import Database
from gridserver.bulletins import clocks
from tests.county import centre
from tests.flows.conftest import AccountClient
from tests.flows.test_attachments_http import bring
from tests.photos import photo
from tests.problems import is_problem
from tests.processes import Caller
from tests.rooms.bulletining import APPROVER, AUTHOR, NAME, said
from tests.sockets import Connect

BULLETINS = "/api/v1/bulletins"
READER, STRANGER = "330824001", "330824007"
LON, LAT = centre(0, 0)


def body(kind: str = "missing_person", **changes: Any) -> dict[str, Any]:
    whole = copy.deepcopy(said(kind, **changes))
    whole["basis"]["date"] = whole["basis"]["date"].isoformat()
    return {"unit": "33082401"} | whole


def write(client: AccountClient, **changes: Any) -> dict[str, Any]:
    answer = client.as_(AUTHOR).post(BULLETINS, json=body(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json


def step(client: AccountClient, id_: int, verb: str, who: str = APPROVER, **data: Any) -> Any:
    if verb == "approve":  # as it stands, unless the test says otherwise
        data = {"version": client.as_(AUTHOR).get(f"{BULLETINS}/{id_}").json["version"]} | data
    return client.as_(who).post(f"{BULLETINS}/{id_}/steps", json={"verb": verb, **data})


def issue(client: AccountClient, **changes: Any) -> dict[str, Any]:
    made = write(client, **changes)
    assert step(client, made["id"], "approve").status_code == 200
    answer = step(client, made["id"], "issue", AUTHOR)
    assert answer.status_code == 200, answer.text
    return answer.json


def rows(database: Database, tag: str) -> list[AuditEntry]:
    with database.transaction() as session:
        query = sa.select(AuditEntry).where(AuditEntry.tag == f"bulletin:{tag}")
        return list(session.scalars(query.order_by(AuditEntry.id)))


def test_from_draft_to_resolved(client: AccountClient) -> None:
    made = write(client)
    assert (made["state"], made["allowed"]) == ("draft", ["edit", "withdraw"])
    assert made["author"]["username"] == AUTHOR
    refused = step(client, made["id"], "approve", AUTHOR)
    assert is_problem(refused, 403, "bulletin.two_persons")["field"] == "approver"
    assert step(client, made["id"], "approve").json["approver"]["username"] == APPROVER
    is_problem(step(client, made["id"], "approve"), 409, "bulletin.wrong_state")
    assert step(client, made["id"], "issue", AUTHOR).json["state"] == "active"
    assert step(client, made["id"], "renew", lasts_h=72).json["state"] == "renewed"
    is_problem(step(client, made["id"], "resolve", AUTHOR), 422)
    done = step(client, made["id"], "resolve", AUTHOR, reason="已平安找到")
    assert (done.json["state"], done.json["allowed"]) == ("resolved", [])


@pytest.mark.parametrize(
    ("part", "field"),
    [({"basis": {}}, "basis.type"), ({"area": {}}, "area"), ({"lasts_h": 73}, "lasts_h")],
)
def test_what_is_missing_is_named(client: AccountClient, part: dict[str, Any], field: str) -> None:
    given = body()
    for name, value in part.items():
        given[name] = value if value != {} or name != "basis" else {**given[name], "type": "none"}
    answer = client.as_(AUTHOR).post(BULLETINS, json=given)
    assert is_problem(answer, 422)["field"] == field


@pytest.mark.parametrize("name", ["basis", "area", "lasts_h", "contents", "kind"])
def test_no_part_may_be_left_out(client: AccountClient, name: str) -> None:
    given = {key: value for key, value in body().items() if key != name}
    assert is_problem(client.as_(AUTHOR).post(BULLETINS, json=given), 422)["field"] == name


@pytest.mark.parametrize(
    "name", ["ethnicity", "religion", "health", "id_number", "phone", "plate", "name", "score"]
)
def test_a_field_that_is_refused_is_not_stored(
    client: AccountClient, database: Database, name: str
) -> None:
    given = body()
    given["contents"][name] = NAME
    refused = client.as_(AUTHOR).post(BULLETINS, json=given)
    assert is_problem(refused, 422)["field"] == f"contents.{name}"
    with database.transaction() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM bulletin_contents")) == 0


def test_words_of_arrest_are_named(client: AccountClient) -> None:
    given = body()
    given["contents"]["to_do"] = "发现后立即抓捕"
    refused = is_problem(client.as_(AUTHOR).post(BULLETINS, json=given), 422)
    assert (refused["code"], refused["word"]) == ("bulletin.words_of_arrest", "抓捕")


def test_a_draft_is_changed_under_its_etag(client: AccountClient) -> None:
    address = f"{BULLETINS}/{write(client)['id']}"
    author = client.as_(AUTHOR)
    etag = author.get(address).headers["ETag"]
    given = {name: value for name, value in body(lasts_h=48).items() if name != "unit"}
    is_problem(author.put(address, json=given), 428)
    changed = author.put(address, json=given, headers={"If-Match": etag})
    assert (changed.status_code, changed.json["lasts_h"]) == (200, 48)
    is_problem(author.put(address, json=given, headers={"If-Match": etag}), 412)


def test_what_changed_meanwhile_is_not_approved(client: AccountClient) -> None:
    made = write(client)
    id_, read = made["id"], made["version"]
    steps, approver = f"{BULLETINS}/{id_}/steps", client.as_(APPROVER)
    unsaid = is_problem(approver.post(steps, json={"verb": "approve"}), 422, "bulletin.version")
    assert unsaid["field"] == "version"
    author, address = client.as_(AUTHOR), f"{BULLETINS}/{id_}"
    given = {name: value for name, value in body(lasts_h=48).items() if name != "unit"}
    etag = author.get(address).headers["ETag"]
    assert author.put(address, json=given, headers={"If-Match": etag}).status_code == 200
    refused = is_problem(step(client, id_, "approve", version=read), 409, "bulletin.changed")
    assert refused["bulletin"] == {"id": id_, "version": read + 1}
    assert author.get(address).json["approver"] is None
    assert step(client, id_, "approve", version=read + 1).status_code == 200


def test_the_same_key_is_one_bulletin(client: AccountClient, database: Database) -> None:
    headers = {"Idempotency-Key": "once"}
    author = client.as_(AUTHOR)
    first, second = (author.post(BULLETINS, json=body(), headers=headers) for _ in range(2))
    assert first.json == second.json
    with database.transaction() as session:
        kept = session.scalars(sa.text("SELECT body::text FROM command_result")).all()
    assert not any(NAME in each for each in kept), "an answer that is kept says nothing"


def test_a_terminal_takes_its_copy(client: AccountClient, database: Database) -> None:
    made = issue(client)
    reader = client.as_(READER)
    (message,) = [
        each for each in reader.get("/api/v1/inbox").json["messages"] if "bulletin" in each["data"]
    ]
    assert message["data"] == {"bulletin": {"id": made["id"], "version": made["version"]}}
    answer = reader.put(f"{BULLETINS}/{made['id']}/copy", json={"lon": LON, "lat": LAT})
    assert answer.status_code == 200, answer.text
    assert NAME in answer.json["contents"]["fact"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    (row,) = rows(database, "fetch")
    assert (row.actor, row.lon, row.lat) == (READER, LON, LAT)
    is_problem(client.as_(STRANGER).put(f"{BULLETINS}/{made['id']}/copy", json={}), 404)
    assert len(rows(database, "fetch")) == 1


def test_a_room_looks_and_the_ledger_says_so(client: AccountClient, database: Database) -> None:
    made = issue(client)
    address = f"{BULLETINS}/{made['id']}/contents"
    assert NAME in client.as_(APPROVER).get(address).json["fact"]
    assert [row.actor for row in rows(database, "look")] == [APPROVER]
    for who in ("admin", "gis", READER, "room-33082402"):
        is_problem(client.as_(who).get(address), 404)
    assert len(rows(database, "look")) == 1


def test_with_the_ledger_locked_nothing_is_shown(client: AccountClient, database: Database) -> None:
    made = issue(client)
    room, reader = client.as_(AUTHOR), client.as_(READER)
    with database.engine.connect() as other, other.begin():
        other.execute(sa.text("LOCK TABLE audit_entry IN EXCLUSIVE MODE"))
        for answer in (
            room.get(f"{BULLETINS}/{made['id']}/contents"),
            reader.put(f"{BULLETINS}/{made['id']}/copy", json={}),
        ):
            assert answer.status_code == 503
            assert NAME not in answer.text
    assert (rows(database, "look"), rows(database, "fetch")) == ([], [])


def test_its_photo_is_for_those_whom_it_concerns(client: AccountClient, database: Database) -> None:
    picture = photo()
    sha256 = bring(client.as_(AUTHOR), picture)["sha256"]
    given = body()
    given["contents"]["photos"] = [sha256]
    made = client.as_(AUTHOR).post(BULLETINS, json=given).json
    assert step(client, made["id"], "approve").status_code == 200
    assert step(client, made["id"], "issue", AUTHOR).status_code == 200
    address = f"/api/v1/attachments/{sha256}?bulletin={made['id']}"
    assert client.as_(READER).get(address).data == picture.content
    is_problem(client.as_(STRANGER).get(address), 404)
    step(client, made["id"], "withdraw", AUTHOR, reason="信息有误")
    is_problem(client.as_(READER).get(address), 409, "bulletin.over")
    with database.transaction() as session:
        query = sa.select(AuditEntry.actor).where(AuditEntry.tag == "attachment:read")
        assert list(session.scalars(query)) == [READER]


def test_the_room_sees_who_has_it(client: AccountClient) -> None:
    made = issue(client)
    client.as_(READER).put(f"{BULLETINS}/{made['id']}/copy", json={})
    address = f"{BULLETINS}/{made['id']}"
    author = client.as_(AUTHOR)
    counted = {"told": 4, "holding": 1, "read": 0, "removed": 0}
    assert author.get(address).json["progress"] == counted
    first = author.get(f"{address}/recipients?limit=1").json
    rest = author.get(f"{address}/recipients?cursor={first['next']}").json
    assert [first["items"][0]["username"], len(rest["items"]), rest["next"]] == [READER, 3, None]
    holding = author.get(f"{address}/recipients?filter=holding").json["items"]
    assert holding == first["items"]
    assert holding[0]["unit"] == {"code": "33082401", "name": "南所"}
    is_problem(client.as_("room-33082402").get(f"{address}/recipients"), 404)


def test_lists_are_of_one_unit(client: AccountClient) -> None:
    made = issue(client)
    own = client.as_(AUTHOR).get(f"{BULLETINS}?unit=33082401").json["items"]
    assert [each["id"] for each in own] == [made["id"]]
    assert NAME not in repr(own)
    is_problem(client.as_(APPROVER).get(BULLETINS), 403, "bulletin.across_units")
    assert client.as_("auditor").get(BULLETINS).json["items"] == own
    is_problem(client.as_("admin").get(f"{BULLETINS}?unit=33082401"), 403)


def test_there_is_no_door_for_what_is_refused(client: AccountClient) -> None:
    """No search of persons, no export in bulk, no register."""
    issue(client)
    auditor = client.as_("auditor")
    for path in ("search", "export", "export.csv", "persons", "people", "subjects", "match"):
        assert auditor.get(f"{BULLETINS}/{path}").status_code == 404
    for path in ("persons", "residents", "people", "faces", "plates", "phones"):
        assert auditor.get(f"/api/v1/{path}").status_code == 404
    for name in ("text", "q", "name", "person"):  # an argument that there isn't narrows nothing
        found = auditor.get(f"{BULLETINS}?{name}=nobody")
        assert len(found.json["items"]) == 1
        assert NAME not in found.text


def test_terms_are_the_lists_that_refuse(client: AccountClient) -> None:
    terms = client.as_(AUTHOR).get(f"{BULLETINS}/terms").json
    assert {each["kind"]: each["longest_h"] for each in terms["kinds"]}["missing_person"] == 72
    assert "抓捕" in terms["words_of_arrest"]
    assert terms["arrestable"] == ["wanted"]


def test_unapproved_for_half_an_hour_it_is_gone(
    client: AccountClient, clock: SetClock, database: Database
) -> None:
    made = write(client, urgent=True)
    assert made["state"] == "provisional"
    copied = client.as_(READER).put(f"{BULLETINS}/{made['id']}/copy", json={})
    assert copied.json["live_until"] == made["approve_by"]
    clock.advance(dt.timedelta(minutes=30))
    with database.transaction() as session:
        assert clocks.end_due(session) == 1
    reader = client.as_(READER)
    last = reader.get("/api/v1/inbox").json["messages"][-1]
    assert last["type"] == "bulletin.ended"
    is_problem(reader.put(f"{BULLETINS}/{made['id']}/copy", json={}), 409, "bulletin.over")


def test_a_terminal_and_a_room_hear_of_it_by_their_sockets(
    http: Callable[[str], Caller], connect: Connect
) -> None:
    today = SystemClock().now()
    reader, author = http(READER), http(AUTHOR)
    terminal, room = connect(reader, acknowledges=True), connect(author, "/command")
    room.hear("resync")
    given = body(urgent=True)
    given["basis"]["date"] = today.date().isoformat()
    made = author.post(BULLETINS, json=given).json()
    reference = {"id": made["id"], "version": made["version"]}
    (heard,) = terminal.hear("message")
    assert heard["type"] == "bulletin.issued"
    assert heard["data"] == {"bulletin": reference}
    fed = room.hear("feed")[-1]
    assert (fed["type"], fed["data"]) == ("bulletin.changed", {"bulletin": reference})
    command = {
        "id": str(uuid.uuid4()),
        "verb": "read",
        "bulletin": made["id"],
        "occurred_at": today.isoformat(),
        "lon": LON,
        "lat": LAT,
    }
    assert terminal.ask("command", command)["bulletin"] == reference
