"""Signed messages between two systems that share a secret: pure.

HMAC-SHA256 (RFC 2104) over what RFC 9421 calls the covered components: method, path, time, nonce
and a digest of the body. Both directions are signed alike; docs/exchange.md has an example.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gridserver.base.errors import Unauthenticated

TIMESTAMP = "Exchange-Timestamp"
NONCE = "Exchange-Nonce"
SIGNATURE = "Exchange-Signature"
HEADERS = (TIMESTAMP, NONCE, SIGNATURE)

#: How far the sender's clock may be from ours.
WINDOW = dt.timedelta(seconds=300)

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SCHEME = "v1="


class Unsigned(Unauthenticated):
    """No partner's signature stands behind the message."""

    challenge = 'Exchange-Signature realm="gridserver"'


@dataclass(frozen=True)
class Request:
    """A message as it is signed. `path` is as the sender wrote it, without host and query."""

    method: str
    path: str
    body: bytes


def headers(secret: str, request: Request, *, at: dt.datetime, nonce: str) -> dict[str, str]:
    """Return the three headers that sign `request`."""
    timestamp = str(int(at.timestamp()))
    return {
        TIMESTAMP: timestamp,
        NONCE: nonce,
        SIGNATURE: _SCHEME + _hmac(secret, request, timestamp, nonce),
    }


def verify(
    secrets: Sequence[str], request: Request, given: Mapping[str, str], now: dt.datetime
) -> str:
    """Return the nonce of a message that one of `secrets` signed.

    Raises
    ------
    Unsigned
        ``exchange.unsigned``: a header is missing or malformed; ``exchange.stale``: the time is
        more than `WINDOW` from `now`; ``exchange.bad_signature``: none of the secrets signed it.
    """
    timestamp, nonce = given.get(TIMESTAMP, ""), given.get(NONCE, "")
    signature = given.get(SIGNATURE, "")
    if not (_is_timestamp(timestamp) and _NONCE.fullmatch(nonce) and signature.isascii()):
        raise Unsigned(
            "exchange.unsigned",
            f"Sign the request: {TIMESTAMP} in seconds, {NONCE} of 16 to 64 letters, digits, - and "
            f"_, {SIGNATURE} as v1=<hex>.",
        )
    # Every secret is tried, so that the time taken doesn't tell which one it was.
    matches = [
        hmac.compare_digest(_SCHEME + _hmac(secret, request, timestamp, nonce), signature)
        for secret in secrets
    ]
    if not any(matches):
        raise Unsigned(
            "exchange.bad_signature",
            "The signature doesn't fit: compare secret, method, path, time, nonce and body.",
        )
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise Unsigned(
            "exchange.stale",
            f"{TIMESTAMP} is more than {WINDOW.seconds} s from our clock; sign it again now.",
            now=now.isoformat(),
        )
    return nonce


def _is_timestamp(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


def _hmac(secret: str, request: Request, timestamp: str, nonce: str) -> str:
    digest = hashlib.sha256(request.body).hexdigest()
    covered = "\n".join(("v1", request.method, request.path, timestamp, nonce, digest))
    return hmac.new(secret.encode(), covered.encode(), hashlib.sha256).hexdigest()
