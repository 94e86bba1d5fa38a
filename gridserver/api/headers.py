"""What every answer tells a browser, whoever gives it: a page, the API, Socket.IO, a refusal at the
door."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gridserver import certificates
from gridserver.base.settings import Settings

#: Ask by HTTPS alone (RFC 6797). Not where the local authority vouches for the server: a browser
#: that has to trust it anew would let nobody go on to fetch it.
_ONE_YEAR = "max-age=31536000; includeSubDomains"

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
Fields = list[tuple[str, str]]


class Headers:
    """Adds to each answer of `application` what it doesn't say for itself."""

    def __init__(self, application: Application, settings: Settings) -> None:
        self._application = application
        basemap = settings.basemap
        self._everywhere = {
            "Content-Security-Policy": content_policy(basemap.origin if basemap else None),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }
        if settings.tls_certificate and not certificates.is_local(settings):
            self._everywhere["Strict-Transport-Security"] = _ONE_YEAR
        self._in_the_api = self._everywhere | {"Cache-Control": "no-store"}

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        is_api = environ["PATH_INFO"].startswith("/api/")
        usual = self._in_the_api if is_api else self._everywhere

        def start(status: str, fields: Fields, *more: Any) -> Any:
            said = {name.title() for name, _ in fields}
            added = [(name, value) for name, value in usual.items() if name.title() not in said]
            return start_response(status, fields + added, *more)

        return self._application(environ, start)


def content_policy(tile_host: str | None) -> str:
    """Return the content security policy: no inline script or style, and nothing from another host
    (the police network is air-gapped) but the tiles of the basemap that the installation names."""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            " ".join(("connect-src 'self'", *([tile_host] if tile_host else []))),
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
