"""`/terminal`: the handheld. Messages to the account, receipts, commands and positions."""

from __future__ import annotations

import json
import re
from typing import Any

import marshmallow as ma

from gis.errors import GisError
from gridserver.access.rules import Principal, require
from gridserver.api import positions, terminal_commands
from gridserver.api.live import Live
from gridserver.api.position_writer import PERMISSION
from gridserver.api.positions import PositionSchema
from gridserver.api.sockets import Answer, AuthenticatedNamespace, load, only, refused
from gridserver.base.db import Database
from gridserver.base.errors import GridserverError, Invalid
from gridserver.base.settings import Settings
from gridserver.delivery import relay
from gridserver.delivery.outlet import Connection
from gridserver.delivery.rules import Cursor
from gridserver.force.rules import Position

NAMESPACE = "/terminal"

_NUMBER = ma.validate.Range(0, 2**53)


#: As clients say it that want no answer.
_RECEIPT = re.compile(rf'42{NAMESPACE},\["ack",\{{"seq":([0-9]{{1,15}})\}}\]')
_POSITION = re.compile(rf'42{NAMESPACE},\["position",(.{{1,2048}})\]', re.DOTALL)


class AckSchema(ma.Schema):
    """The device has every message up to `seq`."""

    seq = ma.fields.Integer(required=True, strict=True, validate=_NUMBER)


# Made once: a schema's making costs more than its use.
_ACK, _POSITIONS = AckSchema(), PositionSchema(many=True)


class Terminal(AuthenticatedNamespace):
    """Handhelds, and command rooms for what they must sign themselves."""

    permission = relay.PERMISSION
    events = frozenset({"ack", "command", "position"})

    def __init__(self, database: Database, live: Live, settings: Settings) -> None:
        super().__init__(NAMESPACE, database, live, settings)
        self._relay = live.hub.relay

    def opened(self, connection: Connection, principal: Principal, cursor: Cursor) -> None:
        self._relay.connect(connection, cursor)
        self._tell_presence(principal, online=True)

    def closed(self, connection: Connection, principal: Principal) -> None:
        self._relay.disconnect(connection.id)
        if not self.others_of(connection.account_id):
            self._tell_presence(principal, online=False)

    def trigger_event(self, event: str, *args: Any) -> Any:
        # Receipts are as many as messages, and positions as many as officers are under way: they
        # go past Flask's request context.
        direct = {"ack": self.on_ack, "position": self.on_position}.get(event)
        if direct is None:
            return super().trigger_event(event, *args)
        self.await_turn(args[0])
        return direct(*args)

    def take_unasked(self, session: str, packet: str) -> bool:
        """Take a receipt or positions as they came, past everything that events go through; False
        for what is neither, or needs an answer. `session` is the Engine.IO session's."""
        if receipt := _RECEIPT.fullmatch(packet):
            return self._relay.acknowledge(self._in_turn(session), int(receipt[1]))
        if said := _POSITION.fullmatch(packet):
            return self._take_unread(self._in_turn(session), said[1])
        return False

    def _in_turn(self, session: str) -> str:
        """Return the connection of an Engine.IO session, once it is its turn."""
        connection_id: str = self.socketio.server.manager.sid_from_eio_sid(session, NAMESPACE)
        self.await_turn(connection_id)
        return connection_id

    def _take_unread(self, connection_id: str, said: str) -> bool:
        found = self._connections.get(connection_id)
        if found:
            self.live.positions.take_unread(found[0], said)
        return found is not None

    def on_ack(self, connection_id: str, *arguments: object) -> Answer:
        """Take a receipt. It touches no row here: the receipt writer asks, before it stores a
        batch of them, whose sessions still stand."""
        try:
            seq = load(_ACK, only(arguments))["seq"]
            if not self._relay.acknowledge(connection_id, seq):
                raise Invalid("inbox.beyond_head", "seq: never sent on this connection.")
        except GridserverError as error:
            return refused(error)
        return {"status": "done", "seq": seq}

    def on_command(self, *arguments: object) -> Answer:
        """Carry out a command, by the same path as HTTP, and answer its result."""
        return self.answered(terminal_commands.answer, arguments)

    def on_position(self, connection_id: str, *arguments: object) -> Answer:
        """Take positions. They are stored, and shown to the command views, a moment later, if the
        officer is on duty by then and the session still stands."""
        try:
            connection, principal = self.known(connection_id)
            require(principal, PERMISSION)
            told = positions.read(load(_POSITIONS, only(arguments)), self.database.clock.now())
        except (GridserverError, GisError) as error:
            return refused(error)
        self.live.positions.take(connection, told)
        positions.note_charge(self.live, principal, told)
        return {"status": "done", "accepted": len(told)}

    def read_positions(self, connection: Connection, said: str) -> list[Position]:
        """Read positions as a connection said them. Raises as `positions.read` does."""
        told = positions.read(load(_POSITIONS, _json(said)), self.database.clock.now())
        positions.note_charge(self.live, connection, told)
        return told

    def _tell_presence(self, principal: Principal, *, online: bool) -> None:
        presence = {"username": principal.username, "online": online}
        for unit_path in principal.paths("position.send"):
            self.live.tell_rooms("presence", presence, unit_path)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # lists in lists in lists …
        raise Invalid("socket.bad_payload", "This is no JSON.") from error
