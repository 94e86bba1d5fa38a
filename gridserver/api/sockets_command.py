"""`/command`: the command view. The feed, and what may be lost: positions and presence."""

from __future__ import annotations

from gridserver.access.rules import Principal
from gridserver.api.live import COMMAND, Live, scope
from gridserver.api.sockets import Answer, AuthenticatedNamespace
from gridserver.base.db import Database
from gridserver.base.settings import Settings
from gridserver.delivery import feed
from gridserver.delivery.outlet import Connection
from gridserver.delivery.rules import Cursor


class CommandView(AuthenticatedNamespace):
    """Command rooms and others who watch; everything is within the account's scope."""

    permission = feed.PERMISSION
    events = frozenset({"beat"})

    def __init__(self, database: Database, live: Live, settings: Settings) -> None:
        super().__init__(COMMAND, database, live, settings)
        self._feed = live.hub.feed

    def opened(self, connection: Connection, principal: Principal, cursor: Cursor) -> None:
        # A scope that changes later closes the socket (`FeedRelay`), so these stay true.
        for unit_path in principal.paths(self.permission):
            self.socketio.server.enter_room(connection.id, scope(unit_path), namespace=COMMAND)
        self._feed.connect(connection, principal, cursor)

    def on_beat(self, *_arguments: object) -> Answer:
        """Answer that the link stands, and ask nothing: a page says this every second."""
        if connection := self.connection():
            self.await_turn(connection.id)
        return {"status": "done"}

    def closed(self, connection: Connection, principal: Principal) -> None:
        self._feed.disconnect(connection.id)
