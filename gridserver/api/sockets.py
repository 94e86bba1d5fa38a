"""Socket.IO: the server, its outlets to the relays, and what every namespace has in common.

Who is connected is authenticated at the connect and again at each event: the Flask session in a
socket handler is a copy from the time of connecting, so it is not used.
"""

from __future__ import annotations

import hmac
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import marshmallow as ma
from engineio.socket import Socket
from flask import Flask, request
from flask_socketio import ConnectionRefusedError, Namespace, SocketIO
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from structlog import get_logger

from gis.errors import GisError
from gridserver.access import clocks, idle
from gridserver.access import queries as access
from gridserver.access.rates import Rates
from gridserver.access.rules import Principal, require
from gridserver.api import context, sockets_direct, sockets_wire
from gridserver.api.live import Live
from gridserver.api.platforms import platform_of
from gridserver.api.shapes_devices import SaidSchema, said
from gridserver.api.sockets_held import Held
from gridserver.base import documents
from gridserver.base.db import Database
from gridserver.base.errors import Conflict, Forbidden, GridserverError, Invalid, Unauthenticated
from gridserver.base.settings import Settings
from gridserver.delivery.outlet import Connection
from gridserver.delivery.rules import Cursor

log = get_logger()

#: The database is away, or all its connections are in use.
_DATABASE_DOWN = (OperationalError, PoolTimeout)

#: The longest thing that a client may send at once: a batch of positions has some 60 KB.
MOST_BYTES = 100_000
#: How many clients are let in at a time. After a restart they all come at once, and each takes a
#: connection of the database that commands and requests need too; the rest wait a little longer.
_AT_ONCE = 10

Answer = dict[str, Any]
Act = Callable[[Session, Principal, Any], Answer]


class AuthSchema(SaidSchema):
    """The payload of a connect: a token, or the CSRF token of the cookie's session; what the client
    says of its device, and that one's own clock; and what the client has already."""

    token = ma.fields.String(validate=ma.validate.Length(1, 200))
    csrf = ma.fields.String(validate=ma.validate.Length(1, 200))
    device_time = ma.fields.AwareDateTime()  # noqa: TID251 (any: it is compared, never asked for)
    epoch = ma.fields.String(allow_none=True, validate=ma.validate.Length(max=100))
    seq = ma.fields.Integer(
        allow_none=True, strict=True, validate=ma.validate.Range(-(2**53), 2**53)
    )


_AUTH = AuthSchema()


def load(schema: ma.Schema, payload: object) -> Any:
    """Read a payload. Raises `Invalid` (``socket.bad_payload``) naming the first field at fault."""
    try:
        return schema.load(payload)  # type: ignore[arg-type]
    except ma.ValidationError as error:
        field, said = _first(error.normalized_messages())
        raise Invalid("socket.bad_payload", f"{field}: {said}", field=field) from error


def only(arguments: tuple[object, ...]) -> object:
    """Return an event's one payload. Raises `Invalid` where there is none, or more."""
    if len(arguments) != 1:
        raise Invalid("socket.bad_payload", "An event carries one payload.")
    return arguments[0]


def sound(payload: object) -> object:
    """Return a payload whose texts can be stored. Raises `Invalid` (``socket.bad_payload``) naming
    the first member at fault."""
    if documents.is_deep(payload):
        raise Invalid("socket.bad_payload", "Lists and objects lie too deep within each other.")
    field = documents.bad_text(payload)
    if field is not None:
        said = f"{field or 'payload'}: holds a character that no text has."
        raise Invalid("socket.bad_payload", said, field=field or None)
    return payload


def _first(messages: Any, path: str = "") -> tuple[str, str]:
    if isinstance(messages, dict) and messages:
        key, value = next(iter(messages.items()))
        return _first(value, f"{path}.{key}" if path and key != "_schema" else str(key))
    return path, str(messages[0] if isinstance(messages, list) and messages else messages)


class SocketOutlet:
    """The sockets of one namespace in this process, for the relays.

    Everything goes past the message queue: what a relay sends is for a socket that this process
    holds, and must not depend on a broker.
    """

    def __init__(self, socketio: SocketIO, namespace: str) -> None:
        self._socketio = socketio
        self._namespace = namespace

    def send(self, connection_id: str, event: str, data: dict[str, Any]) -> None:
        self._socketio.server.emit(
            event, data, to=connection_id, namespace=self._namespace, ignore_queue=True
        )

    def send_ready_made(self, connection_id: str, event: str, texts: Sequence[str]) -> None:
        if socket := self._socket(connection_id):
            start = f'2{self._namespace},["{event}",'
            sockets_direct.send(socket, [f"{start}{text}]" for text in texts])

    def close(self, connection_id: str) -> None:
        self._socketio.server.disconnect(
            connection_id, namespace=self._namespace, ignore_queue=True
        )

    def backlog(self, connection_id: str) -> int | None:
        socket = self._socket(connection_id)
        return None if socket is None else sockets_direct.waiting(socket)

    def _socket(self, connection_id: str) -> Socket | None:
        server = self._socketio.server
        eio_sid = server.manager.eio_sid_from_sid(connection_id, self._namespace)
        socket = server.eio.sockets.get(eio_sid)
        return None if socket is None or socket.closed else socket


class AuthenticatedNamespace(Namespace):
    """A namespace whose clients are accounts with a permission.

    Subclasses say in `opened` and `closed` what a connection means, and answer events through
    `answered`.
    """

    permission: str
    #: What clients may send.
    events: frozenset[str] = frozenset()

    def __init__(self, namespace: str, database: Database, live: Live, settings: Settings) -> None:
        super().__init__(namespace)
        self.database = database
        self.live = live
        self._connections: dict[str, tuple[Connection, Principal]] = {}
        self._of_account = Held(settings.account_sockets, "account")
        self._rates = Rates(settings.socket_rate)
        self._doors = threading.BoundedSemaphore(_AT_ONCE)

    # --- for subclasses

    def opened(self, connection: Connection, principal: Principal, cursor: Cursor) -> None:
        """Begin to serve a connection that the client knows to be open."""
        raise NotImplementedError

    def closed(self, connection: Connection, principal: Principal) -> None:
        """End serving it."""
        raise NotImplementedError

    def connection(self) -> Connection | None:
        """Return the connection that the present event came by."""
        found = self._connections.get(_sid())
        return found[0] if found else None

    def known(self, connection_id: str) -> tuple[Connection, Principal]:
        """Return a connection and who held it when it was made. Raises `Unauthenticated`."""
        if found := self._connections.get(connection_id):
            return found
        raise Unauthenticated("access.unauthenticated", "Connect first.")

    def others_of(self, account_id: int) -> bool:
        """Say whether the account has another connection to this process."""
        return self._of_account[account_id] > 0

    def await_turn(self, connection_id: str) -> None:
        """Wait where a connection says more than it may in a minute. Nothing of it is lost: only
        its own greenlet reads it, so whoever floods holds up themselves."""
        if wait_s := self._rates.queue(connection_id, time.monotonic()):
            self.socketio.sleep(wait_s)

    def answered(self, act: Act, arguments: tuple[object, ...]) -> Answer:
        """Return what `act(session, principal, payload)` answers, by the authority of now.

        A refusal is an answer too: ``{status: "refused", code, detail, …}``. A client whose
        session is over is disconnected besides. Too many at once wait for their turn.
        """
        connection = self.connection()
        if connection and (wait_s := context.turn_s(connection.account_id)):
            self.socketio.sleep(wait_s)
        try:
            with self.database.transaction() as session:
                principal = self._principal(session)
                return act(session, principal, sound(only(arguments)))
        except Unauthenticated as error:
            self.socketio.start_background_task(
                SocketOutlet(self.socketio, self.namespace).close, _sid()
            )
            return refused(error)
        except (GridserverError, GisError) as error:
            context.note_refusal(error, connection.account_id if connection else None)
            return refused(error)
        except _DATABASE_DOWN as error:
            log.error("database.down", error=str(error).splitlines()[0])
            return {"status": "refused", "code": "database.down", "detail": "Try again."}

    def _principal(self, session: Session) -> Principal:
        connection = self.connection()
        if connection is None:
            raise Unauthenticated("access.unauthenticated", "Connect first.")
        principal = access.principal_by_session(session, connection.session_id)
        idle.require_open(principal)
        require(principal, self.permission)
        return principal

    # --- for Flask-SocketIO

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Refuse events that nobody handles, instead of leaving the client without an answer."""
        if self._is_lifecycle(event, args[0]) or event in self.events:
            return super().trigger_event(event, *args)
        return refused(Invalid("socket.unknown_event", f"There is no event {event!r}."))

    def _is_lifecycle(self, event: str, connection_id: str) -> bool:
        """Say whether this is a true connect or disconnect, and no event that a client named so."""
        manager = self.socketio.server.manager
        if event == "connect":
            return manager.is_pre_connected(connection_id, self.namespace)
        return event == "disconnect" and not manager.is_connected(connection_id, self.namespace)

    def on_connect(self, auth: object = None) -> None:
        principal: Principal | None = None
        try:
            given = load(_AUTH, sound(auth or {}))
            with self._doors, self.database.transaction() as session:
                principal = _authenticate(session, given)
                require(principal, self.permission)
                if device_time := given.get("device_time"):
                    clocks.note(session, principal, device_time)
            self._require_room(principal)
        except GridserverError as error:
            context.note_refusal(error, principal.account_id if principal else None)
            raise ConnectionRefusedError(error.message, {"code": error.code}) from error
        except _DATABASE_DOWN as error:
            raise ConnectionRefusedError("Try again.", {"code": "database.down"}) from error
        self.live.hub.contacts.report(
            principal.account_id,
            principal.device,
            said(given, request.remote_addr, platform_of(request.user_agent.string)),
        )
        connection = _connection(principal)
        self._connections[connection.id] = connection, principal
        self._of_account.add(connection.account_id)
        cursor = Cursor(given.get("epoch"), given.get("seq"))
        self.socketio.start_background_task(self._open, connection, principal, cursor)

    def _require_room(self, principal: Principal) -> None:
        if self._of_account.is_full(principal.account_id):
            raise Conflict(
                "socket.too_many",
                "The account holds too many connections open. Close those that nobody needs.",
            )

    def on_disconnect(self, _reason: object = None) -> None:
        if found := self._forget(_sid()):
            self.closed(*found)

    def _forget(self, connection_id: str) -> tuple[Connection, Principal] | None:
        found = self._connections.pop(connection_id, None)
        if found:
            self._of_account.take_away(found[0].account_id)
        return found

    def _open(self, connection: Connection, principal: Principal, cursor: Cursor) -> None:
        """Open once the client has been told that it is connected: python-socketio tells it only
        after `on_connect` returned, and a client may drop what comes before."""
        manager = self.socketio.server.manager
        while manager.is_pre_connected(connection.id, self.namespace):
            self.socketio.sleep(0)
        if not manager.is_connected(connection.id, self.namespace):
            self._forget(connection.id)
            return
        try:
            with self._doors:
                self.opened(connection, principal, cursor)
        except _DATABASE_DOWN as error:
            # The client comes again; silence would leave it waiting on an open socket.
            log.error("database.down", error=str(error).splitlines()[0])
            SocketOutlet(self.socketio, self.namespace).close(connection.id)


def refused(error: GridserverError | GisError) -> Answer:
    """Return the answer to an event that is refused."""
    extra = error.extra if isinstance(error, GridserverError) else {}
    field = {"field": error.field} if error.field else {}
    return {"status": "refused", "code": error.code, "detail": str(error), **field, **extra}


def make_socketio(app: Flask) -> SocketIO:
    """Return the Socket.IO server of `app`, under gevent and with an explicit list of origins."""
    settings = app.extensions["gridserver"].settings
    # Garbage by polling is passed over; it needs no traceback in the log.
    logging.getLogger("engineio.server").setLevel(logging.CRITICAL)
    # Where a level is set, python-socketio adds no handler of its own to ours.
    logging.getLogger("socketio.server").setLevel(logging.ERROR)
    socketio = SocketIO(
        app,
        async_mode="gevent",
        path="/socket.io",
        # One client's events are handled one after the other, so its commands keep their order.
        async_handlers=False,
        manage_session=False,
        cors_allowed_origins=list(settings.allowed_origins),
        max_http_buffer_size=MOST_BYTES,
        message_queue=settings.redis_url,
        channel="gridserver",
    )
    socketio.on_error_default(_failed)
    sockets_wire.install(socketio)
    sockets_direct.install(socketio, Held(settings.address_sockets, "address"))
    return socketio


def give_up() -> None:
    """End this process: its relay can't go on, and another process can."""
    os.kill(os.getpid(), signal.SIGTERM)


def _failed(error: Exception) -> Answer:
    log.error("socket.failed", exc_info=error)
    if request.event["message"] == "connect":  # type: ignore[attr-defined]
        # An answer would be taken for a welcome.
        raise ConnectionRefusedError("Try again.", {"code": "server.error"}) from error
    return {"status": "refused", "code": "server.error", "detail": "The server failed. Try again."}


def _authenticate(session: Session, auth: dict[str, Any]) -> Principal:
    if token := auth.get("token"):
        return access.principal_by_token(session, token)[0]
    cookie = context.COOKIE.given()
    if cookie is None:
        raise Unauthenticated("access.unauthenticated", "Sign in first, and give auth {token}.")
    principal, csrf = access.principal_by_token(session, cookie)
    if not hmac.compare_digest(auth.get("csrf", "").encode(), csrf.encode()):
        raise Forbidden("access.csrf", "A socket by cookie gives auth {csrf: csrf_token}.")
    return principal


def _connection(principal: Principal) -> Connection:
    if principal.session_id is None:
        raise Unauthenticated("access.unauthenticated", "Sign in first.")
    return Connection(_sid(), principal.account_id, principal.device or "", principal.session_id)


def _sid() -> str:
    return request.sid  # type: ignore[attr-defined]
