"""Signing in by the bureau's identity provider: a real one, asked over HTTP."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from gridserver.access import policy, service
from gridserver.access.oidc import Provider
from gridserver.access.passwords import unusable_password
from gridserver.app import create_app
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock, SystemClock
from gridserver.base.db import Database
from gridserver.base.settings import from_environment
from tests import identity as running
from tests.commands import Run
from tests.county import PASSWORD, County
from tests.flows.conftest import AccountClient
from tests.identity import LASTS, Identity
from tests.problems import is_problem
from tests.processes import WebProcess
from tests.waiting import until

SESSIONS = "/api/v1/sessions"
WHO, OTHER = "command", "room-33082401"
ORIGIN = "http://localhost:8000"


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Identity]:
    with running.provider(tmp_path_factory.mktemp("identity"), ORIGIN) as identity:
        yield identity


@pytest.fixture
def clock() -> SetClock:
    """By the machine's clock, as the provider is."""
    return SetClock(SystemClock().now())


@pytest.fixture
def app(identity: Identity, database: Database, tmp_path: Path) -> Flask:
    return app_with(database, tmp_path, **identity.environ)


def app_with(database: Database, folder: Path, **environ: str) -> Flask:
    app = create_app(from_environment({"GRIDSERVER_VAR": str(folder), **environ}), database)
    app.test_client_class = AccountClient
    return app


def begin(client: FlaskClient, clock: SetClock) -> str:
    """Begin, and return where the browser would go."""
    clock.set(SystemClock().now())
    begun = client.post(f"{SESSIONS}/provider/begin", headers={"Origin": ORIGIN})
    assert begun.status_code == 200, begun.text
    return begun.json["url"]


def finish(client: FlaskClient, answer: dict[str, str], **more: object) -> TestResponse:
    return client.post(f"{SESSIONS}/provider", json=answer | more)


def changed(address: str, **parameters: str | None) -> str:
    """Return the address with some of its parameters changed, or taken away."""
    parts = urlsplit(address)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()} | parameters
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return parts._replace(query=query).geturl()


def demand(database: Database, **demands: object) -> None:
    with database.transaction() as session:
        policy.change(session, None, **demands)


def ledger(database: Database, tag: str) -> list[dict[str, object]]:
    its = sa.select(AuditEntry.data).where(AuditEntry.tag == tag).order_by(AuditEntry.id)
    with database.transaction() as session:
        return list(session.scalars(its))


def test_the_way_in(
    client: AccountClient, clock: SetClock, identity: Identity, database: Database
) -> None:
    assert client.get(f"{SESSIONS}/ways").json == {"provider": {"name": None}}
    address = begin(client, clock)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    answer = identity.answer(address, WHO)
    assert (answer["state"], answer["iss"]) == (asked["state"], identity.issuer)

    opened = finish(client, answer, device="desk", cookie=True)
    assert opened.status_code == 201, opened.text
    assert opened.json["account"]["username"] == WHO and opened.json["token"] == ""
    assert opened.json["unlock"] and opened.json["idle_lock_s"]
    cookie = client.get_cookie("gridserver_session")
    assert cookie.http_only and cookie.same_site == "Strict"
    assert client.get_cookie("gridserver_provider", path="/api/v1/sessions") is None
    assert client.get("/api/v1/bureau").status_code == 200
    assert ledger(database, "session:open")[-1] == {"shown": ["provider"]}
    assert ledger(database, "account:bind") == [{"issuer": identity.issuer}]
    (device,) = client.get("/api/v1/devices/mine").json["items"]
    assert device["name"] == "desk"


def test_an_answer_is_good_once_and_in_one_browser(
    app: Flask, client: AccountClient, clock: SetClock, identity: Identity
) -> None:
    answer = identity.answer(begin(client, clock), WHO)
    is_problem(finish(app.test_client(), answer), 401, "access.provider_state")
    other = app.test_client()
    begin(other, clock)
    is_problem(finish(other, answer), 401, "access.provider_state")
    kept = client.get_cookie("gridserver_provider", path="/api/v1/sessions").value
    assert finish(client, answer).status_code == 201
    is_problem(finish(client, answer), 401, "access.provider_state")
    client.set_cookie("gridserver_provider", kept, path="/api/v1/sessions")
    is_problem(finish(client, answer), 401, "access.provider_answer")


@pytest.mark.parametrize(
    "tampered",
    [
        {"nonce": "of-another-way-that-was-begun"},
        {"code_challenge": "A" * 43},
    ],
    ids=["nonce", "verifier"],
)
def test_another_s_code_is_refused(
    client: AccountClient,
    clock: SetClock,
    identity: Identity,
    database: Database,
    tampered: dict[str, str],
) -> None:
    answer = identity.answer(changed(begin(client, clock), **tampered), WHO)
    is_problem(finish(client, answer), 401, "access.provider_answer")
    assert ledger(database, "session:refused")[-1]["why"] == "access.provider_answer"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"state": "another"}, "access.provider_state"),
        ({"iss": "http://127.0.0.1:1"}, "access.provider_answer"),
        ({"iss": None}, "access.provider_answer"),
        ({"code": "made-up"}, "access.provider_answer"),
    ],
)
def test_an_answer_that_is_not_the_provider_s(
    client: AccountClient,
    clock: SetClock,
    identity: Identity,
    said: dict[str, str | None],
    code: str,
) -> None:
    answer = identity.answer(begin(client, clock), WHO) | said
    given = {name: value for name, value in answer.items() if value is not None}
    is_problem(finish(client, given), 401, code)


def test_a_token_that_is_over(client: AccountClient, clock: SetClock, identity: Identity) -> None:
    answer = identity.answer(begin(client, clock), WHO)
    clock.advance(dt.timedelta(seconds=3 * LASTS))
    is_problem(finish(client, answer), 401, "access.provider_answer")
    answer = identity.answer(begin(client, clock), WHO)
    clock.advance(dt.timedelta(minutes=11))
    is_problem(finish(client, answer), 401, "access.provider_state")


def test_who_sat_there_before_is_not_signed_in_by_a_click(
    client: AccountClient, clock: SetClock, identity: Identity
) -> None:
    """With `prompt` and `max_age` struck out the provider answers by its own session, at once."""
    with requests.Session() as browser:
        page = browser.get(begin(client, clock), timeout=30)
        shown = browser.post(page.url, {"name": WHO}, allow_redirects=False, timeout=30)
        assert finish(client, running.follow(browser, shown)).status_code == 201
        address = changed(begin(client, clock), prompt=None, max_age=None)
        answer = running.follow(browser, browser.get(address, allow_redirects=False, timeout=30))
    is_problem(finish(client, answer), 401, "access.provider_answer")


def test_who_has_no_account_or_a_disabled_one(
    client: AccountClient, clock: SetClock, identity: Identity, database: Database
) -> None:
    answer = identity.answer(begin(client, clock), "somebody-else")
    refused = is_problem(finish(client, answer), 401, "access.no_account")
    assert "somebody-else" in refused["detail"]
    with database.transaction() as session:
        service.disable(session, None, WHO)
    is_problem(finish(client, identity.answer(begin(client, clock), WHO)), 401, "access.no_account")
    assert [each["why"] for each in ledger(database, "session:refused")] == 2 * [
        "access.no_account"
    ]


def test_a_name_that_was_given_to_another_opens_nothing(
    client: AccountClient, clock: SetClock, identity: Identity, county: County, database: Database
) -> None:
    """The account is bound to the first who came, by what the provider gives to nobody else."""
    for _ in range(2):
        assert finish(client, identity.answer(begin(client, clock), WHO)).status_code == 201
    with capture_logs() as lines:
        refused = finish(client, identity.answer(begin(client, clock), f"7:{WHO}"))
    assert WHO in is_problem(refused, 401, "access.other_identity")["detail"]
    whose = county.accounts[WHO]
    (line,) = [each for each in lines if each["event"] == "access.other_identity"]
    assert (line["account"], line["log_level"]) == (whose, "warning")
    rows = sa.select(AuditEntry.subject_id, AuditEntry.data["why"].astext).where(
        AuditEntry.tag == "session:refused"
    )
    with database.transaction() as session:
        assert session.execute(rows).all() == [(str(whose), "access.other_identity")]
    assert finish(client, identity.answer(begin(client, clock), WHO)).status_code == 201
    assert len(ledger(database, "account:bind")) == 1


def test_an_admin_loosens_it_for_a_person_who_was_given_a_new_identity(
    client: AccountClient, clock: SetClock, identity: Identity, database: Database, run: Run
) -> None:
    assert finish(client, identity.answer(begin(client, clock), WHO)).status_code == 201
    is_problem(finish(client, identity.answer(begin(client, clock), f"7:{WHO}")), 401)
    run("account", "unbind-identity", WHO, "--reason", "new directory")
    told = {"reason": "new directory", "issuers": [identity.issuer]}
    assert ledger(database, "account:unbind") == [told]
    assert finish(client, identity.answer(begin(client, clock), f"7:{WHO}")).status_code == 201
    former = finish(client, identity.answer(begin(client, clock), WHO))
    is_problem(former, 401, "access.other_identity")


def test_a_person_who_was_given_another_name_keeps_the_account(
    client: AccountClient, clock: SetClock, identity: Identity, database: Database
) -> None:
    """As by a marriage; also where somebody else's account has that name."""
    answer = identity.answer(begin(client, clock), f"7:{WHO}")
    assert finish(client, answer).json["account"]["username"] == WHO
    renamed = identity.answer(begin(client, clock), f"7:{OTHER}")
    assert finish(client, renamed).json["account"]["username"] == WHO
    with database.transaction() as session:
        service.disable(session, None, WHO)
    renamed = identity.answer(begin(client, clock), f"7:{OTHER}")
    is_problem(finish(client, renamed), 401, "access.no_account")


def test_whether_the_provider_s_second_factor_counts_is_the_bureau_s_to_say(
    client: AccountClient, clock: SetClock, identity: Identity, database: Database
) -> None:
    demand(database, second_factor_roles=["command"])
    shown = identity.answer(begin(client, clock), WHO, factor=True)
    assert finish(client, shown).json["wants"] == "enrolment"
    demand(database, provider_factor_counts=True)
    unshown = identity.answer(begin(client, clock), WHO)
    assert finish(client, unshown).json["wants"] == "enrolment"
    shown = identity.answer(begin(client, clock), WHO, factor=True)
    assert finish(client, shown).status_code == 201
    assert ledger(database, "session:open")[-1]["shown"] == ["provider", "provider_factor"]


def test_roles_that_have_no_password(
    app: Flask,
    client: AccountClient,
    clock: SetClock,
    identity: Identity,
    database: Database,
    tmp_path: Path,
) -> None:
    demand(database, provider_only_roles=["command"])
    body = {"username": WHO, "password": PASSWORD}
    is_problem(client.post(SESSIONS, json=body), 403, "access.provider_only")
    is_problem(client.post(SESSIONS, json=body | {"password": "wrong"}), 401)
    assert client.post(SESSIONS, json=body | {"username": "admin"}).status_code == 201
    assert finish(client, identity.answer(begin(client, clock), WHO)).status_code == 201
    # Taken out of the settings while it is away, so that passwords do again.
    without = app_with(database, tmp_path).test_client()
    assert without.post(SESSIONS, json=body).status_code == 201
    assert without.get(f"{SESSIONS}/ways").json == {"provider": None}
    headers = {"Origin": ORIGIN}
    is_problem(without.post(f"{SESSIONS}/provider/begin", headers=headers), 404)
    is_problem(finish(without, {"code": "a", "state": "b"}), 404, "access.no_provider")


def test_a_locked_desk_is_opened_by_the_same_person_alone(
    client: AccountClient, clock: SetClock, identity: Identity, county: County
) -> None:
    answer = identity.answer(begin(client, clock), WHO)
    session = finish(client, answer, device="desk", cookie=True).json
    csrf = {"headers": {"X-CSRF-Token": session["csrf_token"]}}
    assert client.post(f"{SESSIONS}/current/lock", **csrf).status_code == 204
    is_problem(client.get("/api/v1/bureau"), 403, "access.session_locked")

    def unlock(name: str) -> TestResponse:
        answer = identity.answer(begin(client, clock), name)
        return client.post(f"{SESSIONS}/current/unlock/provider", json=answer, **csrf)

    is_problem(unlock(OTHER), 403, "access.provider_other")
    is_problem(unlock(f"7:{WHO}"), 401, "access.other_identity")
    is_problem(client.get("/api/v1/bureau"), 403, "access.session_locked")
    former = client.get_cookie("gridserver_session").value
    assert unlock(WHO).status_code == 204
    assert client.get_cookie("gridserver_session").value != former
    assert client.get("/api/v1/bureau").status_code == 200


def test_a_desk_of_a_role_without_passwords_is_opened_by_no_old_one(
    client: AccountClient, clock: SetClock, identity: Identity, database: Database
) -> None:
    answer = identity.answer(begin(client, clock), WHO)
    session = finish(client, answer, device="desk", cookie=True).json
    csrf = {"headers": {"X-CSRF-Token": session["csrf_token"]}}
    assert client.post(f"{SESSIONS}/current/lock", **csrf).status_code == 204

    def unlock(password: str) -> TestResponse:
        body = {"password": password}
        return client.post(f"{SESSIONS}/current/unlock", json=body, **csrf)

    demand(database, provider_only_roles=["command"])
    is_problem(unlock("wrong"), 401, "access.wrong_credentials")
    is_problem(unlock(PASSWORD), 403, "access.provider_only")
    is_problem(client.get("/api/v1/bureau"), 403, "access.session_locked")
    demand(database, provider_only_roles=[])
    assert unlock(PASSWORD).status_code == 204


def test_who_has_no_password_shows_again_who_they_are_by_the_provider(
    client: AccountClient, clock: SetClock, identity: Identity, database: Database
) -> None:
    its = {"who": WHO, "none": unusable_password()}
    with database.engine.begin() as connection:
        change = sa.text("UPDATE account SET password_hash = :none WHERE username = :who")
        connection.execute(change, its)
    session = finish(client, identity.answer(begin(client, clock), WHO), cookie=True).json
    assert session["has_password"] is False
    headers = {"X-CSRF-Token": session["csrf_token"]}

    def enrol() -> TestResponse:
        return client.post("/api/v1/second-factors", json={"kind": "totp"}, headers=headers)

    assert enrol().status_code == 201
    clock.advance(dt.timedelta(minutes=5))
    is_problem(enrol(), 403, "access.sign_in_again")


def test_signing_out_leads_to_the_provider_where_it_opened_the_session(
    client: AccountClient, clock: SetClock, identity: Identity
) -> None:
    session = finish(client, identity.answer(begin(client, clock), WHO), cookie=True).json
    headers = {"X-CSRF-Token": session["csrf_token"], "Origin": ORIGIN}
    left = client.delete(f"{SESSIONS}/current", headers=headers)
    assert left.status_code == 200, left.text
    there = urlsplit(left.json["url"])
    assert f"{there.scheme}://{there.netloc}" == identity.issuer
    asked = {"client_id": ["gridserver"], "post_logout_redirect_uri": [f"{ORIGIN}/login"]}
    assert parse_qs(there.query) == asked
    is_problem(client.get("/api/v1/bureau"), 401)

    by_password = client.as_("admin").delete(f"{SESSIONS}/current", headers={"Origin": ORIGIN})
    assert by_password.status_code == 204
    opened = finish(client, identity.answer(begin(client, clock), WHO)).json
    program = {"Authorization": f"Bearer {opened['token']}"}
    assert client.delete(f"{SESSIONS}/current", headers=program).status_code == 204


def test_a_provider_that_is_away_keeps_nobody_signed_in(
    app: Flask, client: AccountClient, clock: SetClock, identity: Identity
) -> None:
    session = finish(client, identity.answer(begin(client, clock), WHO), cookie=True).json
    installed = app.extensions["gridserver"]
    away = Provider(replace(installed.provider.settings, issuer="http://127.0.0.1:1"))
    app.extensions["gridserver"] = replace(installed, provider=away)
    headers = {"X-CSRF-Token": session["csrf_token"], "Origin": ORIGIN}
    assert client.delete(f"{SESSIONS}/current", headers=headers).status_code == 204
    is_problem(client.get("/api/v1/bureau"), 401)


@pytest.mark.parametrize("issuer", ["http://localhost:{port}", "http://127.0.0.1:1"])
def test_a_provider_that_is_another_or_away(
    identity: Identity, database: Database, county: County, tmp_path: Path, issuer: str
) -> None:
    named = issuer.format(port=urlsplit(identity.issuer).port)
    client = app_with(
        database, tmp_path, **identity.environ | {"GRIDSERVER_OIDC_ISSUER": named}
    ).test_client()
    refused = client.post(f"{SESSIONS}/provider/begin", headers={"Origin": ORIGIN})
    is_problem(refused, 503, "access.provider_away")


def test_a_provider_that_answers_letter_by_letter(
    start_server: Callable[..., WebProcess], county: County
) -> None:
    """Each part comes in time, and there is no last one."""
    enough, heard = threading.Event(), []

    def drip(line: socket.socket) -> None:
        with contextlib.suppress(OSError), line:
            line.sendall(b"HTTP/1.1 200 OK\r\n\r\n{")
            while not enough.wait(1):
                line.sendall(b" ")

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                heard.append(listening.accept()[0])
                threading.Thread(target=drip, args=(heard[-1],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = start_server(GRIDSERVER_OIDC_ISSUER=issuer, GRIDSERVER_OIDC_CLIENT_ID="-")
        for _ in range(2):
            begun = requests.post(
                f"{server.url}{SESSIONS}/provider/begin",
                headers={"Origin": server.url},
                timeout=90,
            )
            assert (begun.status_code, begun.json()["code"]) == (503, "access.provider_away")
        assert len(heard) == 1, "the second is told at once"
        enough.set()
        listening.shutdown(socket.SHUT_RDWR)


def test_it_is_begun_on_our_own_pages(client: AccountClient) -> None:
    is_problem(client.post(f"{SESSIONS}/provider/begin"), 409, "access.no_page")
    elsewhere = {"Origin": "https://elsewhere.example"}
    refused = client.post(f"{SESSIONS}/provider/begin", headers=elsewhere)
    is_problem(refused, 403, "http.foreign_origin")


def test_one_address_does_not_have_the_provider_asked_without_end(
    client: AccountClient, clock: SetClock
) -> None:
    begin(client, clock)
    answer = {"code": "made-up", "state": "another"}
    for _ in range(50):
        is_problem(finish(client, answer), 401)
    is_problem(finish(client, answer), 429, "access.too_many_attempts")


def test_a_provider_that_hangs_keeps_nobody_with_a_password_waiting(
    app: Flask, client: AccountClient, clock: SetClock, identity: Identity
) -> None:
    """As many wait for it as passwords are looked at a time, and two more."""
    answer = identity.answer(begin(client, clock), WHO)
    kept = client.get_cookie("gridserver_provider", path="/api/v1/sessions").value
    provider, waiting, hung_up = app.extensions["gridserver"].provider, [], threading.Event()

    with socket.create_server(("127.0.0.1", 0), backlog=16) as silent:
        known = provider._known
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        provider._known = replace(known, metadata={**known.metadata, "token_endpoint": address})

        def accept() -> None:
            while not hung_up.is_set():
                with contextlib.suppress(OSError):
                    waiting.append(silent.accept()[0])

        def wait() -> int:
            other = app.test_client()
            other.set_cookie("gridserver_provider", kept, path="/api/v1/sessions")
            return finish(other, answer).status_code

        with ThreadPoolExecutor(7) as pool:
            pool.submit(accept)
            asked = [pool.submit(wait) for _ in range(6)]
            until(lambda: len(waiting) == 6, within=60)
            body = {"username": "admin", "password": PASSWORD}
            assert client.post(SESSIONS, json=body).status_code == 201
            assert not any(each.done() for each in asked)
            hung_up.set()
            silent.shutdown(socket.SHUT_RDWR)
            for each in waiting:
                each.close()
            assert [each.result(60) for each in asked] == [503] * 6
