"""Engine.IO over a WebSocket that is written to at once, by whoever has something to say.

python-engineio has a queue and a writing greenlet for each socket, another for its pings, and
simple-websocket one more that reads. Here there is one greenlet, the request's, which reads; what
is sent is written by the sender, and only what the client doesn't take at once waits, up to a limit
(decision 0014).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import engineio
import gevent
import gevent.socket
import gevent.ssl
from engineio import packet
from engineio.socket import Socket
from flask_socketio import SocketIO
from gevent.event import Event

from gridserver.access.limits import network
from gridserver.api import problems, websocket
from gridserver.api.sockets_held import Held
from gridserver.api.sockets_wire import is_packet

#: Where the WSGI server puts the connection's socket.
CONNECTION = "gridserver.connection"

#: A client that has left so many bytes unread is cut off when there is more to say.
MOST_WAITING = 512 * 1024
#: What the kernel holds besides; by itself it would go up to 4 MB for a client that doesn't read.
_KERNEL_BUFFER = 128 * 1024
_READ = 16_384
#: When an address that holds too many sockets may try again.
_RETRY_AFTER_S = 30

#: Takes a packet of a client (Engine.IO session id, packet) past everything; False: it is not such.
Shortcut = Callable[[str, str], bool]


class Wire:
    """A connection that nobody waits for when writing to it."""

    def __init__(self, connection: gevent.socket.socket) -> None:
        self._socket = connection
        self._queue: deque[bytes] = deque()
        #: Bytes that the client has not taken yet.
        self.waiting = 0

    def write(self, data: bytes) -> None:
        """Write now what can be written, and the rest, in order, when the client reads."""
        if self.waiting > MOST_WAITING:
            self.end()
            return
        rest = data if self.waiting else data[self._write_now(data) :]
        if not rest:
            return
        self._queue.append(rest)
        if not self.waiting:
            gevent.spawn(self._drain)
        self.waiting += len(rest)

    def read(self) -> bytes:
        """Wait for what the client says; empty where the connection is over."""
        try:
            return self._socket.recv(_READ)
        except OSError:
            return b""

    def end(self) -> None:
        """End the connection: whoever reads from it learns of it."""
        self._queue.clear()
        with suppress(OSError):  # it may have ended already
            self._socket.shutdown(gevent.socket.SHUT_RDWR)

    def _write_now(self, data: bytes) -> int:
        if isinstance(self._socket, gevent.ssl.SSLSocket):
            return 0  # it can't be asked to write without waiting
        try:
            return gevent.socket.socket.send(self._socket, data, 0, 0.0)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)  # the reader learns of it

    def _drain(self) -> None:
        try:
            while self._queue:
                rest = self._queue.popleft()
                self._socket.sendall(rest)
                self.waiting -= len(rest)
        except OSError:
            self.end()


class DirectSocket(Socket):
    """An Engine.IO socket that is a WebSocket from its start."""

    closed: bool
    closing: bool
    #: When the ping was sent that waits for its answer; None between an answer and the next ping.
    last_ping: float | None

    def __init__(self, server: Engine, sid: str, connection: gevent.socket.socket) -> None:
        super().__init__(server, sid)
        connection.setsockopt(gevent.socket.SOL_SOCKET, gevent.socket.SO_SNDBUF, _KERNEL_BUFFER)
        self.wire = Wire(connection)
        self.connected = self.upgraded = True

    def send(self, pkt: packet.Packet) -> None:
        """Send a packet. None that is sent here is binary."""
        if not self.closed:
            self.wire.write(websocket.frame(pkt.encode().encode()))

    def send_messages(self, texts: Sequence[str]) -> None:
        """Send messages in one go."""
        if not self.closed:
            self.wire.write(b"".join([websocket.frame(b"4" + text.encode()) for text in texts]))

    def schedule_ping(self) -> None:
        if self.last_ping:  # a client may say PONG as often as it likes
            self.last_ping = None
            self.server.pinger.schedule(self)

    def ping(self) -> None:
        """Ask for a sign of life."""
        if not self.closing:
            self.last_ping = time.time()
            self.send(packet.Packet(packet.PING))

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        if self.closed or self.closing:
            return
        self.closing = True
        told = reason or self.server.reason.SERVER_DISCONNECT
        self.server._trigger_event("disconnect", self.sid, told, run_async=False)
        if not abort:
            self.send(packet.Packet(packet.CLOSE))
            self.wire.write(websocket.closing(websocket.NORMAL))
        self.closed = True
        self.wire.end()

    def serve(self) -> None:
        """Take what the client says until the connection is over."""
        reader = websocket.Reader(self.server.max_http_buffer_size)
        try:
            while not self.closed and (data := self.wire.read()):
                for opcode, payload in reader.feed(data):
                    self._take(opcode, payload)
        except websocket.BrokenStream as broken:
            self._leave(broken.code)
        self._leave(websocket.NORMAL)

    def _take(self, opcode: int, payload: bytes) -> None:
        if self.closed:
            return
        if opcode == websocket.TEXT:
            self._hear(payload)
        elif opcode == websocket.PING:
            self.wire.write(websocket.frame(payload, websocket.PONG))
        elif opcode != websocket.PONG:
            self._leave(websocket.NORMAL if opcode == websocket.CLOSE else websocket.NOT_TEXT)

    def _hear(self, payload: bytes) -> None:
        try:
            said = payload.decode()
        except UnicodeDecodeError:
            self._leave(websocket.NOT_UTF_8)
            return
        if self.server.shortcut(self.sid, said):
            return
        if is_packet(said):
            self.receive(packet.Packet(encoded_packet=said))
        else:
            self._leave(websocket.PROTOCOL_ERROR)

    def _leave(self, code: int) -> None:
        if not self.closed:
            self.wire.write(websocket.closing(code))
            self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)


class Pinger:
    """Asks each socket for a sign of life so long after its last one; one greenlet for them all."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._due: deque[tuple[float, DirectSocket]] = deque()
        self._bell = Event()
        self._started = False

    def schedule(self, asked: DirectSocket) -> None:
        """Have `asked` pinged after the interval."""
        self._due.append((time.monotonic() + self._interval_s, asked))
        self._bell.set()
        if not self._started:
            self._started = True
            gevent.spawn(self._run)

    def _run(self) -> None:
        while self._bell.wait():
            while self._due:
                at, asked = self._due.popleft()
                gevent.sleep(max(0.0, at - time.monotonic()))
                asked.ping()
            self._bell.clear()


class Engine(engineio.Server):
    """An Engine.IO server whose WebSockets are `DirectSocket`s, but those that began by polling."""

    pinger: Pinger
    held: Held
    #: Where each socket that is open comes from.
    places: dict[str, str]
    shortcut: Shortcut
    start_service_task: bool

    def _handle_connect(
        self, environ: dict[str, Any], start_response: Any, transport: str, jsonp_index: Any = None
    ) -> Any:
        if self.held.is_full(network(environ.get("REMOTE_ADDR"))):
            return _too_many()
        if transport != "websocket":
            return super()._handle_connect(environ, start_response, transport, jsonp_index)
        key = environ.get("HTTP_SEC_WEBSOCKET_KEY")
        if key is None or environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
            return self._bad_request("Invalid websocket upgrade")
        if self.start_service_task:
            self.start_service_task = False
            self.service_task_handle = self.start_background_task(self._service_task)
        connection = environ.pop(CONNECTION)
        connection.sendall(websocket.accepting(key))
        sid = self.generate_id()
        direct = self.sockets[sid] = DirectSocket(self, sid, connection)
        direct.send(packet.Packet(packet.OPEN, self._opening(sid)))
        self._trigger_event("connect", sid, environ, run_async=False)
        direct.schedule_ping()
        direct.serve()
        self.sockets.pop(sid, None)
        return []

    def _trigger_event(self, event: str, *args: Any, **kwargs: Any) -> Any:
        if event == "connect":
            sid, environ = args
            self.places[sid] = network(environ.get("REMOTE_ADDR"))
            self.held.add(self.places[sid])
        elif event == "disconnect" and (place := self.places.pop(args[0], None)):
            self.held.take_away(place)
        return super()._trigger_event(event, *args, **kwargs)

    def _opening(self, sid: str) -> dict[str, Any]:
        return {
            "sid": sid,
            "upgrades": [],
            "pingTimeout": int(self.ping_timeout * 1000),
            "pingInterval": int(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }


def _too_many() -> dict[str, Any]:
    """Return the answer to a handshake of an address that holds as many sockets as it may, signed
    in or not, as python-engineio takes it."""
    said = "Too many connections are open from this address. Wait, and connect again."
    refused = problems.problem(429, "socket.too_many_of_address", said)
    headers = [("Content-Type", problems.MEDIA_TYPE), ("Retry-After", str(_RETRY_AFTER_S))]
    return {"status": refused.status, "headers": headers, "response": refused.get_data()}


def install(socketio: SocketIO, held: Held) -> None:
    """Have `socketio` serve WebSockets by `DirectSocket`, so many of one address as `held` says."""
    engine = socketio.server.eio
    # python-socketio makes its Engine.IO server itself, of a class that has no option for this.
    engine.__class__ = Engine
    engine.pinger = Pinger(engine.ping_interval)
    engine.held, engine.places = held, {}
    engine.shortcut = lambda _sid, _said: False


def shorten(socketio: SocketIO, shortcut: Shortcut) -> None:
    """Have what comes by WebSocket go to `shortcut` first."""
    socketio.server.eio.shortcut = shortcut


def send(to: Socket, texts: Sequence[str]) -> None:
    """Send Socket.IO packets to a socket of either kind."""
    if isinstance(to, DirectSocket):
        to.send_messages(texts)
        return
    for text in texts:
        to.send(packet.Packet(packet.MESSAGE, text))


def waiting(to: Socket) -> int:
    """Return how many bytes a socket of either kind has yet to take."""
    if isinstance(to, DirectSocket):
        return to.wire.waiting
    return sum(len(each.encode()) for each in list(to.queue.queue) if each)
