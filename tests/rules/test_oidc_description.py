"""What a provider may say of itself and, in its tokens, of others: read from a server of the test's
own."""

from __future__ import annotations

import base64
import datetime as dt
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from gridserver.access import oidc
from gridserver.access.oidc import Begun, Identity, Provider
from gridserver.base.errors import Unauthenticated, Unavailable
from gridserver.base.identity import IdentityProvider

NOW = dt.datetime(2026, 3, 10, 1, 30, tzinfo=dt.UTC)
PAGE = "http://localhost:8000/login/provider"
SECRET = "a-secret-that-the-provider-shares-with-us"
WELL_KNOWN = "/.well-known/openid-configuration"
KEY, ANOTHERS = (ECKey.generate_key("P-256", {"kid": "of-2026"}) for _ in range(2))


Described = Callable[..., Provider]


@pytest.fixture
def described() -> Iterator[Callable[..., Provider]]:
    """Give the provider that describes itself so, beside what it must say, and gives that token."""
    documents: dict[str, Any] = {}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(documents[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        issuer = f"http://127.0.0.1:{server.server_port}"

        def described(id_token: str = "", **more: Any) -> Provider:
            documents["/keys"] = {"keys": [KEY.as_dict(private=False)]}
            documents["/token"] = {
                "access_token": "-",
                "token_type": "Bearer",
                "id_token": id_token,
            }
            documents[WELL_KNOWN] = {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/auth",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
            } | more
            return Provider(IdentityProvider(issuer, "gridserver", SECRET))

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


def test_who_is_away_is_not_asked_by_each_who_comes() -> None:
    """It takes a call and says nothing; each would wait as long as the first."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        provider = Provider(IdentityProvider(f"http://127.0.0.1:{line.getsockname()[1]}", "-"))
        heard: list[socket.socket] = []

        def hang_up() -> None:
            with suppress(OSError):
                while True:
                    heard.append(line.accept()[0])
                    heard[-1].close()

        threading.Thread(target=hang_up, daemon=True).start()
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(provider.begin, PAGE, NOW) for _ in range(4)]
            for each in asked:
                with pytest.raises(Unavailable):
                    each.result(60)
        assert len(heard) == 1
        line.shutdown(socket.SHUT_RDWR)


def test_who_was_away_is_there_again(described: Described, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = described(jwks_uri="http://127.0.0.1:1/keys")
    with pytest.raises(Unavailable):
        provider.begin(PAGE, NOW)
    described()  # it is the same server
    with pytest.raises(Unavailable):
        provider.begin(PAGE, NOW)
    monkeypatch.setattr(oidc, "_AWAY_S", 0.0)
    provider = described(jwks_uri="http://127.0.0.1:1/keys")
    with pytest.raises(Unavailable):
        provider.begin(PAGE, NOW)
    described()
    assert provider.begin(PAGE, NOW)


@pytest.mark.parametrize(
    ("token", "more"),
    [("-" * (1 << 20), {}), ("", {"padding": "-" * (1 << 20)})],
    ids=["token", "description"],
)
def test_an_answer_without_end(described: Described, token: str, more: dict[str, str]) -> None:
    begun = Begun("state", "nonce", "verifier", PAGE, int(NOW.timestamp()))
    with pytest.raises(Unavailable) as refusal:
        described(token, **more).finish(begun, "code", None, NOW)
    assert refusal.value.code == "access.provider_away"


Sign = Callable[[dict[str, Any]], str]


def signed(claims: dict[str, Any], key: ECKey | OctKey = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": "of-2026"} | header, claims, key, ["ES256", "HS256"])


def unsigned(claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def altered(claims: dict[str, Any]) -> str:
    head, _, signature = signed(claims | {"preferred_username": "wang"}).split(".")
    return f"{head}.{unsigned(claims).split('.')[1]}.{signature}"


def finished(described: Described, sign: Sign, **other: Any) -> Identity:
    """Come back from the provider with a token of these claims, beside those that it must have;
    without those that are None."""
    begun, now = Begun("state", "nonce", "verifier", PAGE, int(NOW.timestamp())), NOW.timestamp()
    claims = {
        "iss": described().settings.issuer,
        "aud": "gridserver",
        "sub": "7",
        "nonce": begun.nonce,
        "iat": now,
        "exp": now + 60,
        "auth_time": now,
        "preferred_username": "chen",
    } | other
    token = sign({name: value for name, value in claims.items() if value is not None})
    return described(token).finish(begun, "code", None, NOW)


def test_a_token_that_holds(described: Described) -> None:
    who = Identity(described().settings.issuer, "7", "chen", is_strong=False)
    assert finished(described, signed) == who


@pytest.mark.parametrize(
    "sign",
    [
        lambda claims: signed(claims, ANOTHERS),
        lambda claims: signed(claims, ANOTHERS, jwk=ANOTHERS.as_dict(private=False)),
        lambda claims: signed(claims, OctKey.import_key(SECRET), alg="HS256"),
        unsigned,
        altered,
        lambda claims: "no token",
    ],
    ids=["another key", "its own key", "the shared secret", "unsigned", "altered", "none"],
)
def test_a_token_that_the_provider_did_not_sign(described: Described, sign: Sign) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        finished(described, sign)
    assert refusal.value.code == "access.provider_answer"


@pytest.mark.parametrize(
    "claim",
    [
        {"aud": "another-client"},
        {"aud": None},
        {"iss": "https://id.example"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": NOW.timestamp() - 61},
        {"exp": None},
        {"auth_time": NOW.timestamp() - 61},
        {"auth_time": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in(described: Described, claim: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        finished(described, signed, **claim)
    assert refusal.value.code == "access.provider_answer"
