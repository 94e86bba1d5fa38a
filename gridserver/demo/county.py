"""Read the demo county's cells from the package data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

import shapely
from shapely.geometry.base import BaseGeometry

CellClass = Literal["urban", "rural", "border"]


@dataclass(frozen=True)
class DemoCell:
    """An illustrative cell of the demo county; ``shape`` in degrees, EPSG:4326."""

    code: str
    name: str
    town: str
    station: str
    households: int
    people: int
    kind: CellClass
    shape: BaseGeometry


def read_cells() -> list[DemoCell]:
    """All 266 cells, by code."""
    path = resources.files("gridserver.demo") / "data" / "cells.geojson"
    collection = json.loads(path.read_text("utf-8"))
    return [_cell(feature) for feature in collection["features"]]


def _cell(feature: dict[str, Any]) -> DemoCell:
    properties = dict(feature["properties"])
    kind = properties.pop("class")  # a keyword, hence no field's name
    shape = shapely.geometry.shape(feature["geometry"])
    return DemoCell(kind=kind, shape=shape, **properties)
