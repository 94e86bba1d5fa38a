"""`gridserver grid repair`: what would mend a draft, and doing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from gridserver.base.db import Database
from gridserver.cli.context import (
    console,
    counted,
    emit,
    json_option,
    language,
    migrated_database,
)
from gridserver.grids import inspection, proposing, queries, repairs, service
from gridserver.grids.mending import Ground, Survey

_SHOWN = 40


@click.command()
@click.argument("version")
@click.option(
    "--apply", "applies", is_flag=True, help="Carry out the first proposal of each fault."
)
@click.option(
    "--under",
    "under_m2",
    metavar="M2",
    type=click.FloatRange(0.0, min_open=True),
    help="Only what moves less than M2 square metres.",
)
@json_option
def repair(version: str, applies: bool, under_m2: float | None, as_json: bool) -> None:
    """Say what would mend the faults of VERSION, a draft, and what each repair would move.

    Nothing changes without --apply. What needs a person, such as a gap of 5 ha, is never carried
    out here. --apply goes on until no fault is left that can be mended so; it can be undone.
    """
    with migrated_database() as database, console.status(f"Looking at {version} …"):
        ground, revision = _read(database, version)
        if applies:
            document = _apply(database, version, revision, ground, under_m2)
        else:
            document = _propose(version, inspection.survey(ground), under_m2)
    emit(document, as_json, lambda: _print(document))


def _read(database: Database, name: str) -> tuple[Ground, int]:
    with database.transaction() as session:
        version = queries.version(session, name)
        return inspection.ground(session, version), version.revision


def _propose(name: str, found: Survey, under_m2: float | None) -> dict[str, Any]:
    items = [
        item
        for item in proposing.documents(found, language=language())
        if under_m2 is None or item["area_m2"] < under_m2
    ]
    return {"version": name, "applied": False, "faults": len(found.faults), "proposals": items}


def _apply(
    database: Database, name: str, revision: int, ground: Ground, under_m2: float | None
) -> dict[str, Any]:
    mended = inspection.carry_out_small(ground, under_m2)
    with database.transaction() as session:
        if mended.applied:
            repairs.keep(session, None, name, revision, ground, mended)
        report = service.check(session, None, name)
    return {
        "version": name,
        "applied": True,
        "faults": len(report.faults),
        "blocking": report.blocking,
        "proposals": [proposing.document(proposal, language()) for proposal in mended.applied],
    }


def _print(document: dict[str, Any]) -> None:
    out = Console(emoji=False)
    items: Sequence[dict[str, Any]] = document["proposals"]
    faults = counted(document["faults"], "fault")
    if not items:
        out.print(f"{faults}, and no proposal.")
        return
    table = Table("kind", "moves m²", "needs a person", "what it does")
    for item in items[:_SHOWN]:
        person = "yes" if item["needs_person"] else ""
        table.add_row(item["kind"], f"{item['area_m2']:,.1f}", person, item["text"])
    out.print(table)
    if len(items) > _SHOWN:
        out.print(f"… and {len(items) - _SHOWN} more: see --json.")
    if document["applied"]:
        left = f"{faults} left, {document['blocking']} blocking"
        out.print(f"{counted(len(items), 'repair')} carried out; {left}.")
    else:
        out.print(f"{faults}; nothing changes without --apply.")
