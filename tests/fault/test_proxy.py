"""Each fate of a connection through the proxy is what it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fault.proxy import Proxy
from tests.processes import free_port

HOST = "127.0.0.1"
#: More than any buffer on the way holds.
MUCH = 8_000_000


class Server:
    """Keeps what it hears, and says `MUCH` bytes to whoever asks for them."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended = asyncio.Event()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(1_000):
                self.heard += piece
                writer.write(b"." * MUCH if piece == b"much" else piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            self.ended.set()
            writer.close()


@asynccontextmanager
async def through(
    folder: Path, fate: str
) -> AsyncIterator[tuple[Server, asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect to a server by way of a proxy that knows one fate only."""
    there, door = free_port(), free_port()
    asked = {
        "door": (HOST, door),
        "backends": [(HOST, there)],
        "cut_after": 1_000,
        "pace": 0.2,
        "fates": {fate: 1},
        "seed": 1,
    }
    (folder / "proxy.json").write_text(json.dumps(asked))
    server = Server()
    async with await asyncio.start_server(server.take, HOST, there):
        proxy = asyncio.create_task(Proxy(folder).serve())
        reader, writer = await connected(door)
        try:
            yield server, reader, writer
        finally:
            writer.close()
            proxy.cancel()
            await asyncio.gather(proxy, return_exceptions=True)
    assert json.loads((folder / "proxy.counts").read_text()) == {fate: 1}


async def connected(door: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect as soon as somebody listens there."""
    for _ in range(500):
        try:
            return await asyncio.open_connection(HOST, door)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
    raise AssertionError("nobody listens")


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Read until the end, however it comes."""
    heard = b""
    try:
        while piece := await reader.read(100_000):
            heard += piece
    except OSError:
        pass
    return heard


@pytest.mark.parametrize("fate", ["straight", "slow"])
def test_all_comes_in_order(fate: str, tmp_path: Path) -> None:
    async def talk() -> None:
        async with through(tmp_path, fate) as (server, reader, writer):
            for word in (b"one", b"two", b"three"):
                writer.write(word)
                assert await reader.readexactly(len(word)) == word
            assert server.heard == b"onetwothree"

    asyncio.run(talk())


def test_a_cut_comes_in_the_midst_of_a_sentence(tmp_path: Path) -> None:
    async def talk() -> None:
        async with through(tmp_path, "cut") as (_, reader, writer):
            writer.write(b"much")
            assert 0 < len(await rest(reader)) < MUCH

    asyncio.run(talk())


def test_a_half_open_connection_falls_silent_and_stays(tmp_path: Path) -> None:
    async def talk() -> None:
        async with through(tmp_path, "half_open") as (server, reader, writer):
            echoed = b""
            # At some moment a word isn't answered any more, though the connection stands.
            with pytest.raises(TimeoutError):
                while True:
                    writer.write(b"word")
                    async with asyncio.timeout(0.1):
                        echoed += await reader.readexactly(4)
            assert not reader.at_eof()
            assert len(server.heard) <= len(echoed) + 4

    asyncio.run(talk())


def test_what_was_said_last_comes_after_the_end(tmp_path: Path) -> None:
    """The handheld's connection is over, and the server still hears what it had said by it."""

    async def talk() -> None:
        async with through(tmp_path, "late") as (server, reader, writer):
            ended = asyncio.create_task(rest(reader))
            said = 0
            while not ended.done():
                writer.write(b"w")
                said += 1
                await asyncio.sleep(0.002)
            heard = len(server.heard)
            async with asyncio.timeout(10):
                await server.ended.wait()
            assert heard < len(server.heard) <= said

    asyncio.run(talk())
