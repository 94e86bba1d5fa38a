"""The WebSocket protocol of ours, held against wsproto's."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import CloseReason, FrameProtocol, Opcode
from wsproto.handshake import generate_accept_token

from gridserver.api import websocket
from gridserver.api.websocket import BrokenStream, Reader

MOST = 100_000

MESSAGES = st.lists(
    st.tuples(st.sampled_from((Opcode.TEXT, Opcode.BINARY)), st.binary(max_size=300)), max_size=5
)


def masked(opcode: int, payload: bytes, first: int = 0x80) -> bytes:
    """Return a client's frame, made here so that the reader isn't held against its own writer."""
    mask = os.urandom(4)
    size = len(payload)
    length = (
        bytes((0x80 | size,))
        if size < 126
        else b"\xfe" + size.to_bytes(2, "big")
        if size < 65_536
        else b"\xff" + size.to_bytes(8, "big")
    )
    body = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
    return bytes((first | opcode,)) + length + mask + body


@given(messages=MESSAGES, cuts=st.lists(st.integers(1, 40)), parts=st.integers(1, 4))
def test_messages_come_out_as_they_went_in_however_they_are_cut(
    messages: list[tuple[Opcode, bytes]], cuts: list[int], parts: int
) -> None:
    """Fragments, pings between them, and a stream that arrives in pieces of any size."""
    stream, expected = b"", []
    for opcode, payload in messages:
        step = len(payload) // parts + 1
        pieces = [payload[at : at + step] for at in range(0, len(payload), step)] or [b""]
        for n, piece in enumerate(pieces):
            final = 0x80 if n == len(pieces) - 1 else 0
            stream += masked(opcode if n == 0 else 0, piece, final) + masked(Opcode.PING, b"?")
            expected += [(int(opcode), payload)] if final else []
            expected.append((websocket.PING, b"?"))
    reader, heard, at = Reader(MOST), [], 0
    for cut in [*cuts, len(stream)]:
        heard += reader.feed(stream[at : at + cut])
        at += cut
    heard += reader.feed(stream[at:])
    assert heard == expected


@given(payload=st.text(max_size=200).map(str.encode), times=st.sampled_from((1, 2_000)))
def test_what_is_written_is_what_wsproto_reads(payload: bytes, times: int) -> None:
    payload = payload * times
    client = FrameProtocol(client=True, extensions=[])
    client.receive_bytes(websocket.frame(payload) + websocket.closing(websocket.TOO_BIG))
    *parts, end = client.received_frames()
    assert "".join(part.payload for part in parts) == payload.decode()
    assert end.payload[0] == CloseReason.MESSAGE_TOO_BIG


def test_a_handshake_is_accepted_as_the_standard_says() -> None:
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    assert b"Accept: " + generate_accept_token(key.encode()) in websocket.accepting(key)


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (websocket.frame(b"not masked"), websocket.PROTOCOL_ERROR),
        (masked(Opcode.TEXT, b"", 0xC0), websocket.PROTOCOL_ERROR),
        (masked(0x3, b""), websocket.PROTOCOL_ERROR),
        (masked(0xB, b""), websocket.PROTOCOL_ERROR),
        (masked(Opcode.PING, b"x" * 126), websocket.PROTOCOL_ERROR),
        (masked(Opcode.PING, b"x", 0), websocket.PROTOCOL_ERROR),
        (masked(Opcode.CONTINUATION, b"of nothing"), websocket.PROTOCOL_ERROR),
        (masked(Opcode.TEXT, b"a", 0) + masked(Opcode.TEXT, b"b"), websocket.PROTOCOL_ERROR),
        (masked(Opcode.TEXT, b"x" * (MOST + 1)), websocket.TOO_BIG),
        (masked(Opcode.TEXT, b"x" * (MOST + 1))[:14], websocket.TOO_BIG),
        (
            masked(Opcode.TEXT, b"x" * MOST, 0) + masked(Opcode.CONTINUATION, b"x"),
            websocket.TOO_BIG,
        ),
    ],
    ids=[
        "not masked",
        "a reserved bit",
        "an unknown data frame",
        "an unknown control frame",
        "a long ping",
        "a ping in parts",
        "a part of nothing",
        "a message within another",
        "too long",
        "too long by its header",
        "too long together",
    ],
)
def test_what_is_against_the_protocol_is_refused_before_it_is_held(
    stream: bytes, code: int
) -> None:
    with pytest.raises(BrokenStream) as refusal:
        list(Reader(MOST).feed(stream))
    assert refusal.value.code == code
