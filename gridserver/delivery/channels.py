"""The names and payloads of the NOTIFY channels. A notification is a wake-up, never the message:
what it says may be lost, and the table is read in any case."""

from __future__ import annotations

from collections.abc import Iterable

INBOX = "gridserver_inbox"
FEED = "gridserver_feed"

#: The payloads on `FEED`: rows were added; rows were numbered.
ADDED = "added"
NUMBERED = "numbered"

#: PostgreSQL refuses payloads of 8,000 bytes and more.
_LONGEST = 7_900


def recipients_payload(recipients: Iterable[int]) -> str:
    """Return the recipients as a payload; empty, meaning all, where they don't fit."""
    payload = ",".join(map(str, sorted(set(recipients))))
    return payload if len(payload) <= _LONGEST else ""


def recipients_of(payload: str) -> frozenset[int] | None:
    """Read such a payload. None means all."""
    return frozenset(map(int, payload.split(","))) if payload else None
