"""`gridserver grid`: versions of the grid, from a file to being in force."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from gis.files import read_area_safely, read_layer_safely, write_layer
from gridserver.cli.context import (
    console,
    counted,
    emit,
    json_option,
    language,
    migrated_database,
    settings,
    write_json,
)
from gridserver.cli.options import crs_option, moment_option
from gridserver.dispatch import publication
from gridserver.grids import queries, service, texts
from gridserver.grids.reports import Report
from gridserver.org import queries as org
from gridserver.org import service as org_service
from gridserver.org.models import Unit

_SHOWN_FAULTS = 20
#: Exit code of `grid check` where something blocks.
_REFUSED = 1

file_argument = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def grid() -> None:
    """The grid: import a version, check it, put it in force."""


@grid.command("import")
@file_argument
@click.option("--version", "name", metavar="NAME", required=True, help="What to call it.")
@click.option("--code-field", metavar="F", required=True, help="Attribute with the cells' codes.")
@click.option("--name-field", metavar="F", help="Attribute with their names.")
@click.option("--station-field", metavar="F", help="Attribute with their stations' codes.")
@click.option("--layer", metavar="L", help="Needed where the file has several.")
@crs_option()
@click.option(
    "--outline",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The bureau's area, in its own file's CRS or, where that says none, in --crs.",
)
@click.option("--merge-parts", is_flag=True, help="Join the polygons of one code into one cell.")
@json_option
def import_(file: Path, name: str, outline: Path | None, as_json: bool, **reading: Any) -> None:
    """Store FILE as a draft and report its faults.

    Shapefile (.shp, .zip or folder), GeoPackage, GeoJSON or KML. Invalid rings are taken, and are
    faults that keep the draft from being published.
    """
    with console.status(f"Reading {file.name} …"):
        layer = read_layer_safely(file, **reading)
        area = read_area_safely(outline, crs=reading["crs"]) if outline else None
    source = reading | {
        "file": file.name,
        "crs": layer.crs.name,
        "outline": outline.name if outline else None,
    }
    with (
        migrated_database() as database,
        console.status(f"Checking {len(layer.cells)} cells …"),
        database.transaction() as session,
    ):
        made = _make_bureau(session)
        draft = service.import_draft(session, None, layer, name=name, outline=area, source=source)
        report = service.check(session, None, name)
        warnings = [texts.kept(warning, language()) for warning in draft.source["warnings"]]
    if made:
        click.echo(f"There was no bureau: made {made.name}, code {made.code}.", err=True)
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
    emit(
        report.document(language()) | {"warnings": warnings}, as_json, lambda: _print_report(report)
    )


@grid.command()
@click.argument("version")
@click.option(
    "--geojson",
    "out",
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write each fault as a feature.",
)
@click.option(
    "--tolerance",
    "tolerance_m",
    metavar="M",
    type=click.FloatRange(0.0, 100.0),
    help="Holes narrower than M metres are slivers; default 1. Such a check is not kept.",
)
@json_option
def check(version: str, out: Path | None, tolerance_m: float | None, as_json: bool) -> None:
    """Report the faults of VERSION; exit 1 where some keep it from being published."""
    with (
        migrated_database() as database,
        console.status(f"Checking {version} …"),
        database.transaction() as session,
    ):
        report = service.check(session, None, version, tolerance_m)
    if out is not None:
        write_json(out, report.geojson(language()))
    emit(report.document(language()), as_json, lambda: _print_report(report))
    if report.blocking:
        click.get_current_context().exit(_REFUSED)


@grid.command()
@click.argument("version")
@moment_option("--from", "since", "When it takes force; default: now. Never in the past.")
@click.option("--reroute", is_flag=True, help="Decide open tasks anew where the owner changes.")
@json_option
def publish(version: str, since: dt.datetime | None, reroute: bool, as_json: bool) -> None:
    """Put VERSION in force, unless it has blocking faults.

    One that was in force before and has retired comes back as a copy, VERSION-2.
    """
    with (
        migrated_database() as database,
        console.status(f"Checking {version} …"),
        database.transaction() as session,
    ):
        done = publication.publish(session, None, version, since, reroute)
        card = queries.card(session, done.version)
    document = _document(card)
    said = f"Version {card.name} is in force from {_civil(card.valid_from)} on."
    if reroute:
        document["rerouted"] = len(done.rerouted)
        said += f" {counted(len(done.rerouted), 'open task')} decided anew."
    emit(document, as_json, said)


@grid.command()
@click.argument("version")
@json_option
def retire(version: str, as_json: bool) -> None:
    """Give up a draft, withdraw VERSION before its time, or end it while it is in force."""
    with migrated_database() as database, database.transaction() as session:
        card = queries.card(session, service.retire(session, None, version))
    emit(_document(card), as_json, f"Version {version} has retired.")


@grid.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the versions, oldest first."""
    with migrated_database() as database, database.transaction() as session:
        cards = queries.versions(session)
    emit([_document(card) for card in cards], as_json, lambda: _print_list(cards))


@grid.command()
@click.argument("version")
@file_argument
@json_option
def export(version: str, file: Path, as_json: bool) -> None:
    """Write VERSION to FILE: .gpkg, .geojson, .shp or .zip, with code, name and station."""
    with migrated_database() as database, database.transaction() as session:
        cells = queries.cells(session, queries.version(session, version).id)
    write_layer(file, cells)
    emit(
        {"version": version, "cells": len(cells), "file": str(file)},
        as_json,
        f"Wrote {counted(len(cells), 'cell')} to {file}.",
    )


def _make_bureau(session: Session) -> Unit | None:
    """Make the bureau where there is none: a grid may be the first thing an installation gets."""
    if org.find_bureau(session) is not None:
        return None
    return org_service.add_unit(
        session, None, code="bureau", kind="bureau", name="公安局", name_en="Police bureau"
    )


def _document(card: queries.VersionCard) -> dict[str, Any]:
    document = dataclasses.asdict(card)
    del document["id"], document["revision"]
    for key in ("valid_from", "valid_to"):
        document[key] = document[key] and document[key].isoformat()
    return document


def _print_list(cards: list[queries.VersionCard]) -> None:
    table = Table("version", "state", "from", "to", "cells")
    for card in cards:
        moments = (_civil(card.valid_from), _civil(card.valid_to))
        table.add_row(card.name, card.state, *moments, str(card.cells))
    Console(emoji=False).print(table)


def _civil(moment: dt.datetime | None) -> str:
    """Return a moment in the bureau's civil time."""
    return moment.astimezone(settings().timezone).isoformat(" ", "minutes") if moment else ""


def _print_report(report: Report) -> None:
    out = Console(emoji=False)
    square_km = report.area_m2 / 1e6
    out.print(
        f"Version {report.version}: {counted(len(report.cells), 'cell')}, {square_km:,.1f} km²."
    )
    if not report.faults:
        out.print("No faults.")
        return
    said_in = language()
    table = Table("kind", "blocks", "cells", "what and what to do")
    for fault in report.faults[:_SHOWN_FAULTS]:
        table.add_row(
            fault.kind,
            "yes" if fault.blocking else "",
            " ".join(fault.cells),
            texts.sentence(fault, said_in),
        )
    out.print(table)
    if len(report.faults) > _SHOWN_FAULTS:
        out.print(f"… and {len(report.faults) - _SHOWN_FAULTS} more: see --json or --geojson.")
    out.print(f"{counted(len(report.faults), 'fault')}, {report.blocking} blocking.")
