"""Faults of a coverage as values, with the sentence that says what is wrong and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from shapely.geometry.base import BaseGeometry

Kind = Literal[
    "empty_code",
    "duplicate_code",
    "invalid_ring",
    "too_small",
    "overlap",
    "gap",
    "sliver",
    "unmatched_vertex",
    "outside_outline",
    "uncovered_outline",
]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""All kinds, in the order of a report."""

TEXTS: dict[Kind, str] = {
    "empty_code": "The cell of row {row} has no code; give it one.",
    "duplicate_code": "{count} cells have the code {code}; rename them, or import them as parts "
    "of one cell.",
    "invalid_ring": "The boundary of cell {code} crosses or touches itself ({reason}); redraw it "
    "there.",
    "too_small": "Cell {code} has an area of {area_m2:.2f} m²; remove it or draw it again.",
    "overlap": "Cells {a} and {b} overlap by {area_m2:.1f} m²; decide whose it is.",
    "gap": "A gap of {area_m2:.1f} m² is enclosed by {around}; give it to a cell.",
    "sliver": "A sliver of {area_m2:.1f} m², {width_m:.2f} m wide, is enclosed by {around}; a "
    "point in it goes to the nearest cell.",
    "unmatched_vertex": "The common boundary of {a} and {b} has a vertex in one that the other "
    "lacks, over {length_m:.1f} m; snap the two together.",
    "outside_outline": "{area_m2:.1f} m² of cell {code} lie outside the outline; clip the cell or "
    "correct the outline.",
    "uncovered_outline": "{area_m2:.1f} m² of the outline belong to no cell; extend a cell or "
    "correct the outline.",
}
"""The sentence of each kind; the names in it are those of `Fault.params`, lists as `named`."""


@dataclass(frozen=True)
class Fault:
    """One fault of a set of cells.

    Attributes
    ----------
    kind
        One of `KINDS`; ``coverage.<kind>`` is the stable code for translations.
    blocking
        Whether a grid with this fault must not come into force.
    cells
        Codes of the cells concerned, the lower first. Cells without code are not named.
    area_m2
        Area of `geometry` on the WGS84 ellipsoid; 0 where it has none.
    length_m
        Length of `geometry`, or of its boundary; 0 where it has none.
    geometry
        Where the fault is, in EPSG:4326.
    lon, lat
        A point on it, in EPSG:4326.
    params
        The values in `text`, for translations.
    """

    kind: Kind
    blocking: bool
    cells: tuple[str, ...]
    area_m2: float
    length_m: float
    geometry: BaseGeometry
    lon: float
    lat: float
    params: dict[str, Any]

    @property
    def code(self) -> str:
        """The stable code, such as ``coverage.overlap``."""
        return f"coverage.{self.kind}"

    @property
    def text(self) -> str:
        """One English sentence: what is wrong and what to do."""
        return TEXTS[self.kind].format(**worded(self.params))


def worded(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as an English sentence takes them: lists of codes in words."""
    return {
        name: named(value) if isinstance(value, list) else value for name, value in params.items()
    }


def named(codes: Sequence[str], most: int = 4) -> str:
    """Return codes as a list for a sentence, cut after `most`."""
    shown = ", ".join(codes[:most])
    return shown if len(codes) <= most else f"{shown} and {len(codes) - most} more"
