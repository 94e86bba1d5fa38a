"""`gridserver backup` and `gridserver restore`: the whole installation in one file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.filesize import decimal
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gridserver.backup import restoring, writing
from gridserver.backup.manifest import Manifest
from gridserver.cli import context


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@context.json_option
def backup(file: Path, as_json: bool) -> None:
    """Write the whole installation to FILE, attachments too, while it goes on serving.

    FILE is overwritten. It holds everything and is readable for its owner only: keep it so.
    """
    with context.owned_database() as (database, _), _progress("Writing") as told:
        manifest = writing.write(database, context.settings().attachments, file, told)
    size = file.stat().st_size
    said = f"{file}: {decimal(size)}, {context.counted(manifest.attachments, 'attachment')}."
    context.emit(asdict(manifest) | {"bytes": size}, as_json, said)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Give up what the database holds now.")
@context.json_option
def restore(file: Path, replace: bool, as_json: bool) -> None:
    """Put the installation of FILE back, whole or not at all.

    Stop every `gridserver serve` and `gridserver worker` first. Everybody signs in anew afterwards,
    and every terminal takes a new snapshot, since what it saw after the backup is gone.
    """
    with context.owned_database() as (database, role), _progress("Restoring") as told:
        manifest = restoring.restore(
            database,
            context.settings().attachments,
            file,
            replace=replace,
            told=told,
            application=role,
            roots=context.settings().audit_roots,
        )
    context.emit(asdict(manifest), as_json, _restored(manifest, context.settings().timezone))


def _restored(manifest: Manifest, zone: dt.tzinfo) -> str:
    moment = manifest.moment.astimezone(zone)
    return f"The installation is as it was on {moment:%Y-%m-%d at %H:%M:%S}."


@contextmanager
def _progress(doing: str) -> Iterator[Callable[[int], None]]:
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    is_hidden = not context.console.is_terminal
    with Progress(*columns, console=context.console, transient=True, disable=is_hidden) as progress:
        task = progress.add_task(doing)
        done = 0

        def told(count: int) -> None:
            nonlocal done
            done += count
            progress.update(task, description=f"{doing} {decimal(done)}")

        yield told
