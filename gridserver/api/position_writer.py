"""Storing the positions that come by sockets, many in one transaction.

A thousand positions a second are a thousand officers of whom each moved once: they are gathered for
half a second and written by two statements. They may be lost with the process. Messages to sign go
first: what nobody waits to be answered is read here, a little at a time.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session

from gis.errors import GisError
from gridserver.access import queries as access
from gridserver.base.db import Database
from gridserver.base.errors import GridserverError
from gridserver.delivery.outlet import Connection
from gridserver.delivery.pump import Pump
from gridserver.dispatch import queries as dispatch
from gridserver.force import positions
from gridserver.force.positions import Newest, Seen
from gridserver.force.rules import Position

PERMISSION = "position.send"

Item = TypeVar("Item")

#: What comes within this time is stored together.
_GATHER_S = 0.5
#: What may wait while the database is away; the oldest go first.
_MOST_WAITING = 20_000
#: Everyone else has a turn after so many.
_SLICE = 16


@dataclass(frozen=True, slots=True)
class _Told:
    session_id: uuid.UUID
    seen: Seen


@dataclass(frozen=True, slots=True)
class _Said:
    """What came, unread."""

    connection: Connection
    text: str


class PositionWriter:
    """Takes positions from sockets and stores them shortly after.

    Parameters
    ----------
    read : callable
        Reads what a connection said, as JSON; raises a `GridserverError` or `GisError` for
        positions that can't be.
    announce : callable
        Called after the commit, with each position that now stands.
    crashed : callable
        See `Pump`.
    """

    def __init__(
        self,
        database: Database,
        read: Callable[[Connection, str], Sequence[Position]],
        announce: Callable[[Newest], None],
        crashed: Callable[[], None],
    ) -> None:
        self._database = database
        self._read = read
        self._announce = announce
        self._lock = threading.Lock()
        self._waiting: deque[_Told | _Said] = deque(maxlen=_MOST_WAITING)
        self._pump = Pump("positions", self._step, every=5.0, crashed=crashed)
        self.start = self._pump.start

    def take(self, connection: Connection, told: Sequence[Position]) -> None:
        """Note positions that came by a connection. They are taken to be checked."""
        with self._lock:
            self._waiting.extend(
                _Told(connection.session_id, Seen(connection.account_id, each)) for each in told
            )
        self._pump.wake()

    def take_unread(self, connection: Connection, text: str) -> None:
        """Note positions as they came by a connection that waits for no answer. What can't be is
        dropped when they are read."""
        with self._lock:
            self._waiting.append(_Said(connection, text))
        self._pump.wake()

    def stop(self) -> None:
        """Store what waits, and stop."""
        self._pump.stop()
        self._flush()

    def _step(self) -> None:
        time.sleep(_GATHER_S)
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        told = [each for taken in _by_turns(waiting) for each in self._told(taken)]
        if not told:
            return
        with self._database.transaction() as session:
            # Authority is asked for now: the connection's is a copy from the time of connecting.
            holders = access.principals_by_session(session, {each.session_id for each in told})
            may = {key for key, who in holders.items() if who.may(PERMISSION)}
            newest = store(session, [t.seen for t in told if t.session_id in may])
        for each in _by_turns(newest):
            self._announce(each)

    def _told(self, taken: _Told | _Said) -> list[_Told]:
        if isinstance(taken, _Told):
            return [taken]
        connection = taken.connection
        try:
            told = self._read(connection, taken.text)
        except (GridserverError, GisError):
            return []
        return [_Told(connection.session_id, Seen(connection.account_id, each)) for each in told]


def _by_turns(items: Sequence[Item]) -> Iterator[Item]:
    """Yield the items, and let other greenlets run now and then."""
    for index, item in enumerate(items):
        if index % _SLICE == _SLICE - 1:
            time.sleep(0)
        yield item


def store(session: Session, seen: Sequence[Seen]) -> list[Newest]:
    """Store positions of officers who are on duty, or on a task."""
    called_out = dispatch.on_task(session, {each.account_id for each in seen})
    return positions.store(session, seen, called_out=called_out)
