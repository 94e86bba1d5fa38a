"""What is looked at before anything else of a request, pages and sockets alike.

By which name the server is asked, whose page asks, and through which proxies: so that no page of
another host gets at it by a name that it points here (DNS rebinding), and no client says of itself
that it is another.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import Flask
from structlog import get_logger
from werkzeug.middleware.proxy_fix import ProxyFix

from gridserver.access.limits import network
from gridserver.access.rates import Rates
from gridserver.api import problems
from gridserver.api.headers import Application, Environ, Headers
from gridserver.api.refusals import MOST
from gridserver.base.settings import Settings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: What an address may hold beside a host and a port (RFC 3986, 3.2), and Host may not.
_NO_HOST = frozenset("@/?#\\")


class Refusal(NamedTuple):
    """What whoever is not let in is answered."""

    status: int
    code: str
    detail: str


_FOREIGN_HOST = Refusal(
    421,
    "http.foreign_host",
    "This server answers to its own names only; GRIDSERVER_ORIGINS adds one.",
)
_FOREIGN_ORIGIN = Refusal(
    403,
    "http.foreign_origin",
    "A page of another origin changes nothing here; GRIDSERVER_ORIGINS adds one.",
)

log = get_logger()


class Doors:
    """Lets in what asks for one of the server's hosts and, where it would change something, comes
    from no other origin than the server's.

    `X-Forwarded-Host` is believed by nobody here; a foreign one is refused all the same, since
    somebody means it to be believed. Clients that are no browsers name no origin.
    """

    def __init__(self, application: Application, settings: Settings) -> None:
        self._application = application
        self._hosts = frozenset(settings.allowed_hosts)
        self._origins = frozenset(settings.allowed_origins)
        self._lines = Rates(MOST)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        refusal = self._refusal(environ)
        if refusal is None:
            return self._application(environ, start_response)
        self._note(environ, refusal.code)
        return problems.problem(*refusal)(environ, start_response)

    def _note(self, environ: Environ, code: str) -> None:
        """Write who was refused to the log: of one address at most `MOST` lines in a minute."""
        address = environ.get("REMOTE_ADDR")
        if self._lines.take(network(address), time.monotonic()):
            return
        log.warning(
            "door.refused",
            code=code,
            address=address,
            host=environ.get("HTTP_X_FORWARDED_HOST") or environ.get("HTTP_HOST"),
            origin=environ.get("HTTP_ORIGIN"),
            asked=f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}",
        )

    def _refusal(self, environ: Environ) -> Refusal | None:
        for header in ("HTTP_HOST", "HTTP_X_FORWARDED_HOST"):
            asked = environ.get(header)
            if asked is not None and not self._is_ours(asked):
                return _FOREIGN_HOST
        origin = environ.get("HTTP_ORIGIN")
        is_change = environ["REQUEST_METHOD"] not in _SAFE
        if is_change and (
            environ.get("HTTP_SEC_FETCH_SITE") == "cross-site"
            or (origin is not None and origin not in self._origins)
        ):
            return _FOREIGN_ORIGIN
        return None

    def _is_ours(self, asked: str) -> bool:
        if _NO_HOST & set(asked):
            return False
        try:
            return all(
                urlsplit(f"//{each.strip()}").hostname in self._hosts for each in asked.split(",")
            )
        except ValueError:
            return False


def install(app: Flask, settings: Settings) -> None:
    """Put the doors before `app`, what every answer says before them, and before that the proxies
    that it trusts: so many hops of `X-Forwarded-For` and `X-Forwarded-Proto` are believed, from the
    nearest."""
    app.wsgi_app = Headers(Doors(app.wsgi_app, settings), settings)  # type: ignore[method-assign]
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=0
        )
