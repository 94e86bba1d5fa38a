"""Storing terminals' receipts, many in one transaction."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

from gridserver.access import queries as access
from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.outlet import Connection
from gridserver.delivery.pump import Pump

#: Receipts that come within this time are stored together: a message to a thousand terminals
#: brings a thousand of them.
_GATHER = 0.1


class ReceiptWriter:
    """Takes receipts and stores the highest of each device shortly after.

    One that is lost with the process does no harm: the terminal says where it stands when it
    connects again.
    """

    def __init__(self, database: Database, crashed: Callable[[], None]) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._pending: dict[tuple[int, str, uuid.UUID], int] = {}
        self._pump = Pump("receipts", self._step, every=5.0, crashed=crashed)
        self.start = self._pump.start

    def take(self, connection: Connection, seq: int) -> None:
        """Note that the connection's device has everything up to `seq`."""
        key = connection.account_id, connection.device, connection.session_id
        with self._lock:
            self._pending[key] = max(seq, self._pending.get(key, 0))
        self._pump.wake()

    def stop(self) -> None:
        """Store what is pending and stop."""
        self._pump.stop()
        self._store()

    def _step(self) -> None:
        time.sleep(_GATHER)
        self._store()

    def _store(self) -> None:
        with self._lock:
            taken = dict(self._pending)
        if not taken:
            return
        with self._database.transaction() as session:
            live = access.live_sessions(session, {session_id for _, _, session_id in taken})
            service.record_receipts(
                session,
                [
                    service.Receipt(account_id, device, seq)
                    for (account_id, device, session_id), seq in taken.items()
                    if session_id in live
                ],
            )
        # Only what was stored is forgotten: a failed transaction is tried again.
        with self._lock:
            for key, seq in taken.items():
                if self._pending.get(key) == seq:
                    del self._pending[key]
