"""The auditor's reading, and what is not served where it can't be recorded."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from gridserver.audit import exporting, renewing, rootfile, sealing, service
from gridserver.audit.models import AuditEntry
from gridserver.audit.rootfile import RootFile
from gridserver.audit.tags import Tag
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from tests.commands import Run
from tests.county import County
from tests.flows.conftest import AccountClient

LOOKS = "/api/v1/audit/entries"


@pytest.fixture
def auditor(client: AccountClient) -> AccountClient:
    return client.as_("auditor")


@pytest.fixture
def roots(tmp_path: Path) -> RootFile:
    return RootFile(tmp_path / "roots.jsonl", tmp_path / "audit-key.pem")


@pytest.fixture
def written(database: Database, county: County, clock: SetClock, roots: RootFile) -> None:
    """An hour in which the command room and an officer did something, sealed; and one row more."""
    room, officer = county.principal("command"), county.principal("330824001")
    with database.transaction() as session:
        place = (118.41, 29.14)
        service.record(
            session, room, Tag.INCIDENT_REPORT, subject_kind="incident", subject_id=777, place=place
        )
        for verb in ("sign", "depart"):
            service.record(
                session, officer, Tag.of("task", verb), subject_kind="task", subject_id=777
            )
        service.record(
            session,
            room,
            Tag.PLAYBACK_OPEN,
            subject_kind="unit",
            subject_id="330824",
            purpose="督察 12 号",
            before={"a": 1},
            after={"a": 2},
        )
    sealing.seal_and_publish(database, sealing.Sealer(), roots)
    clock.advance(dt.timedelta(hours=1))
    with database.transaction() as session:
        service.record(session, officer, "task:arrive", subject_kind="task", subject_id=777)


def tags(client: AccountClient, **wanted: object) -> list[str]:
    answer = client.get(LOOKS, query_string=wanted)
    assert answer.status_code == 200, answer.text
    return [each["tag"] for each in answer.json["items"] if each["subject_kind"] != "account"]


def test_by_person_subject_tag_and_time(
    auditor: AccountClient, written: None, clock: SetClock
) -> None:
    assert tags(auditor, actor="330824001") == ["task:arrive", "task:depart", "task:sign"]
    assert tags(auditor, actor="nobody") == []
    assert tags(auditor, subject_kind="incident", subject_id="777") == ["incident:report"]
    assert tags(auditor, tag="task:sign") == ["task:sign"]
    assert tags(auditor, tag="task") == ["task:arrive", "task:depart", "task:sign"]
    since = (clock.now() - dt.timedelta(minutes=5)).isoformat()
    assert tags(auditor, tag="task", **{"from": since}) == ["task:arrive"]
    assert tags(auditor, tag="task", to=since) == ["task:depart", "task:sign"]


def test_signing_in_is_found_by_who_it_was(
    auditor: AccountClient, client: AccountClient, county: County
) -> None:
    client.as_("command")
    client.application.test_client().post(
        "/api/v1/sessions", json={"username": "command", "password": "not this one"}
    )
    found = auditor.get(LOOKS, query_string={"subject_kind": "account", "tag": "session"}).json
    told = {
        each["tag"]: (each["actor"] and each["actor"]["username"], each["subject"]["username"])
        for each in found["items"]
        if each["subject_id"] == str(county.accounts["command"])
    }
    # Who gave a wrong password is known to nobody; whose account it was, is.
    assert told == {
        "session:open": ("command", "command"),
        "session:refused": (None, "command"),
    }


def test_a_row_says_who_where_why_and_in_which_seal(auditor: AccountClient, written: None) -> None:
    (report,) = auditor.get(LOOKS, query_string={"tag": "incident:report"}).json["items"]
    assert report["actor"] == {"username": "command", "display_name": "command"}
    assert (report["lon"], report["lat"], report["seal"]) == (118.41, 29.14, 1)
    (opened,) = auditor.get(LOOKS, query_string={"tag": "playback"}).json["items"]
    assert opened["purpose"] == "督察 12 号"
    assert opened["data"] == {"before": {"a": 1}, "after": {"a": 2}}
    (waiting,) = auditor.get(LOOKS, query_string={"tag": "task:arrive"}).json["items"]
    assert waiting["seal"] is None


def test_pages_follow_each_other(auditor: AccountClient, written: None) -> None:
    first = auditor.get(LOOKS, query_string={"tag": "task", "limit": 2}).json
    rest = auditor.get(
        LOOKS, query_string={"tag": "task", "limit": 2, "cursor": first["next"]}
    ).json
    seen = [each["tag"] for each in (*first["items"], *rest["items"])]
    assert seen == ["task:arrive", "task:depart", "task:sign"]
    assert rest["next"] is None


def test_each_look_is_a_row_of_its_own(
    auditor: AccountClient, written: None, database: Database
) -> None:
    asked = auditor.get(LOOKS, query_string={"actor": "330824001"}).json["items"]
    sealed = next(each["id"] for each in asked if each["seal"])
    assert auditor.get(f"{LOOKS}/{sealed}/proof").status_code == 200
    auditor.get("/api/v1/audit/export.jsonl", query_string={"tag": "task"})
    with database.transaction() as session:
        looks = session.execute(
            sa.select(AuditEntry.tag, AuditEntry.actor, AuditEntry.data)
            .where(AuditEntry.tag.startswith("audit:"))
            .order_by(AuditEntry.id)
        ).all()
    assert [tuple(look) for look in looks] == [
        ("audit:read", "auditor", {"actor": "330824001"}),
        ("audit:prove", "auditor", {}),
        ("audit:export", "auditor", {"tag": "task", "rows": 2}),
    ]


@pytest.mark.parametrize("username", ["admin", "command", "gis", "room-33082401", "330824001"])
def test_nobody_else_reads_it(client: AccountClient, username: str) -> None:
    other = client.as_(username)
    for path in ("entries", "standing", "entries/1/proof", "export.jsonl"):
        assert other.get(f"/api/v1/audit/{path}").status_code == 403, path


def test_the_standing(auditor: AccountClient, written: None) -> None:
    standing = auditor.get("/api/v1/audit/standing").json
    assert standing["seals"] == standing["last_number"] == 1
    assert standing["waiting"] >= 1
    assert {
        "tag": "task:sign",
        "zh": "签收",
        "en": "signed a task",
        "keep": "personal",
    } in standing["tags"]


def test_an_export_holds_anywhere_and_no_change_of_it(
    auditor: AccountClient, written: None, roots: RootFile, run: Run, tmp_path: Path
) -> None:
    answer = auditor.get("/api/v1/audit/export.jsonl", query_string={"subject_id": "777"})
    assert answer.status_code == 200
    file = tmp_path / "export.jsonl"
    file.write_bytes(answer.data)
    said = [json.loads(line) for line in answer.data.splitlines()]
    assert said[0]["rows"] == 3  # what waits for its seal proves nothing yet
    assert next(each["row"]["tag"] for each in said if "row" in each) == "incident:report"
    run("audit", "check", file, "--root", roots.path, "--key", said[-1]["key"])
    lines = list(rootfile.lines_until_now(roots.path)())
    assert "no trusted key has vouched for it" in exporting.check(answer.data, lines, [bytes(32)])
    assert exporting.check(answer.data, []).endswith("the file has no such seal")
    altered = answer.data.replace(b"task:depart", b"task:arrive")
    assert exporting.check(altered, lines) == "it was altered after it was signed"
    file.write_bytes(altered)
    assert "altered" in run("audit", "check", file, code=1).stderr
    assert exporting.check(b"{}\n{}\n", None) == "it is no export"


def test_an_export_by_a_renewed_key_holds_by_the_former(
    auditor: AccountClient,
    written: None,
    database: Database,
    roots: RootFile,
    run: Run,
    tmp_path: Path,
) -> None:
    with database.transaction() as session:
        former, new = renewing.renew_key(session, roots, "its keeper left")
    file = tmp_path / "export.jsonl"
    file.write_bytes(auditor.get("/api/v1/audit/export.jsonl").data)
    assert json.loads(file.read_bytes().splitlines()[-1])["key"] == new.public.hex()
    by_former = ("audit", "check", file, "--key", former.public.hex())
    run(*by_former, "--root", roots.path)
    assert new.name in run(*by_former, code=1).stderr
    run(*by_former, "--key", new.public.hex())


def test_a_proof_by_http(auditor: AccountClient, written: None) -> None:
    (report,) = auditor.get(LOOKS, query_string={"tag": "incident:report"}).json["items"]
    proof = auditor.get(f"{LOOKS}/{report['id']}/proof").json
    assert proof["row"]["id"] == report["id"]
    assert auditor.get(f"{LOOKS}/99999/proof").status_code == 404
    (waiting,) = auditor.get(LOOKS, query_string={"tag": "task:arrive"}).json["items"]
    refused = auditor.get(f"{LOOKS}/{waiting['id']}/proof")
    assert (refused.status_code, refused.json["code"]) == (409, "audit.not_sealed")


# --- where the row can't be written


@pytest.fixture
def locked(app: Flask, database: Database, county: County) -> Iterator[sa.Connection]:
    """The ledger's table is locked by somebody else, for good."""
    with database.engine.connect() as locker, locker.begin():
        yield locker


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("auditor", "/api/v1/audit/entries"),
        ("command", "/api/v1/day-log?officer=330824001"),
        ("command", "/api/v1/day-log.xlsx?officer=330824001"),
    ],
)
def test_what_cannot_be_recorded_is_not_served(
    client: AccountClient, locked: sa.Connection, username: str, path: str
) -> None:
    reader = client.as_(username)
    assert reader.get(path).status_code == 200
    locked.execute(sa.text("LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE"))
    refused = reader.get(path)
    assert refused.status_code == 503, refused.text
    assert refused.content_type == "application/problem+json"
    assert "items" not in refused.json
