"""Incidents by what was reported: the conditions of lists, figures and exports."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, or_, select

from gridserver.base.errors import Invalid
from gridserver.incidents.models import Incident
from gridserver.org.models import Unit
from gridserver.org.queries import at_or_below

#: As many digits as a number that is spoken on the radio has.
_DIGITS = 4


@dataclass(frozen=True)
class Reported:
    """Which incidents are meant; what is None or empty is not asked for.

    Attributes
    ----------
    unit_path : str, optional
        Only those of this unit and what is below it.
    cell : str, optional
        Only those in the cell of this code.
    categories, priorities : tuple
        Only those of these, as the incident has them.
    since, until : datetime, optional
        Reported from then on; before then.
    source : str, optional
        Only those of this source.
    words : str, optional
        Each word stands in the address or the description; one of up to four digits may be the
        number.
    """

    unit_path: str | None = None
    cell: str | None = None
    categories: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    source: str | None = None
    words: str | None = None

    def check(self) -> None:
        """Raise `Invalid` (``incident.bad_interval``) where the interval ends before it begins."""
        if self.since is not None and self.until is not None and self.until < self.since:
            raise Invalid(
                "incident.bad_interval", "to: give a moment that is not before from.", field="to"
            )

    @property
    def says_nothing(self) -> bool:
        """Whether every incident is meant."""
        return self == Reported()


def ids(wanted: Reported) -> Select[int]:
    """Return a query for the ids of the incidents that are meant, for use with ``IN``."""
    return select(Incident.id).where(*_conditions(wanted))


def _conditions(wanted: Reported) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.unit_path is not None:
        found.append(Incident.unit_id.in_(select(Unit.id).where(at_or_below(wanted.unit_path))))
    if wanted.cell is not None:
        found.append(Incident.cell_code == wanted.cell)
    if wanted.categories:
        found.append(Incident.category.in_(wanted.categories))
    if wanted.priorities:
        found.append(Incident.priority.in_(wanted.priorities))
    if wanted.since is not None:
        found.append(Incident.reported_at >= wanted.since)
    if wanted.until is not None:
        found.append(Incident.reported_at < wanted.until)
    if wanted.source is not None:
        found.append(Incident.source == wanted.source)
    return found + [_says(word) for word in (wanted.words or "").split()]


def _says(word: str) -> ColumnElement[bool]:
    somewhere = [
        column.icontains(word, autoescape=True)
        for column in (Incident.address, Incident.description)
    ]
    if word.isascii() and word.isdigit() and len(word) <= _DIGITS:
        somewhere.append(Incident.number == int(word))
    return or_(*somewhere)
