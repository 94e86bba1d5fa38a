"""The server's side of a WebSocket (RFC 6455), without extensions and without a socket.

It takes a tenth of the time of wsproto's, which a message to thousands and their thousands of
receipts are made of; the tests compare the two.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_CONTINUATION = 0x0
_FINAL, _RESERVED, _CONTROL, _MASKED = 0x80, 0x70, 0x08, 0x80

NORMAL, PROTOCOL_ERROR, NOT_TEXT, NOT_UTF_8, TOO_BIG = 1000, 1002, 1003, 1007, 1009

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class BrokenStream(Exception):
    """What came is against the protocol; `code` is the status to close with (section 7.4.1)."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def accepting(key: str) -> bytes:
    """Return the answer to a handshake with the header ``Sec-WebSocket-Key: key``."""
    accept = base64.b64encode(hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Return a whole message as one frame."""
    size = len(payload)
    if size < 126:
        return bytes((_FINAL | opcode, size)) + payload
    if size < 65_536:
        return bytes((_FINAL | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_FINAL | opcode, 127)) + size.to_bytes(8, "big") + payload


def closing(code: int) -> bytes:
    """Return the frame that ends the conversation."""
    return frame(code.to_bytes(2, "big"), CLOSE)


class Reader:
    """Puts a client's bytes together to messages.

    Parameters
    ----------
    most_bytes : int
        The longest message that is taken; a longer one is refused before it is held.
    """

    __slots__ = ("_held", "_kind", "_most", "_parts")

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held = b""
        self._kind = 0
        self._parts = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Give the opcode and the payload of each message and control frame that is whole now.

        Raises `BrokenStream`.
        """
        data = self._held + data if self._held else data
        at = 0
        while found := self._frame(data, at):
            final, opcode, payload, at = found
            if opcode & _CONTROL:
                yield opcode, payload
            elif whole := self._join(final, opcode, payload):
                yield whole
        self._held = data[at:]

    def _frame(self, data: bytes, at: int) -> tuple[bool, int, bytes, int] | None:
        """Read the frame at `at`: (final, opcode, payload, where the next one begins)."""
        if len(data) - at < 2:
            return None
        first, second = data[at], data[at + 1]
        length, start = second & 0x7F, at + 2
        if length >= 126:
            start += 2 if length == 126 else 8
            if len(data) < start:
                return None
            length = int.from_bytes(data[at + 2 : start], "big")
        self._check(first, second, length)
        payload_at = start + 4
        end = payload_at + length
        if len(data) < end:
            return None
        payload = _unmasked(data[payload_at:end], data[start:payload_at])
        return bool(first & _FINAL), first & 0x0F, payload, end

    def _check(self, first: int, second: int, length: int) -> None:
        opcode = first & 0x0F
        is_control = opcode & _CONTROL
        if first & _RESERVED or not second & _MASKED or opcode & 0x07 > 2:
            raise BrokenStream(PROTOCOL_ERROR)
        if is_control and (length > 125 or not first & _FINAL):
            raise BrokenStream(PROTOCOL_ERROR)
        if not is_control and (opcode == _CONTINUATION) != bool(self._kind):
            raise BrokenStream(PROTOCOL_ERROR)
        if length + len(self._parts) > self._most:
            raise BrokenStream(TOO_BIG)

    def _join(self, final: bool, opcode: int, payload: bytes) -> tuple[int, bytes] | None:
        kind = opcode or self._kind
        self._kind = 0 if final else kind
        if final and not self._parts:
            return kind, payload
        # Added to, not made anew: a message may come in as many parts as it has bytes.
        self._parts += payload
        if not final:
            return None
        whole = bytes(self._parts)
        self._parts.clear()
        return kind, whole


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
