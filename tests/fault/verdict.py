"""The whole check of a run: `python -m tests.fault.verdict FOLDER` judges what a run has left."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from tests.fault import checker, evidence
from tests.fault.checker import Finding
from tests.fault.evidence import Event, Ledger
from tests.fault.journal import Line

#: The lines of a journal that are about commands.
_SAID = frozenset({"command", "answer", "clock"})


@dataclass
class Verdict:
    """What was found, and how much was looked at."""

    findings: list[Finding] = field(default_factory=list)
    messages: int = 0
    arrivals: int = 0
    commands: int = 0
    answers: int = 0
    counted: Counter[str] = field(default_factory=Counter)

    @property
    def kinds(self) -> Counter[str]:
        """How many findings there are of each kind."""
        return Counter(finding.kind for finding in self.findings)


def judge(folder: Path) -> Verdict:
    """Read journals and database of a run, and judge them."""
    database = evidence.Database((folder / "database-url").read_text())
    try:
        return _Judge(folder / "journals", json.loads((folder / "cast.json").read_text())).judge(
            database
        )
    finally:
        database.close()


class _Judge:
    """Reads each inbox and each journal once."""

    def __init__(self, journals: Path, cast: dict[str, list[str]]) -> None:
        self._journals, self._cast = journals, cast
        self._verdict = Verdict()
        self._writers = {name: self._lines(name) for name in cast["writers"]}
        self._posted = {
            id_: place
            for name, lines in self._writers.items()
            for id_, place in checker.posted_by(name, lines).items()
        }
        #: Message id → recipient, of what the writers posted.
        self._written: dict[str, str] = {}
        #: The command room speaks by its handheld and by the callers alike.
        self._said: dict[str, list[Line]] = {}

    def judge(self, database: evidence.Database) -> Verdict:
        self._verdict.findings.extend(self._inboxes(database))
        self._verdict.findings.extend(self._rest(database.ledger(), database.names))
        return self._verdict

    def _inboxes(self, database: evidence.Database) -> Iterator[Finding]:
        for who, inbox in database.inboxes():
            lines = self._lines(who)
            self._verdict.messages += len(inbox.rows)
            self._verdict.arrivals += sum(line[0] == "message" for line in lines)
            for row in inbox.rows:
                if row.id in self._posted:
                    self._written[row.id] = who
            if who in self._cast["terminals"] or inbox.rows:
                yield from checker.check_inbox(who, inbox, lines)
                yield from checker.check_write_order(who, inbox, self._posted)
            self._said[who] = [line for line in lines if line[0] in _SAID]

    def _rest(self, ledger: Ledger, accounts: dict[int, str]) -> Iterator[Finding]:
        events: dict[tuple[str | None, str | None], list[Event]] = defaultdict(list)
        for event in ledger.events:
            if event.command is not None:
                events[event.actor, event.command].append(event)
        for name in self._cast["callers"]:
            lines = self._lines(name)
            yield from checker.check_reports(name, lines, ledger)
            self._said[self._cast["room"][0]] += lines
        for who, lines in self._said.items():
            self._verdict.commands += sum(line[0] == "command" for line in lines)
            self._verdict.answers += sum(line[0] == "answer" for line in lines)
            yield from checker.check_commands(who, lines, ledger.results, events)
        for name, lines in self._writers.items():
            yield from checker.check_writer(name, lines, self._written, accounts)
        yield from checker.check_tasks(ledger)
        yield from checker.check_feed(ledger.feed)

    def _lines(self, name: str) -> list[Line]:
        lines = evidence.lines_of(self._journals / f"{name}.jsonl")
        self._verdict.counted.update(line[0] for line in lines)
        return lines


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
def main(folder: Path) -> None:
    """Judge the run that FOLDER holds; its database must be running."""
    verdict = judge(folder)
    for finding in verdict.findings[:50]:
        click.echo(f"{finding.kind}: {finding.who}: {finding.what}")
    raise SystemExit(bool(verdict.findings))


if __name__ == "__main__":
    main()
