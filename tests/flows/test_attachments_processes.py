"""An upload outlives the web process that takes it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from gridserver.attachments.rules import PIECE_BYTES
from tests.county import County
from tests.photos import Photo, photo
from tests.processes import Caller, WebProcess
from tests.waiting import until

ATTACHMENTS = "/api/v1/attachments"
Start = Callable[..., WebProcess]


def announce(caller: Caller, what: Photo) -> dict[str, Any]:
    answer = caller.post(ATTACHMENTS, json=what.announcement)
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(caller: Caller, what: Photo, offset: int, piece: bytes) -> dict[str, Any]:
    headers = {
        "Authorization": f"Bearer {caller.token}",
        "Content-Type": "application/octet-stream",
        "Upload-Offset": str(offset),
    }
    url = f"{caller.url}{ATTACHMENTS}/{what.sha256}"
    answer = requests.patch(url, data=piece, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


@contextmanager
def begun_request(caller: Caller, what: Photo, offset: int, piece: bytes, sent: int) -> Iterator:
    """Send a piece's request up to its first `sent` bytes, and leave it there."""
    host, port = caller.url.removeprefix("http://").split(":")
    head = (
        f"PATCH {ATTACHMENTS}/{what.sha256} HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {caller.token}\r\nUpload-Offset: {offset}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(piece)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as line:
        line.sendall(head.encode() + piece[:sent])
        yield


def test_it_goes_on_after_a_kill_in_the_middle_of_a_piece(
    start_server: Start, own_county: County, tmp_path: Path
) -> None:
    what = photo(side=600)
    first, rest = what.content[:PIECE_BYTES], what.content[PIECE_BYTES:]
    server = start_server()
    caller = Caller(server.url, "330824001")
    announce(caller, what)
    assert send(caller, what, 0, first)["received"] == len(first)
    with begun_request(caller, what, len(first), rest, sent=len(rest) // 2):
        server.kill()
    start_server(port=server.port)
    assert announce(caller, what)["received"] == len(first)
    assert send(caller, what, len(first), rest)["state"] == "complete"
    kept = tmp_path / "attachments" / what.sha256[:2] / what.sha256
    assert kept.read_bytes() == what.content


def test_it_goes_on_after_a_kill_while_it_is_examined(
    start_server: Start, own_county: County, tmp_path: Path
) -> None:
    """All bytes are here, the answer never came: an empty piece asks for the check again."""
    what = photo()
    server = start_server()
    caller = Caller(server.url, "330824001")
    announce(caller, what)
    size = len(what.content)
    with begun_request(caller, what, 0, what.content, sent=size):
        until(lambda: announce(caller, what)["received"] == size)
        server.kill()
    start_server(port=server.port)
    assert announce(caller, what)["received"] == size
    assert send(caller, what, size, b"")["state"] == "complete"
    kept = tmp_path / "attachments" / what.sha256[:2] / what.sha256
    assert kept.read_bytes() == what.content
