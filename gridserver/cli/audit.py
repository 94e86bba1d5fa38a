"""`gridserver audit`: whether the ledger is as it was written, and proofs of single rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gridserver.audit import exporting, proving, renewing, rights, rootfile, signing, verifying
from gridserver.audit.findings import Finding
from gridserver.audit.rootfile import RootFile
from gridserver.base.db import Database
from gridserver.base.errors import Conflict, Invalid
from gridserver.cli import context

_MOST_SHOWN = 200

root_option = click.option(
    "--root",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A copy of the seals outside the database; default: this installation's own.",
)
key_option = click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="HEX",
    help="A public key that may have signed it; may be repeated. Those that it vouches for in the "
    "file may, too.",
)
file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def audit() -> None:
    """The audit ledger: is it whole, and was a row in it."""


@audit.command()
@root_option
@key_option
@context.json_option
def verify(root: Path | None, keys: tuple[str, ...], as_json: bool) -> None:
    """Find altered, added, missing and truncated rows, and altered seals, and name them.

    Exit 0 where all is as it was written, 1 where something isn't.
    """
    settings = context.settings()
    file = root or (settings.audit_roots if settings.audit_roots.exists() else None)
    public = _public_keys(keys)
    with context.migrated_database() as database:
        found, unset = _verified(database, file, public)
    wrong = [each for each in found if not each.is_note]
    document = {
        "file": None if file is None else str(file),
        "findings": [each.document() for each in wrong],
        "notes": [each.document() for each in found if each.is_note],
        "rights": unset,
    }
    context.emit(document, as_json, lambda: _print(found, unset, file))
    if wrong:
        raise Conflict(
            "audit.altered",
            f"The ledger is not as it was written: {context.counted(len(wrong), 'finding')}.",
        )


@audit.command()
@click.argument("entry_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
def prove(entry_id: int, out: Path | None) -> None:
    """Print the proof that row ID was sealed, as JSON: `audit check` needs no database for it."""
    with context.migrated_database() as database, database.transaction() as session:
        proof = proving.prove(session, entry_id)
    if out:
        context.write_json(out, proof)
    else:
        click.echo(json.dumps(proof, ensure_ascii=False, indent=1))


@audit.command()
@file_argument
@root_option
@key_option
@context.json_option
def check(file: Path, root: Path | None, keys: tuple[str, ...], as_json: bool) -> None:
    """Check the proof or the export in FILE without any database: by its arithmetic, its signature,
    and, with --root, that its seals stand in the file."""
    data = _read(file)
    lines = rootfile.lines_until_now(root)() if root else None
    if exporting.is_export(data):
        wrong = exporting.check(data, lines, _public_keys(keys))
    else:
        wrong = proving.check(proving.read(data), lines)
    if wrong:
        raise Conflict("audit.bad_proof", f"{file} proves nothing: {wrong}.")
    context.emit({"holds": True}, as_json, f"{file} holds: every row was sealed as it stands.")


@audit.command("key")
@context.json_option
def show_key(as_json: bool) -> None:
    """Print the public key that signs seals and exports."""
    signer = signing.signer(context.settings().audit_key)
    document = {"key": signer.public.hex(), "fingerprint": signer.name}
    context.emit(document, as_json, f"{document['key']}  (fingerprint {signer.name})")


@audit.command("renew-key")
@click.option("--reason", required=True, metavar="TEXT", help="Why; the ledger keeps it.")
@context.json_option
def renew_key(reason: str, as_json: bool) -> None:
    """Have a new key sign seals and exports from now on; the former one vouches for it in the file.

    Nothing has to be stopped. Run it where the key lies, for each machine that has one of its own.
    """
    settings = context.settings()
    file = RootFile(settings.audit_roots, settings.audit_key)
    with context.migrated_database() as database, database.transaction() as session:
        former, new = renewing.renew_key(session, file, reason)
    document = {"key": new.public.hex(), "fingerprint": new.name, "former": former.public.hex()}
    text = (
        f"{new.public.hex()}  (fingerprint {new.name}) signs from now on; key {former.name} "
        f"vouches for it in {file.path}. Give it to the auditor."
    )
    context.emit(document, as_json, text)


def _verified(
    database: Database, file: Path | None, public: frozenset[bytes]
) -> tuple[list[Finding], list[str]]:
    # The file is measured first: what is in it then was committed before.
    lines = rootfile.lines_until_now(file) if file else None
    with database.transaction() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        with _progress(verifying.sealed_rows(session)) as told:
            found = list(
                verifying.verify(session, lines() if lines else None, keys=public, told=told)
            )
        return found, rights.lacking(session)


def _print(found: list[Finding], unset: list[str], file: Path | None) -> None:
    say = context.console.print
    if file is None:
        say("No file of seals: checked by the chain in the database alone. Give --root FILE.")
    else:
        say(f"Checked against {file}.", soft_wrap=True)
    for each in found[:_MOST_SHOWN]:
        mark = "note" if each.is_note else "[red]FOUND[/red]"
        say(f"{mark}  {each.kind}: {escape(each.text)}", soft_wrap=True, highlight=False)
    if len(found) > _MOST_SHOWN:
        say(f"… and {len(found) - _MOST_SHOWN} more; --json lists them all.")
    for line in unset:
        say(f"note  rights: {line}", soft_wrap=True, highlight=False)
    if not any(not each.is_note for each in found):
        say("Every sealed row is as it was written.")


def _public_keys(texts: tuple[str, ...]) -> frozenset[bytes]:
    return frozenset(map(_public_key, texts))


def _public_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise click.BadParameter(
            "64 hexadecimal digits, as `audit key` prints.", param_hint="--key"
        )
    return key


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid("audit.no_proof", f"{file} can't be read: {error}.", field="FILE") from error


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    columns = TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    is_hidden = not context.console.is_terminal
    with Progress(*columns, console=context.console, transient=True, disable=is_hidden) as progress:
        task = progress.add_task("", total=total)

        def told(count: int) -> None:
            progress.update(task, advance=count)

        yield told
