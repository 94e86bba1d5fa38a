"""A balancer without any memory: every TCP connection goes to one of several servers at random."""

from __future__ import annotations

import random
import socket
import socketserver
import threading
from collections.abc import Sequence
from contextlib import suppress

_PIECE = 65_536


class Splitter:
    """Listens on a port of its own and passes each connection on to one of `ports`.

    Attributes
    ----------
    chosen : dict
        How many connections went to each port.
    """

    def __init__(self, ports: Sequence[int], seed: int = 5) -> None:
        self.chosen = dict.fromkeys(ports, 0)
        chance, lock = random.Random(seed), threading.Lock()
        splitter = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with lock:
                    port = chance.choice(ports)
                    splitter.chosen[port] += 1
                with socket.create_connection(("127.0.0.1", port)) as there:
                    back = threading.Thread(target=_pass, args=(there, self.request), daemon=True)
                    back.start()
                    _pass(self.request, there)
                    back.join()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
