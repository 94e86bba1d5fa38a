"""Rows to take away: signed, each with its proof, checked anywhere without the database.

A file of JSON lines (RFC 8785 each): a head, then for each seal its line and the rows of it with
their proofs, and last the signature of the SHA-256 of all that stands before it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import rfc8785
from sqlalchemy.orm import Session

from gridserver.audit import proving, queries, signing
from gridserver.audit.canonical import moment
from gridserver.audit.keys import Filed, vouched
from gridserver.audit.queries import Wanted
from gridserver.audit.signing import Signer
from gridserver.base.clock import now
from gridserver.base.errors import Invalid

FORM = 1
KIND = "gridserver audit export"
#: Rows of an export.
MOST = 5_000


def export(session: Session, wanted: Wanted, by: str, signer: Signer) -> tuple[bytes, int]:
    """Return the file of the sealed rows that are wanted, and how many they are.

    Raises
    ------
    Invalid
        ``export.too_many``: more than `MOST`.
    Conflict
        ``audit.altered``: a batch of theirs was changed, and proves nothing any more.
    """
    found = queries.ids(session, wanted, MOST + 1)
    if len(found) > MOST:
        raise Invalid(
            "export.too_many",
            f"More than {MOST:,} rows: choose a shorter time, a person or a subject.",
            field="from",
        )
    head = {
        "form": FORM,
        "kind": KIND,
        "at": moment(now(session)),
        "by": by,
        "wanted": wanted.document(),
        "rows": len(found),
    }
    body = b"".join(_line(each) for each in (head, *_sealed(session, found)))
    digest = hashlib.sha256(body).digest()
    last = {
        "sha256": digest.hex(),
        "key": signer.public.hex(),
        "signature": base64.b64encode(signer.sign(digest)).decode(),
    }
    return body + _line(last), len(found)


def check(data: bytes, lines: Iterable[Filed] | None, keys: Collection[bytes] = ()) -> str | None:
    """Say what is wrong with an export, or None.

    Parameters
    ----------
    lines : iterable of Filed, optional
        Of the file outside the database: every seal must be one of them.
    keys : collection of bytes
        Public keys of the installation, of any generation: one of them must have signed it, or one
        that they vouch for in the file. None at all: the one that it names.
    """
    body, _, end = data.rstrip(b"\n").rpartition(b"\n")
    try:
        *said, last = [json.loads(line) for line in (*(body + b"\n").splitlines(), end)]
        public, signature = bytes.fromhex(last["key"]), base64.b64decode(last["signature"])
        count = said[0]["rows"]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return "it is no export"
    digest = hashlib.sha256(body + b"\n").digest()
    filed = None if lines is None else list(lines)
    if keys and public not in vouched(keys, filed or ()):
        return f"key {signing.fingerprint(public)} signed it, and no trusted key has vouched for it"
    if last.get("sha256") != digest.hex() or not signing.holds(public, signature, digest):
        return "it was altered after it was signed"
    seal: dict[str, Any] = {}
    rows = 0
    for each in said[1:]:
        if "seal" in each:
            seal = each["seal"]
        elif wrong := proving.check(each | {"seal": seal}, filed):
            return f"row {each.get('row', {})}: {wrong}"
        else:
            rows += 1
    return None if rows == count else f"it has {rows} rows and says {count}"


def is_export(data: bytes) -> bool:
    """Say whether a file is an export, and not a single proof."""
    try:
        head = json.loads(data.partition(b"\n")[0])
    except ValueError:
        return False
    return isinstance(head, dict) and head.get("kind") == KIND


def _sealed(session: Session, found: list[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    for number, rows in groupby(found, key=itemgetter(1)):
        tree = proving.tree(session, number)
        yield {"seal": proving.stated(tree.seal)}
        for id_, _ in rows:
            yield tree.proof(id_)


def _line(document: dict[str, Any]) -> bytes:
    return rfc8785.dumps(document) + b"\n"
