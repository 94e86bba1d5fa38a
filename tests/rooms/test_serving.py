"""The listening socket, and frames that arrive whole."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import gevent
import pytest

from gridserver.base.errors import Unavailable
from gridserver.serving import WholeSends, listen


def test_accepted_connections_have_tcp_nodelay() -> None:
    (listener,) = listen("127.0.0.1", 0)
    with socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 45_000
        accepted.close()
    listener.close()


def test_every_address_of_a_name_is_listened_on() -> None:
    addresses = {info[4][0] for info in socket.getaddrinfo("localhost", 0)}
    listeners = listen("localhost", 0)
    assert {listener.getsockname()[0] for listener in listeners} == addresses
    for listener in listeners:
        listener.close()


def test_a_taken_port_and_an_unknown_host_are_refused() -> None:
    (listener,) = listen("127.0.0.1", 0)
    with pytest.raises(Unavailable) as refusal:
        listen("127.0.0.1", listener.getsockname()[1])
    assert refusal.value.code == "serve.no_listener"
    listener.close()
    with pytest.raises(Unavailable) as refusal:
        listen("no-such-host.invalid", 0)
    assert refusal.value.code == "serve.unknown_host"


def test_large_frames_of_two_senders_arrive_whole_and_one_after_the_other() -> None:
    """To a client that reads slowly a bare `send` would write a part and return."""
    size = 3_000_000
    sending, reading = socket.socketpair()
    whole = WholeSends(sending.family, sending.type, sending.proto, fileno=sending.detach())

    def read() -> bytes:
        received = b""
        while len(received) < 2 * size:
            received += reading.recv(65_536)
        return received

    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(read)
        senders = [gevent.spawn(whole.send, byte * size) for byte in (b"a", b"b")]
        gevent.joinall(senders)
        assert received.result() == b"a" * size + b"b" * size
    assert [sender.value for sender in senders] == [size, size]
    whole.close()
    reading.close()
