"""`gridserver places`: the gazetteer."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from gis.crs import Crs
from gridserver.base.db import Database
from gridserver.cli import context
from gridserver.cli.options import crs_option
from gridserver.places.imports import Import, Imports
from gridserver.places.preparing import Asked
from gridserver.places.rules import KINDS

path_type = click.Path(path_type=Path, dir_okay=False)


@click.group()
def places() -> None:
    """The gazetteer: addresses, villages, roads, key places."""


def _field_option(name: str, said: str, **attributes: Any) -> Callable[[Any], Any]:
    return click.option(f"--{name}-field", metavar="F", help=said, **attributes)


@places.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What all of them are.")
@click.option("--source", metavar="NAME", required=True, help="Where they are from.")
@_field_option("name", "What a place is called.", required=True)
@_field_option("id", "What the source calls it; default: its name and address.")
@_field_option("address", "Its standard address.")
@_field_option("alias", "What else it is called, apart by commas.")
@_field_option("lon", "Longitude or easting.", default="lon", show_default=True)
@_field_option("lat", "Latitude or northing.", default="lat", show_default=True)
@click.option("--layer", metavar="L", help="Needed where FILE has several layers or sheets.")
@crs_option()
@click.option("--rejects", type=path_type, metavar="OUT", help="Bad rows; default: beside FILE.")
@context.json_option
def import_(
    file: Path,
    kind: str,
    source: str,
    crs: Crs | None,
    rejects: Path | None,
    layer: str | None,
    as_json: bool,
    **fields: str | None,
) -> None:
    """Import places from FILE: .csv, .xlsx or .gpkg.

    A table needs --crs and columns with the coordinates; of a GeoPackage's lines and polygons what
    they cover is kept too. What the same source said before is changed, what somebody changed by
    hand stays. A bad row goes to a file of rejects with the reason, and the good ones come in.
    """
    asked = Asked(kind=kind, layer=layer, crs=crs and crs.name, **fields)  # type: ignore[arg-type]
    rejects = rejects or file.with_name(f"{file.stem}.rejects.csv")
    with (
        context.migrated_database() as database,
        tempfile.TemporaryDirectory(prefix="gridserver-") as folder,
    ):
        imports = Imports(Path(folder))
        with context.console.status(f"Reading {file.name} …"):
            record = imports.start(None, file, source, asked, database.clock.now())
        counts = _write(database, imports, record)
        if bad := imports.rejects(record):
            shutil.copyfile(bad, rejects)
    document = {
        "rows": record.rows,
        **{said: counts[said] for said in ("added", "changed", "same", "kept")},
        "rejected": record.rejected,
        "rejects": str(rejects) if record.rejected else None,
    }
    context.emit(document, as_json, lambda: _say(document))


def _write(database: Database, imports: Imports, record: Import) -> Counter[str]:
    counts: Counter[str] = Counter()
    console = context.console
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for part in progress.track(range(record.parts), description=record.file):
            with database.transaction() as session:
                counts += imports.write(session, None, record, part)
    return counts


def _say(done: dict[str, Any]) -> None:
    click.echo(
        f"{done['added']} of {done['rows']} places added, {done['changed']} changed, "
        f"{done['same']} the same as before, {done['kept']} kept as changed by hand"
    )
    if done["rejected"]:
        click.echo(f"{done['rejected']} bad rows, with the reasons: {done['rejects']}")
