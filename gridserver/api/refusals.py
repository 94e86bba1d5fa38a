"""Who asked for what their role or their place doesn't allow, or too often: a line of the log each
(ASVS 5.0, 16.3.2, 16.3.3), so that somebody who tries doors, or one id after another, is seen."""

from __future__ import annotations

import time

from flask import request
from structlog import get_logger

from gridserver.access.rates import Rates
from gridserver.base.errors import Forbidden, Limited, OutOfReach

#: Lines in a minute for one account: what more there is says nothing new, and fills no disk.
MOST = 60

log = get_logger()


class Refusals:
    """Notes the refusals of a process."""

    def __init__(self) -> None:
        self._lines = Rates(MOST)

    def note(self, error: Exception | None, account_id: int | None) -> None:
        """Write who was refused what by the present request, or the present event of a socket;
        nothing for an error that says nothing of what somebody may do, and how often."""
        if not isinstance(error, Forbidden | OutOfReach | Limited):
            return
        if self._lines.take(account_id, time.monotonic()):
            return
        event = getattr(request, "event", None)
        log.warning(
            "access.refused",
            code=error.code,
            account=account_id,
            permission=error.extra.get("permission"),
            address=request.remote_addr,
            asked=f"{request.method} {request.path}" if event is None else _said(event),
        )


def _said(event: dict[str, object]) -> str:
    return f"{request.namespace} {event['message']}"  # type: ignore[attr-defined]
