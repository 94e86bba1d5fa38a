"""The command rooms' feed: numbered after the commit, filtered by what each room may see."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.rules import Principal
from gridserver.base.db import Database
from gridserver.delivery import queries, rules, service, walls
from gridserver.delivery.outlet import Connection, Outlet
from gridserver.delivery.pump import Pump
from gridserver.delivery.queries import StoredEntry
from gridserver.delivery.relay import ROUND
from gridserver.delivery.rules import Cursor

PERMISSION = "feed.read"

#: Past so many unwritten bytes a room is sent nothing more until it has read some: the feed
#: has no acknowledgements, so this is what bounds a client that stops reading.
_BACKLOG = 128 * 1024
#: A room that is reading is looked at again so soon.
_DRAIN_S = 0.05
#: A room that doesn't even read what is allowed to be lost is let go.
_HOPELESS = 384 * 1024
_PAGE = 64

Snapshot = Callable[[Session, Principal], dict[str, Any]]


class _Room:
    """A connected command view."""

    __slots__ = ("connection", "paths", "sent", "unwritten")

    def __init__(self, connection: Connection, paths: tuple[str, ...], after: int) -> None:
        self.connection = connection
        self.paths = paths
        self.sent = after
        #: How many bytes were unwritten when it was passed over for them; 0: it wasn't.
        self.unwritten = 0


class FeedRelay:
    """Sends the feed to the command views of this process.

    Parameters
    ----------
    database : Database
        Where the feed is.
    outlet : Outlet
        The sockets of this process. Events sent: ``ready {epoch, head, server_time}``,
        ``feed {seq, type, data}``, ``resync {epoch, seq, snapshot}``.
    snapshot : callable of (session, principal)
        The state that a view starts from.
    crashed : callable
        Called when the relay can't go on.
    """

    def __init__(
        self,
        database: Database,
        outlet: Outlet,
        snapshot: Snapshot,
        *,
        crashed: Callable[[], None],
    ) -> None:
        self._database = database
        self._outlet = outlet
        self._snapshot = snapshot
        self._lock = threading.Lock()
        self._rooms: dict[str, _Room] = {}
        self._next_round = 0.0
        self._pump = Pump("feed", self._step, every=ROUND, crashed=crashed)
        self.start = self._pump.start
        self.stop = self._pump.stop
        self.wake = self._pump.wake

    def connect(self, connection: Connection, principal: Principal, cursor: Cursor) -> None:
        """Say ``ready``, bring the view up to where its cursor stands, and go live.

        A view without a number, or with one that means nothing here, gets a snapshot.
        """
        room = _Room(connection, principal.paths(PERMISSION), 0)
        with self._database.transaction() as session:
            queries.read_as_of_one_moment(session)
            standing = queries.feed_standing(session)
            after = rules.start(cursor, standing) if cursor.seq is not None else None
            snapshot = self._shown(session, principal) if after is None else None
        ready = rules.ready(standing, self._database.clock.now())
        self._outlet.send(connection.id, "ready", ready)
        if snapshot is not None:
            self._resync(room, standing, snapshot)
        else:
            room.sent = after or 0
        with self._lock:
            self._rooms[connection.id] = room
        self.wake()

    def disconnect(self, connection_id: str) -> None:
        """Forget a view."""
        with self._lock:
            self._rooms.pop(connection_id, None)

    def _resync(self, room: _Room, standing: rules.Standing, snapshot: dict[str, Any]) -> None:
        resync = {"epoch": standing.epoch, "seq": standing.head, "snapshot": snapshot}
        self._outlet.send(room.connection.id, "resync", resync)
        room.sent = standing.head

    # --- the pump's thread

    def _step(self) -> None:
        with self._database.transaction() as session:
            service.number_feed(session)
        if time.monotonic() >= self._next_round:
            self._go_round()
            self._next_round = time.monotonic() + ROUND
        while any(self._serve(after, rooms) for after, rooms in self._by_number().items()):
            pass
        if any(room.unwritten for room in self._present()):
            time.sleep(_DRAIN_S)
            if self._is_read_from():
                self.wake()

    def _by_number(self) -> dict[int, list[_Room]]:
        """Group the views that have room by where they stand; nearly always it is one group."""
        groups: dict[int, list[_Room]] = defaultdict(list)
        for room in self._present():
            backlog = self._outlet.backlog(room.connection.id)
            room.unwritten = backlog if backlog is not None and backlog >= _BACKLOG else 0
            if backlog is not None and not room.unwritten:
                groups[room.sent].append(room)
        return groups

    def _is_read_from(self) -> bool:
        """Say whether a view that was passed over has read since: it has room, or will have soon.
        One that doesn't read is looked at with each round."""
        return any(
            (self._outlet.backlog(room.connection.id) or 0) < room.unwritten
            for room in self._present()
        )

    def _present(self) -> list[_Room]:
        with self._lock:
            return list(self._rooms.values())

    def _go_round(self) -> None:
        """Close the sockets whose session is over, whose scope changed or who stopped reading."""
        rooms = self._present()
        with self._database.transaction() as session:
            principals = access.principals_by_session(
                session, {room.connection.session_id for room in rooms}
            )
        for room in rooms:
            backlog = self._outlet.backlog(room.connection.id)
            principal = principals.get(room.connection.session_id)
            if backlog is None:
                self.disconnect(room.connection.id)
            elif (
                principal is None
                or principal.paths(PERMISSION) != room.paths
                or backlog > _HOPELESS
            ):
                self._dismiss(room)

    def _dismiss(self, room: _Room) -> None:
        self._outlet.close(room.connection.id)
        self.disconnect(room.connection.id)

    def _serve(self, after: int, rooms: list[_Room]) -> bool:
        """Send the page after number `after`; say whether there may be another."""
        with self._database.transaction() as session:
            entries = queries.feed_page(session, after, _PAGE)
            if not entries:
                return False
            ids = {room.connection.session_id for room in rooms}
            principals = access.principals_by_session(session, ids)
        for room in rooms:
            if principal := principals.get(room.connection.session_id):
                self._deliver(room, principal, entries)
            else:
                self._dismiss(room)
        return True

    def _deliver(self, room: _Room, principal: Principal, entries: list[StoredEntry]) -> None:
        if entries[0].seq != room.sent + 1:
            self._start_anew(room, principal)
            return
        for entry in entries:
            if principal.may(PERMISSION, entry.unit_path):
                self._tell(room, principal, entry)
            room.sent = entry.seq

    def _tell(self, room: _Room, principal: Principal, entry: StoredEntry) -> None:
        told = entry.envelope()
        if principal.looks_on:
            if not walls.is_shown(entry.type):
                return
            told = walls.without_words(told)
        self._outlet.send(room.connection.id, "feed", told)

    def _shown(self, session: Session, principal: Principal) -> dict[str, Any]:
        snapshot = self._snapshot(session, principal)
        return walls.without_words(snapshot) if principal.looks_on else snapshot

    def _start_anew(self, room: _Room, principal: Principal) -> None:
        with self._database.transaction() as session:
            queries.read_as_of_one_moment(session)
            standing = queries.feed_standing(session)
            snapshot = self._shown(session, principal)
        self._resync(room, standing, snapshot)
