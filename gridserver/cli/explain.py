"""`gridserver dispatch explain`: a decision in words, and whether its facts still give it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import click

from gridserver.base.texts import LANGUAGES
from gridserver.cli import context
from gridserver.dispatch import explaining, texts


@click.command()
@click.argument("incident", type=click.IntRange(min=1))
@click.option("--revision", type=click.IntRange(min=1), help="Which decision; default: the last.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Default: by LC_ALL.")
@context.json_option
def explain(incident: int, revision: int | None, lang: str | None, as_json: bool) -> None:
    """Explain who got INCIDENT (its id) and why, and decide again on the facts that were kept."""
    language = lang or context.language()
    with context.migrated_database() as database, database.transaction() as session:
        found = explaining.explain(session, None, incident, revision)
    document = explaining.document(found, language)
    context.emit(document, as_json, lambda: _print(document, language))


def _print(document: dict[str, Any], language: str) -> None:
    click.echo(_title(document, language))
    for heading, lines in (
        ("explain.facts", [fact["text"] for fact in document["facts"]]),
        ("explain.notes", [note["text"] for note in document["notes"]]),
        ("explain.steps", _steps(document["decision"], language)),
    ):
        _print_part(heading, lines, language)
    replay = document["replay"]
    if replay["identical"]:
        _print_part("explain.identical", [], language)
    else:
        _print_part("explain.different", _steps(replay["decision"], language), language)


def _print_part(heading: str, lines: Sequence[str], language: str) -> None:
    click.echo(texts.say(heading, {}, language))
    for line in lines:
        click.echo(f"  {line}")


def _title(document: dict[str, Any], language: str) -> str:
    at = dt.datetime.fromisoformat(document["at"]).astimezone(context.settings().timezone)
    counted = {name: document[name] for name in ("revision", "revisions", "rules_version")}
    said = {**document["incident"], **counted, "at": at.isoformat(" ", "minutes")}
    return texts.say("explain.title", said, language)


def _steps(steps: Sequence[dict[str, Any]], language: str) -> list[str]:
    return [_step(step, language) for step in steps]


def _step(step: dict[str, Any], language: str) -> str:
    said = {
        "step": step["step"],
        "who": step["who"]["display_name"],
        "rung": step["kind"],
        "sign_within_s": step["sign_within_s"],
        "why": step["because"]["text"],
    }
    return texts.say("explain.step", said, language)
