"""The relay: sends each terminal of this process what its account's inbox holds.

It sends from the table only, in order, whatever woke it, so nothing depends on the wake-up. Who
is connected to this process is known to no other process and to no broker.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import accumulate, islice
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.base.db import Database
from gridserver.delivery import queries, rules
from gridserver.delivery.contacts import ContactWriter
from gridserver.delivery.outlet import Connection, Outlet
from gridserver.delivery.pump import Pump
from gridserver.delivery.queries import StoredMessage, Want
from gridserver.delivery.receipts import ReceiptWriter
from gridserver.delivery.rules import Cursor

#: Who may hear of an inbox at all.
PERMISSION = "inbox.read"

#: How often every terminal is looked at: is its session still good, did a wake-up get lost?
ROUND = 2.0
#: How many terminals are served in one transaction, how many messages each gets in it, and how
#: many they get together, which is what is held in memory for a moment.
_CHUNK = 4_096
_PAGE = 32
_MOST_AT_ONCE = 4_096
#: A terminal that has left so many bytes unread is sent nothing more until it has read them.
_BACKLOG = 128 * 1024

Snapshot = Callable[[Session, int], dict[str, Any]]
Render = Callable[[Session, StoredMessage], dict[str, Any]]


def _fitting(texts: Sequence[str]) -> int:
    """Return how many of the texts may be sent at once: so many bytes, but at least one."""
    total = accumulate(map(len, texts))
    return sum(1 for n, size in enumerate(total) if n == 0 or size <= _BACKLOG)


class _Terminal:
    """A connected terminal. Its messages wait in the table, not here."""

    __slots__ = ("acknowledged", "connection", "more", "sent")

    def __init__(self, connection: Connection, after: int) -> None:
        self.connection = connection
        self.sent = after
        self.acknowledged = after
        #: There may be messages that its window had no room for.
        self.more = False

    @property
    def room(self) -> int:
        return rules.room(self.sent, self.acknowledged)


def _want(terminal: _Terminal, most: int) -> Want:
    return Want(terminal.connection.account_id, terminal.sent, min(most, terminal.room))


class Relay:
    """Sends inboxes to terminals.

    Parameters
    ----------
    database : Database
        Where the inboxes are.
    outlet : Outlet
        The sockets of this process. Events sent: ``ready {epoch, head, server_time}``,
        ``message {seq, id, type, at, data}``, ``resync {epoch, seq, snapshot}``.
    receipts : ReceiptWriter
        Where acknowledgements go.
    contacts : ContactWriter
        Where signs of life go: a connect, an acknowledgement, a socket that is still open.
    snapshot : callable of (session, account_id)
        The state that a terminal starts from when its cursor means nothing here.
    renderers : mapping of type to callable of (session, message)
        Make the data of messages of a type as they are sent; what one writes (a log line of the
        read) is committed before anything is sent. Other types are sent as stored.
    crashed : callable
        Called when the relay can't go on.
    """

    def __init__(
        self,
        database: Database,
        outlet: Outlet,
        receipts: ReceiptWriter,
        contacts: ContactWriter,
        snapshot: Snapshot,
        *,
        renderers: Mapping[str, Render] = MappingProxyType({}),
        crashed: Callable[[], None],
    ) -> None:
        self._database = database
        self._outlet = outlet
        self._receipts = receipts
        self._contacts = contacts
        self._snapshot = snapshot
        self._renderers = renderers
        self._lock = threading.Lock()
        self._terminals: dict[str, _Terminal] = {}
        self._by_account: dict[int, list[_Terminal]] = {}
        self._waiting: dict[str, _Terminal] = {}
        self._next_round = 0.0
        self._pump = Pump("relay", self._step, every=ROUND, crashed=crashed)
        self.start = self._pump.start
        self.stop = self._pump.stop

    # --- what sockets and the listener call

    def connect(self, connection: Connection, cursor: Cursor) -> None:
        """Say ``ready``, bring the terminal up to where its cursor stands, and go live."""
        self._contacts.take(connection.account_id, connection.device)
        with self._database.transaction() as session:
            standing = queries.standing(session, connection.account_id)
        after = rules.start(cursor, standing)
        terminal = _Terminal(connection, after or 0)
        ready = rules.ready(standing, self._database.clock.now())
        self._outlet.send(connection.id, "ready", ready)
        if after is None:
            self._start_anew(terminal)
        elif cursor.seq:
            # What the client says it has, it has: its receipt may have been lost on the way.
            self._receipts.take(connection, cursor.seq)
        with self._lock:
            self._terminals[connection.id] = terminal
            self._by_account.setdefault(connection.account_id, []).append(terminal)
            self._waiting[connection.id] = terminal
        self._pump.wake()

    def disconnect(self, connection_id: str) -> None:
        """Forget a terminal."""
        with self._lock:
            terminal = self._terminals.pop(connection_id, None)
            if terminal is None:
                return
            self._waiting.pop(connection_id, None)
            account_id = terminal.connection.account_id
            self._by_account[account_id].remove(terminal)
            if not self._by_account[account_id]:
                del self._by_account[account_id]

    def acknowledge(self, connection_id: str, seq: int) -> bool:
        """Take the receipt of everything up to `seq`; False for what was never sent here."""
        terminal = self._terminals.get(connection_id)
        if terminal is None or not 0 <= seq <= terminal.sent:
            return False
        self._contacts.take(terminal.connection.account_id, terminal.connection.device)
        if seq < terminal.acknowledged:
            return True
        terminal.acknowledged = seq
        self._receipts.take(terminal.connection, seq)
        if terminal.more and rules.worth_resuming(terminal.sent, seq):
            self._wake([terminal])
        return True

    def wake(self, account_ids: Collection[int] | None) -> None:
        """Look into these accounts' inboxes now; None is all."""
        with self._lock:
            if account_ids is None:
                woken = list(self._terminals.values())
            else:
                woken = [t for a in account_ids for t in self._by_account.get(a, ())]
        if woken:
            self._wake(woken)

    # --- the pump's thread

    def _wake(self, terminals: Sequence[_Terminal]) -> None:
        with self._lock:
            self._waiting.update((t.connection.id, t) for t in terminals)
        self._pump.wake()

    def _step(self) -> None:
        if time.monotonic() >= self._next_round:
            self._go_round()
            self._next_round = time.monotonic() + ROUND
        while terminals := self._take():
            self._serve(terminals)

    def _take(self) -> list[_Terminal]:
        with self._lock:
            taken = list(islice(self._waiting.values(), _CHUNK))
            for terminal in taken:
                del self._waiting[terminal.connection.id]
        return taken

    def _go_round(self) -> None:
        """Close the sockets whose session is over or whose account has no role any more that hears
        of an inbox, and serve those whose wake-up was lost."""
        with self._lock:
            terminals = list(self._terminals.values())
        if not terminals:
            return
        with self._database.transaction() as session:
            ids = {t.connection.session_id for t in terminals}
            dead = access.sessions_without(session, ids, PERMISSION)
            heads = queries.heads(session, {t.connection.account_id for t in terminals})
        behind = []
        for terminal in terminals:
            connection = terminal.connection
            if self._outlet.backlog(connection.id) is None:
                self.disconnect(connection.id)
                continue
            if connection.session_id in dead:
                self._outlet.close(connection.id)
                continue
            self._contacts.take(connection.account_id, connection.device)
            if (head := heads.get(connection.account_id, 0)) > terminal.sent:
                behind.append(terminal)
            elif head < terminal.sent:
                self._start_anew(terminal)
        self._wake(behind)

    def _start_anew(self, terminal: _Terminal) -> None:
        """Send a snapshot where the inbox no longer has what should come next."""
        connection = terminal.connection
        with self._database.transaction() as session:
            queries.read_as_of_one_moment(session)
            if access.sessions_without(session, {connection.session_id}, PERMISSION):
                return  # the next round closes it
            standing = queries.standing(session, connection.account_id)
            snapshot = self._snapshot(session, connection.account_id)
        resync = {"epoch": standing.epoch, "seq": standing.head, "snapshot": snapshot}
        self._outlet.send(connection.id, "resync", resync)
        terminal.sent = terminal.acknowledged = standing.head

    def _serve(self, terminals: list[_Terminal]) -> None:
        """Send the next page to each of them, if its session and its role are good at this moment.

        Where the database fails, the next round finds again who is behind.
        """
        for terminal in terminals:
            terminal.more = True
        most = min(_PAGE, max(1, _MOST_AT_ONCE // len(terminals)))
        chosen = [(t, _want(t, most)) for t in terminals if t.room and self._reads(t)]
        if not chosen:
            return
        with self._database.transaction() as session:
            pages = queries.pages(session, [want for _, want in chosen])
            # Looked at after the pages are read: a session that ended before a message was
            # written never gets it, whenever the two statements run.
            dead = access.sessions_without(
                session, {t.connection.session_id for t, _ in chosen}, PERMISSION
            )
            ready = [
                (terminal, want, page, [self._rendered(session, each) for each in page])
                for (terminal, want), page in zip(chosen, pages, strict=True)
                if terminal.connection.session_id not in dead
            ]
        for terminal, want, page, texts in ready:
            self._deliver(terminal, want, page, texts)

    def _rendered(self, session: Session, message: StoredMessage) -> str:
        render = self._renderers.get(message.type)
        if render is None:
            return message.envelope_text()
        return json.dumps(message.envelope(render(session, message)), ensure_ascii=False)

    def _reads(self, terminal: _Terminal) -> bool:
        backlog = self._outlet.backlog(terminal.connection.id)
        return backlog is not None and backlog < _BACKLOG

    def _deliver(
        self, terminal: _Terminal, want: Want, page: list[StoredMessage], texts: list[str]
    ) -> None:
        if page and page[0].seq != terminal.sent + 1:
            self._start_anew(terminal)
            return
        if fitting := _fitting(texts):
            self._outlet.send_ready_made(terminal.connection.id, "message", texts[:fitting])
            terminal.sent = page[fitting - 1].seq
        terminal.more = fitting == want.limit or fitting < len(page)
        if terminal.more and terminal.connection.id in self._terminals:
            self._wake([terminal])
