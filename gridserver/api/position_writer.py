"""Storing the positions that come by sockets, many in one transaction.

A thousand positions a second are a thousand officers of whom each moved once: they are gathered for
half a second and written by two statements. They may be lost with the process.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.base.db import Database
from gridserver.delivery.outlet import Connection
from gridserver.delivery.pump import Pump
from gridserver.dispatch import queries as dispatch
from gridserver.force import positions
from gridserver.force.positions import Newest, Seen
from gridserver.force.rules import Position

PERMISSION = "position.send"

#: What comes within this time is stored together.
_GATHER_S = 0.5
#: What may wait while the database is away; the oldest go first.
_MOST_WAITING = 20_000


@dataclass(frozen=True, slots=True)
class _Told:
    session_id: uuid.UUID
    seen: Seen


class PositionWriter:
    """Takes positions from sockets and stores them shortly after.

    Parameters
    ----------
    announce : callable
        Called after the commit, with the positions that now stand.
    crashed : callable
        See `Pump`.
    """

    def __init__(
        self,
        database: Database,
        announce: Callable[[list[Newest]], None],
        crashed: Callable[[], None],
    ) -> None:
        self._database = database
        self._announce = announce
        self._lock = threading.Lock()
        self._waiting: deque[_Told] = deque(maxlen=_MOST_WAITING)
        self._pump = Pump("positions", self._step, every=5.0, crashed=crashed)
        self.start = self._pump.start

    def take(self, connection: Connection, told: Sequence[Position]) -> None:
        """Note positions that came by a connection. They are taken to be checked."""
        with self._lock:
            self._waiting.extend(
                _Told(connection.session_id, Seen(connection.account_id, each)) for each in told
            )
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
            told = list(self._waiting)
            self._waiting.clear()
        if not told:
            return
        with self._database.transaction() as session:
            # Authority is asked for now: the connection's is a copy from the time of connecting.
            holders = access.principals_by_session(session, {each.session_id for each in told})
            may = {key for key, who in holders.items() if who.may(PERMISSION)}
            newest = store(session, [t.seen for t in told if t.session_id in may])
        self._announce(newest)


def store(session: Session, seen: Sequence[Seen]) -> list[Newest]:
    """Store positions of officers who are on duty, or on a task."""
    called_out = dispatch.on_task(session, {each.account_id for each in seen})
    return positions.store(session, seen, called_out=called_out)
