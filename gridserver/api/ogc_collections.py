"""What the OGC API offers: the grid in force, the stations, and versions by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound

from gridserver.access.rules import Principal
from gridserver.api import ogc_crs
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.grids import queries
from gridserver.grids.models import GridVersion
from gridserver.grids.rules import state_at
from gridserver.org import queries as org

CELLS, STATIONS = "grid-cells", "stations"
#: Of a version that is not in force the collection's id says the name: ``grid-cells:2026-a``.
_OF_VERSION = CELLS + ":"
_EDITABLE = ("draft", "checked")


@dataclass(frozen=True)
class Collection:
    """A collection; `version` is None for the stations."""

    id: str
    title: str
    version: GridVersion | None
    editable: bool


def collections(session: Session, actor: Principal) -> Iterator[Collection]:
    """Yield what there is to see: to who may edit the grid, its drafts too."""
    if queries.find_version_in_force(session, now(session)) is not None:
        yield collection(session, actor, CELLS, None)
    yield collection(session, actor, STATIONS, None)
    if may_edit(session, actor):
        for card in queries.versions(session):
            if card.state in _EDITABLE:
                yield collection(session, actor, _OF_VERSION + card.name, None)


def collection(session: Session, actor: Principal, id_: str, at: str | None) -> Collection:
    """Return a collection.

    Parameters
    ----------
    at : str or None
        Of `CELLS`: as of this moment, instead of now.

    Raises
    ------
    werkzeug.exceptions.NotFound, BadRequest
    gridserver.base.errors.NotFound
        No grid is in force; there is no such version.
    """
    if id_ == STATIONS:
        return Collection(id_, "Stations", None, editable=False)
    if id_ == CELLS:
        version = queries.version_in_force(session, _moment(at) or now(session))
        return Collection(id_, f"Cells of the grid in force ({version.name})", version, False)
    if not id_.startswith(_OF_VERSION):
        raise NotFound(f"There is no collection {id_!r}.")
    version = queries.version(session, id_.removeprefix(_OF_VERSION))
    ends = version.valid.upper if version.valid else None
    state = state_at(version.state, ends, now(session))
    editable = state in _EDITABLE and may_edit(session, actor)
    return Collection(id_, f"Cells of {version.name} ({state})", version, editable)


def may_edit(session: Session, actor: Principal) -> bool:
    """Say whether `actor` may change drafts."""
    return actor.may("grid.edit", org.bureau(session).path)


def describe(session: Session, found: Collection) -> dict[str, Any]:
    """Return a collection as OGC API Features Part 1 and 2 have it."""
    bounds = queries.bounds(session, found.version.id) if found.version else None
    items = url_for("ogc.items", collection=found.id, _external=True)
    here = url_for("ogc.collection", collection=found.id, _external=True)
    return {
        "id": found.id,
        "title": found.title,
        "itemType": "feature",
        "crs": list(ogc_crs.KNOWN),
        "storageCrs": ogc_crs.CRS84,
        **({"extent": {"spatial": {"bbox": [bounds], "crs": ogc_crs.CRS84}}} if bounds else {}),
        "links": [
            link(here, "self", "application/json", "This collection"),
            link(items, "items", "application/geo+json", "Its features"),
        ],
    }


def link(href: str, rel: str, type_: str, title: str) -> dict[str, str]:
    """Return a link of a document."""
    return {"href": href, "rel": rel, "type": type_, "title": title}


def _moment(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        return reading.moment(dt.datetime.fromisoformat(text), "datetime")
    except ValueError as error:
        raise BadRequest("datetime: give one moment, as 2026-03-10T09:30:00Z.") from error
    except Invalid as error:
        raise BadRequest(error.message) from error
