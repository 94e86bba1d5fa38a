"""`gridserver grid diff`: versions beside each other."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from gridserver.cli.context import console, emit, json_option, migrated_database, write_json
from gridserver.grids.comparing import Comparison, compare

_SHOWN = 40


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option(
    "--geojson",
    "out",
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write each difference as a feature.",
)
@json_option
def diff(before: str, after: str, out: Path | None, as_json: bool) -> None:
    """Say what differs in version B from version A: codes, and ground that changes hands."""
    with (
        migrated_database() as database,
        console.status(f"Comparing {before} and {after} …"),
        database.transaction() as session,
    ):
        found = compare(session, before, after)
    if out is not None:
        write_json(out, found.geojson())
    emit(found.document(), as_json, lambda: _print_differences(found))


def _print_differences(found: Comparison) -> None:
    out, differences = Console(), found.diff
    out.print(
        f"From {found.before} to {found.after}: {len(differences.added)} cells added, "
        f"{len(differences.removed)} removed, {len(differences.renamed)} renamed, "
        f"{len(differences.moved)} moved, {len(differences.unchanged)} unchanged; "
        f"{differences.area_m2 / 1e6:,.2f} km² change hands."
    )
    table = Table("kind", "what")
    for change in differences.changes[:_SHOWN]:
        table.add_row(change.kind, change.text)
    if differences.changes:
        out.print(table)
    if len(differences.changes) > _SHOWN:
        out.print(f"… and {len(differences.changes) - _SHOWN} more: see --json or --geojson.")
