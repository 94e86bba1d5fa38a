"""The whole ledger held against its seals, and the seals against the file outside the database.

Batch after batch, so that a ledger of any length takes the memory of one batch and of the list of
purges. The file is believed before the database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gridserver.audit import batches
from gridserver.audit.declared import declared
from gridserver.audit.findings import Finding, joined
from gridserver.audit.keys import Filed, Trust
from gridserver.audit.models import AuditSeal
from gridserver.audit.sealing import seal_of_row
from gridserver.audit.seals import Line, Seal, count, ids_of
from gridserver.base.clock import now

#: Within so long a row is sealed (guardrails.md).
SEALED_WITHIN = dt.timedelta(seconds=60)
#: A row says the moment of its transaction's work, and is sealed after the commit. No transaction
#: of the server takes as long as this.
_LONGEST_TRANSACTION = dt.timedelta(hours=6)
_PAGE = 200

_UNSEALED = text(
    """
    SELECT e.id, e.at FROM audit_entry e
    WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.entry_id = e.id)
    ORDER BY e.id
    """
)
_STRAY_LEAVES = text(
    """
    SELECT l.entry_id FROM audit_leaf l
    WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s.number = l.seal)
    ORDER BY l.entry_id
    """
)
_GIVEN_OUT = text("SELECT last_value FROM audit_entry_id_seq")


@dataclass
class _Chain:
    """How far one chain of seals was followed: the file's, or the database's."""

    number: int = 0
    hash: bytes | None = None
    at: dt.datetime | None = None

    def follows(self, seal: Seal, gap_is_known: bool) -> bool:
        is_next = seal.number == self.number + 1
        linked = self.hash is None or seal.previous == self.hash
        return (is_next and linked) or (gap_is_known and seal.number > self.number)

    def step(self, seal: Seal) -> None:
        self.number, self.hash, self.at = seal.number, seal.hash, seal.at


Told = Callable[[int], None]


def verify(
    session: Session,
    lines: Iterable[Filed] | None,
    *,
    keys: Collection[bytes] = (),
    told: Told = lambda _: None,
) -> Iterator[Finding]:
    """Give what is wrong with the ledger, and what is to be noted.

    Parameters
    ----------
    session : Session
        Sees one moment (REPEATABLE READ), begun after the file was measured.
    lines : iterable of Filed, optional
        The file's, in order. None: the chain alone is checked.
    keys : collection of bytes
        Public keys of the installation, of any generation: each line must be signed by one of them,
        or one that they vouch for. None at all: no signature is looked at.
    told : callable
        Called with the number of rows, batch by batch.
    """
    return joined(_Check(session, keys, told).run(lines))


def sealed_rows(session: Session) -> int:
    """Return how many rows the seals say there are."""
    return int(session.scalar(select(func.coalesce(func.sum(AuditSeal.rows), 0))) or 0)


@dataclass
class _Check:
    session: Session
    keys: Collection[bytes]
    told: Told
    inside: _Chain = field(default_factory=_Chain)
    outside: _Chain = field(default_factory=_Chain)
    unreadable: int = 0
    unsigned: list[Finding] = field(default_factory=list)

    def run(self, lines: Iterable[Filed] | None) -> Iterator[Finding]:
        self.declared = declared(self.session)
        for line, seal, is_last in _side_by_side(self._readable(lines or ()), _seals(self.session)):
            unfiled = "later" if is_last else "seal_unfiled"
            yield from self._one(line, seal, None if lines is None else unfiled)
            yield from self._told_unsigned()
        yield from self._told_unsigned()
        if self.unreadable:
            yield Finding("line_unreadable", more=f"{self.unreadable} in all")
        yield from self._strays()

    def _readable(self, lines: Iterable[Filed]) -> Iterator[Line]:
        """Give the seals' lines; what their signatures lack is told with the next seal."""
        trust = Trust(self.keys)
        for line in lines:
            if isinstance(line, str):
                self.unreadable += 1
                continue
            wrong = trust.check(line) if self.keys else None
            if wrong:
                self.unsigned.append(wrong)
            if isinstance(line, Line):
                yield line

    def _told_unsigned(self) -> Iterator[Finding]:
        yield from self.unsigned
        self.unsigned.clear()

    def _one(self, line: Line | None, seal: Seal | None, unfiled: str | None) -> Iterator[Finding]:
        """Check a seal by its line; `unfiled` is what it is called where there is none."""
        if line is not None:
            yield from self._line(line)
        if seal is None:
            if line is not None:
                yield self._lost(line.seal)
            return
        number = (seal.number, seal.number)
        if line is None and unfiled:
            yield Finding(unfiled, number, "", seal.rows)
        if line is not None and line.seal != seal:
            yield Finding("seal_altered", number, seal.ids, seal.rows, _differing(line.seal, seal))
        known_gap = all(map(self.declared.gave_up, range(self.inside.number + 1, seal.number)))
        if not self.inside.follows(seal, known_gap and seal.number > self.inside.number + 1):
            yield Finding("seal_unchained", number, "", seal.rows)
        yield from self._batch(line.seal if line and line.said == line.seal.hash else seal)
        self.inside.step(seal)
        self.told(seal.rows)

    def _line(self, line: Line) -> Iterator[Finding]:
        seal = line.seal
        number = (seal.number, seal.number)
        if line.said != seal.hash:
            yield Finding("line_altered", number)
        if self.outside.number and not self.outside.follows(seal, gap_is_known=False):
            yield Finding("seal_unchained", number, more="in the file")
        self.outside.step(seal)

    def _lost(self, seal: Seal) -> Finding:
        kind = "restored" if self.declared.gave_up(seal.number) else "seal_missing"
        return Finding(kind, (seal.number, seal.number), seal.ids, seal.rows)

    def _batch(self, seal: Seal) -> Iterator[Finding]:
        number = (seal.number, seal.number)
        try:
            is_whole = count(seal.ids) == seal.rows
        except ValueError:
            is_whole = False
        if not is_whole:
            yield Finding("seal_altered", number, more="its ids and their number disagree")
            return
        purged: set[int] = set()
        for purge in self.declared.purges:
            taken = set(purge.within(seal))
            purged |= taken
            if taken and purge.is_early(seal):
                yield Finding("purge_early", number, ids_of(sorted(taken)), len(taken))
        since = self.inside.at - _LONGEST_TRANSACTION if self.inside.at else None
        yield from batches.check(self.session, seal, purged, since)

    def _strays(self) -> Iterator[Finding]:
        """Look for rows that no seal has."""
        stray = list(self.session.scalars(_STRAY_LEAVES))
        if stray:
            yield Finding("leaf_added", None, ids_of(stray), len(stray))
        last = self.session.scalar(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))
        settled = last.settled if last else 0
        given_out = self.session.scalar(_GIVEN_OUT) or 0
        kinds: dict[str, list[int]] = {"row_added": [], "row_unsealed": [], "waiting": []}
        for row in self.session.execute(_UNSEALED):
            if row.id <= settled or row.id > given_out:
                kinds["row_added"].append(row.id)
            elif now(self.session) - row.at > SEALED_WITHIN:
                kinds["row_unsealed"].append(row.id)
            else:
                kinds["waiting"].append(row.id)
        for kind, ids in kinds.items():
            if ids:
                yield Finding(kind, None, ids_of(ids), len(ids))


def _seals(session: Session) -> Iterator[Seal]:
    after = 0
    while True:
        page = select(AuditSeal).where(AuditSeal.number > after).order_by(AuditSeal.number)
        found = session.scalars(page.limit(_PAGE)).all()
        for row in found:
            yield seal_of_row(row)
            after = row.number
        session.expunge_all()
        if len(found) < _PAGE:
            return


def _side_by_side(
    lines: Iterator[Line], seals: Iterator[Seal]
) -> Iterator[tuple[Line | None, Seal | None, bool]]:
    """Give lines and seals by number, each with its counterpart where there is one, and whether
    the lines are at their end."""
    line, seal = next(lines, None), next(seals, None)
    while line or seal:
        if line and seal and line.seal.number == seal.number:
            yield line, seal, False
            line, seal = next(lines, None), next(seals, None)
        elif line and (seal is None or line.seal.number < seal.number):
            yield line, None, False
            line = next(lines, None)
        else:
            yield None, seal, line is None
            seal = next(seals, None)


def _differing(one: Seal, other: Seal) -> str:
    return ", ".join(name for name, value in one.header().items() if value != other.header()[name])
