"""Errors with stable codes: every refusal the server makes is one of these.

`gridserver.api.problems` turns them into ``application/problem+json`` (RFC 9457), the command
line into one line on stderr. The code is a promise to clients; the message is for people and
names the field and the remedy.
"""

from __future__ import annotations

from typing import Any


class GridserverError(Exception):
    """Base of all refusals.

    Parameters
    ----------
    code : str
        Stable, dotted, lower case: ``room.reason``, e.g. ``task.wrong_state``.
    message : str
        One or two sentences for a person, with the remedy.
    field : str, optional
        The input field that caused the refusal.
    extra : Any
        JSON-able members that the problem document carries beside the standard ones.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.extra = extra


class Invalid(GridserverError):
    """The input can't be right, whatever the state of the server (HTTP 422)."""


class Unauthenticated(GridserverError):
    """Nobody, or nobody any longer, stands behind the request (HTTP 401).

    `challenge` is what WWW-Authenticate says (RFC 9110, 11.6.1). `account_id` is whose account
    somebody was kept from, where that is known: for the ledger, nobody is told.
    """

    challenge = 'Bearer realm="gridserver"'

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        account_id: int | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code, message, field=field, **extra)
        self.account_id = account_id


class Forbidden(GridserverError):
    """The account is known and may not do this here (HTTP 403)."""


class NotFound(GridserverError):
    """There is no such thing (HTTP 404)."""


class OutOfReach(NotFound):
    """There is none that whoever asks may see; whether there is one at all, nobody is told.

    It is answered as any `NotFound`. Whoever tries one id after another is noted for it, as for a
    `Forbidden` (`gridserver.api.refusals`).
    """


class Conflict(GridserverError):
    """The input is right in itself but doesn't fit the present state (HTTP 409)."""


class Stale(GridserverError):
    """The change was made on a state that is no longer the present one (HTTP 412)."""


class Limited(GridserverError):
    """It was asked too often; after `retry_after_s` seconds it may be asked again (HTTP 429)."""

    def __init__(self, code: str, message: str, *, retry_after_s: int, **extra: Any) -> None:
        super().__init__(code, message, retry_after_s=retry_after_s, **extra)
        self.retry_after_s = retry_after_s


class Unavailable(GridserverError):
    """A part that the server needs doesn't answer (HTTP 503)."""
