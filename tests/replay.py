"""Clients as docs/asyncapi.yaml has them: a snapshot, and what comes after it laid over it.

A table for each stream says what every type of event does to what a client holds. A type that is
posted and isn't here fails a test (`tests/rooms/test_replay.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from gridserver.dispatch.lifecycle import TASK

Card = dict[str, Any]
Held = dict[str, dict[int, Card]]
Lay = Callable[[Held, Card], None]


def put(kind: str) -> Lay:
    """Return what puts an event's card in the place of a card that isn't newer."""

    def lay(held: Held, data: Card) -> None:
        card, cards = data[kind], held[f"{kind}s"]
        if card["version"] >= cards.get(card["id"], card)["version"]:
            cards[card["id"]] = card

    return lay


def drop(kind: str) -> Lay:
    """Return what lets go of an event's subject."""
    return lambda held, data: void(held[f"{kind}s"].pop(data[kind]["id"], None))


def void(_: object) -> None:
    """Do nothing with a value."""


def lay_nothing(_held: Held, _data: Card) -> None:
    """Lay nothing: the snapshot doesn't hold what the event is about."""


def lay_work(held: Held, data: Card) -> None:
    """A terminal holds what is to be signed or done; what has ended is done."""
    put("task")(held, data)
    if data["task"]["state"] in TASK.final:
        held["tasks"].pop(data["task"]["id"], None)


#: What a person has done about an order that has just come.
UNTOUCHED = {
    "read_at": None,
    "answered_at": None,
    "answer": None,
    "late": False,
    "reminded_at": None,
}


def lay_order(held: Held, data: Card) -> None:
    """An order comes whole, and after that what changed."""
    card = data["order"]
    orders = held["orders"]
    orders[card["id"]] = orders.get(card["id"], UNTOUCHED) | card


def lay_tombstone(held: Held, data: Card) -> None:
    """Let go of what is over: its subject is named by id."""
    for kind in held:
        if subject := data.get(kind.removesuffix("s")):
            held[kind].pop(subject["id"], None)


#: Type of message → what it does to what a terminal holds.
ON_TERMINAL: Mapping[str, Lay] = {
    "task.offered": lay_work,
    "task.changed": lay_work,
    "task.withdrawn": drop("task"),
    "task.passed_over": drop("task"),
    **dict.fromkeys(
        ("order.issued", "order.reminded", "order.recalled", "order.updated"), lay_order
    ),
    "capture.decided": put("capture"),
    "bulletin.issued": put("bulletin"),
    "bulletin.updated": put("bulletin"),
    "bulletin.ended": drop("bulletin"),
    "bulletin.sighting": lay_nothing,
    "expired": lay_tombstone,
    **dict.fromkeys(
        ("swap.asked", "swap.agreed", "swap.refused", "swap.withdrawn", "swap.done"), lay_nothing
    ),
}
#: Type of feed entry → what it does to what a command view holds.
ON_VIEW: Mapping[str, Lay] = {
    "incident.created": put("task"),
    "task.changed": put("task"),
    **dict.fromkeys(
        (
            "mode.changed",
            "order.changed",
            "order.overdue",
            "capture.changed",
            "bulletin.changed",
            "bulletin.sighting",
        ),
        lay_nothing,
    ),
}


class Replica:
    """What a client holds.

    Parameters
    ----------
    table : mapping
        `ON_TERMINAL` or `ON_VIEW`.
    snapshot : dict
        A list of each kind.
    seq : int
        The number it stands at.
    """

    def __init__(self, table: Mapping[str, Lay], snapshot: dict[str, list[Card]], seq: int) -> None:
        self._table = table
        self.seq = seq
        self.held: Held = {kind: by_id(cards) for kind, cards in snapshot.items()}

    def receive(self, seq: int, type_: str, data: Card) -> None:
        """Lay one event over what is held."""
        assert seq > self.seq
        self._table[type_](self.held, data)
        self.seq = seq

    def let_go(self, at: dt.datetime) -> None:
        """Drop what is over by now: a client does so by its own clock."""
        for cards in self.held.values():
            for card in list(cards.values()):
                if card.get("expires_at") and dt.datetime.fromisoformat(card["expires_at"]) <= at:
                    del cards[card["id"]]

    def __eq__(self, snapshot: object) -> bool:
        if not isinstance(snapshot, dict):
            return NotImplemented
        return self.held == {kind: by_id(cards) for kind, cards in snapshot.items()}

    def __repr__(self) -> str:
        return f"Replica({self.held})"


def by_id(cards: list[Card]) -> dict[int, Card]:
    """Return cards by their id."""
    return {card["id"]: card for card in cards}
