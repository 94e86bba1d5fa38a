"""A message to every connected terminal, against a bare Flask-SocketIO emit to as many sockets.

Ours: one transaction posts a row to each inbox; the relay of one real web process reads, checks
each session, sends, and takes the acknowledgements. The floor: Flask-SocketIO with gevent and
simple-websocket as its manual shows it, one `emit` to all, no database, no acknowledgement. Both
hold their connections during the whole run and are heard by the same crowds (`rig.crowd`); the
times are until the last terminal has the message, measured in turns, given as medians.

    python bench/delivery.py [--terminals N] [--turns T]
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import ExitStack

from rich.console import Console
from rig.accounts import DATA
from rig.contest import Contender, Post, crowds_of, installation, raise_limits, take_turns
from rig.crowd import NAMESPACE
from rig.processes import Server, free_port, web_process

say = Console(highlight=False).print


def serve_bare(port: int) -> None:
    """Serve the floor."""
    from gevent import monkey

    monkey.patch_all()
    from flask import Flask
    from flask_socketio import SocketIO
    from gevent.pywsgi import WSGIServer

    app = Flask(__name__)
    socketio = SocketIO(app, async_mode="gevent", cors_allowed_origins=[])
    socketio.on_event("connect", lambda _auth=None: True, namespace=NAMESPACE)
    app.add_url_rule("/healthz", "healthz", lambda: "ok")

    @app.post("/emit")
    def emit() -> str:
        socketio.emit("message", {"type": "task.changed", "data": DATA}, namespace=NAMESPACE)
        return ""

    WSGIServer(("127.0.0.1", port), app, log=None).serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--terminals", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        serve_bare(options.bare)
        return
    raise_limits()
    tokens = [str(n) for n in range(1, options.terminals + 1)]
    with ExitStack() as stack:
        database, recipients, folder = stack.enter_context(installation(options.terminals))
        server = web_process(database.url.render_as_string(hide_password=False), folder / "var")
        stack.callback(server.stop)
        port = free_port()
        bare = Server(sys.executable, __file__, "--bare", str(port), port=port)
        stack.callback(bare.stop)
        post = Post(database)

        def emit() -> float:
            ordered = time.monotonic()
            bare.post("/emit")
            return ordered

        ours = Contender(
            "ours",
            [server],
            crowds_of([server.port], tokens, numbered=True),
            lambda: post(recipients),
        )
        floor = Contender("bare emit", [bare], crowds_of([port], tokens, numbered=False), emit)
        compare(ours, floor, options.turns)


def compare(ours: Contender, floor: Contender, turns: int) -> None:
    """Print what each terminal costs both, and what a message to all takes them."""
    each = []
    for contender in (ours, floor):
        seconds = contender.connect()
        each.append((contender.resident_kb - contender.empty_kb) / contender.size)
        say(f"{contender.name}: {contender.size} connected at {contender.size / seconds:.0f}/s")
    mine, its = take_turns((ours, floor), turns)
    say("                      inbox and relay   bare emit   ratio")
    report("memory each, KB", *each, 0)
    report("to every one, s", mine.from_order, its.from_order, 3)
    report("from the commit, s", mine.from_commit, its.from_commit, 3)
    report("processor time, s", mine.processor, its.processor, 3)


def report(name: str, ours: float, floor: float, digits: int) -> None:
    say(f"{name:20} {ours:16.{digits}f} {floor:11.{digits}f} {ours / floor:7.2f}")


if __name__ == "__main__":
    main()
