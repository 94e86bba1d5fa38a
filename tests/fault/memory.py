"""What a handheld knows, as its journal tells: the same whether it lived on or was switched off."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.fault.journal import Line


@dataclass(frozen=True)
class Order:
    """A command of the officer's: what is sent, however often."""

    id: str
    task: int
    payload: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What an officer means to do about an offered task, and whether all of it is said at once, as
    one does without signal."""

    verbs: tuple[str, ...]
    at_once: bool


@dataclass
class Offered:
    """A task that came by the message `seq`, and the commands that were given about it."""

    task: int
    plan: Plan
    orders: list[str] = field(default_factory=list)


class Memory:
    """The state of one handheld. `take` is given every line of its journal, in order."""

    def __init__(self, username: str) -> None:
        self.username = username
        self.cursor = 0
        self.epoch: str | None = None
        self.connections = 0
        self.received = 0
        self.repeated = 0
        self.orders: dict[str, Order] = {}
        self.answers: dict[str, str] = {}
        self._waiting: dict[str, Order] = {}
        self._offered: dict[int, Offered] = {}
        self._open: dict[int, Offered] = {}

    def take(self, line: Line) -> None:
        """Learn from a line."""
        handler = _HANDLERS.get(line[0])
        if handler:
            handler(self, *line[1:])

    @property
    def unanswered(self) -> int:
        """How many commands wait for an answer."""
        return len(self._waiting)

    def first_waiting(self) -> Order | None:
        """Return the command that is to be sent next: the oldest without an answer."""
        return next(iter(self._waiting.values()), None)

    def due(self) -> list[tuple[int, str]]:
        """Return the commands that are to be given now, as (seq of the offer, verb)."""
        return [(seq, verb) for seq, each in self._open.items() for verb in self._next(each)]

    def offered(self, seq: int) -> int:
        """Return the task that message `seq` offered."""
        return self._offered[seq].task

    def _next(self, offered: Offered) -> tuple[str, ...]:
        given = offered.orders
        left = offered.plan.verbs[len(given) :]
        if offered.plan.at_once:
            return left
        former_done = not given or self.answers.get(given[-1]) == "done"
        return left[:1] if former_done else ()

    def _ready(self, _connection: int, epoch: str, _head: int) -> None:
        self.epoch = epoch

    def _opened(self, connection: int, *_: object) -> None:
        self.connections = max(self.connections, connection)

    def _message(
        self,
        _connection: int,
        seq: int,
        _id: str,
        type_: str,
        _digest: str,
        task: int | None,
        _at: float,
    ) -> None:
        if seq <= self.cursor:
            self.repeated += 1
            return
        self.cursor = seq
        self.received += 1
        if type_ == "task.offered" and task is not None:
            offered = Offered(task, plan(self.username, seq))
            self._offered[seq] = self._open[seq] = offered

    def _resync(self, _connection: int, epoch: str, seq: int) -> None:
        self.epoch, self.cursor = epoch, seq

    def _command(self, seq: int, payload: dict[str, Any]) -> None:
        order = Order(payload["id"], payload["task"], payload)
        self.orders[order.id] = self._waiting[order.id] = order
        if offered := self._offered.get(seq):
            offered.orders.append(order.id)
            if len(offered.orders) == len(offered.plan.verbs):
                self._open.pop(seq, None)

    def _answer(self, id_: str, _way: str, status: str, *_: object) -> None:
        self.answers[id_] = status
        self._waiting.pop(id_, None)
        for seq in [s for s, o in self._open.items() if o.orders[-1:] == [id_]]:
            if status != "done" and not self._open[seq].plan.at_once:
                del self._open[seq]  # somebody else has it


_HANDLERS = {
    "ready": Memory._ready,
    "open": Memory._opened,
    "message": Memory._message,
    "resync": Memory._resync,
    "command": Memory._command,
    "answer": Memory._answer,
}


def plan(username: str, seq: int) -> Plan:
    """Return what an officer does about the task that message `seq` offers: always the same."""
    chance = Random(f"{username}:{seq}")
    support = ("call_support",) if chance.random() < 0.25 else ()
    verbs = ("sign", "depart", *support, "arrive", "report")
    return Plan(verbs, at_once=chance.random() < 0.5)


def command(task: int, verb: str, occurred_at: dt.datetime) -> dict[str, Any]:
    """Return a new command as it goes over the wire."""
    said = {"outcome": "resolved", "text": "已处理"} if verb == "report" else {}
    return {
        "id": str(uuid.uuid4()),
        "verb": verb,
        "task": task,
        "occurred_at": occurred_at.isoformat(),
        "data": said,
    }
