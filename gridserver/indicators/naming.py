"""What the keys of groups are called, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.grids import queries as grids
from gridserver.incidents import queries as incidents
from gridserver.org import queries as org


def names(session: Session, by: str, language: str) -> dict[str, str]:
    """Return the names of the stations (and the bureau), of the cells of the grid in force, or of
    the categories that hold; nothing for hours, weekdays and priorities, which are numbers."""
    return dict(_names(session, by, language))


def _names(session: Session, by: str, language: str) -> Iterator[tuple[str, str]]:
    english, moment = language == "en", now(session)
    if by == "station":
        for unit in org.units(session):
            if unit.kind in ("bureau", "station"):
                yield unit.code, (unit.name_en if english else None) or unit.name
    elif by == "cell":
        version = grids.find_version_in_force(session, moment)
        for cell in grids.cell_places(session, version.id) if version else ():
            yield cell.code, cell.name
    elif by == "category":
        for category in incidents.categories(session, moment):
            yield category.code, category.name_en if english else category.name_zh
