"""Servers that take turns at telling everyone, and where ours keeps what it tells."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from gridserver import schema
from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.embedded import Cluster
from rig import accounts
from rig.crowd import Crowd
from rig.processes import ROOT, Server, free_port, web_process

_PATIENCE = 300.0
_REST = 1.5


@dataclass(frozen=True)
class Turn:
    """What a message to all took, in seconds: from the order and from the commit until the last
    terminal had it, and of the servers' processor time, until they were at rest."""

    from_order: float
    from_commit: float
    processor: float


@dataclass
class Contender:
    """Servers with their crowds, and how they are ordered to tell everyone.

    `tell` returns the moment from which on the message was theirs to deliver.
    """

    name: str
    servers: list[Server]
    crowds: list[Crowd]
    tell: Callable[[], float]
    empty_kb: float = 0.0

    @property
    def size(self) -> int:
        return sum(len(crowd.tokens) for crowd in self.crowds)

    @property
    def cpu_s(self) -> float:
        return sum(server.cpu_s for server in self.servers)

    @property
    def resident_kb(self) -> int:
        return sum(server.resident_kb for server in self.servers)

    def connect(self) -> float:
        """Connect everyone; return the seconds it took."""
        self.empty_kb = self.resident_kb
        began = time.monotonic()
        for crowd in self.crowds:
            crowd.connect()
        self.wait(lambda: self.connected == self.size, "are not connected")
        return time.monotonic() - began

    @property
    def connected(self) -> int:
        return sum(crowd.look()[0] for crowd in self.crowds)

    @property
    def heard(self) -> int:
        return sum(crowd.look()[1] for crowd in self.crowds)

    @property
    def last_heard(self) -> float:
        return max(crowd.look()[2] for crowd in self.crowds)

    def wait(self, fulfilled: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not fulfilled():
            if time.monotonic() > deadline:
                sys.exit(f"{self.name}: some {complaint} after {_PATIENCE:.0f} s")
            time.sleep(0.05)

    def turn(self) -> Turn:
        """Tell everyone, and wait until the servers are at rest."""
        target, used = self.heard + self.size, self.cpu_s
        began = time.monotonic()
        committed = self.tell()
        self.wait(lambda: self.heard >= target, "heard nothing")
        last = self.last_heard
        time.sleep(_REST)  # the acknowledgements belong to their turn
        return Turn(last - began, last - committed, self.cpu_s - used)


class Post:
    """Posts in a transaction and knows when it was committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._committing = 0.0
        sa.event.listen(database.engine, "commit", self._note)

    def __call__(self, recipients: list[int]) -> float:
        """Post to each; return the moment at which the commit was ordered."""
        with self._database.transaction() as session:
            service.post(session, [accounts.message(recipients)])
        return self._committing

    def _note(self, _connection: sa.Connection) -> None:
        self._committing = time.monotonic()


def crowds_of(ports: list[int], tokens: list[str], *, numbered: bool) -> list[Crowd]:
    """Return two crowds, whatever the number of servers: the generator is the same for all."""
    return [Crowd(ports[n % len(ports)], tokens[n::2], numbered) for n in range(2)]


def web_processes(
    name: str,
    database: Database,
    folder: Path,
    tokens: list[str],
    tell: Callable[[], float],
    stack: ExitStack,
) -> Contender:
    """Return two web processes of ours, with their terminals."""
    url = database.url.render_as_string(hide_password=False)
    servers = []
    for n in range(2):
        servers.append(web_process(url, folder / f"var{n}"))
        stack.callback(servers[n].stop)
    crowds = crowds_of([server.port for server in servers], tokens, numbered=True)
    return Contender(name, servers, crowds, tell)


def floor(processes: int, tokens: list[str], stack: ExitStack) -> Contender:
    """Return Node's socket.io in so many processes."""
    servers = []
    for _ in range(processes):
        port = free_port()
        server = Server("node", str(ROOT / "bench/socketio_floor.mjs"), str(port), port=port)
        stack.callback(server.stop)
        servers.append(server)

    def emit() -> float:
        ordered = time.monotonic()
        for server in servers:
            server.post("/emit")
        return ordered

    crowds = crowds_of([server.port for server in servers], tokens, numbered=False)
    return Contender(f"Node socket.io, {processes} p.", servers, crowds, emit)


@contextmanager
def installation(terminals: int) -> Iterator[tuple[Database, list[int], Path]]:
    """Give a cluster of our own, the accounts' ids, and a folder."""
    with tempfile.TemporaryDirectory(prefix="gridserver-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Cluster(folder, throwaway=True).running() as url:
            database = Database(url)
            schema.upgrade(database.engine)
            yield database, accounts.make(database, terminals), folder
            database.dispose()


def take_turns(contenders: Sequence[Contender], turns: int) -> list[Turn]:
    """Have each tell everyone, in turns; return the medians of each."""
    taken: list[list[Turn]] = [[] for _ in contenders]
    for _ in range(turns):
        for contender, its in zip(contenders, taken, strict=True):
            its.append(contender.turn())
    return [
        Turn(
            median(turn.from_order for turn in its),
            median(turn.from_commit for turn in its),
            median(turn.processor for turn in its),
        )
        for its in taken
    ]


def raise_limits() -> None:
    """Let this process and those it starts hold as many sockets as the machine allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
