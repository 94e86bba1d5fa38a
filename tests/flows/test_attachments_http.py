"""Photos over HTTP: announced, sent, checked, shown to whom they concern, and to nobody else."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gridserver.attachments.inspection import WRONG_HASH, WRONG_TYPE
from gridserver.attachments.rules import PIECE_BYTES
from gridserver.audit.models import AuditEntry
from gridserver.base.db import Database
from gridserver.delivery.models import FeedEntry
from tests.county import County, centre
from tests.flows.conftest import AccountClient
from tests.photos import Photo, photo
from tests.problems import is_problem
from tests.rooms.dispatching import WAY_TO, a_report, take

ATTACHMENTS = "/api/v1/attachments"
OFFICER, STRANGER = "330824001", "330824007"


@pytest.fixture
def officer(client: AccountClient) -> AccountClient:
    return client.as_(OFFICER)


@pytest.fixture
def task_id(database: Database, county: County) -> int:
    with database.transaction() as session:
        return take(session, county).task.id


def announce(client: AccountClient, what: Photo) -> dict[str, Any]:
    answer = client.post(ATTACHMENTS, json=what.announcement)
    assert answer.status_code == 200, answer.text
    return answer.json


def send(client: AccountClient, what: Photo, offset: int, piece: bytes) -> Any:
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/octet-stream"}
    return client.patch(f"{ATTACHMENTS}/{what.sha256}", data=piece, headers=headers)


def bring(client: AccountClient, what: Photo) -> dict[str, Any]:
    progress = announce(client, what)
    for offset, piece in what.pieces(progress["piece_bytes"]):
        answer = send(client, what, offset, piece)
        assert answer.status_code == 200, answer.text
        progress = answer.json
    return progress


def report(client: AccountClient, task_id: int, photos: list[str]) -> Any:
    path = f"/api/v1/tasks/{task_id}/commands"
    for verb in WAY_TO["on_scene"]:
        assert client.post(path, json={"id": str(uuid.uuid4()), "verb": verb}).status_code == 200
    data = {"outcome": "resolved", "text": "done", "attachments": photos}
    return client.post(path, json={"id": str(uuid.uuid4()), "verb": "report", "data": data})


def test_a_photo_of_several_pieces(officer: AccountClient, tmp_path: Path) -> None:
    what = photo(side=600)
    assert len(what.content) > PIECE_BYTES
    first = announce(officer, what)
    assert (first["received"], first["piece_bytes"]) == (0, PIECE_BYTES)
    assert bring(officer, what)["state"] == "complete"
    kept = tmp_path / "attachments" / what.sha256[:2] / what.sha256
    assert kept.read_bytes() == what.content


def test_a_wrong_offset_is_answered_with_the_present_one(officer: AccountClient) -> None:
    what = photo(side=600)
    announce(officer, what)
    send(officer, what, 0, what.content[:1000])
    document = is_problem(send(officer, what, 0, b"x"), 409, "attachment.wrong_offset")
    assert document["offset"] == 1000
    assert announce(officer, what)["received"] == 1000


def test_a_content_that_is_not_what_was_said(officer: AccountClient) -> None:
    what = photo()
    announce(officer, what)
    assert send(officer, what, 0, b"\0" * len(what.content)).json["refusal"] == WRONG_HASH
    page = Photo(b"<html><script>alert(1)</script></html>")
    assert bring(officer, page)["refusal"] == WRONG_TYPE
    is_problem(send(officer, page, 0, b"x"), 409, "attachment.refused")


def test_what_is_too_large_or_unknown(officer: AccountClient) -> None:
    what = photo()
    large = what.announcement | {"size": 10_485_761}
    is_problem(officer.post(ATTACHMENTS, json=large), 422, "attachment.size")
    is_problem(send(officer, what, 0, b"x"), 404, "attachment.unknown")
    announce(officer, what)
    is_problem(send(officer, what, 0, b"x" * (PIECE_BYTES + 1)), 413)
    is_problem(send(officer, what, 0, b"x" * (len(what.content) + 1)), 422)
    is_problem(officer.patch(f"{ATTACHMENTS}/{what.sha256}", data=b"x"), 422, "input.invalid")
    is_problem(officer.patch(f"{ATTACHMENTS}/nonsense", headers={"Upload-Offset": "0"}), 422)


def test_a_report_names_photos_before_they_are_there(
    client: AccountClient, officer: AccountClient, task_id: int, database: Database
) -> None:
    what = photo()
    done = report(officer, task_id, [what.sha256])
    assert done.status_code == 200, done.text
    (card,) = done.json["task"]["attachments"]
    assert (card["sha256"], card["state"]) == (what.sha256, "on_its_way")
    assert done.json["task"]["history"][-1]["data"]["attachments"] == [what.sha256]
    room = client.as_("room-33082401")
    address = f"{ATTACHMENTS}/{what.sha256}"
    is_problem(room.get(address, query_string={"task": task_id}), 404, "attachment.on_its_way")
    before = feed_length(database)
    bring(officer, what)
    assert feed_length(database) == before + 1  # the command rooms are shown the task again
    assert room.get(f"/api/v1/tasks/{task_id}").json["attachments"][0]["state"] == "complete"
    shown = room.get(address, query_string={"task": task_id})
    assert (shown.status_code, shown.data) == (200, what.content)
    assert shown.content_type == "image/jpeg"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert shown.headers["Content-Disposition"] == f"inline; filename={what.sha256}.jpeg"


def test_a_photo_is_shown_through_its_subject_alone(
    client: AccountClient, officer: AccountClient, task_id: int, database: Database, county: County
) -> None:
    with database.transaction() as session:
        another = take(session, county, a_report(centre(1, 1))).task.id
    what = photo()
    bring(officer, what)
    report(officer, task_id, [what.sha256])
    address = f"{ATTACHMENTS}/{what.sha256}"
    for who, subject, status in (
        (STRANGER, {"task": task_id}, 403),
        ("room-33082402", {"task": task_id}, 403),
        (STRANGER, {"task": another}, 404),
        ("command", {"task": another}, 404),
        (OFFICER, {"task": 999}, 404),
        (OFFICER, {}, 422),
    ):
        is_problem(client.as_(who).get(address, query_string=subject), status)
    assert reads(database) == 0
    assert client.as_("auditor").get(address, query_string={"task": task_id}).status_code == 200
    assert reads(database) == 1


def test_a_photo_of_another_officer_shows_nothing_in_ones_own_report(
    client: AccountClient, officer: AccountClient, database: Database, county: County
) -> None:
    with database.transaction() as session:
        own = take(session, county, a_report(centre(1, 1))).task.id
    what = photo()
    bring(officer, what)
    thief = client.as_(STRANGER)
    assert report(thief, own, [what.sha256]).status_code == 200
    stolen = thief.get(f"{ATTACHMENTS}/{what.sha256}", query_string={"task": own})
    is_problem(stolen, 404, "attachment.on_its_way")


def test_a_bad_list_of_photos_is_refused(officer: AccountClient, task_id: int) -> None:
    refused = report(officer, task_id, ["nonsense"])
    assert is_problem(refused, 422, "attachment.bad_hash")["field"] == "data.attachments"


def feed_length(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(FeedEntry))


def reads(database: Database) -> int:
    tagged = sa.select(sa.func.count()).where(AuditEntry.tag == "attachment:read")
    with database.transaction() as session:
        return session.scalar(tagged)
