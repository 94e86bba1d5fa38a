"""Sightings by HTTP and by the socket, from offline too."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from gridserver.base.clock import SystemClock
from gridserver.base.db import Database
from gridserver.bulletins.hits import NOTICE
from tests.flows.conftest import AccountClient
from tests.flows.test_bulletins_http import BULLETINS, READER, STRANGER, body, issue, rows
from tests.problems import is_problem
from tests.processes import Caller
from tests.rooms.bulletining import APPROVER, AUTHOR, OTHER_ROOM, SEEN, SEEN_NAME
from tests.sockets import Connect
from tests.waiting import until


def sight(client: AccountClient, id_: int, who: str = READER, **changes: Any) -> Any:
    reader = client.as_(who)
    assert reader.put(f"{BULLETINS}/{id_}/copy", json={}).status_code == 200
    said = {
        "id": str(uuid.uuid4()),
        "verb": "sight",
        "occurred_at": "2026-03-10T09:00:00+08:00",
        "data": SEEN,
    } | changes
    return reader.post(f"{BULLETINS}/{id_}/commands", json=said)


def test_from_a_sighting_to_its_answer(client: AccountClient, database: Database) -> None:
    id_ = issue(client)["id"]
    said = sight(client, id_)
    assert said.status_code == 200, said.text
    head = said.json["sighting"]
    assert (head["state"], head["notice"]) == ("open", NOTICE)
    address = f"{BULLETINS}/{id_}"
    author = client.as_(AUTHOR)
    counted = {"total": 1, "waiting": 1, "answer_by": head["answer_by"]}
    assert author.get(address).json["sightings"] == counted
    shown = author.get(f"{address}/sightings")
    assert shown.headers["Cache-Control"] == "private, no-store"
    (item,) = shown.json["items"]
    assert (item["text"], item["by"]["username"]) == (SEEN["text"], READER)
    answers = f"{address}/sightings/{head['id']}/answers"
    given = {"verb": "confirm", "text": f"{SEEN_NAME}属实"}
    headers = {"Idempotency-Key": "once"}
    first, again = (author.post(answers, json=given, headers=headers) for _ in range(2))
    assert first.json == again.json
    assert (first.json["state"], first.json["notice"]) == ("confirmed", None)
    is_problem(author.post(answers, json=given), 409, "bulletin.sighting_state")
    reader = client.as_(READER)
    news = [
        each["data"]
        for each in reader.get("/api/v1/inbox").json["messages"]
        if each["type"] == "bulletin.sighting"
    ]
    versions = [{"id": head["id"], "version": version} for version in (1, 2)]
    assert [each["sighting"] for each in news] == versions
    assert reader.get(f"{address}/sightings").json["items"][0]["answer"] == f"{SEEN_NAME}属实"
    assert [row.actor for row in rows(database, "look_sightings")] == [AUTHOR, READER]
    with database.transaction() as session:
        kept = session.scalars(sa.text("SELECT body::text FROM command_result")).all()
    assert not any(SEEN_NAME in each for each in kept)


def test_who_may_and_who_may_not(client: AccountClient) -> None:
    id_ = issue(client)["id"]
    sighting = sight(client, id_).json["sighting"]["id"]
    address = f"{BULLETINS}/{id_}/sightings"
    for who in ("admin", "gis", STRANGER, OTHER_ROOM):
        other = client.as_(who)
        is_problem(other.get(address), 404)
        is_problem(other.post(f"{address}/{sighting}/answers", json={"verb": "confirm"}), 404)
    assert len(client.as_("auditor").get(address).json["items"]) == 1
    refused = client.as_("auditor").post(f"{address}/{sighting}/answers", json={"verb": "confirm"})
    is_problem(refused, 403)
    assert client.as_(READER).get(f"{BULLETINS}/{id_}").status_code == 404


def test_what_is_wrong_is_named(client: AccountClient) -> None:
    id_ = issue(client)["id"]
    refused = sight(client, id_, data={"text": "在站台"})
    assert is_problem(refused, 422, "bulletin.sighting_place")["field"] == "place"
    sighting = sight(client, id_).json["sighting"]["id"]
    answers = f"{BULLETINS}/{id_}/sightings/{sighting}/answers"
    author = client.as_(AUTHOR)
    assert is_problem(author.post(answers, json={"verb": "match"}), 422)["field"] == "verb"
    is_problem(author.post(answers, json={"verb": "promise"}), 422, "bulletin.minutes")
    is_problem(author.post(answers.replace(str(sighting), "9"), json={"verb": "refute"}), 404)


def test_with_the_ledger_locked_nothing_is_taken_or_shown(
    client: AccountClient, database: Database
) -> None:
    id_ = issue(client)["id"]
    sight(client, id_)
    author = client.as_(AUTHOR)
    with database.engine.connect() as other, other.begin():
        other.execute(sa.text("LOCK TABLE audit_entry IN EXCLUSIVE MODE"))
        answer = author.get(f"{BULLETINS}/{id_}/sightings")
    assert answer.status_code == 503
    assert SEEN_NAME not in answer.text


def test_there_is_no_list_across_bulletins(client: AccountClient) -> None:
    sight(client, issue(client)["id"])
    for who in ("auditor", APPROVER):
        reader = client.as_(who)
        for path in ("sightings", "hits", "tracks", "matches"):
            assert reader.get(f"/api/v1/{path}").status_code == 404
            assert reader.get(f"{BULLETINS}/{path}").status_code == 404


def test_by_the_socket(http: Callable[[str], Caller], connect: Connect) -> None:
    today = SystemClock().now()
    reader, author = http(READER), http(AUTHOR)
    terminal, desk = connect(reader), connect(author, "/command")
    desk.hear("resync")
    given = body(urgent=True)
    given["basis"]["date"] = today.date().isoformat()
    id_ = author.post(BULLETINS, json=given).json()["id"]
    assert reader.put(f"{BULLETINS}/{id_}/copy", json={}).status_code == 200
    command = {
        "id": str(uuid.uuid4()),
        "verb": "sight",
        "bulletin": id_,
        "occurred_at": today.isoformat(),
        "data": SEEN,
    }
    head = terminal.ask("command", command)["sighting"]
    assert (head["state"], head["notice"], head["urgent"]) == ("open", NOTICE, True)

    def fed() -> list[Any]:
        return [each for each in desk.all("feed") if each["type"] == "bulletin.sighting"]

    until(lambda: any(each["data"]["bulletin"]["id"] == id_ for each in fed()), within=60)
    (entry,) = [each for each in fed() if each["data"]["bulletin"]["id"] == id_]
    assert entry["data"]["sighting"] == {"id": head["id"], "version": 1}
