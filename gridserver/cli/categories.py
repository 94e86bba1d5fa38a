"""`gridserver categories`: the code table of incidents from a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.cli import context
from gridserver.cli.faults import show_faults
from gridserver.cli.options import moment_option
from gridserver.dispatch.tables import category_sheet, queries, service
from gridserver.force import workbook


@click.group()
def categories() -> None:
    """Kinds of incidents."""


@categories.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@click.option("--why", required=True, metavar="WHY", help="Kept with every row.")
@moment_option("--from", "since", "Now or later; default: now, and what is new from ever.")
@context.json_option
def import_(file: Path, why: str, since: dt.datetime | None, as_json: bool) -> None:
    """Import FILE, a code table in csv or xlsx, of up to four levels.

    Its columns are code 代码, name_zh 名称, and where wanted name_en 英文名称, parent 上级代码,
    broad_class 大类 and priority 优先级; the last two are as in the category above where they are
    empty. Known categories are changed, new ones added, and what FILE doesn't name stays. Where any
    line is bad, all bad lines are shown and nothing is imported.
    """
    try:
        with context.migrated_database() as database, context.console.status("Importing …"):
            lines = workbook.read_lines(file)
            with database.transaction() as session:
                book, at = queries.book(session), since or now(session)
                zone = context.settings().timezone
                given = category_sheet.read_changes(lines, book, at, zone)
                made = service.change(session, None, given, why=why, since=since)
    except Invalid as error:
        show_faults(error)
        raise
    done = {"categories": len(given), "changed": len(made)}
    said = f"{done['changed']} of {done['categories']} categories changed or added."
    context.emit(done, as_json, said)
