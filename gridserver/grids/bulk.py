"""Many points at once: rows of a CSV file with the cell of each, in order and constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from gis.crs import Crs, to_wgs84_or_nan
from gis.locator import Locator
from gridserver.base.errors import Invalid

ADDED = ("cell_code", "method")
_CHUNK_ROWS = 20_000

Row = list[str]


def locate_rows(
    rows: Iterable[Row], locator: Locator, crs: Crs, lon_field: str, lat_field: str
) -> Iterator[Row]:
    """Yield the header and then every row with the code of its cell and the method.

    Parameters
    ----------
    rows
        As `csv.reader` gives them, the header first. Blank lines are left out. A row without
        usable coordinates keeps its place: no code, method ``invalid``.
    locator
        The cells.
    crs
        What `lon_field` and `lat_field` are in.

    Raises
    ------
    Invalid
        ``csv.no_header``, ``csv.unknown_field``, ``csv.taken_field``, ``csv.long_row``.
    """
    remaining = iter(rows)
    header = next(remaining, [])
    lon, lat = _column(header, lon_field, "lon_field"), _column(header, lat_field, "lat_field")
    if taken := set(header) & set(ADDED):
        raise Invalid(
            "csv.taken_field",
            f"The file has a column {min(taken)!r} already: rename it.",
            field="csv",
        )
    yield [*header, *ADDED]
    filled = (_filled(row, number, len(header)) for number, row in enumerate(remaining, 2) if row)
    while chunk := list(islice(filled, _CHUNK_ROWS)):
        x, y = (np.array([_number(row[column]) for row in chunk]) for column in (lon, lat))
        codes, methods = _located(x, y, crs, locator)
        for row, code, method in zip(chunk, codes, methods, strict=True):
            yield [*row, code or "", method]


def _located(
    x: NDArray[np.float64], y: NDArray[np.float64], crs: Crs, locator: Locator
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    return locator.locate_many(*to_wgs84_or_nan(x, y, crs))


def _column(header: Row, name: str, field: str) -> int:
    if not header:
        raise Invalid("csv.no_header", "The file is empty: give one with a header.", field="csv")
    if name not in header:
        raise Invalid(
            "csv.unknown_field",
            f"There is no column {name!r}; the file has: {', '.join(header)}.",
            field=field,
        )
    return header.index(name)


def _filled(row: Row, number: int, width: int) -> Row:
    if len(row) > width:
        raise Invalid(
            "csv.long_row",
            f"Row {number} has {len(row)} columns, the header {width}: quote what holds a comma.",
            field="csv",
        )
    return row + [""] * (width - len(row))


def _number(text: str) -> float:
    try:
        return float(text) if "_" not in text else np.nan
    except ValueError:
        return np.nan
