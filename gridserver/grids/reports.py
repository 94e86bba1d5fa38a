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
from gridserver.grids import texts

_SHOWN_PER_KIND = 3
_FOR_TEXTS = frozenset({"code", "params"})


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

    def document(self, language: str = texts.ENGLISH) -> dict[str, Any]:
        """Return the report as JSON-able values, without geometry; the texts in `language`."""
        found = (properties(fault, language) for fault in self.faults)
        faults = [{name: each[name] for name in each if name not in _FOR_TEXTS} for each in found]
        return self._figures() | {"faults": faults}

    def to_keep(self) -> dict[str, Any]:
        """Return the report with what its texts in other languages take; see `said_in`."""
        return self._figures() | {"faults": [properties(fault) for fault in self.faults]}

    def geojson(self, language: str = texts.ENGLISH) -> dict[str, Any]:
        """Return each fault as a feature (RFC 7946)."""
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": properties(fault, language),
                    "geometry": mapping(fault.geometry),
                }
                for fault in self.faults
            ],
        }

    def _figures(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "cells": len(self.cells),
            "area_m2": self.area_m2,
            "blocking": self.blocking,
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


def properties(fault: Fault, language: str = texts.ENGLISH) -> dict[str, Any]:
    """Return a fault as JSON-able values, without geometry; the text in `language`."""
    return {
        "kind": fault.kind,
        "blocking": fault.blocking,
        "cells": list(fault.cells),
        "area_m2": fault.area_m2,
        "length_m": fault.length_m,
        "lon": fault.lon,
        "lat": fault.lat,
        "code": fault.code,
        "params": fault.params,
        "text": texts.sentence(fault, language),
    }


def said_in(document: dict[str, Any], language: str) -> dict[str, Any]:
    """Return a report of `Report.to_keep` with its texts in another language."""
    return document | {"faults": [_said_in(fault, language) for fault in document["faults"]]}


def _said_in(fault: dict[str, Any], language: str) -> dict[str, Any]:
    if "code" not in fault:  # kept before faults had their codes with them
        return {**fault, "code": f"coverage.{fault['kind']}", "params": {}}
    said = fault["code"], fault["params"], fault["text"]
    return {**fault, "text": texts.translated(*said, language)}
