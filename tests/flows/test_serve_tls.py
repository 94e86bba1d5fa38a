"""`gridserver serve --tls` as a phone meets it."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import socketio
from sqlalchemy.engine import URL

from gridserver.base.clock import SystemClock
from gridserver.base.db import Database
from gridserver.certificates import certify
from tests.county import PASSWORD, commit_county
from tests.processes import GRIDSERVER, free_port
from tests.waiting import until

OFFICER = "330824001"


class Served:
    """`gridserver serve --tls` on a free port."""

    def __init__(self, url: URL, folder: Path, *options: str, **environ: str) -> None:
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.authority = folder / "tls" / "ca.crt"
        self.said = folder / f"said-{self.port}"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [GRIDSERVER, "serve", "--no-worker", *options],
                env=os.environ
                | {
                    "GRIDSERVER_DATABASE_URL": url.render_as_string(hide_password=False),
                    "GRIDSERVER_PORT": str(self.port),
                    "GRIDSERVER_VAR": str(folder),
                }
                | environ,
                stderr=said,
                start_new_session=True,
            )
        until(self.answers, within=60)

    def answers(self) -> bool:
        assert self.process.poll() is None, self.said.read_text()
        try:
            return self.get("/healthz").ok
        except requests.exceptions.SSLError:
            raise
        except (requests.ConnectionError, OSError):
            return False

    def get(self, path: str, **headers: str) -> requests.Response:
        authority = str(self.authority)
        return requests.get(self.url + path, headers=headers, verify=authority, timeout=10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)


@pytest.fixture
def serve(database_url: URL, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    commit_county(Database(database_url))
    started: list[Served] = []

    def start(*options: str, **environ: str) -> Served:
        started.append(Served(database_url, tmp_path, *options, **environ))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


def sign_in(served: Served) -> requests.Response:
    return requests.post(
        f"{served.url}/api/v1/sessions",
        json={"username": OFFICER, "password": PASSWORD, "cookie": True},
        verify=str(served.authority),
        timeout=10,
    )


def test_https_and_wss_by_the_local_authority(serve: Callable[..., Served]) -> None:
    served = serve("--tls")
    answer = sign_in(served)
    assert answer.status_code == 201
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-gridserver_session=") and "Secure" in cookie
    heard: list[object] = []
    trusting = ssl.create_default_context(cafile=served.authority)
    client = socketio.Client(
        websocket_extra_options={"sslopt": {"context": trusting}}, reconnection=False
    )
    client.on("*", lambda event, data: heard.append(event), namespace="/terminal")
    client.connect(
        served.url,
        namespaces=["/terminal"],
        transports=["websocket"],
        headers={"Cookie": answer.headers["Set-Cookie"].split(";")[0]},
        auth={"csrf": answer.json()["csrf_token"], "epoch": "another", "seq": 7},
        wait_timeout=20,
    )
    until(lambda: "resync" in heard)
    # Many frames of many sizes, over TLS records that are cut elsewhere.
    for size in (1, 20_000, 90_000):
        refused = client.call("ack", {"seq": "x" * size}, namespace="/terminal", timeout=20)
        assert refused["status"] == "refused"
    client.disconnect()


def test_what_could_be_broken_is_not_agreed_on(serve: Callable[..., Served]) -> None:
    served = serve("--tls")

    def agreed(ciphers: str) -> str | None:
        context = ssl.create_default_context(cafile=served.authority)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
        with socket.create_connection(("localhost", served.port), timeout=10) as line:
            try:
                with context.wrap_socket(line, server_hostname="localhost") as wrapped:
                    return (wrapped.cipher() or ("",))[0]
            except (ssl.SSLError, ConnectionResetError):
                return None

    for safe in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"):
        assert agreed(safe) == safe
    assert agreed("ECDHE-ECDSA-AES128-SHA256") is None, "CBC"


def test_the_phone_finds_the_authority_and_its_fingerprint(serve: Callable[..., Served]) -> None:
    served = serve("--tls", "--tls-name", "10.9.8.7")
    answer = served.get("/ca.crt")
    assert answer.content == served.authority.read_bytes()
    assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert "Strict-Transport-Security" not in answer.headers, "it could never be fetched anew"
    der = ssl.PEM_cert_to_DER_cert(answer.text)
    fingerprint = hashlib.sha256(der).digest().hex(":").upper()
    said = served.said.read_text()
    assert fingerprint in said
    assert f"https://10.9.8.7:{served.port}/ca.crt" in said
    assert f"https://localhost:{served.port}/" in said


def test_plain_http_and_silence_delay_nobody(serve: Callable[..., Served]) -> None:
    served = serve("--tls")
    silent = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(20)]
    with pytest.raises((requests.ConnectionError, requests.exceptions.InvalidSchema)):
        requests.get(f"http://localhost:{served.port}/healthz", timeout=10)
    assert served.get("/healthz").ok
    for each in silent:
        each.close()


def test_the_bureaus_own_certificate_goes_before(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    first = serve("--tls")
    assert first.stop() == 0
    folder = tmp_path / "tls"
    own = {
        "GRIDSERVER_TLS_CERTIFICATE": str(folder / "server.pem"),
        "GRIDSERVER_TLS_KEY": str(folder / "server-key.pem"),
    }
    before = (folder / "server.pem").stat().st_mtime_ns
    second = serve("--tls", "--tls-name", "other.local", **own)
    assert second.get("/readyz").ok
    assert (folder / "server.pem").stat().st_mtime_ns == before


def test_by_the_bureaus_own_certificate_browsers_ask_by_https_alone(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    """Whatever is answered, a refusal at the door too."""
    made = certify(tmp_path / "own", ["localhost"], SystemClock().now())
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "ca.crt").write_bytes(made.authority.read_bytes())
    served = serve(
        GRIDSERVER_TLS_CERTIFICATE=str(made.certificate), GRIDSERVER_TLS_KEY=str(made.key)
    )
    for path, headers, status in (
        ("/healthz", {}, 200),
        ("/nothing.js", {}, 404),
        ("/api/v1/bureau", {}, 401),
        ("/api/v1/bureau", {"Host": "evil.example"}, 421),
    ):
        answer = served.get(path, **headers)
        assert answer.status_code == status
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"GRIDSERVER_TLS_CERTIFICATE": __file__}, "GRIDSERVER_TLS_KEY"),
        ({"GRIDSERVER_TLS_KEY": __file__}, "GRIDSERVER_TLS_CERTIFICATE"),
        (
            {"GRIDSERVER_TLS_CERTIFICATE": "/nowhere", "GRIDSERVER_TLS_KEY": __file__},
            "GRIDSERVER_TLS_CERTIFICATE",
        ),
    ],
)
def test_half_a_certificate_stops_the_start(environ: dict[str, str], named: str) -> None:
    done = subprocess.run(
        [GRIDSERVER, "serve"], env=os.environ | environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert named in line
