"""What the views need of the live side: the bells of waiting requests, and lossy broadcasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_socketio import SocketIO

from gridserver.api.position_writer import PositionWriter
from gridserver.delivery.hub import Hub

COMMAND = "/command"


@dataclass(frozen=True)
class Live:
    """The application's sockets and its relays."""

    socketio: SocketIO
    hub: Hub
    positions: PositionWriter

    def start(self) -> None:
        """Start to relay and to store."""
        self.hub.start()
        self.positions.start()

    def stop(self) -> None:
        """Stop, and store what came."""
        self.positions.stop()
        self.hub.stop()

    def tell_rooms(self, event: str, data: dict[str, Any], unit_path: str) -> None:
        """Tell every command view, in all processes, whose scope covers `unit_path`.

        It may be lost: with several processes it goes through Redis.
        """
        codes = unit_path.split(".")
        covering = [scope(".".join(codes[:depth])) for depth in range(1, len(codes) + 1)]
        self.socketio.emit(event, data, namespace=COMMAND, to=covering)


def scope(unit_path: str) -> str:
    """Return the Socket.IO room of those who see `unit_path` and all below it."""
    return f"unit:{unit_path}"


def live() -> Live:
    """Return the live side of the application that serves this request."""
    return current_app.extensions["gridserver_live"]
