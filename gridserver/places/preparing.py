"""Files of places made ready for the gazetteer: read, checked and converted.

All of it runs in a process that can be killed (`gis.killable`), since the files come from outside:
what is good is written as parts of so many places each, what is bad to a table of rejects that can
be mended and imported.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from gis.crs import Crs, geometry_to_wgs84, parse_crs, to_wgs84
from gis.errors import FileError, GisError
from gis.ogr import layer_names
from gis.placemarks import LIMITS, extent_of, geometry, point_of, read_placemarks
from gis.sources import unknown_format
from gis.summary import FieldSummary, LayerSummary
from gridserver.base import reading
from gridserver.base.errors import GridserverError, Invalid
from gridserver.places import sheets
from gridserver.places.rules import Draft, Entry, read_draft

#: So many places are written in one transaction.
PART_PLACES = 1_000
REJECTS = "rejects.csv"
ENDINGS = (*sheets.ENDINGS, ".gpkg")
#: What the table of rejects has after the columns of the file.
_ADDED = ("row", "code", "reason")
_ALIASES_APART = "，,；;、|/"
_LONGEST_ID = 200
_SAMPLES, _LONGEST_SAMPLE = 3, 60


@dataclass(frozen=True)
class Asked:
    """Which of a file's columns are which.

    Attributes
    ----------
    kind
        What all its places are: one of `gridserver.places.rules.KINDS`.
    name_field, address_field, alias_field
        Columns; aliases apart by commas.
    id_field
        What the source calls a place, by which an import that is repeated changes it and adds no
        other. None: its name and address.
    lon_field, lat_field
        Of a table, the coordinates; a GeoPackage has geometry.
    crs
        What the coordinates are in: needed of a table; overrules what a GeoPackage says.
    layer
        Needed where the file has several layers or sheets.
    """

    kind: str
    name_field: str
    id_field: str | None = None
    address_field: str | None = None
    alias_field: str | None = None
    lon_field: str | None = None
    lat_field: str | None = None
    crs: str | None = None
    layer: str | None = None


@dataclass(frozen=True)
class Prepared:
    """How many rows there were, how many of them are rejected, and in how many parts the rest is
    (``part-0.json`` …)."""

    rows: int
    rejected: int
    parts: int


@dataclass
class _Table:
    """What a file holds, whatever its format: rows, and how to tell the place of each."""

    header: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    crs: Crs
    geometries: Sequence[bytes | None] | None = None
    columns: dict[str, int] = field(default_factory=dict)

    def text(self, row: int, name: str | None) -> str:
        """Return a cell as text; empty where there is no such column."""
        value = None if name is None else self.rows[row][self.columns[name]]
        return "" if value is None or value != value else str(value).strip()  # NaN is none


def summarize(path: Path) -> tuple[LayerSummary, ...]:
    """Say what layers or sheets a file has, and what columns each.

    Raises
    ------
    FileError, CrsError
        Of a file that can't be imported.
    """
    if path.suffix.lower() == ".gpkg":
        found = [(name, read_placemarks(path, name)) for name in layer_names(path, LIMITS)]
        return tuple(
            _summary(name, layer.fields, layer.rows, layer.crs.name if layer.crs else None)
            for name, layer in found
        )
    _check_ending(path)
    return tuple(_summary(s.name, s.header, s.rows, None) for s in sheets.read_sheets(path))


def prepare(path: Path, folder: Path, asked: Asked) -> Prepared:
    """Read the places of a file into parts in `folder`, and the bad rows into `REJECTS` there.

    Raises
    ------
    FileError, CrsError
        Nothing of the file can be imported: ``file.*``, ``crs.*``, naming the field.
    """
    table = _read(path, asked)
    rejects: list[tuple[int, GridserverError | GisError]] = []
    good = _entries(table, asked, rejects)
    parts = 0
    while part := list(islice(good, PART_PLACES)):
        rows = [_to_json(entry) for entry in part]
        (folder / f"part-{parts}.json").write_text(json.dumps(rows), "utf-8")
        parts += 1
    if rejects:
        _write_rejects(folder / REJECTS, table, rejects)
    return Prepared(len(table.rows), len(rejects), parts)


def read_part(folder: Path, part: int) -> list[Entry]:
    """Return the places of a part that `prepare` wrote."""
    rows = json.loads((folder / f"part-{part}.json").read_text("utf-8"))
    return [_from_json(row) for row in rows]


def _entries(
    table: _Table, asked: Asked, rejects: list[tuple[int, GridserverError | GisError]]
) -> Iterator[Entry]:
    seen: dict[str, int] = {}
    for row in range(len(table.rows)):
        try:
            entry = _entry(table, row, asked)
            if (first := seen.setdefault(entry.external_id, row)) != row:
                raise Invalid("place.twice", f"Row {_number(first)} is the same place.")
        except (GridserverError, GisError) as refusal:
            rejects.append((row, refusal))
        else:
            yield entry


def _entry(table: _Table, row: int, asked: Asked) -> Entry:
    lon, lat, extent = _place(table, row, asked)
    name, address = table.text(row, asked.name_field), table.text(row, asked.address_field)
    aliases = table.text(row, asked.alias_field)
    for mark in _ALIASES_APART[1:]:
        aliases = aliases.replace(mark, _ALIASES_APART[0])
    said = {
        "kind": asked.kind,
        "name": name,
        "address": address,
        "aliases": [each.strip() for each in aliases.split(_ALIASES_APART[0]) if each.strip()],
        "lon": lon,
        "lat": lat,
    }
    draft = read_draft(said)
    if asked.id_field is None:
        return Entry(draft, f"{draft.name}|{draft.address or ''}", extent)
    external_id = table.text(row, asked.id_field)
    return Entry(draft, reading.text(external_id, asked.id_field, longest=_LONGEST_ID), extent)


def _place(table: _Table, row: int, asked: Asked) -> tuple[float, float, bytes | None]:
    if table.geometries is not None:
        geom = geometry_to_wgs84(geometry(table.geometries[row], row), table.crs)
        extent = extent_of(geom)
        return (*point_of(geom), None if extent is None else extent.wkb)
    x, y = (_coordinate(table, row, name) for name in (asked.lon_field, asked.lat_field))
    return (*to_wgs84(x, y, table.crs), None)


def _coordinate(table: _Table, row: int, name: str | None) -> float:
    said = table.text(row, name)
    try:
        return float(said)
    except ValueError as error:
        message = f"{name}: {said!r:.40} is no number; give a coordinate."
        raise Invalid("coordinates.not_a_number", message, field=name) from error


def _read(path: Path, asked: Asked) -> _Table:
    table = _read_layer(path, asked) if path.suffix.lower() == ".gpkg" else _read_sheet(path, asked)
    table.columns = {name: place for place, name in reversed([*enumerate(table.header)])}
    options = [option for option in vars(asked) if option.endswith("_field")]
    if table.geometries is not None:
        options = [option for option in options if option not in ("lon_field", "lat_field")]
    for option in options:
        name = getattr(asked, option)
        if name is not None and name not in table.columns:
            fields = ", ".join(table.header)
            message = f"There is no column {name!r}; the file has: {fields}."
            raise FileError("file.unknown_field", message, option, {"fields": fields})
    return table


def _read_layer(path: Path, asked: Asked) -> _Table:
    layer = read_placemarks(path, asked.layer)
    crs = parse_crs(asked.crs) if asked.crs else layer.crs
    if crs is None:
        raise _no_crs()
    return _Table(layer.fields, layer.rows, crs, list(layer.wkb))


def _read_sheet(path: Path, asked: Asked) -> _Table:
    _check_ending(path)
    if asked.crs is None:
        raise _no_crs()
    if asked.lon_field is None or asked.lat_field is None:
        missing = "lon_field" if asked.lon_field is None else "lat_field"
        raise FileError("file.no_coordinates", f"{missing}: name the column.", missing)
    found = {sheet.name: sheet for sheet in sheets.read_sheets(path)}
    layers = ", ".join(found)
    if asked.layer is None and len(found) > 1:
        message = f"The workbook has several sheets; name one of: {layers}."
        raise FileError("file.several_layers", message, "layer", {"layers": layers})
    if asked.layer is not None and asked.layer not in found:
        message = f"There is no sheet {asked.layer!r}; the file has: {layers}."
        raise FileError("file.unknown_layer", message, "layer", {"layers": layers})
    sheet = found[asked.layer] if asked.layer else next(iter(found.values()))
    return _Table(sheet.header, sheet.rows, parse_crs(asked.crs))


def _check_ending(path: Path) -> None:
    if path.suffix.lower() not in ENDINGS:
        raise unknown_format(path, ENDINGS)


def _no_crs() -> FileError:
    message = "The file doesn't say what its coordinates are in: state EPSG:n, gcj02 or bd09."
    return FileError("file.no_crs", message, "crs")


def _write_rejects(
    target: Path, table: _Table, rejects: Sequence[tuple[int, GridserverError | GisError]]
) -> None:
    kept = [place for place, name in enumerate(table.header) if name not in _ADDED]
    with target.open("w", encoding="utf-8-sig", newline="") as file:  # which Excel wants
        writer = csv.writer(file)
        writer.writerow([*(table.header[place] for place in kept), *_ADDED])
        for row, why in rejects:
            cells = [table.rows[row][place] for place in kept]
            writer.writerow([*cells, _number(row), why.code, why.message])


def _number(row: int) -> int:
    """The number that a row has in a table, whose first row is the header."""
    return row + 2


def _summary(
    name: str, fields: Sequence[str], rows: Sequence[tuple[Any, ...]], crs: str | None
) -> LayerSummary:
    samples = (
        tuple(str(row[place])[:_LONGEST_SAMPLE] for row in rows[:_SAMPLES])
        for place in range(len(fields))
    )
    summaries = tuple(FieldSummary(*each) for each in zip(fields, samples, strict=True))
    return LayerSummary(name, summaries, len(rows), crs)


def _to_json(entry: Entry) -> dict[str, Any]:
    extent = None if entry.extent is None else entry.extent.hex()
    return {"draft": vars(entry.draft), "external_id": entry.external_id, "extent": extent}


def _from_json(row: dict[str, Any]) -> Entry:
    said = row["draft"]
    extent = None if row["extent"] is None else bytes.fromhex(row["extent"])
    return Entry(Draft(**said | {"aliases": tuple(said["aliases"])}), row["external_id"], extent)
