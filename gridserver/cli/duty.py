"""`gridserver force …`: the calendar of working days, months of duty, and where nobody will be."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter

import click
from rich.table import Table

from gridserver.base.clock import local_now, now, zone
from gridserver.cli import context
from gridserver.force import months, patterns, voids, workdays
from gridserver.force.months import Month
from gridserver.force.voids import Void
from gridserver.force.workdays import Year
from gridserver.org import queries as org

_MOST_SHOWN = 50


@click.command("voids")
@click.option("--days", type=click.IntRange(1, 31), default=voids.DAYS, show_default=True)
@click.option("--unit", metavar="CODE", help="Only what belongs to this unit.")
@context.json_option
def voids_(days: int, unit: str | None, as_json: bool) -> None:
    """Tell where nobody will be in the days to come. Exits 1 where there is such a time.

    A cell has an owner, who stands in for one, a member of the owner's group or the station's pool;
    a team a member or the pool; a station anybody; a watched post its watch.
    """
    with context.migrated_database() as database, database.transaction() as session:
        paths = None if unit is None else (org.unit_by_code(session, unit).path,)
        start = now(session)
        end = start + dt.timedelta(days=days)
        found = voids.voids(session, start, end, unit_paths=paths)
        at_home = zone(session)
    document = {"from": start, "to": end, "items": [dataclasses.asdict(void) for void in found]}
    context.emit(document, as_json, lambda: _show_voids(found, at_home))
    if found:
        raise click.exceptions.Exit(1)


@click.command("calendar")
@click.argument("year", type=int, required=False)
@click.option("--fill", is_flag=True, help="Enter China's public holidays; what is set stays.")
@context.json_option
def calendar_(year: int | None, fill: bool, as_json: bool) -> None:
    """Show the days of YEAR (default: this one) that aren't what their weekday says."""
    with context.migrated_database() as database, database.transaction() as session:
        wanted = local_now(session).year if year is None else year
        workdays.check_year(wanted, "YEAR")
        shown = workdays.fill(session, None, wanted) if fill else workdays.year(session, wanted)
    context.emit(dataclasses.asdict(shown), as_json, lambda: _show_year(shown))


@click.command("make-month")
@click.argument("pattern", type=int)
@click.argument("month")
@click.option("--apply", is_flag=True, help="Write the shifts; without it, only say.")
@context.json_option
def make_month(pattern: int, month: str, apply: bool, as_json: bool) -> None:
    """Make the shifts of MONTH (2026-12) from the pattern with the id PATTERN."""
    with context.migrated_database() as database, database.transaction() as session:
        made = months.make_month(session, None, pattern, month, dry_run=not apply)
    context.emit(dataclasses.asdict(made), as_json, lambda: _show_month(made, apply))


@click.command("patterns")
@context.json_option
def patterns_(as_json: bool) -> None:
    """List the patterns that months are made from, with their ids."""
    with context.migrated_database() as database, database.transaction() as session:
        found = patterns.patterns(session, None)
    table = Table("id", "unit", "name", "duty", "days", "crews")
    for card in found:
        turns = card.turns
        table.add_row(
            str(card.id), card.unit.name, card.name, card.duty, turns.on_days, str(len(turns.crews))
        )
    document = [dataclasses.asdict(card) for card in found]
    context.emit(document, as_json, lambda: context.console.print(table))


def _show_voids(found: list[Void], at_home: dt.tzinfo) -> None:
    if not found:
        context.console.print("Somebody is there for every minute.")
        return
    table = Table("kind", "code", "name", "from", "to", "why")
    for void in found[:_MOST_SHOWN]:
        span = (f"{each.astimezone(at_home):%Y-%m-%d %H:%M}" for each in (void.start, void.end))
        table.add_row(void.kind, void.code, void.name, *span, void.why)
    context.console.print(table)
    counts = Counter(void.kind for void in found)
    context.console.print(", ".join(f"{kind}: {count}" for kind, count in counts.items()))


def _show_year(shown: Year) -> None:
    if not shown.known:
        context.console.print(
            f"Nothing is known of {shown.year}: only Saturdays and Sundays are rest days. "
            "Enter its holidays with --fill once they are announced."
        )
        return
    table = Table("date", "kind", "name", "said by")
    for day in shown.days:
        table.add_row(f"{day.date:%Y-%m-%d %a}", day.kind, day.name_zh or "", day.source)
    context.console.print(table)


def _show_month(made: Month, applied: bool) -> None:
    done = "" if applied else "would be "
    context.console.print(
        f"{len(made.added)} {done}added, {len(made.removed)} {done}removed, {made.unchanged} "
        f"unchanged, {len(made.kept)} left as they were set by hand."
    )
    for year in made.unknown_years:
        context.console.print(f"The holidays of {year} aren't entered; the weekday decided.")
