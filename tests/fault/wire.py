"""The least of a Socket.IO (v5 over Engine.IO v4, websocket only) client, for hundreds at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import websocket

NAMESPACE = "/terminal"
_EVENT, _ANSWER = f"42{NAMESPACE},", f"43{NAMESPACE},"
_CONNECTED, _REFUSED = f"40{NAMESPACE},", f"44{NAMESPACE},"
_GONE = f"41{NAMESPACE}"

#: What tells of a connection that is no more.
Broken = (websocket.WebSocketException, OSError)


class Refused(Exception):
    """The server refused the connect; the argument is its code."""


class Wire:
    """One connection to `/terminal`.

    Parameters
    ----------
    host, port
        Where to.
    auth : dict
        The payload of the connect.
    patience_s, silence_s : float
        How long the connect may take; after how long without a sign of life the connection is taken
        to be dead.

    Raises
    ------
    Refused
        With the server's code.
    WebSocketException, OSError
        There is no connection; `Broken` names them.
    """

    def __init__(
        self, host: str, port: int, auth: dict[str, Any], patience_s: float, silence_s: float
    ) -> None:
        self._numbers = count(1)
        self._socket = websocket.create_connection(
            f"ws://{host}:{port}/socket.io/?EIO=4&transport=websocket",
            timeout=patience_s,
            skip_utf8_validation=True,
            enable_multithread=True,
        )
        try:
            self._receive()  # Engine.IO's own greeting
            self._socket.send(_CONNECTED + json.dumps(auth))
            packet = self._receive()
            if packet.startswith(_REFUSED):
                raise Refused(json.loads(packet[len(_REFUSED) :]).get("data", {}).get("code"))
            if not packet.startswith(_CONNECTED):
                raise websocket.WebSocketException(f"no connect: {packet[:80]}")
            self._socket.settimeout(silence_s)
        except BaseException:
            self.cut()
            raise

    def heard(self) -> Iterator[tuple[str | int, Any]]:
        """Give events as (name, payload) and answers as (number, payload) until the end."""
        while True:
            packet = self._receive()
            if packet.startswith(_EVENT):
                yield tuple(json.loads(packet[len(_EVENT) :])[:2])
            elif packet.startswith(_ANSWER):
                number, _, payload = packet[len(_ANSWER) :].partition("[")
                yield int(number), json.loads("[" + payload)[0]
            elif packet == "2":
                self._socket.send("3")
            elif packet.startswith((_GONE, "1")):
                return

    def number(self) -> int:
        """Return a number for the next event, which its answer will carry."""
        return next(self._numbers)

    def emit(self, number: int, event: str, payload: Any) -> None:
        """Send an event that is to be answered."""
        self._socket.send(f"{_EVENT}{number}{json.dumps([event, payload])}")

    def cut(self) -> None:
        """End it as a flat battery would: without a word of Socket.IO."""
        self._socket.abort()
        self._socket.shutdown()

    def _receive(self) -> str:
        packet = self._socket.recv()
        if not packet:
            raise websocket.WebSocketConnectionClosedException("closed")
        return packet
