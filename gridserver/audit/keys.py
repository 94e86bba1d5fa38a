"""Generations of the key that signs: each vouches for the next by a line among the seals: pure."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import rfc8785

from gridserver.audit.canonical import moment
from gridserver.audit.findings import Finding
from gridserver.audit.seals import NOTHING, Line
from gridserver.audit.signing import Signer, fingerprint, holds

KIND = "key renewed"
#: What the hash of a renewal begins with, so that no signature of a seal is one of a renewal.
RENEWAL = b"\x03"


@dataclass(frozen=True)
class Renewal:
    """A line by which the key that signed until then vouches for the one that signs after it.

    Attributes
    ----------
    at : datetime
        When.
    public : bytes
        The new public key: 32 bytes.
    previous : bytes
        The hash of the seal before it in the file, so that it can't be moved.
    key, signature : str, bytes
        The former key's fingerprint, and its signature of the hash.
    """

    at: dt.datetime
    public: bytes
    previous: bytes
    key: str = ""
    signature: bytes = b""

    def header(self) -> dict[str, Any]:
        """Return what is hashed, as a JSON object."""
        return {
            "kind": KIND,
            "at": moment(self.at),
            "public": self.public.hex(),
            "previous": self.previous.hex(),
        }

    @property
    def hash(self) -> bytes:
        """The SHA-256 that is signed."""
        return hashlib.sha256(RENEWAL + rfc8785.dumps(self.header())).digest()

    def signed(self, former: Signer) -> Renewal:
        """Return it with the former key's signature."""
        return replace(self, key=former.name, signature=former.sign(self.hash))

    def text(self) -> str:
        """Return the line, without its end."""
        signature = base64.b64encode(self.signature).decode()
        return rfc8785.dumps(self.header() | {"key": self.key, "signature": signature}).decode()


#: A line of the file: a seal, a renewal, or the text of one that can't be read.
Filed = Line | Renewal | str


def read_renewal(text: str) -> Renewal | None:
    """Return what a renewal's line says, or None for one that is none."""
    try:
        document = json.loads(text)
        if document["kind"] != KIND:
            return None
        return Renewal(
            dt.datetime.fromisoformat(document["at"]),
            bytes.fromhex(document["public"]),
            bytes.fromhex(document["previous"]),
            str(document["key"]),
            base64.b64decode(document["signature"], validate=True),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


class Trust:
    """Which keys may sign, as the lines of a file are gone through from its first on.

    Parameters
    ----------
    keys : iterable of bytes
        Public keys of any generation that are known from elsewhere.
    """

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._signing = {fingerprint(key): key for key in keys}
        self._former: dict[str, bytes] = {}
        self._last = NOTHING

    @property
    def known(self) -> frozenset[bytes]:
        """The public keys of all generations so far."""
        return frozenset((*self._signing.values(), *self._former.values()))

    def check(self, line: Line | Renewal) -> Finding | None:
        """Return what is wrong with the signature of the next line, or None."""
        return self._seal(line) if isinstance(line, Line) else self._renewal(line)

    def _seal(self, line: Line) -> Finding | None:
        self._last = line.said
        number = (line.seal.number, line.seal.number)
        if line.signature is None:
            return Finding("line_altered", number, more="not signed")
        if kind := self._fault(line.key, line.signature, line.said):
            return Finding(kind, number, more=f"signed as by key {line.key!r}")
        return None

    def _renewal(self, line: Renewal) -> Finding | None:
        new = fingerprint(line.public)
        if kind := self._fault(line.key, line.signature, line.hash):
            return Finding(kind, more=f"that names key {new}, as if by key {line.key!r}")
        self._former[line.key] = self._signing.pop(line.key)
        self._signing[new] = line.public
        if line.previous != self._last:
            return Finding("line_altered", more=f"that names key {new}: it was moved")
        return None

    def _fault(self, key: str | None, signature: bytes, message: bytes) -> str | None:
        """Return the kind of what is wrong with a signature; `key` None: the line names none."""
        asked = [public for name, public in self._signing.items() if key in {None, name}]
        if any(holds(public, signature, message) for public in asked):
            return None
        if asked:
            return "line_altered"
        return "key_replaced" if key in self._former else "key_unvouched"


def vouched(keys: Iterable[bytes], lines: Iterable[Filed]) -> frozenset[bytes]:
    """Return the public keys of all generations: `keys`, and those that they vouch for in the
    file."""
    trust = Trust(keys)
    for line in lines:
        if not isinstance(line, str):
            trust.check(line)
    return trust.known
