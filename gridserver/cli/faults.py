"""Lines of a file at fault, as a table on stderr."""

from __future__ import annotations

from rich.table import Table

from gridserver.base.errors import Invalid
from gridserver.cli import context

_MOST_SHOWN = 50


def show_faults(error: Invalid) -> None:
    """Show the faults that a refusal carries in `errors`, where it does."""
    faults = error.extra.get("errors", [])
    if not faults:
        return
    table = Table("sheet", "row", "column", "what to do")
    for fault in faults[:_MOST_SHOWN]:
        table.add_row(fault["sheet"], str(fault["row"]), fault["column"], fault["text"])
    context.console.print(table)
    if len(faults) > _MOST_SHOWN:
        context.console.print(f"… and {len(faults) - _MOST_SHOWN} more")
