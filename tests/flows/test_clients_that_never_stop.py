"""Clients that never stop sending, and need not even be signed in, keep nobody else waiting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import websocket

from tests.processes import WebProcess, status

#: Engine.IO's answer to a ping, which may be said as often as one likes; so many in one go.
_PONGS = websocket.ABNF.create_frame("3", websocket.ABNF.OPCODE_TEXT).format() * 20_000
#: Requests that want no answer of the database, one after the other on one connection.
_REQUESTS = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2_000


def is_answered_while(server: WebProcess, send: Callable[[], None]) -> bool:
    """Say whether others are answered while `send` is done again and again."""
    enough = threading.Event()

    def go_on() -> None:
        while not enough.is_set():
            send()

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(go_on)
        try:
            answered = all(status(f"{server.url}/healthz") == 200 for _ in range(5))
            assert not sending.done(), "it was cut off"
        finally:
            enough.set()
    return answered


def test_packets_without_end(server: WebProcess) -> None:
    url = server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    line = websocket.create_connection(url)
    line.recv()
    assert is_answered_while(server, lambda: line.sock.sendall(_PONGS))
    line.shutdown()


def test_requests_without_end(server: WebProcess) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        reading = threading.Thread(target=_read_all, args=(line,))
        reading.start()
        assert is_answered_while(server, lambda: line.sendall(_REQUESTS))
        line.shutdown(socket.SHUT_RDWR)
        reading.join()


def test_a_head_that_ends_in_the_middle_leaves_no_traceback(server: WebProcess) -> None:
    before = len(server.log.read_text())
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
    assert status(f"{server.url}/healthz") == 200
    assert "Traceback" not in server.log.read_text()[before:]


def _read_all(line: socket.socket) -> None:
    with suppress(OSError):
        while line.recv(65_536):
            pass
