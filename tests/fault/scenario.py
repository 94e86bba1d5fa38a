"""A county under fire: its installation, its handhelds, who posts to them, and how far all is."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from random import Random

import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver import schema
from gridserver.base.db import Database
from tests.fault import county, status
from tests.fault.handheld import Manners
from tests.fault.installation import Installation, Service
from tests.fault.network import Valley, valley
from tests.fault.proxy import FATES
from tests.fault.status import CALM, ENOUGH, Status
from tests.fault.web import Door, ask
from tests.processes import free_port

#: How wrong a device's clock may be, seconds.
_CLOCK_S = 12 * 3600
#: Of a message on the way, about.
_MESSAGE_BYTES = 800
#: Commands that an incident brings at the least, by the plan of who signs.
_COMMANDS_EACH = 4


@dataclass(frozen=True)
class Size:
    """How much is done, and how fast.

    Attributes
    ----------
    terminals, messages, commands
        At least so many of each.
    minutes
        Over how long writers and callers spread their work; on a slow machine it takes longer.
    deeds
        How many times something is broken meanwhile; what is posted after that is left in peace.
    writers, callers
        Processes that write in bulk, and that report incidents, each one after the other.
    sign_within_s
        The time to sign a task.
    """

    terminals: int
    messages: int
    commands: int
    minutes: float
    deeds: int
    seed: int = 1
    writers: int = 2
    callers: int = 2
    sign_within_s: int = 20

    @property
    def seconds(self) -> float:
        return self.minutes * 60


@dataclass(frozen=True)
class Progress:
    """How far a run is: what the database holds, and what the handhelds say."""

    messages: int
    said: Status
    behind: int


class Scenario:
    """The processes of one run. `scenario` makes it."""

    def __init__(
        self, installation: Installation, size: Size, place: Valley | None, database: Database
    ) -> None:
        self.installation, self.folder = installation, installation.folder
        self.size, self.valley, self.database = size, place, database
        self.chance = Random(size.seed)
        self.crowds: list[Service] = []
        self.writers: list[Service] = []
        self.callers: list[Service] = []
        self.proxy: Service | None = None
        self._accounts: dict[str, int] = {}
        self._tokens: dict[str, str] = {}

    @property
    def posters(self) -> list[Service]:
        """Who posts and reports."""
        return [*self.writers, *self.callers]

    def people(self) -> None:
        """Make the county."""
        with self.database.transaction() as session:
            self._accounts = county.make_county(
                session, self.size.terminals, self.size.sign_within_s
            )

    def sign_in(self, doors: list[Door]) -> None:
        """Sign everybody in, at each door in turn: a password is checked slowly, on purpose."""
        with ThreadPoolExecutor(2 * len(doors)) as pool:
            tokens = pool.map(_sign_in, cycle(doors), self._accounts)
        self._tokens = dict(zip(self._accounts, tokens, strict=True))

    def open_proxy(self, doors: list[Door]) -> Door:
        """Start the proxy before `doors`; return its own."""
        door = Door(doors[0].host, free_port())
        backends = [(each.host, each.port) for each in doors]
        asked = {
            "door": (door.host, door.port),
            "backends": backends,
            # A tenth of what a handheld gets in all.
            "cut_after": _MESSAGE_BYTES / 10 * self.size.messages / self.size.terminals,
            "pace": 1.0,
            "fates": FATES,
            "seed": self.size.seed,
        }
        (self.folder / "proxy.json").write_text(json.dumps(asked))
        self.proxy = self._service("proxy", module="proxy")
        return door

    def switch_on(self, doors: list[Door], manners: Manners) -> None:
        """Start the handhelds: in the valley one half of them, where there is one."""
        names = list(self._accounts)
        self.chance.shuffle(names)
        half = len(names) // 2 if self.valley else 0
        for name, own, inside in (
            ("town", names[half:], None),
            ("valley", names[:half], self.valley),
        ):
            if not own:
                continue
            owners = [
                (who, self._tokens[who], self.chance.uniform(-_CLOCK_S, _CLOCK_S)) for who in own
            ]
            asked = {
                "seed": self.size.seed,
                "owners": owners,
                "doors": [(door.host, door.port) for door in doors],
                "manners": asdict(manners),
                "off_every_s": max(0.5, self.size.seconds / 60),
            }
            self._ask(name, asked)
            self.crowds.append(self._service(name, module="terminals", inside=inside))

    def start_posting(self, doors: list[Door]) -> None:
        """Start the writers and the callers."""
        size, officers = self.size, county.officers(self.size.terminals)
        share = (size.messages - size.commands) // size.writers + 1
        writer = {
            "database": self.database.url.render_as_string(hide_password=False),
            "recipients": list(self._accounts.values()),
            "messages": share,
            "per_s": share / size.seconds,
        }
        caller = {
            "doors": [(door.host, door.port) for door in doors],
            "token": self._tokens[county.ROOM],
            "places": [county.place(size.terminals, each) for each in range(officers)],
            "officers": list(self._accounts)[-officers:],
            "per_s": size.commands / _COMMANDS_EACH / size.callers / size.seconds,
        }
        for number in range(size.writers):
            self._ask(f"writer-{number}", writer)
            self.writers.append(self._service(f"writer-{number}", module="writer"))
        for number in range(size.callers):
            self._ask(f"caller-{number}", caller)
            self.callers.append(self._service(f"caller-{number}", module="caller"))

    def progress(self) -> Progress:
        """Return how far it is. Raises SQLAlchemy's errors while the database is dead."""
        with self.database.transaction() as session:
            heads = dict(
                session.execute(
                    sa.text("SELECT username, seq FROM inbox_head JOIN account ON id = recipient")
                ).all()
            )
        said = self.said()
        behind = sum(seq - min(seq, said.cursors.get(name, 0)) for name, seq in heads.items())
        return Progress(sum(heads.values()), said, behind)

    def said(self) -> Status:
        """Return what the handhelds say."""
        return status.together(
            [status.read(self.folder / f"{crowd.name}.status") for crowd in self.crowds]
        )

    def calm_down(self) -> None:
        """Have all behave from now on."""
        (self.folder / CALM).touch()
        if self.proxy:
            self.proxy.kill(signal.SIGUSR2)

    def enough(self) -> None:
        """Have the callers report nothing new."""
        (self.folder / ENOUGH).touch()

    def write_cast(self) -> None:
        """Write down who took part, for the checker."""
        cast = {
            "terminals": list(self._accounts),
            "room": [county.ROOM],
            "writers": [each.name for each in self.writers],
            "callers": [each.name for each in self.callers],
        }
        (self.folder / "cast.json").write_text(json.dumps(cast))
        url = self.database.url.render_as_string(hide_password=False)
        (self.folder / "database-url").write_text(url)

    def stop(self) -> None:
        """Stop all processes of this side."""
        for service in (*self.posters, *self.crowds, self.proxy):
            if service:
                service.stop()

    def _ask(self, name: str, asked: dict[str, object]) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(asked))

    def _service(self, name: str, *, module: str, inside: Valley | None = None) -> Service:
        command = [sys.executable, "-m", f"tests.fault.{module}", str(self.folder), name]
        if inside:
            command = inside.inside(*command)
        return Service(name, command, self.folder / f"{name}.log")


def _sign_in(door: Door, name: str) -> str:
    body = {"username": name, "password": county.PASSWORD, "device": f"fault-{name}"}
    code, document = ask(door, "POST", "/sessions", body, timeout=60)
    assert code == 201, document
    return document["token"]


@contextmanager
def started(
    installation: Installation,
    url: URL,
    size: Size,
    manners: Manners,
    *,
    place: Valley | None = None,
    broken: str | None = None,
) -> Iterator[Scenario]:
    """Start everything but the saboteur over a migrated, empty database; stop it at the end.

    Parameters
    ----------
    place : Valley, optional
        Where half of the handhelds are.
    broken : str, optional
        A fault of `tests.fault.broken`: one web process that has it takes the place of the product.
    """
    (installation.folder / "journals").mkdir()
    with ExitStack() as stack:
        database = Database(url, pool_size=1)
        stack.callback(database.dispose)
        made = Scenario(installation, size, place, database)
        made.people()
        stack.callback(installation.stop)
        if broken:
            installation.start_broken(url, broken)
        else:
            installation.start(url)
        made.sign_in(installation.doors)
        stack.callback(made.stop)
        door = made.open_proxy(installation.doors)
        doors = [door, door, door, *installation.doors]
        made.switch_on(doors, manners)
        made.start_posting(doors)
        made.write_cast()
        yield made


@contextmanager
def installed(folder: Path, size: Size, manners: Manners) -> Iterator[Scenario]:
    """Start everything in an empty folder, PostgreSQL and the valley too."""
    with valley() as place:
        installation = Installation(folder, place.address if place else "127.0.0.1")
        with installation.database() as url:
            migrated = sa.create_engine(url)
            schema.upgrade(migrated)
            migrated.dispose()
            with started(installation, url, size, manners, place=place) as made:
                yield made


def wait(condition: Callable[[], bool], within_s: float, look_s: float = 0.5) -> bool:
    """Wait until it is so; say whether it came to be."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(look_s)
    return True
