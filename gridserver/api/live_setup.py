"""Putting the live side of the application together."""

from __future__ import annotations

from flask import Flask

from gridserver.api import positions, sockets_direct
from gridserver.api.live import COMMAND, Live
from gridserver.api.position_writer import PositionWriter
from gridserver.api.sockets import SocketOutlet, give_up, make_socketio
from gridserver.api.sockets_command import CommandView
from gridserver.api.sockets_terminal import NAMESPACE as TERMINAL
from gridserver.api.sockets_terminal import Terminal
from gridserver.api.terminal_snapshot import terminal_snapshot
from gridserver.base.db import Database
from gridserver.delivery.hub import Hub
from gridserver.dispatch import queries as dispatch


def install(app: Flask, database: Database) -> None:
    """Give `app` its sockets and relays. Nothing is dialled: `serving` starts the relays."""
    socketio = make_socketio(app)
    hub = Hub(
        database,
        SocketOutlet(socketio, TERMINAL),
        SocketOutlet(socketio, COMMAND),
        terminal_snapshot=terminal_snapshot,
        command_snapshot=dispatch.command_snapshot,
        crashed=give_up,
    )
    writer = PositionWriter(
        database,
        lambda connection, said: terminal.read_positions(connection, said),
        lambda newest: positions.announce(live, newest),
        give_up,
    )
    live = Live(socketio, hub, writer)
    app.extensions["gridserver_live"] = live
    settings = app.extensions["gridserver"].settings
    terminal = Terminal(database, live, settings)
    for namespace in (terminal, CommandView(database, live, settings)):
        socketio.on_namespace(namespace)
    sockets_direct.shorten(socketio, terminal.take_unasked)
