"""What a relay needs of whatever holds the sockets."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Outlet(Protocol):
    """The sockets of this process, by connection id. None of these may wait for a client."""

    def send(self, connection_id: str, event: str, data: dict[str, Any]) -> None:
        """Send an event; to a connection that is gone, nothing happens."""
        ...

    def send_ready_made(self, connection_id: str, event: str, texts: Sequence[str]) -> None:
        """Send an event for each of the JSON texts, which are its data."""
        ...

    def close(self, connection_id: str) -> None:
        """Close the connection."""
        ...

    def backlog(self, connection_id: str) -> int | None:
        """Return how many bytes wait to be written; None where there is no such connection."""
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """A socket and the session that it was opened by."""

    id: str
    account_id: int
    device: str
    session_id: uuid.UUID
