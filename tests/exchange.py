"""The other side of the exchange: partners that sign, and an agency that listens."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy.orm import Session

from gridserver.base.keyring import Key, Keyring
from gridserver.exchange import mappings
from gridserver.partners import service as partners
from gridserver.partners import signatures
from gridserver.partners.models import Partner
from gridserver.partners.service import Terms
from gridserver.partners.signatures import Request
from tests.county import County, centre

SECRETS = {"110": "1" * 32, "12345": "2" * 32, "97": "3" * 32}
KEYRING = Keyring({code: Key((secret,)) for code, secret in SECRETS.items()})
ENVIRON = {f"GRIDSERVER_EXCHANGE_SECRET_{code}": secret for code, secret in SECRETS.items()}

#: How the 110 platform's messages are read.
RULES: dict[str, Any] = {
    "fields": {
        "external_id": "jjdbh",
        "category": "bjlb",
        "lon": "/wz/jd",
        "lat": "/wz/wd",
        "description": "bjnr",
        "reported_at": "bjsj",
    },
    "categories": {"01*": "dispute", "02*": "traffic"},
    "time_format": "%Y%m%d%H%M%S",
    "crs": "EPSG:4326",
}


def a_message(number: str = "A1", **changes: Any) -> dict[str, Any]:
    """Return a message of the 110 platform about the middle of the south-western cell."""
    lon, lat = centre(0, 0)
    message = {
        "jjdbh": number,
        "bjlb": "0101",
        "wz": {"jd": f"{lon:.6f}", "wd": f"{lat:.6f}"},
        "bjnr": "两人争吵",
        "bjsj": "20260310092900",
    }
    return message | changes


def signed(
    path: str,
    body: bytes,
    at: dt.datetime,
    *,
    secret: str = SECRETS["110"],
    nonce: str | None = None,
) -> dict[str, str]:
    """Return the headers of a signed POST."""
    request = Request("POST", path, body)
    return signatures.headers(secret, request, at=at, nonce=nonce or uuid.uuid4().hex)


def add_partner(
    session: Session,
    county: County,
    code: str = "110",
    *,
    rules: Mapping[str, Any] | None = None,
    **terms: Any,
) -> Partner:
    """Add a partner, with a mapping where `rules` are given."""
    admin = county.principal("admin")
    partner = partners.add(session, admin, code, Terms(**{"name": f"单位{code}"} | terms))
    if rules is not None:
        mappings.put(session, admin, code, rules, None)
    return partner


@dataclass
class Heard:
    """A request that an agency got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Agency:
    """An agency that listens on a port of its own.

    Attributes
    ----------
    answer
        Gives the status of each request; it may block.
    """

    answer: Callable[[Heard], int] = lambda _: 204
    heard: list[Heard] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def listening(self, tls: ssl.SSLContext | None = None) -> Iterator[Agency]:
        agency = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard = Heard(self.path, dict(self.headers), body)
                agency.heard.append(heard)
                status = agency.answer(heard)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"{agency.url}/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
