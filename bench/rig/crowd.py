"""Terminals by the thousand in one process, as cheap as can be, and the same for every server.

A crowd reads no more of a packet than its kind and its number, and acknowledges every number at
once. It holds what a terminal must hold true: numbers without a hole and without a repetition, over
every reconnection.
"""

from __future__ import annotations

import json
import multiprocessing
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

NAMESPACE = "/terminal"
_CONNECTED = f"40{NAMESPACE},".encode()
_READY = f'42{NAMESPACE},["ready"'.encode()
_MESSAGE = f'42{NAMESPACE},["message"'.encode()
_SEQ = b'"seq":'
#: Handshakes under way at a time: a crowd of phones finds the server one after the other too.
_AT_ONCE = 64
_RETRY_AFTER = 0.05


def frame(text: str) -> bytes:
    """Return a client's frame. Its mask is zero, so that masking costs the crowd nothing."""
    payload = text.encode()
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


_PONG = frame("3")


class _Terminal:
    __slots__ = ("greeted", "held", "seq", "socket", "token", "upgraded")

    def __init__(self, token: str) -> None:
        self.token = token
        self.seq = 0
        self.socket: socket.socket | None = None
        self.held = b""
        self.upgraded = self.greeted = False


class _Crowd:
    """The terminals of one process; runs until told to stop."""

    def __init__(self, parent: Connection, port: int, tokens: Sequence[str], greeting: bytes):
        self._parent = parent
        self._port = port
        self._greeting = greeting
        self._poll = select.epoll()
        self._poll.register(parent.fileno(), select.EPOLLIN)
        self._by_fd: dict[int, _Terminal] = {}
        self._terminals = [_Terminal(token) for token in tokens]
        self._to_connect: list[_Terminal] = []
        self._connecting = 0
        self._retry_at = 0.0
        self._greeted = 0
        self._heard = 0
        self._last_heard = 0.0
        self._arrivals: list[tuple[int, int, float]] | None = None
        self._place = {id(t): n for n, t in enumerate(self._terminals)}
        self._movers: list[_Terminal] = []
        self._next_move = 0.0
        self._moves = 0

    def run(self) -> None:
        while True:
            self._knock()
            self._move()
            for fd, _ in self._poll.poll(self._timeout()):
                terminal = self._by_fd.get(fd)
                if terminal is not None:
                    self._read(terminal)
                elif fd == self._parent.fileno() and not self._obey(self._parent.recv()):
                    return

    def _obey(self, order: tuple[str, Any]) -> bool:
        name, given = order
        if name == "connect":
            self._to_connect = [t for t in self._terminals if t.socket is None]
        elif name == "look":
            self._parent.send((self._greeted, self._heard, self._last_heard))
        elif name == "note":
            self._arrivals = [] if given else None
        elif name == "arrivals":
            self._parent.send(self._arrivals)
        elif name == "move":
            self._movers = self._terminals[:given]
            self._next_move = time.monotonic()
        return name != "stop"

    def _timeout(self) -> float | None:
        if self._movers:
            return max(0.0, self._next_move - time.monotonic())
        return _RETRY_AFTER if self._to_connect else None

    # --- coming and going

    def _knock(self) -> None:
        while (
            self._to_connect and self._connecting < _AT_ONCE and time.monotonic() > self._retry_at
        ):
            terminal = self._to_connect.pop()
            try:
                made = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                self._to_connect.append(terminal)
                self._retry_at = time.monotonic() + _RETRY_AFTER
                return
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            terminal.socket, terminal.held = made, b""
            terminal.upgraded = terminal.greeted = False
            made.send(
                b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                b"Host: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                % self._port
            )
            self._by_fd[made.fileno()] = terminal
            self._poll.register(made.fileno(), select.EPOLLIN)
            self._connecting += 1

    def _lose(self, terminal: _Terminal) -> None:
        assert terminal.socket
        self._poll.unregister(terminal.socket.fileno())
        del self._by_fd[terminal.socket.fileno()]
        terminal.socket.close()
        terminal.socket = None
        if terminal.greeted:
            self._greeted -= 1
        else:
            self._connecting -= 1
        self._to_connect.append(terminal)

    # --- packets

    def _read(self, terminal: _Terminal) -> None:
        assert terminal.socket
        try:
            data = terminal.socket.recv(65_536)
        except ConnectionError:
            data = b""
        if not data:
            self._lose(terminal)
            return
        if terminal.held:
            data = terminal.held + data
        at = 0 if terminal.upgraded else self._upgrade(terminal, data)
        size = len(data)
        highest = 0
        while size - at >= 2:
            length = data[at + 1]
            start = at + 2
            if length == 126:
                if size - at < 4:
                    break
                length = data[at + 2] << 8 | data[at + 3]
                start = at + 4
            elif length == 127:
                if size - at < 10:
                    break
                length = int.from_bytes(data[at + 2 : at + 10], "big")
                start = at + 10
            if start + length > size:
                break
            highest = self._hear(terminal, data, start, start + length) or highest
            at = start + length
        terminal.held = data[at:]
        if highest:
            terminal.socket.send(frame(f'42{NAMESPACE},["ack",{{"seq":{highest}}}]'))

    def _upgrade(self, terminal: _Terminal, data: bytes) -> int:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        assert data.startswith(b"HTTP/1.1 101"), data[:200]
        terminal.upgraded = True
        assert terminal.socket
        auth = {"token": terminal.token, "seq": terminal.seq}
        terminal.socket.send(frame(f"40{NAMESPACE},{json.dumps(auth)}"))
        return end + 4

    def _hear(self, terminal: _Terminal, data: bytes, start: int, end: int) -> int | None:
        """Take a packet; return its number where it is a message that has one."""
        if data.startswith(_MESSAGE, start):
            self._heard += 1
            self._last_heard = time.monotonic()
            at = data.find(_SEQ, start, start + 80)
            if at < 0:
                return None
            seq = int(data[at + 6 : data.index(b",", at)])
            assert seq == terminal.seq + 1, f"{terminal.token}: {seq} after {terminal.seq}"
            terminal.seq = seq
            if self._arrivals is not None:
                place = self._place[id(terminal)]
                self._arrivals.append((place, seq, self._last_heard))
            return seq
        if data.startswith(self._greeting, start):
            terminal.greeted = True
            self._greeted += 1
            self._connecting -= 1
        elif data[start:end] == b"2":
            assert terminal.socket
            terminal.socket.send(_PONG)
        else:
            known = data.startswith((b"0{", _CONNECTED, f"42{NAMESPACE},".encode()), start)
            assert known, data[start:end]
        return None

    # --- positions

    def _move(self) -> None:
        """Have each mover say once a second where it is, evenly over the second."""
        while self._movers and time.monotonic() >= self._next_move:
            terminal = self._movers[self._moves % len(self._movers)]
            if terminal.socket:
                at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
                lon = 118.4 + self._moves % 1000 / 1e4
                position = {"lon": lon, "lat": 29.1, "at": at, "accuracy_m": 8, "battery": 0.8}
                terminal.socket.send(frame(f'42{NAMESPACE},["position",[{json.dumps(position)}]]'))
            self._moves += 1
            self._next_move += 1 / len(self._movers)


def _live(parent: Connection, port: int, tokens: Sequence[str], greeting: bytes) -> None:
    _Crowd(parent, port, tokens, greeting).run()


@dataclass
class Crowd:
    """A crowd in a process of its own.

    Attributes
    ----------
    port : int
        Where its server listens on the loopback.
    tokens : sequence of str
        One for each terminal.
    numbered : bool
        Whether the server is ours, whose connections are ``ready`` and whose messages have numbers.
    """

    port: int
    tokens: Sequence[str]
    numbered: bool
    _pipe: Connection = field(init=False)

    def __post_init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        greeting = _READY if self.numbered else _CONNECTED
        process = spawn.Process(
            target=_live, args=(theirs, self.port, self.tokens, greeting), daemon=True
        )
        process.start()
        theirs.close()

    def connect(self) -> None:
        """Have every terminal connect, and connect again whenever it is cut off."""
        self._pipe.send(("connect", None))

    def look(self) -> tuple[int, int, float]:
        """Return how many are connected, how many messages came, and when the last one did."""
        self._pipe.send(("look", None))
        return self._pipe.recv()

    def note(self, on: bool) -> None:
        """Note from now on when each message comes, or don't."""
        self._pipe.send(("note", on))

    def arrivals(self) -> list[tuple[int, int, float]]:
        """Return what was noted: (place of the terminal, its number, when)."""
        self._pipe.send(("arrivals", None))
        return self._pipe.recv()

    def move(self, count: int) -> None:
        """Have the first `count` terminals say where they are, once a second each."""
        self._pipe.send(("move", count))
