"""The cookies that a browser is given: read by no script, sent by no other site's page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Response, request

#: Of a cookie with such a name a browser is sure that this very host set it, over TLS, and no page
#: of a host beside it (RFC 6265bis, 4.1.3.2). Without TLS it takes none.
_OF_THIS_HOST = "__Host-"


@dataclass(frozen=True)
class Cookie:
    """A cookie of ours.

    Attributes
    ----------
    name
        As it is called without TLS.
    path
        Below which it is sent without TLS; the prefix asks for all of them.
    """

    name: str
    path: str = "/"

    def given(self) -> str | None:
        """Return what the present request's browser sent."""
        return request.cookies.get(self._name())

    def give(self, response: Response, value: str, lasts: dt.timedelta | dt.datetime) -> None:
        """Have the browser keep a value so long, or until then."""
        until = {"expires": lasts} if isinstance(lasts, dt.datetime) else {"max_age": lasts}
        response.set_cookie(
            self._name(),
            value,
            path=self._path(),
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
            **until,
        )

    def take_back(self, response: Response) -> None:
        """Have the browser forget it."""
        response.delete_cookie(
            self._name(),
            path=self._path(),
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )

    def _name(self) -> str:
        return f"{_OF_THIS_HOST}{self.name}" if request.is_secure else self.name

    def _path(self) -> str:
        return "/" if request.is_secure else self.path
