"""Where a stream starts, how much may be under way, who hears of what: pure."""

from __future__ import annotations

from dataclasses import dataclass

#: How many messages a terminal may be sent without acknowledging them. What comes after waits in
#: the table, not in the memory of the process.
WINDOW = 128


@dataclass(frozen=True)
class Cursor:
    """What a client says it has: everything up to `seq` of the stream's life `epoch`.

    Either may be missing: a new device knows neither.
    """

    epoch: str | None = None
    seq: int | None = None


@dataclass(frozen=True)
class Standing:
    """Where a stream stands: its life, its last number, and the last one acknowledged."""

    epoch: str
    head: int
    acknowledged: int = 0


def start(cursor: Cursor, standing: Standing) -> int | None:
    """Return the number after which to send, or None where only a snapshot can help.

    An unknown epoch (a restored backup) or a number beyond the head means that the client saw a
    history that this database does not have; replaying from any point would be silently partial.
    """
    if cursor.epoch is not None and cursor.epoch != standing.epoch:
        return None
    if cursor.seq is None:
        return standing.acknowledged
    return cursor.seq if 0 <= cursor.seq <= standing.head else None


def room(sent: int, acknowledged: int, window: int = WINDOW) -> int:
    """Return how many more messages a terminal may be sent now."""
    return max(0, window - (sent - acknowledged))


def worth_resuming(sent: int, acknowledged: int, window: int = WINDOW) -> bool:
    """Say whether a full window has emptied enough: half of it, so that a terminal that
    acknowledges one by one isn't served one by one."""
    return room(sent, acknowledged, window) * 2 >= window
