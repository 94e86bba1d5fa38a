"""What is looked at before anything else of a request, pages and sockets alike.

By which name the server is asked, whose page asks, and through which proxies: so that no page of
another host gets at it by a name that it points here (DNS rebinding), and no client says of itself
that it is another.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from gridserver.api import problems
from gridserver.api.headers import Application, Environ, Headers
from gridserver.base.settings import Settings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: What an address may hold beside a host and a port (RFC 3986, 3.2), and Host may not.
_NO_HOST = frozenset("@/?#\\")


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

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        refused = self._refused(environ)
        if refused is None:
            return self._application(environ, start_response)
        return refused(environ, start_response)

    def _refused(self, environ: Environ) -> Response | None:
        for header in ("HTTP_HOST", "HTTP_X_FORWARDED_HOST"):
            asked = environ.get(header)
            if asked is not None and not self._is_ours(asked):
                return problems.problem(
                    421,
                    "http.foreign_host",
                    "This server answers to its own names only; GRIDSERVER_ORIGINS adds one.",
                )
        origin = environ.get("HTTP_ORIGIN")
        is_change = environ["REQUEST_METHOD"] not in _SAFE
        if is_change and (
            environ.get("HTTP_SEC_FETCH_SITE") == "cross-site"
            or (origin is not None and origin not in self._origins)
        ):
            return problems.problem(
                403,
                "http.foreign_origin",
                "A page of another origin changes nothing here; GRIDSERVER_ORIGINS adds one.",
            )
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
