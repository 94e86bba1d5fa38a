"""A TCP proxy of our own between handhelds and servers: `python -m tests.fault.proxy FOLDER`.

Each connection goes to a server at random, and has a fate of its own:

- ``straight``: passed on as it is.
- ``slow``: every piece comes later, each way, in order.
- ``cut``: both ends are reset after so many bytes, in the midst of a frame.
- ``half_open``: after a while nothing is passed on any more, though both ends stay open.
- ``late``: the handheld's end is closed, but what it had said still reaches the server, seconds
  later: after what it says on its next connection.

TCP repeats nothing and loses nothing in the midst of a stream, so neither does this proxy; what is
repeated are connects and commands, by the handhelds. SIGUSR1 resets every connection at once; from
SIGUSR2 on all is passed on as it is.
"""

from __future__ import annotations

import asyncio
import json
import math
import signal
import sys
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

#: fate → how often, relative to the others.
FATES = {"straight": 30, "slow": 25, "cut": 25, "half_open": 8, "late": 12}
_PIECE = 16_384
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """What `proxy.json` in the folder asks for: ``door`` and ``backends``, each ``[host, port]``,
    ``cut_after`` so many bytes or so, ``pace`` by which all seconds are multiplied, ``fates`` and
    ``seed``. `proxy.counts` says how many met which fate."""

    def __init__(self, folder: Path) -> None:
        asked = json.loads((folder / "proxy.json").read_text())
        self._door: list[Any] = asked["door"]
        self._backends: list[list[Any]] = asked["backends"]
        self._cut_after: float = asked["cut_after"]
        self._pace: float = asked["pace"]
        self._fates: dict[str, int] = asked["fates"]
        self._chance = Random(asked["seed"])
        self._counts, self._file = Counter[str](), folder / "proxy.counts"
        self._open: set[asyncio.StreamWriter] = set()
        self._calm = False

    async def serve(self) -> None:
        """Serve until killed."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._storm)
        loop.add_signal_handler(signal.SIGUSR2, self._calm_down)
        server = await asyncio.start_server(self._accept, *self._door)
        async with server:
            await server.serve_forever()

    def _storm(self) -> None:
        for end in list(self._open):
            end.transport.abort()

    def _calm_down(self) -> None:
        self._calm = True
        self._storm()

    def _draw(self) -> str:
        return self._chance.choices(list(self._fates), list(self._fates.values()))[0]

    def _seconds(self, least: float, most: float) -> float:
        return self._pace * self._chance.uniform(least, most)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = "straight" if self._calm else self._draw()
        self._counts[fate] += 1
        self._file.write_text(json.dumps(self._counts))
        try:
            there = await asyncio.open_connection(*self._chance.choice(self._backends))
        except OSError:
            writer.transport.abort()
            return
        here = reader, writer
        ends = {writer, there[1]}
        self._open |= ends
        try:
            await self._fulfil(fate, here, there)
        finally:
            for end in ends:
                end.transport.abort()
            self._open -= ends

    async def _fulfil(self, fate: str, here: Pair, there: Pair) -> None:
        if fate == "slow":
            delay = self._seconds(0.02, 0.4)
            await _first_of(_pass_late(here, there, delay), _pass_late(there, here, delay))
        elif fate == "cut":
            most = int(self._chance.lognormvariate(math.log(self._cut_after), 1.5))
            await _first_of(_pass(here, there, most * 4), _pass(there, here, most))
        elif fate == "half_open":
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds(0.2, 10)):
                    await _first_of(_pass(here, there), _pass(there, here))
            await asyncio.sleep(self._seconds(5, 40))
        elif fate == "late":
            await self._be_late(here, there)
        else:
            await _first_of(_pass(here, there), _pass(there, here))

    async def _be_late(self, here: Pair, there: Pair) -> None:
        """Hold back what the handheld says, then close its end, and pass it on after that."""
        back = asyncio.create_task(_pass(there, here))
        forth = asyncio.create_task(_pass_late(here, there, self._seconds(0.5, 3)))
        await asyncio.sleep(self._seconds(3, 8))
        await _end(back)
        here[1].transport.abort()
        await asyncio.wait([forth], timeout=10)
        await _end(forth)


async def _pass(source: Pair, target: Pair, most: int = 1 << 62) -> None:
    """Pass bytes on, at most so many."""
    with suppress(OSError):
        while most > 0 and (piece := await source[0].read(_PIECE)):
            target[1].write(piece[:most])
            await target[1].drain()
            most -= len(piece)


async def _pass_late(source: Pair, target: Pair, delay: float) -> None:
    """Pass bytes on, each piece so many seconds late."""
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    now = asyncio.get_running_loop().time

    async def read() -> None:
        piece = b"begun"
        while piece:
            try:
                piece = await source[0].read(_PIECE)
            except OSError:
                piece = b""
            await pieces.put((now() + delay, piece))

    reading = asyncio.create_task(read())
    try:
        with suppress(OSError):
            while (due := await pieces.get())[1]:
                await asyncio.sleep(due[0] - now())
                target[1].write(due[1])
                await target[1].drain()
    finally:
        await _end(reading)


async def _first_of(*works: Coroutine[None, None, None]) -> None:
    """Run until one of them has ended, and end the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(*tasks)


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(Proxy(Path(sys.argv[1])).serve())
