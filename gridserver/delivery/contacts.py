"""Storing when the devices of each account gave a sign of life, many in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.gatherer import Gatherer

#: What is stored of an account is at most this much older than what was heard.
RESOLUTION = dt.timedelta(minutes=1)
#: What is heard within this time is stored together: after a pause of the network, everybody.
_GATHER_S = 0.5


class ContactWriter:
    """Takes signs of life and stores those that tell something new.

    One that is lost with the process does no harm: the device connects again, which is another.
    """

    def __init__(self, database: Database, crashed: Callable[[], None]) -> None:
        self._database = database
        self._stored: dict[int, dt.datetime] = {}
        self._gatherer = Gatherer[int]("contacts", self._store, _GATHER_S, crashed)
        self.start = self._gatherer.start
        self.stop = self._gatherer.stop

    def take(self, account_id: int) -> None:
        """Note that a device of the account is there now."""
        at = self._database.clock.now()
        stored = self._stored.get(account_id)
        if stored is None or at - stored >= RESOLUTION:
            self._gatherer.put(account_id, at)

    def _store(self, contacts: Mapping[int, dt.datetime]) -> None:
        with self._database.transaction() as session:
            service.record_contacts(session, contacts)
        self._stored |= contacts
