"""Where a stream starts, how much may be under way, who hears of what: pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

#: How many messages a terminal may be sent without acknowledging them. What comes after waits in
#: the table, not in the memory of the process.
WINDOW = 128


#: The type of a message that is over: what is left of it is `tombstone`.
EXPIRED = "expired"


def tombstone(type_: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return what is left of a message past its end: what type it had, and which task, order or
    other subject it was about, by id. Nothing that it said."""
    subjects = {
        name: {"id": value["id"]}
        for name, value in data.items()
        if isinstance(value, dict) and "id" in value
    }
    return {"type": type_, **subjects}


@dataclass(frozen=True)
class Cursor:
    """What a client says it has: everything up to `seq` of the stream's life `epoch`.

    Either may be missing: a new device knows neither.
    """

    epoch: str | None = None
    seq: int | None = None


@dataclass(frozen=True)
class Standing:
    """Where a stream stands: its life, its last number, the last one acknowledged, and the one up
    to which nothing is kept any longer."""

    epoch: str
    head: int
    acknowledged: int = 0
    purged_through: int = 0


def start(cursor: Cursor, standing: Standing) -> int | None:
    """Return the number after which to send, or None where only a snapshot can help.

    An unknown epoch (a restored backup) or a number beyond the head means that the client saw a
    history that this database does not have; a number below what was purged, that it was away for
    longer than messages are kept. Replaying from any point would be silently partial.
    """
    if cursor.epoch is not None and cursor.epoch != standing.epoch:
        return None
    after = standing.acknowledged if cursor.seq is None else cursor.seq
    return after if standing.purged_through <= after <= standing.head else None


def ready(standing: Standing, at: dt.datetime) -> dict[str, Any]:
    """Return what a client hears first: where the stream stands, and the server's clock."""
    return {"epoch": standing.epoch, "head": standing.head, "server_time": at.isoformat()}


def room(sent: int, acknowledged: int, window: int = WINDOW) -> int:
    """Return how many more messages a terminal may be sent now."""
    return max(0, window - (sent - acknowledged))


def worth_resuming(sent: int, acknowledged: int, window: int = WINDOW) -> bool:
    """Say whether a full window has emptied enough: half of it, so that a terminal that
    acknowledges one by one isn't served one by one."""
    return room(sent, acknowledged, window) * 2 >= window
