"""What a provider's description may say: read from a server of the test's own."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc.jwk import ECKey

from gridserver.access.oidc import Provider
from gridserver.base.errors import Unavailable
from gridserver.base.identity import IdentityProvider

NOW = dt.datetime(2026, 3, 10, 1, 30, tzinfo=dt.UTC)
PAGE = "http://localhost:8000/login/provider"
WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.fixture
def described() -> Iterator[Callable[..., Provider]]:
    """Give the provider that describes itself so, beside what it must say."""
    documents: dict[str, Any] = {}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(documents[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        issuer = f"http://127.0.0.1:{server.server_port}"

        def described(**more: Any) -> Provider:
            key = ECKey.generate_key("P-256").as_dict(private=False)
            documents["/keys"] = {"keys": [key]}
            documents[WELL_KNOWN] = {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/auth",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
            } | more
            return Provider(IdentityProvider(issuer, "gridserver"))

        yield described
        server.shutdown()


def test_what_it_must_say_is_enough(described: Callable[..., Provider]) -> None:
    address, _ = described().begin(PAGE, NOW)
    assert "/auth?" in address


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("authorization_endpoint", "http://id.example/auth"),
        ("token_endpoint", "http://id.example/token"),
        ("jwks_uri", "http://id.example/keys"),
        ("userinfo_endpoint", "http://id.example/me"),
        ("userinfo_endpoint", "file:///etc/passwd"),
        ("issuer", "https://id.example"),
    ],
)
def test_nobody_on_the_way_may_say_who_somebody_is(
    described: Callable[..., Provider], name: str, address: str
) -> None:
    with pytest.raises(Unavailable) as refusal:
        described(**{name: address}).begin(PAGE, NOW)
    assert refusal.value.code == "access.provider_away"
