"""A simulated handheld: an inbox, an outbox, a clock that is wrong, and a journal that survives.

It behaves as badly as devices in a valley do: it comes again while its old connection still
lives, says that it has less than it has, says everything twice, by two ways at once, falls silent
in the midst of a sentence and is switched off. Whatever it learns or says is in its journal first.

For gevent: the process that uses it has patched the standard library.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Group

from tests.fault.canonical import digest
from tests.fault.journal import Journal
from tests.fault.memory import Memory, Order, command
from tests.fault.web import NO_ANSWER, Door, ask, verdict
from tests.fault.wire import Broken, Refused, Wire

#: Not a verdict on the command but on the server's state: the same id is sent again.
_NO_VERDICT = frozenset({"database.down", "server.error", "access.unauthenticated"})
#: How many messages may be unacknowledged before the device hurries.
_OUTSTANDING = 24


@dataclass(frozen=True)
class Owner:
    """Whose device it is, and how wrong its clock is."""

    username: str
    token: str
    clock_offset_s: float


@dataclass(frozen=True)
class Manners:
    """How badly a device behaves. Probabilities; seconds on average, and how long it waits for an
    answer (`patience_s`) and for any sign of life (`silence_s`; the server gives one in 25 s)."""

    life_s: float = 20.0
    away_s: float = 2.0
    patience_s: float = 12.0
    silence_s: float = 30.0
    overlap: float = 0.4
    forgetful: float = 0.2
    poll: float = 0.08
    twice: float = 0.3
    by_http: float = 0.2
    again: float = 0.1


CALM = Manners(
    life_s=3600.0, away_s=0.2, patience_s=8.0, overlap=0, forgetful=0, poll=0, twice=0, again=0
)


@dataclass
class _Link:
    """A connection, what came by it, and what was asked by it."""

    number: int
    wire: Wire
    arrived: int = 0
    acknowledged: int = 0
    asked: dict[int, str] = field(default_factory=dict)


class Handheld:
    """One device, from what its journal holds until `switch_off`."""

    def __init__(
        self, owner: Owner, doors: list[Door], journal: Journal, chance: Random, manners: Manners
    ) -> None:
        self.owner = owner
        self.manners = manners
        self.memory = Memory(owner.username)
        self._doors = doors
        self._journal = journal
        self._chance = chance
        self._links: dict[int, _Link] = {}
        self._answered = Event()
        self._something_to_do = Event()
        self._greenlets = Group()
        for line in journal.lines():
            self.memory.take(line)
        self._note("clock", owner.clock_offset_s)
        self._greenlets.spawn(self._connect)
        self._greenlets.spawn(self._talk)

    def switch_off(self) -> None:
        """End it as a flat battery would; the journal stays."""
        self._greenlets.kill()
        for link in list(self._links.values()):
            link.wire.cut()
        self._journal.close()

    def calm_down(self) -> None:
        """Behave from now on."""
        self.manners = CALM

    def acknowledge(self) -> None:
        """Tell the server what arrived by each connection since the last time."""
        for link in list(self._links.values()):
            if link.arrived > link.acknowledged:
                self._acknowledge(link, link.arrived)

    # --- the inbox

    def _note(self, *line: Any) -> None:
        self._journal.append(*line)
        self.memory.take(list(line))

    def _connect(self) -> None:
        while True:
            number = self.memory.connections + 1
            door, seq = self._chance.choice(self._doors), self._cursor()
            self._note("open", number, seq)
            if self._chance.random() < self.manners.poll:
                self._poll(number, door, seq)
            else:
                self._hold_line(number, door, seq)
            gevent.sleep(self._chance.expovariate(1 / self.manners.away_s))

    def _cursor(self) -> int | None:
        """Return where the device says it stands: now and then it has forgotten, or is behind."""
        if self._chance.random() >= self.manners.forgetful:
            return self.memory.cursor
        behind = max(0, self.memory.cursor - self._chance.randint(0, 40))
        return self._chance.choice((None, behind))

    def _hold_line(self, number: int, door: Door, seq: int | None) -> None:
        auth = {
            "token": self.owner.token,
            "epoch": self.memory.epoch,
            "seq": seq,
            "device_time": self._now().isoformat(),
        }
        try:
            manners = self.manners
            wire = Wire(door.host, door.port, auth, manners.patience_s, manners.silence_s)
        except (Refused, *Broken) as error:
            self._note("shut", number, f"{type(error).__name__}: {error}")
            return
        link = self._links[number] = _Link(number, wire)
        self._something_to_do.set()
        reader = self._greenlets.spawn(self._read, link)
        reader.join(self._chance.expovariate(1 / self.manners.life_s))
        if self._chance.random() < self.manners.overlap:
            # The next connection is made beside this one.
            self._greenlets.spawn(self._cut_later, wire)
        else:
            wire.cut()
            reader.join()

    def _cut_later(self, wire: Wire) -> None:
        gevent.sleep(self._chance.uniform(0.5, 4))
        wire.cut()

    def _read(self, link: _Link) -> None:
        try:
            for name, payload in link.wire.heard():
                self._hear(link, name, payload)
            why = "ended"
        except Broken as error:
            why = f"{type(error).__name__}: {error}"
        finally:
            del self._links[link.number]
            link.wire.cut()
        self._note("shut", link.number, why)

    def _hear(self, link: _Link, name: str | int, payload: Any) -> None:
        if isinstance(name, int):
            self._hear_answer(link, name, payload)
        elif name == "message":
            link.arrived = payload["seq"]
            self._take(link.number, payload)
            if link.arrived - link.acknowledged >= _OUTSTANDING:
                self._acknowledge(link, link.arrived)
        elif name == "ready":
            self._note("ready", link.number, payload["epoch"], payload["head"])
        elif name == "resync":
            self._note("resync", link.number, payload["epoch"], payload["seq"])

    def _take(self, number: int, message: dict[str, Any]) -> None:
        data = message["data"]
        task = data.get("task", {}).get("id")
        seq, id_, type_ = (message[name] for name in ("seq", "id", "type"))
        # The true time is for the checker; the device itself doesn't know it.
        self._note("message", number, seq, id_, type_, digest(data), task, time.time())
        if message["type"] == "task.offered":
            self._something_to_do.set()

    def _acknowledge(self, link: _Link, seq: int) -> None:
        link.acknowledged = seq
        twice = self._chance.random() < self.manners.twice
        for _ in range(2 if twice else 1):
            self._emit(link, "ack", {"seq": seq}, "")

    def _emit(self, link: _Link, event: str, payload: Any, meant: str) -> None:
        number = link.wire.number()
        link.asked[number] = meant
        try:
            link.wire.emit(number, event, payload)
        except Broken:
            link.wire.cut()

    def _poll(self, number: int, door: Door, seq: int | None) -> None:
        """Read by long poll for a while, as a client without websockets does."""
        epoch = f"&epoch={self.memory.epoch}" if self.memory.epoch else ""
        after = "" if seq is None else f"&after={seq}"
        try:
            for _ in range(3):
                status, page = self._ask(door, "GET", f"/inbox?wait=2{epoch}{after}")
                if status == 409:
                    self._note("resync", number, page["epoch"], page["head"])
                    return
                if status != 200:
                    break
                self._note("ready", number, page["epoch"], page["head"])
                for message in page["messages"]:
                    self._take(number, message)
                    after = f"&after={message['seq']}"
                    self._ask(door, "POST", "/inbox/ack", {"seq": message["seq"]})
            self._note("shut", number, f"polled {status}")
        except NO_ANSWER as error:
            self._note("shut", number, type(error).__name__)

    def _ask(self, door: Door, method: str, path: str, body: object = None) -> tuple[int, Any]:
        return ask(
            door, method, path, body, token=self.owner.token, timeout=self.manners.patience_s
        )

    # --- the outbox

    def _talk(self) -> None:
        while True:
            for seq, verb in self.memory.due():
                task = self.memory.offered(seq)
                self._note("command", seq, command(task, verb, self._now()))
            if order := self.memory.first_waiting():
                self._say(order)
                self._say_again()
            else:
                self._something_to_do.wait(5)
                self._something_to_do.clear()

    def _now(self) -> dt.datetime:
        """Return what the device's clock shows."""
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.owner.clock_offset_s)

    def _say(self, order: Order) -> None:
        """Send a command, perhaps twice at once, and wait for an answer for a while."""
        self._answered.clear()
        for _ in range(2 if self._chance.random() < self.manners.twice else 1):
            self._greenlets.spawn(self._send, order)
        self._answered.wait(self._chance.uniform(0.5, 1) * self.manners.patience_s)

    def _say_again(self) -> None:
        """Send a command that was answered long ago, as a device does that lost the answer."""
        if self.memory.answers and self._chance.random() < self.manners.again:
            former = self._chance.choice(list(self.memory.answers))
            self._greenlets.spawn(self._send, self.memory.orders[former])

    def _send(self, order: Order) -> None:
        links = list(self._links.values())
        if not links or self._chance.random() < self.manners.by_http:
            self._send_by_http(order)
        else:
            self._emit(self._chance.choice(links), "command", order.payload, order.id)

    def _send_by_http(self, order: Order) -> None:
        body = {name: value for name, value in order.payload.items() if name != "task"}
        path = f"/tasks/{order.task}/commands"
        try:
            status, answer = self._ask(self._chance.choice(self._doors), "POST", path, body)
        except NO_ANSWER as error:
            self._note("again", order.id, "http", type(error).__name__)
            return
        if known := verdict(status, answer):
            self._settle(order.id, "http", *known)
        else:
            self._note("again", order.id, "http", str(status))

    def _hear_answer(self, link: _Link, number: int, answer: dict[str, Any]) -> None:
        asked = link.asked.pop(number, "")
        refused = answer.get("status") != "done"
        if refused and answer.get("code") in _NO_VERDICT:
            self._note("again", asked, "socket", answer["code"])
        elif not asked:
            if refused:
                self._note("receipt_refused", link.number, answer.get("code"))
        elif refused:
            said = {name: value for name, value in answer.items() if name != "status"}
            self._settle(asked, "socket", "refused", said)
        else:
            self._settle(asked, "socket", "done", answer)

    def _settle(self, id_: str, way: str, status: str, said: dict[str, Any]) -> None:
        self._note("answer", id_, way, status, said.get("code"), digest(said))
        self._answered.set()
