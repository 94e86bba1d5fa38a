"""What a file holds: rows as read, the cells made of them, and how much of it is taken."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import Crs
from gis.errors import FileError, GeometryError


@dataclass(frozen=True)
class Limits:
    """How large a file may be; beyond it is refused before geometry is built from it.

    Attributes
    ----------
    max_bytes
        Of the file, unpacked and with the files that belong to it.
    max_features
        Rows of the layer.
    max_vertices
        Of all its polygons together.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_features: int = 50_000
    max_vertices: int = 5_000_000

    def check_bytes(self, size: int) -> None:
        """Raise ``file.too_large``."""
        if size > self.max_bytes:
            raise FileError(
                "file.too_large",
                f"The file holds more than {self.max_bytes} bytes; split it or raise the limit.",
                "file",
                {"max_bytes": self.max_bytes},
            )

    def check_features(self, count: int) -> None:
        """Raise ``file.too_many_features``."""
        if count > self.max_features:
            raise FileError(
                "file.too_many_features",
                f"The layer holds more than {self.max_features} features; "
                "split it or raise the limit.",
                "file",
                {"max_features": self.max_features},
            )

    def check_vertices(self, count: int) -> None:
        """Raise ``file.too_many_vertices``."""
        if count > self.max_vertices:
            raise FileError(
                "file.too_many_vertices",
                f"The layer holds more than {self.max_vertices} vertices; "
                "simplify it as a coverage or raise the limit.",
                "file",
                {"max_vertices": self.max_vertices},
            )


@dataclass(frozen=True)
class Remark:
    """Something to be said: as an English sentence, and for translations by a stable code with the
    values in the sentence."""

    code: str
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Features:
    """The rows of one layer, in the file's own coordinates.

    Attributes
    ----------
    fields
        Names of the attributes, in the file's order.
    columns
        For each field one value a row.
    geoms
        Polygons and multipolygons: finite, two-dimensional, not empty; rings may be invalid.
    crs
        What the file says it is in; None where it says nothing.
    warnings
        What the reader should know.
    """

    fields: Sequence[str]
    columns: Mapping[str, Sequence[Any]]
    geoms: NDArray[np.object_]
    crs: Crs | None
    warnings: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One cell as a file has it.

    Attributes
    ----------
    code
        Its code, as text; empty where the file has none.
    geom
        Polygon or multipolygon in EPSG:4326; its rings may be invalid.
    name, station
        Its name and its station's code or name; None where not asked for or not there.
    """

    code: str
    geom: shapely.Polygon | shapely.MultiPolygon
    name: str | None = None
    station: str | None = None


@dataclass(frozen=True)
class Layer:
    """The cells of a file, the CRS that its coordinates were read in, and what is to be known."""

    cells: tuple[Cell, ...]
    crs: Crs
    warnings: tuple[Remark, ...] = ()

    @property
    def codes(self) -> list[str]:
        """The cells' codes, in order."""
        return [cell.code for cell in self.cells]

    @property
    def geoms(self) -> NDArray[np.object_]:
        """The cells' polygons, in order, in EPSG:4326."""
        return as_array(cell.geom for cell in self.cells)


def as_array(geoms: Iterable[Any]) -> NDArray[np.object_]:
    """Return geometries as a one-dimensional array, also where there are none."""
    listed = list(geoms)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def geometry_error(code: str, row: int, reason: str, **params: Any) -> GeometryError:
    """Return the refusal of the geometry in `row`, counted from 0; people count from 1."""
    return GeometryError(
        f"geometry.{code}",
        f"Feature {row + 1}: {reason}",
        f"features[{row}].geometry",
        {"row": row + 1, **params},
    )
