"""Storing terminals' receipts, many in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from gridserver.access import queries as access
from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.gatherer import Gatherer
from gridserver.delivery.outlet import Connection

#: Receipts that come within this time are stored together: a message to a thousand terminals
#: brings a thousand of them.
_GATHER_S = 0.1

Holder = tuple[int, str, uuid.UUID]


class ReceiptWriter:
    """Takes receipts and stores the highest of each device shortly after.

    One that is lost with the process does no harm: the terminal says where it stands when it
    connects again.
    """

    def __init__(self, database: Database, crashed: Callable[[], None]) -> None:
        self._database = database
        self._gatherer = Gatherer[Holder]("receipts", self._store, _GATHER_S, crashed)
        self.start = self._gatherer.start
        self.stop = self._gatherer.stop

    def take(self, connection: Connection, seq: int) -> None:
        """Note that the connection's device has everything up to `seq`."""
        self._gatherer.put((connection.account_id, connection.device, connection.session_id), seq)

    def _store(self, highest: Mapping[Holder, int]) -> None:
        with self._database.transaction() as session:
            dead = access.dead_sessions(session, {session_id for _, _, session_id in highest})
            service.record_receipts(
                session,
                [
                    service.Receipt(account_id, device, seq)
                    for (account_id, device, session_id), seq in highest.items()
                    if session_id not in dead
                ],
            )
