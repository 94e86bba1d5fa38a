"""The form of an incident, from its rows to the printed page."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from gis import killable
from gridserver.audit.models import AuditEntry
from gridserver.base.db import Database
from gridserver.journals import printing, records
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.rooms.dispatching import PRIMARY, STATION_ROOM, a_report, bring_to, say, take

INTRUDING = '<img src="http://example.org/x.png"><b>两人争吵'


@pytest.fixture
def incident_id(database: Database, county: County) -> int:
    """An incident that was closed after it was sent back, with a linked one and a late command."""
    with database.transaction() as session:
        first = take(session, county)
        found = take(session, county, a_report(address="华埠镇 1 号", description=INTRUDING))
        bring_to(session, county, found.task.id, "reported")
        for verb, who in (
            ("send_back", STATION_ROOM),
            ("report", PRIMARY),
            ("close", STATION_ROOM),
        ):
            assert say(session, county, who, found.task.id, verb).status == 200
        assert say(session, county, PRIMARY, found.task.id, "depart").status == 409
        linking = {"to": first.task.id, "kind": "duplicate"}
        assert say(session, county, STATION_ROOM, found.task.id, "link", linking).status == 200
        return found.incident.id


def words(pdf: bytes) -> str:
    """Return the text of a PDF by poppler's reading of it, without blanks."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("needs pdftotext (poppler-utils)")
    said = subprocess.run([program, "-", "-"], input=pdf, capture_output=True, check=True)
    return "".join(said.stdout.decode().split())


def printed(client: FlaskClient, incident_id: int, language: str) -> bytes:
    address = f"/api/v1/incidents/{incident_id}/record.pdf"
    answer = client.get(address, headers={"Accept-Language": language})
    assert (answer.status_code, answer.content_type) == (200, "application/pdf"), answer.text
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    return answer.data


def test_the_form_says_what_the_rows_say(client: AccountClient, incident_id: int) -> None:
    room = client.as_(STATION_ROOM)
    number = room.get(f"/api/v1/incidents/{incident_id}").json["number"]
    text = words(printed(room, incident_id, "zh-CN"))
    for said in (
        "接处警登记表",
        f"警情编号{number:04d}",
        "".join(INTRUDING.split()),
        "华埠镇1号",
        "村00330824001001001",
        "南所",
        PRIMARY,
        "2026-03-1009:30:00",
        "A角",
        "已处置",
        "whowasthere?",
        "迟到，未生效",
        "重复",
        "处警民警",
        "接警人",
    ):
        assert said in text, said


def test_it_comes_in_the_readers_language(client: AccountClient, incident_id: int) -> None:
    text = words(printed(client.as_("command"), incident_id, "en"))
    for said in ("Recordofanincident", "Signatures", "Sendback", "Priority3"):
        assert said.lower() in text.lower(), said


def test_the_ledger_keeps_who_had_it(
    client: AccountClient, incident_id: int, database: Database, county: County
) -> None:
    printed(client.as_("command"), incident_id, "en")
    with database.transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.tag == "incident:print")).one()
    assert (entry.actor_account_id, entry.subject_id) == (
        county.accounts["command"],
        str(incident_id),
    )


def test_who_may_not_have_it(client: AccountClient, incident_id: int) -> None:
    address = f"/api/v1/incidents/{incident_id}/record.pdf"
    is_problem(client.as_("room-33082402").get(address), 403, "task.out_of_scope")
    is_problem(client.as_("command").get("/api/v1/incidents/0/record.pdf"), 404, "incident.unknown")


def test_a_form_that_takes_too_long_is_given_up(
    client: AccountClient, incident_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "SECONDS", 0.01)
    address = f"/api/v1/incidents/{incident_id}/record.pdf"
    is_problem(client.as_("command").get(address), 503, "record.not_printed")


def test_what_people_wrote_is_no_markup(
    database: Database, county: County, incident_id: int
) -> None:
    with database.transaction() as session:
        page = records.record_of(session, county.principal("command"), incident_id, "en")
    assert "&lt;img src=&#34;http://example.org" in printing.html_of(page)


def test_nothing_is_fetched_while_it_is_printed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.setblocking(False)
        page = f'<link rel=stylesheet href="http://127.0.0.1:{port}/a.css"><img src="file:///x">'
        assert killable.run(printing.print_html, page).startswith(b"%PDF")
        with pytest.raises(BlockingIOError):
            server.accept()
