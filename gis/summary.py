"""What a file holds, before anybody says which of its attributes are which."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gis.errors import FileError
from gis.features import Features, Limits
from gis.files import read_features
from gis.ogr import polygon_layers
from gis.sources import shapefiles_in

_MOST_LAYERS = 100
_SAMPLES = 3
_LONGEST_SAMPLE = 60


@dataclass(frozen=True)
class FieldSummary:
    """An attribute and a few of its values, as text."""

    name: str
    sample: tuple[str, ...]


@dataclass(frozen=True)
class LayerSummary:
    """A layer of polygons.

    Attributes
    ----------
    name
        What to ask for it by.
    fields
        Its attributes, in the file's order.
    features
        How many polygons and multipolygons it has.
    crs
        What the file says that it is in; None where it says nothing.
    """

    name: str
    fields: tuple[FieldSummary, ...]
    features: int
    crs: str | None


def summarize(path: str | Path, limits: Limits | None = None) -> tuple[LayerSummary, ...]:
    """Read every layer of polygons whole, so that what comes of it can be imported.

    Layers of points, lines or without geometry are left out where others have polygons.

    Raises
    ------
    FileError, GeometryError, CrsError
        As `gis.files.read_layer`, without what depends on a choice of fields or CRS; and
        ``file.too_many_layers``.
    """
    limits = limits or Limits()
    layers = _layers(Path(path), limits)
    if len(layers) > _MOST_LAYERS:
        message = f"The file has {len(layers)} layers; give one with up to {_MOST_LAYERS}."
        raise FileError("file.too_many_layers", message, "file", {"layers": len(layers)})
    return tuple(_summary(name, read_features(Path(path), layer, limits)) for name, layer in layers)


def _layers(path: Path, limits: Limits) -> list[tuple[str, str | None]]:
    """The layers' names, each with the name to read it by; reading refuses what can't be one."""
    ending = path.suffix.lower()
    if ending == ".zip" and (names := shapefiles_in(path, limits)):
        return [*zip(names, names, strict=True)]
    if ending in (".gpkg", ".kml") and (names := polygon_layers(path, limits)):
        return [*zip(names, names, strict=True)]
    return [(path.stem, None)]


def _summary(name: str, features: Features) -> LayerSummary:
    return LayerSummary(
        name,
        tuple(FieldSummary(field, _sample(features.columns[field])) for field in features.fields),
        len(features.geoms),
        features.crs.name if features.crs else None,
    )


def _sample(values: Iterable[Any]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in values:
        if value is not None and value == value:  # NaN is none
            found.setdefault(str(value)[:_LONGEST_SAMPLE])
        if len(found) == _SAMPLES:
            break
    return tuple(found)
