"""Merkle trees over the rows of a batch, as of RFC 6962, section 2.1: pure.

A leaf's hash begins with 0x00 and a node's with 0x01, so that no node can be passed off as a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

LEAF, NODE = b"\x00", b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """Return the SHA-256 of a leaf."""
    return hashlib.sha256(LEAF + data).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the head of the tree over the hashes of its leaves, in order (MTH)."""
    if not leaves:
        return hashlib.sha256().digest()
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the inclusion proof of the leaf at `index`, from the bottom up (PATH)."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    found = []
    level = list(leaves)
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            found.append(level[beside])
        level, index = _above(level), index // 2
    return found


def root_of_path(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the head that a proof leads to, or None for one that is too short or too long."""
    if not 0 <= index < size:
        return None
    rest = list(proof)
    last = size - 1
    reached = leaf
    while last > 0:
        if index % 2 or index < last:
            if not rest:
                return None
            beside = rest.pop(0)
            reached = _node(beside, reached) if index % 2 else _node(reached, beside)
        index, last = index // 2, last // 2
    return None if rest else reached


def _above(level: list[bytes]) -> list[bytes]:
    # A node without a partner goes up as it is: the same tree as RFC 6962's, which splits at the
    # largest power of two below the number of leaves.
    pairs = [_node(*level[n : n + 2]) for n in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()
