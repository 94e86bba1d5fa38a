"""The web process's server: gevent's WSGI server on a listening socket of our own."""

from __future__ import annotations

import logging
import re
import signal
import socket
import ssl
import time
from collections.abc import Callable
from email.message import Message
from typing import Any, TypeVar

import gevent
import gevent.socket
import gevent.ssl
from flask import Flask
from gevent.event import Event
from gevent.lock import RLock
from gevent.pywsgi import WSGIHandler, WSGIServer
from structlog import get_logger

from gridserver.api.live import Live
from gridserver.api.sockets_direct import CONNECTION
from gridserver.base import logs
from gridserver.base.errors import Invalid, Unavailable
from gridserver.base.settings import Settings

log = get_logger()

#: After so many milliseconds without an acknowledgement (or with a closed window: a client that
#: stopped reading) the kernel gives the connection up. As long as Socket.IO waits for a pong.
_USER_TIMEOUT_MS = 45_000
_BACKLOG = 1_024
#: How long requests may go on after the order to stop.
_GRACE = 2.0
#: How long a client may take to agree on keys.
_HANDSHAKE_S = 10.0
#: How long it may take to say what it asks for, and be silent in between. A socket that has become
#: a WebSocket is looked after by pings instead.
_HEAD_S, _SILENCE_S = 20.0, 75.0
#: Of TLS 1.2: with forward secrecy, encrypted and authenticated at once (RFC 9325, 4.2).
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
_DIGITS = re.compile("[0-9]{1,18}")
#: A read that took less waited for nothing, so nobody else had a turn meanwhile.
_AT_ONCE_S = 0.001

Read = TypeVar("Read")


class _Whole:
    """A `send` that sends everything, one sender at a time; and reads that let others have a turn.

    simple-websocket 1.1 writes each frame by one `send` and doesn't look at how much was taken;
    under gevent a large frame to a slow client would be cut, and the stream be garbage from there
    (miguelgrinberg/simple-websocket issue 45).

    gevent gives way in a read only where there is nothing to read yet: by itself a client that
    never stops sending would have the process for itself, signed in or not.
    """

    __slots__ = ()
    _one_at_a_time: RLock

    def recv(self, *arguments: Any) -> bytes:
        return _then_others(super().recv, *arguments)  # type: ignore[misc]

    def recv_into(self, *arguments: Any) -> int:
        return _then_others(super().recv_into, *arguments)  # type: ignore[misc]

    def send(self, data: bytes, flags: int = 0, **named: Any) -> int:
        whole = memoryview(data)
        sent = 0
        with self._one_at_a_time:
            while sent < len(whole):
                sent += super().send(whole[sent:], flags, **named)  # type: ignore[misc]
        return sent


def _then_others(read: Callable[..., Read], *arguments: Any) -> Read:
    """Read, and let others have a turn where that didn't wait."""
    began = time.monotonic()
    found = read(*arguments)
    if time.monotonic() - began < _AT_ONCE_S:
        gevent.sleep(0)
    return found


class WholeSends(_Whole, gevent.socket.socket):
    """A socket with whole sends."""

    __slots__ = ("_one_at_a_time",)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._one_at_a_time = RLock()
        super().__init__(*arguments, **named)


class WholeTlsSends(_Whole, gevent.ssl.SSLSocket):
    """The same over TLS."""

    __slots__ = ("_one_at_a_time",)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._one_at_a_time = RLock()
        super().__init__(*arguments, **named)


class Handler(WSGIHandler):
    """Offers no WebSocket compression, which would hold some 300 KB of zlib state per browser,
    ends the connection with the WebSocket, instead of waiting for another request on it, waits for
    no head that comes letter by letter, and takes no request whose end isn't clear."""

    def read_requestline(self) -> str:
        with gevent.Timeout(_SILENCE_S, TimeoutError("No request came.")):
            return super().read_requestline()

    def read_request(self, raw_requestline: str) -> bool:
        with gevent.Timeout(_HEAD_S, TimeoutError("The head of the request didn't come.")):
            is_read = super().read_request(raw_requestline)
        _require_one_end(self.headers)
        return is_read

    def _handle_client_error(self, ex: Exception) -> Any:
        # Whoever goes away or falls silent within a head is no error of the server's, for which
        # gevent would write a traceback.
        return None if isinstance(ex, OSError) else super()._handle_client_error(ex)

    def get_environ(self) -> dict[str, Any]:
        environ = super().get_environ()
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        if "HTTP_UPGRADE" in environ:
            self.close_connection = True
            self.socket.settimeout(None)
            environ[CONNECTION] = self.socket
        return environ


def _require_one_end(headers: Message) -> None:
    """Raise `ValueError` for a head by which a proxy might see another end of the request than
    gevent does, and so another next request (RFC 9112, 6.3). Of a length beside chunks gevent
    itself takes no notice, as it should."""
    lengths = headers.get_all("Content-Length", [])
    codings = headers.get_all("Transfer-Encoding", [])
    is_one_length = not lengths or (len(lengths) == 1 and _DIGITS.fullmatch(lengths[0]))
    if not is_one_length or [each.lower() for each in codings] not in ([], ["chunked"]):
        raise ValueError("It isn't clear where the request ends.")


class Server(WSGIServer):
    """gevent's WSGI server over `WholeSends`, or `WholeTlsSends`."""

    handler_class = Handler

    def wrap_socket_and_handle(self, client_socket: gevent.socket.socket, address: Any) -> None:
        """Agree on keys, and serve. Who doesn't answer, or speaks plain HTTP, is let go."""
        try:
            with gevent.Timeout(_HANDSHAKE_S):
                wrapped = self.wrap_socket(client_socket, **self.ssl_args)
        except (gevent.Timeout, OSError):
            client_socket.close()
            return
        try:
            self.handle(wrapped, address)
        finally:
            wrapped.close()

    def handle(self, sock: gevent.socket.socket, address: Any) -> None:
        if isinstance(sock, WholeTlsSends):
            sock.settimeout(_SILENCE_S)
            super().handle(sock, address)
            return
        whole = WholeSends(sock.family, sock.type, sock.proto, fileno=sock.detach())
        whole.settimeout(_SILENCE_S)
        try:
            super().handle(whole, address)
        finally:
            whole.close()


def listen(host: str, port: int) -> list[gevent.socket.socket]:
    """Return a listening socket for each address of `host` (a name may have two).

    Without TCP_NODELAY every keep-alive request would wait some 40 ms for a delayed
    acknowledgement; gevent's server doesn't set it, and accepted sockets inherit it from here.

    Raises
    ------
    Unavailable
        No address of `host` can be listened on.
    """
    listeners = []
    error: OSError | None = None
    for family, kind, protocol, _, address in _addresses(host, port):
        listener = gevent.socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError as refusal:
            error = refusal
            listener.close()
        else:
            listeners.append(listener)
    if not listeners:
        reason = error.strerror if error else "no such address"
        raise Unavailable(
            "serve.no_listener", f"{host}:{port} can't be listened on: {reason}."
        ) from error
    return listeners


def serve(app: Flask, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let the running requests end and return."""
    live: Live = app.extensions["gridserver_live"]
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stop.set)
    # By itself it would write a traceback of many lines, and the request with its headers.
    gevent.get_hub().print_exception = lambda _context, *caught: logs.uncaught(*caught)
    listeners = listen(settings.host, settings.port)
    tls = {"ssl_context": _tls(settings)} if settings.tls_certificate else {}
    servers = [
        Server(listener, app, log=None, error_log=logging.getLogger("gevent.pywsgi"), **tls)
        for listener in listeners
    ]
    live.start()
    for server in servers:
        server.start()
    log.info("serving", host=settings.host, port=settings.port)
    stop.wait()
    for server in servers:
        server.close()
    live.stop()
    for server in servers:
        server.stop(timeout=_GRACE)


def _tls(settings: Settings) -> gevent.ssl.SSLContext:
    context = gevent.ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.sslsocket_class = WholeTlsSends
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (ssl.SSLError, OSError) as error:
        raise Invalid(
            "settings.bad_value",
            f"GRIDSERVER_TLS_CERTIFICATE and GRIDSERVER_TLS_KEY can't be used together: {error}.",
            field="GRIDSERVER_TLS_CERTIFICATE",
        ) from error
    return context


def _addresses(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise Unavailable(
            "serve.unknown_host", f"GRIDSERVER_HOST={host!r}: {error.strerror}."
        ) from error
