"""The least of an HTTP client: one request, one connection, whatever becomes of it."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

#: What tells of a request without an answer: it may or may not have been carried out.
NO_ANSWER = (http.client.HTTPException, OSError, json.JSONDecodeError)

#: Of a problem document, what is no part of the stored answer.
_OF_HTTP = frozenset({"type", "title", "status"})


@dataclass(frozen=True)
class Door:
    """Where the server, or the proxy before it, listens."""

    host: str
    port: int


def ask(
    door: Door,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = None,
    timeout: float = 10.0,
) -> tuple[int, Any]:
    """Send a request; return status and document. Raises one of `NO_ANSWER`."""
    connection = http.client.HTTPConnection(door.host, door.port, timeout=timeout)
    headers = {"Content-Type": "application/json", "Connection": "close"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(
            method, f"/api/v1{path}", None if body is None else json.dumps(body), headers
        )
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def verdict(status: int, document: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return what a command was answered over HTTP, as the socket would say it: ``done`` or
    ``refused``, and the stored answer. None where it is a word on the server's state only."""
    if status >= 500 or status == 401:
        return None
    if status == 200:
        return "done", document
    return "refused", {name: value for name, value in document.items() if name not in _OF_HTTP}
