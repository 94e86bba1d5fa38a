"""What differs between two versions: codes, and ground that changes hands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy.orm import Session

from gis.diff import Change, Diff, diff
from gridserver.grids import queries, texts


@dataclass(frozen=True)
class Comparison:
    """The differences of the version `after` from the version `before`, for people, machines and
    maps."""

    before: str
    after: str
    diff: Diff

    def document(self, language: str = texts.ENGLISH) -> dict[str, Any]:
        """Return them as JSON-able values, without geometry; `language` is that of the texts."""
        return {
            "from": self.before,
            "to": self.after,
            "items": [_properties(change, language) for change in self.diff.changes],
            "area_m2": self.diff.area_m2,
            "moved": list(self.diff.moved),
            "unchanged": list(self.diff.unchanged),
        }

    def geojson(self, language: str = texts.ENGLISH) -> dict[str, Any]:
        """Return each difference as a feature (RFC 7946)."""
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": _properties(change, language),
                    "geometry": shapely.geometry.mapping(shapely.orient_polygons(change.geometry)),
                }
                for change in self.diff.changes
            ],
        }


def compare(session: Session, before: str, after: str) -> Comparison:
    """Compare two versions in whatever state they are.

    Raises
    ------
    NotFound
        There is no such version.
    GisError
        ``diff.duplicate_code``, ``diff.invalid_ring``: a draft is to be mended first.
    """
    sides = [queries.cells(session, queries.version(session, n).id) for n in (before, after)]
    return Comparison(before, after, diff(*sides))


def _properties(change: Change, language: str) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "from": change.before,
        "to": change.after,
        "area_m2": change.area_m2,
        "code": change.code,
        "params": change.params,
        "text": texts.sentence(change, language),
    }
