"""What a check of the ledger finds, in words: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

#: kind → what it says. Those of `NOTES` are told and are no ground for alarm.
KINDS = {
    "row_altered": "changed after they were sealed",
    "row_missing": "gone, though they were sealed",
    "row_added": "never given out or never sealed: put in afterwards",
    "row_unsealed": "not sealed within 60 s: put in under an older time, or no worker runs",
    "row_backdated": "older by their own word than the seal before theirs: put in afterwards",
    "leaf_altered": "their hashes in audit_leaf were changed; the rows themselves are genuine",
    "leaf_missing": "their hashes in audit_leaf are gone; the rows themselves are genuine",
    "leaf_added": "in audit_leaf, and in no seal",
    "batch_altered": "the rows don't make the sealed root: some of these, and their hashes with "
    "them, were changed",
    "seal_missing": "seals that the file has and the database lacks: their rows are gone",
    "seal_altered": "the database and the file say different things of this seal",
    "seal_unchained": "the seal doesn't follow from the one before",
    "seal_unfiled": "the file lacks this seal, and has later ones",
    "line_altered": "the line in the file contradicts its own hash or signature",
    "key_unvouched": "signed by a key that no trusted one has vouched for: somebody else's, or "
    "made where the former was lost",
    "key_replaced": "signed by a key after another had taken its place",
    "purge_early": "purged before the lawful time was over",
    "line_unreadable": "a line of the file can't be read",
    "restored": "given up by a restore, which the ledger records",
    "purged": "purged after the lawful time, which the ledger records",
    "later": "seals that are later than the file: checked by their chain alone",
    "waiting": "rows that wait for their seal",
}
NOTES = frozenset({"line_unreadable", "restored", "purged", "later", "waiting"})


@dataclass(frozen=True)
class Finding:
    """Something found.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    seals : tuple of (int, int) or None
        The first and the last batch.
    ids : str
        The rows: ``7-12,14``.
    rows : int
        How many.
    more : str
        What else is to be said of it.
    """

    kind: str
    seals: tuple[int, int] | None = None
    ids: str = ""
    rows: int = 0
    more: str = ""

    @property
    def is_note(self) -> bool:
        return self.kind in NOTES

    @property
    def text(self) -> str:
        """One line for a person."""
        first, last = self.seals or (None, None)
        where = (
            "" if first is None else f"seal {first}" if first == last else f"seals {first}-{last}"
        )
        which = f"rows {self.ids}" if self.ids else ""
        subject = ", ".join(part for part in (where, which) if part)
        more = f" ({self.more})" if self.more else ""
        return f"{subject}: {KINDS[self.kind]}{more}" if subject else f"{KINDS[self.kind]}{more}"

    def document(self) -> dict[str, Any]:
        """Return it for a machine."""
        first, last = self.seals or (None, None)
        return {
            "kind": self.kind,
            "seals": None if first is None else [first, last],
            "ids": self.ids,
            "rows": self.rows,
            "text": self.text,
        }


def joined(found: Iterable[Finding]) -> Iterator[Finding]:
    """Put what holds for one batch after the other into one, so that a ledger that is gone is one
    line and not a million."""
    held: Finding | None = None
    for each in found:
        if held and (both := _join(held, each)):
            held = both
            continue
        if held:
            yield held
        held = each
    if held:
        yield held


def _join(one: Finding, other: Finding) -> Finding | None:
    if one.kind != other.kind or one.more != other.more or not (one.seals and other.seals):
        return None
    if other.seals[0] != one.seals[1] + 1:
        return None
    return replace(
        one,
        seals=(one.seals[0], other.seals[1]),
        ids=_ids(one.ids, other.ids),
        rows=one.rows + other.rows,
    )


def _ids(one: str, other: str) -> str:
    """Join ranges, those that meet into one."""
    if not (one and other):
        return one or other
    head, _, last = one.rpartition(",")
    first, _, tail = other.partition(",")
    begin, _, end = last.partition("-")
    start, _, stop = first.partition("-")
    if int(end or begin) + 1 != int(start):
        return f"{one},{other}"
    met = f"{begin}-{stop or start}"
    return ",".join(part for part in (head, met, tail) if part)
