"""The API as a whole: who is let in, what a refusal looks like, what the description says."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
from flask import Flask

from gridserver.api import context
from gridserver.api.problems import MEDIA_TYPE
from gridserver.app import create_app
from gridserver.base.db import Database
from gridserver.base.settings import ROOT, from_environment
from tests.county import PASSWORD
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

#: What is said without a session, or (True) without a signature, where that stands in for one.
REFUSED_AS = {
    False: ("access.unauthenticated", "Bearer"),
    True: ("exchange.unsigned", "Exchange-Signature"),
}


@pytest.fixture
def bearer(client: AccountClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.as_('command').token}"}


def operations(app: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    description = app.test_client().get("/api/openapi.json").json
    for path, item in description["paths"].items():
        for method, operation in item.items():
            if method in {"get", "put", "post", "delete", "patch"}:
                yield path, method, operation


def test_the_description_is_valid_openapi_31(client: AccountClient) -> None:
    description = client.get("/api/openapi.json").json
    assert description["openapi"] == "3.1.0"
    openapi_spec_validator.validate(description)


def test_every_operation_is_described(app: Flask) -> None:
    for path, method, operation in operations(app):
        where = f"{method} {path}"
        assert operation.get("summary"), where
        described = operation["responses"].keys()
        assert "default" in described, f"{where} doesn't say what a refusal looks like"
        assert ("401" in described) or operation["security"] == [], where


def test_refusals_are_described_as_problem_documents(client: AccountClient) -> None:
    responses = client.get("/api/openapi.json").json["components"]["responses"]
    assert {"DEFAULT_ERROR", "UNAUTHORIZED", "NOT_MODIFIED"} <= responses.keys()
    for name, response in responses.items():
        described = [] if name == "NOT_MODIFIED" else [MEDIA_TYPE]
        assert list(response.get("content", [])) == described, name


def test_without_a_session_nothing_is_even_validated(app: Flask, database: Database) -> None:
    """Every operation but the sign-in answers 401, with a body that can't be right."""
    client = app.test_client()
    walked = 0
    for path, method, operation in operations(app):
        if operation.get("security") == []:
            continue
        url = re.sub(r"\{[^}]+\}", "1", path)
        response = client.open(
            url, method=method.upper(), data="{", content_type="application/json"
        )
        code, challenge = REFUSED_AS["signature" in operation.get("security", [{}])[0]]
        is_problem(response, 401, code)
        assert response.headers["WWW-Authenticate"].startswith(challenge)
        walked += 1
    assert walked > 10
    public = [path for path, _, operation in operations(app) if operation.get("security") == []]
    assert sorted(public) == [
        "/api/v1/devices/enrolment",
        "/api/v1/devices/enrolment/confirm",
        "/api/v1/sessions",
        "/api/v1/sessions/device",
        "/api/v1/sessions/enrolment",
        "/api/v1/sessions/enrolment/confirm",
        "/api/v1/sessions/provider",
        "/api/v1/sessions/provider/begin",
        "/api/v1/sessions/second",
        "/api/v1/sessions/ways",
    ]


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic YTpi", "Bearer", ""])
def test_a_bad_token_is_no_session(client: AccountClient, header: str) -> None:
    is_problem(client.get("/api/v1/bureau", headers={"Authorization": header}), 401)


def test_signing_in_and_out(client: AccountClient, bearer: dict[str, str]) -> None:
    current = client.get("/api/v1/sessions/current", headers=bearer).json
    assert current["account"]["username"] == "command"
    assert current["account"]["roles"][0]["role"] == "command"
    assert client.delete("/api/v1/sessions/current", headers=bearer).status_code == 204
    is_problem(client.get("/api/v1/sessions/current", headers=bearer), 401)


def test_an_officer_is_told_what_they_are(client: AccountClient) -> None:
    body = {"username": "330824001", "password": PASSWORD}
    account = client.post("/api/v1/sessions", json=body).json["account"]
    assert account["officer"]["service_number"] == "330824001"
    assert account["officer"]["unit"]["code"] == "33082401"


def test_wrong_credentials(client: AccountClient) -> None:
    body = {"username": "command", "password": "wrong-password"}
    is_problem(client.post("/api/v1/sessions", json=body), 401, "access.wrong_credentials")


def test_a_cookie_needs_the_csrf_token(client: AccountClient) -> None:
    body = {"username": "command", "password": PASSWORD, "cookie": True}
    response = client.post("/api/v1/sessions", json=body)
    assert response.json["token"] == ""
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert client.get("/api/v1/sessions/current").status_code == 200
    is_problem(client.delete("/api/v1/sessions/current"), 403, "access.csrf")
    wrong = {context.CSRF_HEADER: "nonsense"}
    is_problem(client.delete("/api/v1/sessions/current", headers=wrong), 403, "access.csrf")
    right = {context.CSRF_HEADER: response.json["csrf_token"]}
    assert client.delete("/api/v1/sessions/current", headers=right).status_code == 204


def test_over_tls_cookies_are_this_very_hosts(client: AccountClient) -> None:
    tls, path = {"base_url": "https://localhost"}, "/api/v1/sessions"
    body = {"username": "command", "password": PASSWORD, "cookie": True, "device": "desk"}
    opened = client.post(path, json=body, **tls)
    given = opened.headers.getlist("Set-Cookie")
    assert {each.split("=")[0] for each in given} == {
        "__Host-gridserver_session",
        "__Host-gridserver_workplace",
    }
    for each in given:
        said = set(each.split("; ")[1:])
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= said
        assert not any(part.startswith("Domain") for part in said)
    assert client.get(f"{path}/current", **tls).status_code == 200
    csrf = {context.CSRF_HEADER: opened.json["csrf_token"]}
    ended = client.delete(f"{path}/current", headers=csrf, **tls)
    (back,) = ended.headers.getlist("Set-Cookie")
    assert back.startswith("__Host-gridserver_session=;") and "Secure" in back, "or it would stay"
    assert client.get_cookie("__Host-gridserver_session") is None


def test_over_tls_a_cookie_that_a_host_beside_may_have_set_is_none(client: AccountClient) -> None:
    body = {"username": "command", "password": PASSWORD}
    token = client.post("/api/v1/sessions", json=body).json["token"]
    client.set_cookie(context.COOKIE.name, token)
    assert client.get("/api/v1/sessions/current").status_code == 200
    over_tls = client.get("/api/v1/sessions/current", base_url="https://localhost")
    is_problem(over_tls, 401, "access.unauthenticated")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "username"),
        ({"username": "command"}, "password"),
        ({"username": 1, "password": "x"}, "username"),
        ({"username": "command", "password": "x", "passwort": "x"}, "passwort"),
    ],
)
def test_bad_input_names_its_field(client: AccountClient, body: dict[str, Any], field: str) -> None:
    document = is_problem(client.post("/api/v1/sessions", json=body), 422, "input.invalid")
    assert document["field"] == field
    assert document["detail"].startswith(field)


def test_a_nul_is_no_character(client: AccountClient, bearer: dict[str, str]) -> None:
    body = {"username": "com\0mand", "password": "x"}
    document = is_problem(client.post("/api/v1/sessions", json=body), 422, "input.characters")
    assert document["field"] == "username"
    nested = {"id": str(uuid.uuid4()), "verb": "return", "data": {"reason": ["a", {"b": "\0"}]}}
    refused = client.post("/api/v1/tasks/1/commands", json=nested, headers=bearer)
    assert is_problem(refused, 422, "input.characters")["field"] == "data"
    half = '{"username": "\\ud800", "password": "x"}'  # of a surrogate pair
    refused = client.post("/api/v1/sessions", data=half, content_type="application/json")
    assert is_problem(refused, 422, "input.characters")["field"] == "username"
    is_problem(client.get("/api/v1/force/officers?q=%00", headers=bearer), 422)
    is_problem(client.get("/api/v1/grid/versions/a%00b", headers=bearer), 404)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"username":' * 60 + "1" + "}" * 60])
def test_lists_in_lists_without_end_are_refused(client: AccountClient, body: str) -> None:
    refused = client.post("/api/v1/sessions", data=body, content_type="application/json")
    assert is_problem(refused, 422, "input.invalid")["field"] == "body"


def test_refusals_of_the_server_itself(client: AccountClient, bearer: dict[str, str]) -> None:
    broken = client.post("/api/v1/sessions", data="{", content_type="application/json")
    is_problem(broken, 400)
    is_problem(client.get("/api/v1/nothing", headers=bearer), 404)
    is_problem(client.get("/api/v2/bureau"), 404)
    not_allowed = client.get("/api/v1/inbox/ack", headers=bearer)
    is_problem(not_allowed, 405)
    assert set(not_allowed.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    big = client.post("/api/v1/sessions", data=b"x" * (3 << 20), content_type="application/json")
    is_problem(big, 413)


def test_what_was_not_modified_keeps_its_etag(
    client: AccountClient, bearer: dict[str, str]
) -> None:
    first = client.get("/api/v1/grid/versions/v1", headers=bearer)
    etag = first.headers["ETag"]
    again = client.get("/api/v1/grid/versions/v1", headers=bearer | {"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)


def test_the_database_going_away_is_said(bearer: dict[str, str]) -> None:
    app = create_app(from_environment({}), Database("postgresql://nobody@127.0.0.1:9/none"))
    response = app.test_client().get("/api/v1/bureau", headers=bearer)
    is_problem(response, 503, "database.down")
    is_problem(app.test_client().get("/readyz"), 503)
    assert app.test_client().get("/healthz").status_code == 200


def test_a_failure_tells_nothing_of_itself() -> None:
    app = create_app(from_environment({}), Database("postgresql://nobody@127.0.0.1:9/none"))
    app.add_url_rule("/fail", view_func=lambda: {}["secret"])
    answer = app.test_client().get("/fail")
    is_problem(answer, 500, "http.internal_server_error")
    assert "secret" not in answer.text and "Error" not in answer.json["detail"]


def test_no_request_leaves_a_transaction_behind(
    app: Flask, bearer: dict[str, str], database: Database
) -> None:
    """Whatever the answer was, the connection is back in the pool, and nothing uncommitted is."""
    client = app.test_client()
    for path, method, _ in operations(app):
        url = re.sub(r"\{[^}]+\}", "1", path)
        if url.endswith("sessions/current") and method == "delete":
            continue
        client.open(url, method=method.upper(), json={}, headers=bearer)
        assert database.engine.pool.checkedout() == 0, f"{method} {path}"


def test_the_description_for_the_front_end_is_up_to_date(client: AccountClient) -> None:
    committed = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    assert committed == client.get("/api/openapi.json").json, "run `make types`"


def test_metrics_are_for_the_loopback(client: AccountClient) -> None:
    assert b"gridserver_http_requests_total" in client.get("/metrics").data
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    is_problem(client.get("/metrics", environ_overrides=elsewhere), 403)
