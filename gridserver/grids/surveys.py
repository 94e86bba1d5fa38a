"""What was found about a version's faults, kept in memory while its cells are the same.

Faults and proposals take seconds to find and are asked for again and again, by everybody who looks
at a draft. Of several who ask at once one has them found, and the others wait for it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.faults import Fault
from gridserver.grids import inspection, queries, settings
from gridserver.grids.mending import Ground, Survey
from gridserver.grids.models import Exclusion, GridVersion

T = TypeVar("T")
_MOST = 8


class _Finding(Generic[T]):
    """Something that is found once; who comes meanwhile waits."""

    def __init__(self) -> None:
        self.value: T | None = None
        self._lock = threading.Lock()

    def get(self, find: Callable[[], T]) -> T:
        with self._lock:
            if self.value is None:
                self.value = find()  # where it is refused, the next one tries anew
            return self.value


class _Findings(Generic[T]):
    """The findings that were asked for last, by what they are of."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Finding[T]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Hashable) -> _Finding[T]:
        with self._lock:
            finding = self._kept.setdefault(key, _Finding())
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
            return finding


_faults: _Findings[Mapping[str, Fault]] = _Findings()
_surveys: _Findings[Survey] = _Findings()


@dataclass(frozen=True)
class Asked(Generic[T]):
    """A version that is to be looked at once the transaction has ended.

    Attributes
    ----------
    revision
        The version's.
    find
        Does it, or returns what was found before; raises as `inspection.find_faults`.
    """

    revision: int
    find: Callable[[], T]


def faults(session: Session, name: str) -> Asked[Mapping[str, Fault]]:
    """Ask for the faults of a version by id. Raises `NotFound`."""
    return _ask(session, name, _faults, inspection.find_faults)


def survey(session: Session, name: str) -> Asked[Survey]:
    """Ask for the faults of a version and the proposals for them. Raises `NotFound`."""
    return _ask(session, name, _surveys, inspection.survey)


def _ask(
    session: Session, name: str, findings: _Findings[T], look: Callable[[Ground], T]
) -> Asked[T]:
    version = queries.version(session, name)
    # So that no edit comes between the revision and the cells.
    session.refresh(version, with_for_update={"read": True})
    finding = findings.of(_state(session, version))
    if (found := finding.value) is not None:
        return Asked(version.revision, lambda: found)
    ground = inspection.ground(session, version)
    return Asked(version.revision, lambda: finding.get(lambda: look(ground)))


def _state(session: Session, version: GridVersion) -> Hashable:
    """All that decides what is found: a revision is of one state of the cells only."""
    declared = select(Exclusion.id).where(Exclusion.version_id == version.id)
    tolerances = settings.present(session).tolerances
    return (
        session.connection().engine.url,
        version.id,
        version.revision,
        tuple(session.scalars(declared.order_by(Exclusion.id))),
        tuple(sorted(tolerances.items())),
    )
