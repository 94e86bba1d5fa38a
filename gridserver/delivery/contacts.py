"""Storing when the devices of each account gave a sign of life, many in one transaction."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable

from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.pump import Pump

#: What is stored of an account is at most this much older than what was heard.
RESOLUTION = dt.timedelta(minutes=1)
#: What is heard within this time is stored together: after a pause of the network, everybody.
_GATHER = 0.5


class ContactWriter:
    """Takes signs of life and stores those that tell something new.

    One that is lost with the process does no harm: the device connects again, which is another.
    """

    def __init__(self, database: Database, crashed: Callable[[], None]) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._pending: dict[int, dt.datetime] = {}
        self._stored: dict[int, dt.datetime] = {}
        self._pump = Pump("contacts", self._step, every=5.0, crashed=crashed)
        self.start = self._pump.start

    def take(self, account_id: int) -> None:
        """Note that a device of the account is there now."""
        at = self._database.clock.now()
        stored = self._stored.get(account_id)
        if stored is None or at - stored >= RESOLUTION:
            with self._lock:
                self._pending[account_id] = at
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
            service.record_contacts(session, taken)
        self._stored |= taken
        # Only what was stored is forgotten: a failed transaction is tried again.
        with self._lock:
            for account_id, at in taken.items():
                if self._pending.get(account_id) == at:
                    del self._pending[account_id]
