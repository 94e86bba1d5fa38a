"""The delivery of one web process: a listener, the relays, and the bells of waiting requests."""

from __future__ import annotations

from collections.abc import Callable

from gridserver.base.db import Database
from gridserver.delivery import channels
from gridserver.delivery.contacts import ContactWriter
from gridserver.delivery.doorbells import Doorbells
from gridserver.delivery.feed import FeedRelay
from gridserver.delivery.feed import Snapshot as FeedSnapshot
from gridserver.delivery.listener import Listener
from gridserver.delivery.outlet import Outlet
from gridserver.delivery.receipts import ReceiptWriter
from gridserver.delivery.relay import Relay
from gridserver.delivery.relay import Snapshot as InboxSnapshot


class Hub:
    """Puts the parts of delivery together.

    Parameters
    ----------
    database : Database
        Where inboxes and feed are. Nothing is dialled before `start`.
    terminals, rooms : Outlet
        The sockets of handhelds and of command views.
    terminal_snapshot, command_snapshot : callable
        See `Relay` and `FeedRelay`.
    crashed : callable
        Called when a part can't go on; the process should end, so that another takes over.
    """

    def __init__(
        self,
        database: Database,
        terminals: Outlet,
        rooms: Outlet,
        *,
        terminal_snapshot: InboxSnapshot,
        command_snapshot: FeedSnapshot,
        crashed: Callable[[], None],
    ) -> None:
        self.doorbells = Doorbells()
        self.receipts = ReceiptWriter(database, crashed)
        self.contacts = ContactWriter(database, crashed)
        self.relay = Relay(
            database, terminals, self.receipts, self.contacts, terminal_snapshot, crashed=crashed
        )
        self.feed = FeedRelay(database, rooms, command_snapshot, crashed=crashed)
        self._listener = Listener(
            database.url, (channels.INBOX, channels.FEED), self._heard, self._catch_up
        )

    def start(self) -> None:
        """Start to relay."""
        self.receipts.start()
        self.contacts.start()
        self.relay.start()
        self.feed.start()
        self._listener.start()

    def stop(self) -> None:
        """Stop, and store the receipts and the signs of life that came."""
        self.doorbells.close()
        self._listener.stop()
        self.relay.stop()
        self.feed.stop()
        self.receipts.stop()
        self.contacts.stop()

    def _heard(self, channel: str, payload: str) -> None:
        if channel == channels.FEED:
            self.feed.wake()
            return
        recipients = channels.recipients_of(payload)
        self.relay.wake(recipients)
        self.doorbells.ring(recipients)

    def _catch_up(self) -> None:
        self.feed.wake()
        self.relay.wake(None)
        self.doorbells.ring(None)
