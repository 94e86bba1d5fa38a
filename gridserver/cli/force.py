"""`gridserver force`: the force in and out as one workbook."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from gridserver.base.errors import Invalid
from gridserver.cli import context, duty
from gridserver.cli.faults import show_faults
from gridserver.force import importing, workbook


@click.group()
def force() -> None:
    """Units, officers, A/B ownership, rosters, absences, and who is on duty."""


@force.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@context.json_option
def import_(file: Path, as_json: bool) -> None:
    """Import FILE: an xlsx workbook, or a folder of csv files.

    Known rows are changed, new ones added, and what FILE doesn't name stays. Where any row is bad,
    all bad rows are shown and nothing is imported. New officers get accounts without a password:
    give them one with `gridserver account passwd`.
    """
    try:
        with context.migrated_database() as database, context.console.status("Importing …"):
            tables = workbook.read(file, context.settings().timezone)
            with database.transaction() as session:
                done = importing.import_tables(session, None, tables)
    except Invalid as error:
        show_faults(error)
        raise
    context.emit(done, as_json, lambda: _show_counts(done))


@force.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@context.json_option
def export(file: Path, as_json: bool) -> None:
    """Export the force to FILE: .xlsx for a workbook, no ending for a folder of csv files."""
    with context.migrated_database() as database, context.console.status("Exporting …"):
        with database.transaction() as session:
            tables = importing.tables(session)
        workbook.write(tables, file, context.settings().timezone)
    rows = {name: len(getattr(tables, name)) for name in vars(tables)}
    total = ", ".join(f"{count} {name}" for name, count in rows.items())
    context.emit({"file": str(file), "rows": rows}, as_json, f"{file}: {total}.")


for command in (duty.patterns_, duty.make_month, duty.calendar_, duty.voids_):
    force.add_command(command)


def _show_counts(done: dict[str, dict[str, int]]) -> None:
    table = Table("sheet", "added", "changed", "unchanged")
    for sheet, counts in done.items():
        table.add_row(sheet, *(str(counts[each]) for each in ("added", "changed", "unchanged")))
    context.console.print(table)
