"""A seal: the head of a batch's tree, chained to the seal before, and its line outside: pure."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import rfc8785

from gridserver.audit.canonical import moment

#: What the hash of a seal begins with, so that it is neither a leaf's nor a node's.
SEAL = b"\x02"
#: What the first seal is chained to.
NOTHING = bytes(32)


@dataclass(frozen=True)
class Seal:
    """A batch of rows that can't be changed unnoticed any more.

    Attributes
    ----------
    ledger : str
        Which ledger: a UUID drawn at its first seal.
    number : int
        From 1 on.
    at : datetime
        When it was sealed.
    ids : str
        The rows by id, ascending: ``7-12,14``.
    rows : int
        How many.
    root, previous : bytes
        The head of the rows' tree, in the order of the ids, and the hash of the seal before.
    """

    ledger: str
    number: int
    at: dt.datetime
    ids: str
    rows: int
    root: bytes
    previous: bytes

    @property
    def first(self) -> int:
        return next(ranges(self.ids)).start

    @property
    def last(self) -> int:
        *_, last = ranges(self.ids)
        return last.stop - 1

    def header(self) -> dict[str, Any]:
        """Return what is hashed, as a JSON object."""
        return {
            "ledger": self.ledger,
            "number": self.number,
            "at": moment(self.at),
            "first": self.first,
            "last": self.last,
            "rows": self.rows,
            "ids": self.ids,
            "root": self.root.hex(),
            "previous": self.previous.hex(),
        }

    @cached_property
    def hash(self) -> bytes:
        """The SHA-256 that the next seal is chained to."""
        return hashlib.sha256(SEAL + rfc8785.dumps(self.header())).digest()


@dataclass(frozen=True)
class Line:
    """A seal as it is written outside the database, signed by `key` (its fingerprint) or not.

    `said` is the hash that the line states: another than the seal's where it was altered.
    """

    seal: Seal
    said: bytes
    key: str | None = None
    signature: bytes | None = None

    def text(self) -> str:
        """Return the line, without its end."""
        document = self.seal.header() | {"hash": self.said.hex()}
        if self.signature is not None:
            signature = base64.b64encode(self.signature).decode()
            document |= {"key": self.key, "signature": signature}
        return rfc8785.dumps(document).decode()

    def signed(self, key: str, signature: bytes) -> Line:
        """Return the line with a signature of its hash."""
        return replace(self, key=key, signature=signature)


def line_of(seal: Seal) -> Line:
    """Return the unsigned line of a seal."""
    return Line(seal, seal.hash)


def read_line(text: str) -> Line | None:
    """Return what a line says, or None for one that can't be read."""
    try:
        document = json.loads(text)
        seal = seal_of(document)
        key, signature = document.get("key"), document.get("signature")
        return Line(
            seal,
            bytes.fromhex(document["hash"]),
            None if key is None else str(key),
            base64.b64decode(signature, validate=True) if signature else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError, StopIteration, RecursionError):
        return None


def seal_of(document: dict[str, Any]) -> Seal:
    """Return the seal of a JSON object. Raises `ValueError`, `KeyError` or `TypeError` where it is
    none."""
    seal = Seal(
        ledger=str(document["ledger"]),
        number=int(document["number"]),
        at=dt.datetime.fromisoformat(document["at"]),
        ids=str(document["ids"]),
        rows=int(document["rows"]),
        root=bytes.fromhex(document["root"]),
        previous=bytes.fromhex(document["previous"]),
    )
    if seal.header() != {name: document[name] for name in seal.header()}:
        raise ValueError("the seal contradicts itself")
    return seal


def ids_of(numbers: Iterable[int]) -> str:
    """Return ascending ids as ranges: ``7-12,14``."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


def ranges(ids: str) -> Iterator[range]:
    """Read what `ids_of` wrote. Raises `ValueError` for anything else."""
    for part in ids.split(","):
        first, _, last = part.partition("-")
        yield range(int(first), int(last or first) + 1)


def count(ids: str) -> int:
    """Return how many ids there are, without listing them."""
    return sum(len(run) for run in ranges(ids))


def expand(ids: str) -> Iterator[int]:
    """Give each id."""
    return chain.from_iterable(ranges(ids))
