"""Signed messages: what is covered, what is refused, and the window."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

import pytest

from gridserver.base.errors import Unauthenticated
from gridserver.partners import signatures
from gridserver.partners.signatures import Request
from tests.conftest import MORNING

SECRET = "0123456789abcdef0123456789abcdef"
NONCE = "n" * 16
REQUEST = Request("POST", "/api/v1/exchange/110/incidents", '{"a": "案"}'.encode())
SIGNED = signatures.headers(SECRET, REQUEST, at=MORNING, nonce=NONCE)


def refused(
    request: Request = REQUEST, now: dt.datetime = MORNING, **headers: str
) -> Unauthenticated:
    given = SIGNED | {f"Exchange-{name.capitalize()}": value for name, value in headers.items()}
    with pytest.raises(Unauthenticated) as refusal:
        signatures.verify([SECRET], request, given, now)
    return refusal.value


def test_it_is_the_hmac_that_the_docs_describe() -> None:
    digest = hashlib.sha256(REQUEST.body).hexdigest()
    covered = f"v1\nPOST\n{REQUEST.path}\n{int(MORNING.timestamp())}\n{NONCE}\n{digest}"
    expected = hmac.new(SECRET.encode(), covered.encode(), "sha256").hexdigest()
    assert SIGNED[signatures.SIGNATURE] == f"v1={expected}"
    assert signatures.verify([SECRET], REQUEST, SIGNED, MORNING) == NONCE


def test_any_of_the_secrets_will_do() -> None:
    assert signatures.verify(["f" * 32, SECRET], REQUEST, SIGNED, MORNING) == NONCE


@pytest.mark.parametrize(
    "request_",
    [
        Request("PUT", REQUEST.path, REQUEST.body),
        Request("POST", "/api/v1/exchange/110/answers", REQUEST.body),
        Request("POST", REQUEST.path, REQUEST.body + b" "),
    ],
    ids=["method", "path", "body"],
)
def test_everything_is_covered(request_: Request) -> None:
    assert refused(request_).code == "exchange.bad_signature"


@pytest.mark.parametrize(
    "headers",
    [
        {"timestamp": str(int(MORNING.timestamp()) + 1)},
        {"nonce": "m" * 16},
        {"signature": "v1=" + "0" * 64},
        {"signature": SIGNED[signatures.SIGNATURE].removeprefix("v1=")},
        {"signature": ""},
    ],
)
def test_a_changed_header_is_no_signature(headers: dict[str, str]) -> None:
    assert refused(**headers).code == "exchange.bad_signature"


@pytest.mark.parametrize(
    "headers",
    [
        {"timestamp": ""},
        {"timestamp": "2026-03-10"},
        {"timestamp": "-1"},
        {"timestamp": "١٢٣"},
        {"timestamp": "9" * 40},
        {"nonce": ""},
        {"nonce": "short"},
        {"nonce": "n" * 65},
        {"nonce": "n" * 15 + "\n"},
        {"signature": "v1=é"},
    ],
)
def test_malformed_headers_are_no_signature(headers: dict[str, str]) -> None:
    assert refused(**headers).code == "exchange.unsigned"


def test_without_a_secret_nothing_is_signed() -> None:
    with pytest.raises(Unauthenticated) as refusal:
        signatures.verify([], REQUEST, SIGNED, MORNING)
    assert refusal.value.code == "exchange.bad_signature"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_message_is_stale(seconds: int) -> None:
    error = refused(now=MORNING + dt.timedelta(seconds=seconds))
    assert error.code == "exchange.stale"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_clocks_may_differ_by_five_minutes(seconds: int) -> None:
    now = MORNING + dt.timedelta(seconds=seconds)
    assert signatures.verify([SECRET], REQUEST, SIGNED, now) == NONCE
