"""CAP messages by HTTP: one out, one in, and none in bulk."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gridserver.base.db import Database
from gridserver.bulletins import cap
from tests.flows.conftest import AccountClient
from tests.flows.test_bulletins_http import BULLETINS, READER, body, issue, rows, step
from tests.problems import is_problem
from tests.rooms.bulletining import APPROVER, AUTHOR, NAME

ELSEWHERE = "330825.elsewhere"


def alert(client: AccountClient) -> str:
    """Return another bureau's message."""
    answer = client.as_(AUTHOR).get(f"{BULLETINS}/{issue(client)['id']}/cap")
    assert answer.status_code == 200, answer.text
    return str(answer.text.replace("330824.gridserver", ELSEWHERE))


def given(document: str, **beside: Any) -> dict[str, Any]:
    return {"unit": "33082401", "document": document, "basis": body()["basis"]} | beside


def test_one_goes_out(client: AccountClient, database: Database) -> None:
    id_ = issue(client)["id"]
    answer = client.as_(AUTHOR).get(f"{BULLETINS}/{id_}/cap")
    assert answer.content_type == cap.MEDIA_TYPE
    assert f"bulletin-{id_}.cap.xml" in answer.headers["Content-Disposition"]
    assert NAME in (cap.read(answer.text).info or cap.Info("", "")).description  # type: ignore[operator]
    assert [row.actor for row in rows(database, "export")] == [AUTHOR]
    for who, status in (("auditor", 403), ("admin", 404), (READER, 404), ("room-33082402", 404)):
        is_problem(client.as_(who).get(f"{BULLETINS}/{id_}/cap"), status)
    assert len(rows(database, "export")) == 1


def test_one_comes_in_and_takes_two_persons(client: AccountClient, database: Database) -> None:
    document = alert(client)
    author = client.as_(AUTHOR)
    headers = {"Idempotency-Key": "once"}
    first, again = (
        author.post(f"{BULLETINS}/cap", json=given(document), headers=headers) for _ in range(2)
    )
    assert first.status_code == 201, first.text
    assert first.json == again.json
    assert (first.json["type"], first.json["withdrawn"], first.json["replaces"]) == (
        "Alert",
        [],
        [],
    )
    made = first.json["bulletin"]
    assert (made["state"], made["exercise"], made["progress"]["told"]) == ("draft", False, 0)
    assert made["origin"].startswith(f"{ELSEWHERE},")
    is_problem(author.post(f"{BULLETINS}/cap", json=given(document)), 409, "cap.known")
    is_problem(step(client, made["id"], "approve", AUTHOR), 403, "bulletin.two_persons")
    assert step(client, made["id"], "approve", APPROVER).json["state"] == "approved"
    with database.transaction() as session:
        kept = session.scalars(sa.text("SELECT body::text FROM command_result")).all()
    assert not any(NAME in each for each in kept)


def test_an_exercise_is_never_issued(client: AccountClient) -> None:
    exercise = alert(client).replace("<status>Actual", "<status>Exercise")
    made = client.as_(AUTHOR).post(f"{BULLETINS}/cap", json=given(exercise)).json["bulletin"]
    assert (made["exercise"], made["allowed"]) == (True, ["edit", "withdraw"])
    is_problem(step(client, made["id"], "approve"), 409, "bulletin.exercise")


def test_what_is_wrong_is_named(client: AccountClient) -> None:
    document = alert(client)
    author = client.as_(AUTHOR)
    bomb = document.replace("?>", '?><!DOCTYPE alert [<!ENTITY a "aaaa">]>', 1)
    for said, code in (
        (given(bomb), "cap.not_xml"),
        (given("<alert/>"), "cap.not_cap"),
        (given(document, basis=body("warrant")["basis"]), "bulletin.basis"),
    ):
        is_problem(author.post(f"{BULLETINS}/cap", json=said), 422, code)
    without = {name: each for name, each in given(document).items() if name != "basis"}
    refused = is_problem(author.post(f"{BULLETINS}/cap", json=without), 422, "bulletin.basis")
    assert refused["field"] == "basis"
    stranger = client.as_("room-33082402")
    is_problem(stranger.post(f"{BULLETINS}/cap", json=given(document)), 403)


def test_none_goes_out_in_bulk(client: AccountClient) -> None:
    issue(client)
    for who in ("auditor", AUTHOR):
        reader = client.as_(who)
        assert reader.get(f"{BULLETINS}/cap").status_code == 405
        for path in ("cap.zip", "feed", "atom.xml"):
            assert reader.get(f"{BULLETINS}/{path}").status_code == 404
