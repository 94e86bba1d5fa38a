"""`gridserver grid diff` and `rehearse`: versions beside each other."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from gridserver.cli.context import (
    console,
    counted,
    emit,
    json_option,
    language,
    migrated_database,
    write_json,
)
from gridserver.dispatch import rehearsal
from gridserver.dispatch.rehearsal import Rehearsal
from gridserver.grids import texts
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
        write_json(out, found.geojson(language()))
    emit(found.document(language()), as_json, lambda: _print_differences(found))


@click.command()
@click.argument("version")
@click.option(
    "--days",
    default=30,
    show_default=True,
    metavar="N",
    type=click.IntRange(1, rehearsal.MOST_DAYS),
    help="How far back.",
)
@json_option
def rehearse(version: str, days: int, as_json: bool) -> None:
    """Say which incidents of the last N days would have had another owner under VERSION."""
    with (
        migrated_database() as database,
        console.status(f"Rehearsing {version} …"),
        database.transaction() as session,
    ):
        found = rehearsal.rehearse(session, None, version, days)
    emit(rehearsal.document(found), as_json, lambda: _print_rehearsal(found))


def _print_differences(found: Comparison) -> None:
    out, differences = Console(emoji=False), found.diff
    out.print(
        f"From {found.before} to {found.after}: {counted(len(differences.added), 'cell')} added, "
        f"{len(differences.removed)} removed, {len(differences.renamed)} renamed, "
        f"{len(differences.moved)} moved, {len(differences.unchanged)} unchanged; "
        f"{differences.area_m2 / 1e6:,.2f} km² change hands."
    )
    table = Table("kind", "what")
    for change in differences.changes[:_SHOWN]:
        table.add_row(change.kind, texts.sentence(change, language()))
    if differences.changes:
        out.print(table)
    if len(differences.changes) > _SHOWN:
        out.print(f"… and {len(differences.changes) - _SHOWN} more: see --json or --geojson.")


def _print_rehearsal(found: Rehearsal) -> None:
    out = Console(emoji=False)
    out.print(
        f"Of {found.incidents} incidents {len(found.moved)} would have had another owner under "
        f"{found.after} than under {found.before}; without any owner {found.unowned.after}, "
        f"now {found.unowned.before}."
    )
    for title, loads in (
        ("cell", found.cells),
        ("officer", {person.username: load for person, load in found.officers.items()}),
    ):
        changed = {key: load for key, load in loads.items() if load.before != load.after}
        if not changed:
            continue
        table = Table(title, "before", "after")
        largest = sorted(changed.items(), key=lambda item: -abs(item[1].after - item[1].before))
        for key, load in largest[:_SHOWN]:
            table.add_row(key, str(load.before), str(load.after))
        out.print(table)
