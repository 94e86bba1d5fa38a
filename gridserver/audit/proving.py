"""Proofs that one row was sealed: made from the database, checked without it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.audit import batches, canonical, merkle, seals
from gridserver.audit.keys import Filed
from gridserver.audit.models import AuditEntry, AuditLeaf, AuditSeal
from gridserver.audit.sealing import seal_of_row
from gridserver.audit.seals import Line, Seal
from gridserver.base.errors import Conflict, Invalid, NotFound

#: The form of the document.
FORM = 1


@dataclass(frozen=True)
class Tree:
    """A batch's rows with their hashes, which make its root."""

    seal: Seal
    leaves: tuple[bytes, ...]
    rows: tuple[canonical.Row | None, ...]

    def proof(self, entry_id: int) -> dict[str, Any]:
        """Return ``{row, leaf, index, size, path}`` of one of its rows.

        `row` is what was sealed, or None once its contents were purged; `leaf` its hash. `path` are
        the hashes beside the way up to the root (RFC 6962, section 2.1.1).
        """
        index = list(seals.expand(self.seal.ids)).index(entry_id)
        row = self.rows[index]
        return {
            "row": canonical.document(row) if row else None,
            "leaf": self.leaves[index].hex(),
            "index": index,
            "size": self.seal.rows,
            "path": [node.hex() for node in merkle.path(self.leaves, index)],
        }


def tree(session: Session, number: int) -> Tree:
    """Return the tree of a seal. Raises `Conflict` (``audit.altered``) where the hashes don't make
    the sealed root any more."""
    seal = seal_of_row(session.get_one(AuditSeal, number))
    found = batches.rows(session, seal)
    leaves = tuple(stored for stored, _ in found if stored)
    if len(leaves) != seal.rows or merkle.root(leaves) != seal.root:
        raise Conflict(
            "audit.altered", f"Seal {number} doesn't hold any more: run `gridserver audit verify`."
        )
    return Tree(seal, leaves, tuple(row for _, row in found))


def prove(session: Session, entry_id: int) -> dict[str, Any]:
    """Return the proof of a row: ``{form, row, leaf, index, size, path, seal}``.

    Raises
    ------
    NotFound
        ``audit.unknown``: there is no such row.
    Conflict
        ``audit.not_sealed``: it waits for its seal; ``audit.altered``: its batch was changed.
    """
    leaf = session.get(AuditLeaf, entry_id)
    if leaf is None:
        raise _no_seal(session, entry_id)
    found = tree(session, leaf.seal)
    return {"form": FORM} | found.proof(entry_id) | {"seal": stated(found.seal)}


def stated(seal: Seal) -> dict[str, Any]:
    """Return a seal with its hash, as proofs and exports carry it."""
    return seal.header() | {"hash": seal.hash.hex()}


def check(proof: dict[str, Any], lines: Iterable[Filed] | None = None) -> str | None:
    """Say what is wrong with a proof, or None. No database is needed.

    Parameters
    ----------
    lines : iterable of Filed, optional
        Of the file outside the database: the seal must be one of them.
    """
    try:
        leaf, path = bytes.fromhex(proof["leaf"]), [bytes.fromhex(each) for each in proof["path"]]
        seal = seals.seal_of(proof["seal"])
        index, size = int(proof["index"]), int(proof["size"])
        row = proof["row"]
        said = bytes.fromhex(proof["seal"]["hash"])
        stated = None if row is None else merkle.leaf_hash(rfc8785.dumps(row))
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration, RecursionError):
        return "it is no proof"
    if stated not in {None, leaf}:
        return "the row is another than the sealed one"
    if merkle.root_of_path(leaf, index, size, path) != seal.root or size != seal.rows:
        return "the row isn't in the sealed tree"
    if said != seal.hash:
        return "the seal was altered"
    if lines is not None and not any(
        isinstance(line, Line) and line.seal == seal and line.said == said for line in lines
    ):
        return "the file has no such seal"
    return None


def _no_seal(session: Session, entry_id: int) -> Conflict | NotFound:
    if session.scalar(select(AuditEntry.id).where(AuditEntry.id == entry_id)):
        return Conflict("audit.not_sealed", f"Row {entry_id} waits for its seal; ask in a minute.")
    return NotFound("audit.unknown", f"There is no row {entry_id}.")


def read(data: bytes) -> dict[str, Any]:
    """Return the proof in a file's bytes. Raises `Invalid` for anything else."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("form") != FORM:
        raise Invalid("audit.no_proof", "The file holds no proof of a row.", field="FILE")
    return document
