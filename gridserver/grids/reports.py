"""The fault report of a grid version, for people, machines and maps: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shapely.geometry import mapping

from gis.crs import geodesic_area_m2
from gis.faults import Fault
from gis.features import Cell

_SHOWN_PER_KIND = 3


@dataclass(frozen=True)
class Report:
    """The faults of a version's cells.

    Attributes
    ----------
    version
        The version's name.
    cells
        All its cells, as they were looked at.
    faults
        What `gis.coverage.faults` found.
    """

    version: str
    cells: Sequence[Cell]
    faults: Sequence[Fault]

    @property
    def blocking(self) -> int:
        """Number of the faults that keep the version from being published."""
        return sum(fault.blocking for fault in self.faults)

    @cached_property
    def area_m2(self) -> float:
        """Area of all cells on the ellipsoid; an overlap counts twice."""
        return sum(geodesic_area_m2(cell.geom) for cell in self.cells)

    def document(self) -> dict[str, Any]:
        """Return the report as JSON-able values, without geometry."""
        return {
            "version": self.version,
            "cells": len(self.cells),
            "area_m2": self.area_m2,
            "blocking": self.blocking,
            "faults": [properties(fault) for fault in self.faults],
        }

    def geojson(self) -> dict[str, Any]:
        """Return each fault as a feature (RFC 7946)."""
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": properties(fault),
                    "geometry": mapping(fault.geometry),
                }
                for fault in self.faults
            ],
        }

    def counts(self) -> dict[str, int]:
        """Return how many blocking faults there are of each kind."""
        return dict(Counter(fault.kind for fault in self.faults if fault.blocking))

    def refusal(self) -> str:
        """Return one sentence that names the blocking faults, the first few of each kind."""
        kinds = "; ".join(
            f"{count} {kind} ({self._examples(kind)})" for kind, count in self.counts().items()
        )
        return f"Version {self.version} can't be published before these are mended: {kinds}."

    def _examples(self, kind: str) -> str:
        found = [fault for fault in self.faults if fault.blocking and fault.kind == kind]
        shown = ", ".join(
            " and ".join(fault.cells) or "no cell" for fault in found[:_SHOWN_PER_KIND]
        )
        return shown + (" …" if len(found) > _SHOWN_PER_KIND else "")


def properties(fault: Fault) -> dict[str, Any]:
    """Return a fault as JSON-able values, without geometry."""
    return {
        "kind": fault.kind,
        "blocking": fault.blocking,
        "cells": list(fault.cells),
        "area_m2": fault.area_m2,
        "length_m": fault.length_m,
        "lon": fault.lon,
        "lat": fault.lat,
        "text": fault.text,
    }
