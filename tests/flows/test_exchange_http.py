"""The exchange over HTTP: signed messages in, and an admin's side of it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from gridserver.app import create_app
from gridserver.base import links
from gridserver.base.clock import SetClock, SystemClock
from gridserver.base.db import Base, Database
from gridserver.base.settings import ROOT, from_environment
from gridserver.incidents.models import Incident
from gridserver.partners.models import Partner
from tests.county import commit_county
from tests.exchange import ENVIRON, RULES, SECRETS, a_message, signed
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.processes import Caller, WebProcess

PARTNERS = "/api/v1/exchange/partners"
INTAKE = "/api/v1/exchange/110/incidents"
ANSWERS = "/api/v1/exchange/12345/answers"


@pytest.fixture
def app(database: Database) -> Flask:
    app = create_app(from_environment(ENVIRON), database)
    app.test_client_class = AccountClient
    return app


@pytest.fixture
def admin(client: AccountClient) -> AccountClient:
    """An admin who has set up the 110 platform and the city's hotline."""
    admin = client.as_("admin")
    for code, name in (("110", "110接警平台"), ("12345", "12345热线")):
        made = admin.post(PARTNERS, json={"code": code, "name": name})
        assert made.status_code == 201, made.text
    assert put(admin, f"{PARTNERS}/110/mapping", {"rules": RULES}).status_code == 200
    return admin


def put(client: AccountClient, url: str, body: dict[str, Any]) -> Any:
    """Change something as one who has just read it."""
    etag = client.get(url).headers["ETag"]
    return client.put(url, json=body, headers={"If-Match": etag})


Send = Callable[..., Any]


@pytest.fixture
def send(client: AccountClient, clock: SetClock) -> Send:
    """Send a message as another agency's system does."""

    def send(document: Any, path: str = INTAKE, code: str = "110", **how: Any) -> Any:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = signed(path, body, clock.now(), secret=SECRETS[code], **how)
        return client.post(path, data=body, headers=headers)

    return send


def incidents(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Incident))


# --- reports


def test_a_signed_report_is_dispatched(admin: AccountClient, send: Send) -> None:
    answer = send(a_message())
    assert answer.status_code == 201, answer.text
    taken = answer.json
    assert taken["external_id"] == "A1" and taken["state"] == "assigned"
    assert taken["cell"]["code"] == "330824001001001"
    assert taken["station"]["code"] == "33082401"
    assert "username" not in answer.text  # who it went to is the police's own business
    known = admin.get(f"/api/v1/incidents/{taken['id']}").json
    assert (known["source"], known["number"]) == ("110", taken["number"])


def test_the_same_report_newly_signed(admin: AccountClient, send: Send, database: Database) -> None:
    first, again = send(a_message()), send(a_message())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert incidents(database) == 1


def test_a_replay_gets_the_first_answer(
    admin: AccountClient, send: Send, database: Database
) -> None:
    for message, status in ((a_message(), 201), (a_message("B1", bjlb="99"), 422)):
        nonce = f"nonce-of-{message['jjdbh']}-00000"
        first, again = send(message, nonce=nonce), send(message, nonce=nonce)
        assert (first.status_code, again.status_code) == (status, status)
        assert first.json == again.json
    assert incidents(database) == 1
    assert admin.get("/api/v1/exchange/rejects").json["items"][0]["times"] == 1


def test_a_nonce_is_for_one_message(admin: AccountClient, send: Send, database: Database) -> None:
    send(a_message(), nonce="n" * 16)
    is_problem(send(a_message("A2"), nonce="n" * 16), 401, "exchange.nonce_reused")
    assert incidents(database) == 1


def test_replayed_after_five_minutes_it_is_stale(
    admin: AccountClient, client: AccountClient, clock: SetClock, database: Database
) -> None:
    body = json.dumps(a_message()).encode()
    headers = signed(INTAKE, body, clock.now())
    assert client.post(INTAKE, data=body, headers=headers).status_code == 201
    clock.advance(dt.timedelta(seconds=301))
    is_problem(client.post(INTAKE, data=body, headers=headers), 401, "exchange.stale")


def test_who_didnt_sign_isnt_heard(
    admin: AccountClient, client: AccountClient, clock: SetClock, database: Database
) -> None:
    body = json.dumps(a_message()).encode()
    right = signed(INTAKE, body, clock.now())
    wrong = signed(INTAKE, body, clock.now(), secret=SECRETS["12345"])
    answer = client.post(INTAKE, data=body, headers=wrong)
    is_problem(answer, 401, "exchange.bad_signature")
    assert answer.headers["WWW-Authenticate"].startswith("Exchange-Signature")
    is_problem(client.post(INTAKE, data=body), 401, "exchange.unsigned")
    is_problem(client.post(INTAKE, data=body + b" ", headers=right), 401)
    is_problem(admin.post(INTAKE, data=body), 401, "exchange.unsigned")
    is_problem(client.post(INTAKE.replace("110", "nobody"), data=body, headers=right), 401)
    assert incidents(database) == 0


def test_a_disabled_partner_isnt_heard(admin: AccountClient, send: Send) -> None:
    body = {"name": "110接警平台", "enabled": False}
    assert put(admin, f"{PARTNERS}/110", body).status_code == 200
    is_problem(send(a_message()), 401, "exchange.bad_signature")


def test_a_partner_has_no_session(admin: AccountClient, client: AccountClient) -> None:
    credentials = {"username": "partner-110", "password": "!"}
    is_problem(client.post("/api/v1/sessions", json=credentials), 401)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN"])
def test_no_json(admin: AccountClient, send: Send, body: bytes) -> None:
    is_problem(send(body), 422, "exchange.no_json")
    assert admin.get("/api/v1/exchange/rejects").json["items"] == []


def test_too_much_is_not_even_looked_at(admin: AccountClient, send: Send) -> None:
    is_problem(send(a_message(bjnr="x" * 70_000)), 413)


def test_rejected_mended_replayed(admin: AccountClient, send: Send) -> None:
    refused = is_problem(send(a_message(bjlb="0301")), 422, "exchange.rejected")
    assert (refused["reason"], refused["field"]) == ("incident.unknown_category", "category")
    url = f"/api/v1/exchange/rejects/{refused['reject']}"
    seen = admin.get(url).json
    assert json.loads(seen["body"]) == a_message(bjlb="0301")
    assert admin.post(f"{url}/replay").json["state"] == "open"
    rules = RULES | {"categories": {"03*": "help"}}
    put(admin, f"{PARTNERS}/110/mapping", {"rules": rules, "remark": "new codes"})
    replayed = admin.post(f"{url}/replay").json
    assert replayed["state"] == "taken"
    assert admin.get(f"/api/v1/incidents/{replayed['incident_id']}").json["external_id"] == "A1"
    is_problem(admin.post(f"{url}/replay"), 409, "exchange.reject_ended")
    is_problem(admin.post(f"{url}/dismiss"), 409, "exchange.reject_ended")


def test_many_rejects(admin: AccountClient, send: Send) -> None:
    for number in range(3):
        send(a_message(f"R{number}", bjlb="0301"))
    page = admin.get("/api/v1/exchange/rejects?limit=2&partner=110").json
    rest = admin.get(f"/api/v1/exchange/rejects?limit=2&cursor={page['next']}").json
    assert len(page["items"]) == 2 and len(rest["items"]) == 1 and rest["next"] is None
    admin.post(f"/api/v1/exchange/rejects/{rest['items'][0]['id']}/dismiss")
    put(admin, f"{PARTNERS}/110/mapping", {"rules": RULES | {"categories": {"*": "help"}}})
    assert admin.post(f"{PARTNERS}/110/replay").json == {"taken": 2, "left": 0}


# --- answers


@pytest.fixture
def handed_over(admin: AccountClient, client: AccountClient, send: Send) -> int:
    """A task that was handed over to the hotline."""
    task = send(a_message()).json["task"]
    command = {
        "id": "11111111-1111-4111-8111-111111111111",
        "verb": "hand_over",
        "data": {"agency": "12345热线", "text": "路灯坏了"},
    }
    done = client.as_("command").post(f"/api/v1/tasks/{task}/commands", json=command)
    assert done.status_code == 200, done.text
    return task


def test_the_agencys_answer_reaches_the_room(
    client: AccountClient, send: Send, handed_over: int
) -> None:
    answer = {"task": handed_over, "text": "已修复", "answered_at": "2026-03-10T09:20:00+08:00"}
    for _ in range(2):
        got = send(answer, ANSWERS, "12345")
        assert (got.status_code, got.json) == (200, {"task": handed_over, "state": "handed_over"})
    task = client.as_("command").get(f"/api/v1/tasks/{handed_over}").json
    assert task["hand_over"]["answer"]["text"] == "已修复"
    assert task["hand_over"]["answer"]["by"]["display_name"] == "12345热线"
    answers = [entry for entry in task["history"] if entry["verb"] == "answer"]
    assert [entry["occurred_at"] for entry in answers] == ["2026-03-10T01:20:00+00:00"]


def test_only_the_agency_itself_answers(send: Send, handed_over: int) -> None:
    answer = {"task": handed_over, "text": "x"}
    other = ANSWERS.replace("12345", "110")
    is_problem(send(answer, other, "110"), 404, "exchange.not_yours")
    is_problem(send(answer, ANSWERS, "110"), 401, "exchange.bad_signature")
    is_problem(send({"task": handed_over}, ANSWERS, "12345"), 422)


# --- the admin's side


def test_changes_need_the_etag_of_what_was_seen(admin: AccountClient) -> None:
    for url, body in (
        (f"{PARTNERS}/110", {"name": "平台"}),
        (f"{PARTNERS}/110/mapping", {"rules": RULES}),
        (f"{PARTNERS}/110/pull", {"view": "v", "cursor_column": "c"}),
    ):
        is_problem(admin.put(url, json=body), 428)
        stale = admin.get(url).headers["ETag"]
        assert put(admin, url, body).status_code == 200
        is_problem(admin.put(url, json=body, headers={"If-Match": stale}), 412)


def test_the_first_mapping_is_written_over_version_0(admin: AccountClient) -> None:
    url = f"{PARTNERS}/12345/mapping"
    assert admin.get(url).json == {
        "version": 0,
        "rules": None,
        "at": None,
        "by": None,
        "remark": None,
    }
    put(admin, url, {"rules": RULES, "remark": "first"})
    put(admin, url, {"rules": RULES | {"crs": "bd09"}})
    history = admin.get(f"{url}/history").json["items"]
    assert [(v["version"], v["rules"]["crs"], v["remark"]) for v in history] == [
        (2, "bd09", None),
        (1, "EPSG:4326", "first"),
    ]
    assert history[0]["by"]["username"] == "admin"


def test_a_sample_is_previewed(admin: AccountClient) -> None:
    url = f"{PARTNERS}/110/mapping/preview"
    seen = admin.post(url, json={"rules": RULES, "sample": a_message()})
    assert seen.status_code == 200, seen.text
    assert (seen.json["category"], seen.json["source"]) == ("dispute", "110")
    assert seen.json["reported_at"] == "2026-03-10T01:29:00+00:00"
    sample = a_message(bjsj="noon")
    refused = admin.post(url, json={"rules": RULES, "sample": sample})
    assert is_problem(refused, 422, "input.not_moment")["field"] == "reported_at"
    strange = admin.post(url, json={"rules": RULES | {"time_format": "x"}, "sample": {}})
    assert is_problem(strange, 422, "exchange.bad_mapping")["field"] == "time_format"
    unknown = admin.post(url, json={"rules": RULES | {"fields": {"caller": "a"}}, "sample": {}})
    is_problem(unknown, 422, "input.invalid")


def test_the_overview_says_what_waits(admin: AccountClient, send: Send) -> None:
    send(a_message(bjlb="99"))
    platform, hotline = admin.get(PARTNERS).json["items"]
    assert (platform["code"], platform["open_rejects"], platform["has_secret"]) == ("110", 1, True)
    assert (hotline["code"], hotline["open_rejects"], hotline["dead_letters"]) == ("12345", 0, 0)
    assert platform["has_database"] is False and platform["error"] is None


def test_an_address_without_tls_is_refused_and_an_old_one_told(
    admin: AccountClient, database: Database
) -> None:
    """Unless the operator trusts the lines as they are."""
    terms = {"name": "12345热线", "webhook_url": "http://10.1.2.3/police"}
    for refused in (
        put(admin, f"{PARTNERS}/12345", terms),
        admin.post(PARTNERS, json=terms | {"code": "new", "name": "新"}),
    ):
        assert is_problem(refused, 422, "exchange.plain_url")["field"] == "webhook_url"
    assert [each["is_plain"] for each in admin.get(PARTNERS).json["items"]] == [False, False]
    with database.transaction() as session:  # as from before it was asked for
        old = sa.update(Partner).where(Partner.code == "12345")
        session.execute(old.values(webhook_url=terms["webhook_url"]))
    assert [each["is_plain"] for each in admin.get(PARTNERS).json["items"]] == [False, True]

    app = create_app(from_environment(ENVIRON | {links.PLAIN: "yes"}), database)
    app.test_client_class = AccountClient
    trusting = app.test_client().as_("admin")
    assert put(trusting, f"{PARTNERS}/12345", terms).status_code == 200
    assert [each["is_plain"] for each in trusting.get(PARTNERS).json["items"]] == [False, False]


def test_only_an_admin_may(client: AccountClient, admin: AccountClient) -> None:
    for username in ("command", "gis", "auditor", "room-33082401", "330824001"):
        other = client.as_(username)
        for url in (
            PARTNERS,
            f"{PARTNERS}/110",
            f"{PARTNERS}/110/mapping",
            f"{PARTNERS}/110/mapping/history",
            f"{PARTNERS}/110/pull",
            "/api/v1/exchange/rejects",
            "/api/v1/exchange/letters",
        ):
            is_problem(other.get(url), 403, "access.forbidden")
        is_problem(other.post(PARTNERS, json={"code": "a", "name": "a"}), 403)


def test_unknown_things(admin: AccountClient) -> None:
    for url in ("/nobody", "/nobody/mapping", "/nobody/pull", "/nobody/mapping/history"):
        is_problem(admin.get(PARTNERS + url), 404, "exchange.unknown")
    is_problem(admin.get("/api/v1/exchange/rejects/1"), 404, "exchange.unknown_reject")
    is_problem(admin.post("/api/v1/exchange/letters/1/retry"), 404, "exchange.unknown_letter")


def test_no_secret_is_stored_or_told(
    admin: AccountClient, send: Send, handed_over: int, database: Database
) -> None:
    send({"task": handed_over, "text": "x"}, ANSWERS, "12345")
    assert not any(secret in admin.get(PARTNERS).text for secret in SECRETS.values())
    with database.transaction() as session:
        for table in Base.metadata.sorted_tables:
            rows = session.scalars(sa.text(f"SELECT t::text FROM {table.name} AS t"))  # noqa: S608
            stored = " ".join(rows)
            assert not any(secret in stored for secret in SECRETS.values()), table.name


# --- as the docs say


def test_the_shell_example_of_the_docs(
    database: Database, clock: SetClock, start_server: Callable[..., WebProcess]
) -> None:
    """The example is run as it stands, against a real process."""
    clock.set(SystemClock().now())  # as the process is
    commit_county(database)
    server = start_server(**ENVIRON)
    admin = Caller(server.url, "admin")
    admin.post(PARTNERS, json={"code": "110", "name": "110"})
    etag = admin.get(f"{PARTNERS}/110/mapping").headers["ETag"]
    fields = {name: at for name, at in RULES["fields"].items() if name != "reported_at"}
    mapped = admin.put(
        f"{PARTNERS}/110/mapping",
        json={"rules": RULES | {"fields": fields}},
        headers={"If-Match": etag},
    )
    assert mapped.status_code == 200, mapped.text
    (example,) = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/exchange.md").read_text(), re.DOTALL)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example],
        env=os.environ | {"URL": server.url, "SECRET": SECRETS["110"]},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["external_id"] == "33082420260310000123", done.stdout
