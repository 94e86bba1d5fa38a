"""Who asked for what their role or their place doesn't allow, too often, or with input that can't
be right: a line of the log each (ASVS 5.0, 16.3.2, 16.3.3), so that somebody who tries doors, one
id after another, or what a field lets through, is seen."""

from __future__ import annotations

import re
import time
from collections.abc import Hashable

from flask import request
from structlog import get_logger

from gis.errors import BusyError, GisError
from gridserver.access.limits import network
from gridserver.access.rates import Rates
from gridserver.base.errors import Forbidden, Invalid, Limited, OutOfReach

#: Lines in a minute for one account, or for one address without one, of refusals and of bad input
#: each: what more there is says nothing new, and fills no disk.
MOST = 60
#: What a field of ours may be called, within others. A client names fields too, and could say
#: there what belongs into no log.
_NAME = re.compile(r"(?!\d)[\w-]{1,40}([.\[]((?!\d)[\w-]{1,40}|\d{1,4})\]?){0,6}", re.ASCII)

log = get_logger()


class Refusals:
    """Notes the refusals of a process."""

    def __init__(self) -> None:
        self._lines = Rates(MOST)
        self._input_lines = Rates(MOST)

    def note(self, error: Exception | None, account_id: int | None) -> None:
        """Write who was refused what by the present request, or the present event of a socket;
        nothing for an error that says nothing of what somebody may do, how often, and with what."""
        if isinstance(error, Forbidden | OutOfReach | Limited):
            self._note_access(error, account_id)
        elif isinstance(error, Invalid | GisError) and not isinstance(error, BusyError):
            self.note_input(error.code, error.field, account_id)

    def note_input(self, code: str, field: str | None, account_id: int | None) -> None:
        """Write whose input was refused, for which field; never what it was. The route stands
        without the values in its path."""
        if self._input_lines.take(_whose(account_id), time.monotonic()):
            return
        event = getattr(request, "event", None)
        log.info(
            "input.refused",
            code=code,
            account=account_id,
            field=field if field and _NAME.fullmatch(field) else None,
            address=request.remote_addr,
            asked=f"{request.method} {request.url_rule}" if event is None else _said(event),
        )

    def _note_access(self, error: Forbidden | OutOfReach | Limited, account_id: int | None) -> None:
        if self._lines.take(_whose(account_id), time.monotonic()):
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


def _whose(account_id: int | None) -> Hashable:
    return network(request.remote_addr) if account_id is None else account_id


def _said(event: dict[str, object]) -> str:
    return f"{request.namespace} {event['message']}"  # type: ignore[attr-defined]
