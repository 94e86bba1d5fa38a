"""Before anything else of a request: hosts, origins, proxies, sizes, and clients that take their
time."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from flask import Flask

from gridserver.app import create_app
from gridserver.base.db import Database
from gridserver.base.settings import from_environment
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem
from tests.processes import Caller, WebProcess

SESSIONS = "/api/v1/sessions"
WRONG = {"username": "command", "password": "not-the-password"}
OURS, FOREIGN = "http://localhost:8000", "http://evil.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": "localhost.evil.example"},
        {"Host": "["},
        {"Host": "evil.example@localhost"},
        {"Host": "localhost/evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Host": "localhost, evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/healthz", SESSIONS, "/socket.io/?EIO=4&transport=polling"])
def test_a_foreign_host_is_refused(
    app: Flask, path: str, headers: dict[str, str], client: AccountClient
) -> None:
    is_problem(client.get(path, headers=headers), 421, "http.foreign_host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:9999"])
def test_its_own_names_are_answered(client: AccountClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200
    assert client.get("/healthz", headers={"X-Forwarded-Host": host}).status_code == 200


def test_names_are_added_by_origins(database: Database, county: County) -> None:
    origins = {"GRIDSERVER_ORIGINS": "https://grid.example:8443 http://[2001:db8::7]:80"}
    client = create_app(from_environment(origins), database).test_client()
    for host in ("grid.example", "grid.example:8443", "[2001:db8::7]:80"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
    given = {"Origin": "https://grid.example:8443"}
    is_problem(client.post(SESSIONS, json=WRONG, headers=given), 401)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": FOREIGN},
        {"Origin": "null"},
        {"Origin": "https://localhost:8000"},
        {"Origin": "http://localhost:8001"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_of_another_origin_changes_nothing(
    client: AccountClient, headers: dict[str, str]
) -> None:
    is_problem(client.post(SESSIONS, json=WRONG, headers=headers), 403, "http.foreign_origin")
    assert client.get("/healthz", headers=headers).status_code == 200


def test_its_own_pages_and_other_programs_do(client: AccountClient) -> None:
    for headers in ({"Origin": OURS, "Sec-Fetch-Site": "same-origin"}, {}):
        is_problem(client.post(SESSIONS, json=WRONG, headers=headers), 401)


def test_a_socket_of_another_origin_is_refused(server: WebProcess) -> None:
    answer = requests.get(
        f"{server.url}/socket.io/?EIO=4&transport=polling", headers={"Origin": FOREIGN}, timeout=60
    )
    assert answer.status_code == 400


POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/healthz", {}, 200),
        ("/nothing.js", {}, 404),
        ("/api/v1/bureau", {}, 401),
        ("/api/v1/bureau", {"Host": "evil.example"}, 421),
        (POLLING, {}, 200),
        (POLLING, {"Origin": FOREIGN}, 400),
    ],
)
def test_every_answer_tells_browsers_what_it_is_for(
    server: WebProcess, path: str, headers: dict[str, str], status: int
) -> None:
    answer = requests.get(server.url + path, headers=headers, timeout=60)
    assert answer.status_code == status
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in answer.headers, "it has no certificate"
    assert answer.headers.get("Cache-Control") == ("no-store" if "/api/" in path else None)


def test_a_method_that_would_show_what_was_sent_is_not_known(server: WebProcess) -> None:
    for path in ("/", "/healthz", SESSIONS):
        sent = {"Cookie": "gridserver_session=secret"}
        answer = requests.request("TRACE", server.url + path, headers=sent, timeout=60)
        assert answer.status_code in {401, 405} and "secret" not in answer.text


def two_requests(server: WebProcess, lengths: bytes) -> list[bytes]:
    """Send a request that ends as `lengths` say, five bytes or no chunks, and another one
    behind it; return the statuses of the answers."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        line.sendall(
            b"POST /healthz HTTP/1.1\r\nHost: localhost\r\n" + lengths + b"\r\n0\r\n\r\n"
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        with line.makefile("rb") as answers:
            return re.findall(rb"HTTP/1.1 (\d+)", answers.read())


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nContent-Length: 4\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0_5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_where_a_request_ends_is_never_guessed(server: WebProcess, lengths: bytes) -> None:
    """Else a proxy could see one request where the server sees two (RFC 9112, 11.2)."""
    assert two_requests(server, lengths) == [b"400"]


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: Chunked\r\n",
    ],
)
def test_chunks_go_before_a_length(server: WebProcess, lengths: bytes) -> None:
    assert two_requests(server, lengths) == [b"405", b"200"]


# --- proxies


Fail = Callable[..., Any]


@pytest.fixture
def behind(database: Database, county: County) -> Callable[[int], Fail]:
    """Fail to sign in through so many trusted proxies: `behind(1)(forwarded, username)`."""

    def through(proxies: int) -> Fail:
        settings = from_environment({"GRIDSERVER_TRUSTED_PROXIES": str(proxies)})
        client = create_app(settings, database).test_client()

        def fail(forwarded: str, username: str = "command") -> Any:
            return client.post(
                SESSIONS,
                json=WRONG | {"username": username},
                headers={"X-Forwarded-For": forwarded},
                environ_overrides={"REMOTE_ADDR": "10.0.0.1"},
            )

        return fail

    return through


def test_behind_a_proxy_each_client_has_its_own_lock(behind: Callable[[int], Fail]) -> None:
    fail = behind(1)
    for nth in range(5):
        # What a client says of itself stands before what the proxy says of it.
        is_problem(fail(f"192.0.2.{nth}, 198.51.100.7"), 401)
    is_problem(fail("192.0.2.99, 198.51.100.7"), 429, "access.too_many_attempts")
    is_problem(fail("198.51.100.8"), 401)


def test_two_proxies_are_two_hops(behind: Callable[[int], Fail]) -> None:
    fail = behind(2)
    for nth in range(5):
        is_problem(fail(f"192.0.2.{nth}, 198.51.100.7, 10.0.0.2"), 401)
    is_problem(fail("198.51.100.7, 10.0.0.2"), 429)
    is_problem(fail("198.51.100.8, 10.0.0.2"), 401)


def test_without_a_proxy_nobody_says_who_they_are(behind: Callable[[int], Fail]) -> None:
    fail = behind(0)
    for nth in range(5):
        is_problem(fail(f"198.51.100.{nth}"), 401)
    is_problem(fail("198.51.100.99"), 429)


def test_metrics_are_for_no_proxy(client: AccountClient) -> None:
    is_problem(client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}), 403)


# --- sizes and slow clients


@pytest.mark.parametrize("path", [SESSIONS, "/api/v1/incidents"])
def test_a_body_that_is_too_large_is_refused(server: WebProcess, path: str) -> None:
    large = requests.post(
        server.url + path,
        data=b"x" * (3 << 20),
        headers={"Content-Type": "application/json"},
        timeout=60,
    )
    assert large.status_code == 413, large.text


#: More than a web process has connections to the database.
MANY = 40


@pytest.fixture
def trickle(server: WebProcess) -> Iterator[Callable[[str], None]]:
    """Begin a request whose body never comes."""
    with ExitStack() as stack:

        def begin(token: str) -> None:
            line = stack.enter_context(
                socket.create_connection(("127.0.0.1", server.port), timeout=60)
            )
            line.sendall(
                b"POST /api/v1/incidents/preview HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: 1000\r\n"
                b"Authorization: Bearer " + token.encode() + b"\r\n\r\n{"
            )

        yield begin


def test_slow_bodies_delay_nobody_else(
    trickle: Callable[[str], None], http: Callable[[str], Caller]
) -> None:
    quick = http("command")
    for _ in range(MANY):
        trickle(quick.token)
    preview = {"lon": 118.405, "lat": 29.105}
    for _ in range(3):
        assert quick.post("/api/v1/incidents/preview", json=preview).status_code == 200


# --- rates


@pytest.fixture
def few(database: Database, county: County) -> AccountClient:
    """A client of an application that takes three changes of an account, five of an address, and
    four reads of an account, in a minute."""
    environ = {
        "GRIDSERVER_ACCOUNT_RATE": "3",
        "GRIDSERVER_ADDRESS_RATE": "5",
        "GRIDSERVER_ACCOUNT_READ_RATE": "4",
    }
    app = create_app(from_environment(environ), database)
    app.test_client_class = AccountClient
    return app.test_client()


ACTIVITY = "/api/v1/sessions/current/activity"


def test_too_many_changes_of_an_account_are_refused(few: AccountClient) -> None:
    desk = few.as_("command")
    assert [desk.post(ACTIVITY).status_code for _ in range(3)] == [204] * 3
    refused = desk.post(ACTIVITY, environ_overrides={"REMOTE_ADDR": "192.0.2.9"})
    said = is_problem(refused, 429, "access.too_many_requests")
    assert refused.headers["Retry-After"] == str(said["retry_after_s"])
    assert 0 < said["retry_after_s"] <= 60
    assert desk.get("/api/v1/sessions/current").status_code == 200, "looking on is no change"


def test_too_many_changes_from_an_address_are_refused(few: AccountClient) -> None:
    desk = few.as_("command")
    for _ in range(4):
        is_problem(few.post(SESSIONS, json=WRONG | {"username": "nobody"}), 401)
    is_problem(few.post(SESSIONS, json=WRONG), 429, "access.too_many_requests")
    is_problem(desk.post(ACTIVITY), 429, "access.too_many_requests")
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    assert desk.post(ACTIVITY, environ_overrides=elsewhere).status_code == 204


def test_too_many_reads_of_an_account_are_refused(few: AccountClient) -> None:
    """By all its sessions together; tiles are apart, and so are changes."""
    reader, second = few.as_("command"), few.as_("command")
    for desk in (reader, second) * 2:
        assert desk.get(f"{SESSIONS}/current").status_code == 200
    for desk, path in ((reader, f"{SESSIONS}/current"), (second, "/ogc/collections")):
        refused = desk.get(path, environ_overrides={"REMOTE_ADDR": "192.0.2.9"})
        said = is_problem(refused, 429, "access.too_many_requests")
        assert refused.headers["Retry-After"] == str(said["retry_after_s"])
    assert reader.get("/tiles/grid.json").status_code == 200
    assert reader.post(ACTIVITY).status_code == 204
    assert few.as_("admin").get(f"{SESSIONS}/current").status_code == 200
    assert few.get(f"{SESSIONS}/ways").status_code == 200
