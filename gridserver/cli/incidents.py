"""`gridserver incidents`: past incidents from a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import click

from gis.crs import WGS84, Crs
from gis.errors import GisError
from gridserver.base.db import Database
from gridserver.base.errors import GridserverError
from gridserver.cli import csvfiles
from gridserver.cli.context import emit, json_option, migrated_database, settings
from gridserver.cli.csvfiles import Row
from gridserver.cli.options import crs_option
from gridserver.incidents.history import Atlas, record_past
from gridserver.incidents.rows import Table
from gridserver.incidents.rules import Report

_BATCH = 500
#: What a reject file has after the columns of the table.
_ADDED = ("row", "code", "reason")

Refusal = GridserverError | GisError
path_type = click.Path(path_type=Path, dir_okay=False)


@click.group()
def incidents() -> None:
    """What was reported, and where."""


def _as_mapping(
    _context: click.Context, _option: click.Parameter, pairs: Sequence[str]
) -> dict[str, str]:
    if bad := [pair for pair in pairs if "=" not in pair]:
        raise click.BadParameter(f"{bad[0]!r} is no THEIRS=CODE.")
    return {theirs: code for theirs, _, code in (pair.rpartition("=") for pair in pairs)}


def _field_option(option: str, field: str) -> Callable[[Any], Any]:
    return click.option(option, field, default=field, show_default=True, metavar="F")


@incidents.command("import")
@click.argument("file", type=path_type)
@click.option("--source", metavar="NAME", help="Who reported them all; default: a column source.")
@crs_option(default=WGS84, show_default="EPSG:4326")
@_field_option("--id-field", "external_id")
@_field_option("--category-field", "category")
@_field_option("--lon-field", "lon")
@_field_option("--lat-field", "lat")
@_field_option("--time-field", "reported_at")
@click.option(
    "--category-as",
    "categories",
    multiple=True,
    metavar="THEIRS=CODE",
    callback=_as_mapping,
    help="The bureau's code for a category of the table; * for all others. May be repeated.",
)
@click.option("--rejects", type=path_type, metavar="OUT", help="Bad rows; default: beside FILE.")
@json_option
def import_(
    file: Path,
    source: str | None,
    crs: Crs,
    categories: dict[str, str],
    rejects: Path | None,
    as_json: bool,
    **columns: str,
) -> None:
    """Import past incidents from FILE, a CSV file with a header (.gz too).

    They are recorded with the cell and the grid version of their time, as history: no task is made
    of them and nobody is told. A row says external_id, category, lon, lat and reported_at, and may
    say accuracy_m, address, description, priority and occurred_at. A time without an offset is the
    bureau's civil time. A row that was imported before changes nothing; a bad one goes to a file
    of rejects with the reason, and the good ones are recorded.
    """
    constants = {"crs": crs.name} | ({"source": source} if source else {})
    rejects = rejects or file.with_name(f"{Path(file.name.removesuffix('.gz')).stem}.rejects.csv")
    with migrated_database() as database, csvfiles.reading(file) as rows:
        table = Table(
            next(rows, []),
            settings().timezone,
            columns=columns,
            constants=constants,
            categories=categories,
        )
        table.check()
        with Rejects(rejects, table.header) as rejected:
            counts = _import(database, rows, table, rejected)
    document = {
        "rows": counts.total(),
        **{kind: counts[kind] for kind in ("recorded", "known", "rejected")},
        "rejects": str(rejects) if counts["rejected"] else None,
    }
    emit(document, as_json, lambda: _say(document))


class Rejects:
    """The file of bad rows: made when the first one comes, with the table's own columns, so that
    it can be mended and imported."""

    def __init__(self, target: Path, header: Sequence[str]) -> None:
        self._target = target
        self._header = [name for name in header if name not in _ADDED]
        self._kept = [place for place, name in enumerate(header) if name not in _ADDED]
        self._files = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, *raised: Any) -> bool | None:
        return self._files.__exit__(*raised)

    def add(self, number: int, row: Row, why: Refusal) -> None:
        """Add a row, with its number in the table and the reason."""
        if self._writer is None:
            self._writer = self._files.enter_context(csvfiles.writing(self._target))
            self._writer.writerow([*self._header, *_ADDED])
        filled = row + [""] * (max(self._kept, default=0) + 1 - len(row))
        self._writer.writerow([*(filled[p] for p in self._kept), number, why.code, why.message])


def _import(
    database: Database, rows: Iterator[Row], table: Table, rejected: Rejects
) -> Counter[str]:
    """Record the rows, so many in a transaction; return how many were recorded, known, rejected."""
    counts: Counter[str] = Counter()
    numbered = ((number, row) for number, row in enumerate(rows, 2) if row)
    with database.transaction() as session:
        atlas = Atlas(session)
    while batch := list(islice(numbered, _BATCH)):
        read = [_read(table, row) for _, row in batch]
        with database.transaction() as session:
            good = [report for report in read if isinstance(report, Report)]
            outcomes = iter(record_past(session, None, good, atlas))
        for (number, row), report in zip(batch, read, strict=True):
            outcome = next(outcomes) if isinstance(report, Report) else report
            if isinstance(outcome, bool):
                counts["recorded" if outcome else "known"] += 1
            else:
                counts["rejected"] += 1
                rejected.add(number, row, outcome)
    return counts


def _read(table: Table, row: Row) -> Report | Refusal:
    try:
        return table.read(row)
    except (GridserverError, GisError) as refusal:
        return refusal


def _say(done: dict[str, Any]) -> None:
    click.echo(f"{done['recorded']} of {done['rows']} rows recorded, {done['known']} known before")
    if done["rejected"]:
        click.echo(f"{done['rejected']} bad rows, with the reasons: {done['rejects']}")
