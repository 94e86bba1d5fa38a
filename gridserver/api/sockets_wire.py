"""What comes over a WebSocket before anyone handles it: only frames that are packets pass."""

from __future__ import annotations

from typing import Any

from engineio.async_drivers.gevent import WebSocketWSGI
from flask_socketio import SocketIO
from socketio import packet

from gridserver.base import documents

#: What Engine.IO's clients send besides messages: close, pong, and the two of an upgrade.
_CONTROL = frozenset({"1", "3", "2probe", "5"})


class StrictWebSocket(WebSocketWSGI):
    """Ends the connection of a client that sends what is no packet, or too much at once.

    By themselves python-socketio passes over a packet that it can't read, so that its sender waits
    for an answer in vain; and python-engineio raises out of its loop for a frame that it can't
    read, which leaves a traceback and a dead socket until the ping timeout.
    """

    def __init__(self, handler: Any, server: Any) -> None:
        super().__init__(handler, server)
        # Counted as it comes in; otherwise a message is held whole before its length is looked at.
        self.server_args["max_message_size"] = server.max_http_buffer_size

    def wait(self) -> str | None:
        """Return the next frame; None where the connection is over."""
        frame = super().wait()
        if frame is None or is_packet(frame):
            return frame
        self.close()
        return None


def is_packet(frame: str | bytes) -> bool:
    """Say whether `frame` is an Engine.IO (v4) packet and, where that is a message, holds a
    Socket.IO (v5) packet that a client may send. Nothing here sends binary ones."""
    if not isinstance(frame, str) or not frame.startswith("4"):
        return frame in _CONTROL
    try:
        said = packet.Packet(encoded_packet=frame[1:])
    except (ValueError, RecursionError):  # numbers of a thousand digits, lists in lists in lists …
        return False
    if documents.is_deep(said.data):  # it is parsed once more, deeper in the stack
        return False
    if said.packet_type == packet.EVENT:
        return isinstance(said.data, list) and bool(said.data) and isinstance(said.data[0], str)
    return said.packet_type in {packet.CONNECT, packet.DISCONNECT, packet.ACK}


def install(socketio: SocketIO) -> None:
    """Have `socketio` take WebSockets by `StrictWebSocket`."""
    engine = socketio.server.eio
    # python-engineio has no option for it. A dict of its own: the driver's is the module's.
    engine._async = engine._async | {"websocket": StrictWebSocket}
