"""The run: `python -m tests.fault.run --messages 200000 --commands 20000 --terminals 200`.

Everything is started, and broken again and again while messages, reports and commands go on; then
all is mended, the handhelds come to the end of their inboxes, and the checker judges. Exit code 0:
every promise was kept.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from tests.fault.handheld import Manners
from tests.fault.saboteur import Saboteur
from tests.fault.scenario import Progress, Scenario, Size, installed, wait
from tests.fault.status import Status
from tests.fault.verdict import Verdict, judge
from tests.folders import reachable_folder

Say = Callable[[str], None]

#: What is promised → the findings that break it.
PROMISES = {
    "lost": ("lost", "foreign", "write_lost", "result_lost", "unanswered", "effect_missing"),
    "done twice": ("effect_twice", "effect_unasked", "told_twice"),
    "out of order": ("order", "write_order", "history", "resync"),
    "holes in sequences": ("hole", "feed"),
    "changed on the way": (
        "changed",
        "result_changed",
        "time_changed",
        "report",
        "receipt",
        "clock",
    ),
}
#: Findings that are printed in full, and seconds between two lines on how far it is.
_SHOWN, _TELL_S = 40, 10.0
#: Commands that come of one caller's reports in a second.
_EACH_CALLER_PER_S = 3.0
_MINUTES = click.FloatRange(0.1)


@dataclass(frozen=True)
class Report:
    """What a run did, what was broken, and what was found."""

    size: Size
    verdict: Verdict
    deeds: Counter[str]
    fates: dict[str, int]
    seconds: float

    def lines(self) -> Iterator[str]:
        """Give the report for people."""
        verdict, kinds = self.verdict, self.verdict.kinds
        counted = verdict.counted
        yield f"seed {self.size.seed}, {self.size.terminals} terminals, {self.seconds:.0f} s"
        yield (
            f"  {verdict.messages} messages committed, {verdict.arrivals} arrived "
            f"({verdict.arrivals - verdict.messages} once more) on {counted['open']} connections"
        )
        yield (
            f"  {verdict.commands} commands, {verdict.answers} answers, "
            f"{counted['again']} attempts without a verdict; {counted['report']} incidents reported"
        )
        yield "  broken: " + ", ".join(f"{deed} {n}" for deed, n in self.deeds.items())
        yield "  proxy: " + ", ".join(f"{fate} {n}" for fate, n in self.fates.items())
        if "cut the valley" not in self.deeds:
            yield "  no network was cut: this machine allows no network namespace"
        for promise, broken in PROMISES.items():
            yield f"  {sum(kinds[kind] for kind in broken):6} {promise}"
        for finding in verdict.findings[:_SHOWN]:
            yield f"  {finding.kind}: {finding.who}: {finding.what}"


def run(folder: Path, size: Size, manners: Manners, say: Say, patience_s: float) -> Report:
    """Run one scenario in an empty folder and judge it.

    Parameters
    ----------
    say
        Takes a line on how far it is.
    patience_s
        How long the handhelds may take to come to the end once all is mended.
    """
    began = time.monotonic()
    with installed(folder, size, manners) as scenario:
        saboteur = Saboteur(scenario)
        say(f"everything runs after {time.monotonic() - began:.0f} s; fire")
        _fire(scenario, saboteur, say)
        say("all is posted and mended; the handhelds come to the end")
        scenario.calm_down()
        if not come_to_the_end(scenario, say, patience_s):
            say(f"they did not within {patience_s:.0f} s")
        scenario.stop()
        verdict = judge(folder)
    counts = folder / "proxy.counts"
    fates = json.loads(counts.read_text()) if counts.exists() else {}
    return Report(size, verdict, saboteur.done, fates, time.monotonic() - began)


def _fire(scenario: Scenario, saboteur: Saboteur, say: Say) -> None:
    """Break things until everything is posted and commanded, and everything was broken once."""
    tell = _Teller(scenario, say)
    saboteur.start()
    try:
        wanted = scenario.size.commands
        while not saboteur.came_to_grief and any(each.running for each in scenario.posters):
            if tell.said().commands >= wanted and saboteur.went_round:
                scenario.enough()
            time.sleep(0.5)
    finally:
        saboteur.stop()


def come_to_the_end(scenario: Scenario, say: Say, patience_s: float) -> bool:
    """Wait until every device has everything and every command an answer; say whether they do.

    The worker is stopped then: it would go on to tell the next of tasks that nobody signed.
    """
    tell = _Teller(scenario, say)
    former: Progress | None = None

    def quiet() -> bool:
        """An answer may make an officer go on, so twice in a row nothing must be under way."""
        nonlocal former
        tell.said()
        before = former
        try:
            former = scenario.progress()
        except DBAPIError:
            return False
        return former == before and not former.behind and not former.said.unanswered

    arrived = wait(quiet, patience_s, look_s=1.0)
    if scenario.installation.worker:
        scenario.installation.worker.stop()
    return arrived and wait(quiet, patience_s, look_s=1.0)


class _Teller:
    """Says every few seconds how far it is."""

    def __init__(self, scenario: Scenario, say: Say) -> None:
        self._scenario, self._say = scenario, say
        self._began = self._told = time.monotonic()

    def said(self) -> Status:
        """Return what the handhelds say."""
        said = self._scenario.said()
        now = time.monotonic()
        if now - self._told >= _TELL_S:
            self._told = now
            self._say(
                f"{now - self._began:5.0f} s  {said.received} messages taken in, "
                f"{said.commands} commands, {said.unanswered} of them waiting, "
                f"{said.connections} connections"
            )
        return said


@click.command()
@click.option("--terminals", default=200, type=click.IntRange(10), show_default=True)
@click.option("--messages", default=200_000, type=click.IntRange(1), show_default=True)
@click.option("--commands", default=20_000, type=click.IntRange(1), show_default=True)
@click.option("--minutes", default=15.0, type=_MINUTES, show_default=True, help="Its spread.")
@click.option("--deeds", default=120, type=click.IntRange(1), show_default=True, help="Breakages.")
@click.option("--seed", default=1, show_default=True)
@click.option("--patience", default=600.0, show_default=True, help="Seconds to come to the end.")
@click.option("--keep", is_flag=True, help="Keep journals and logs.")
def main(
    terminals: int,
    messages: int,
    commands: int,
    minutes: float,
    deeds: int,
    seed: int,
    patience: float,
    keep: bool,
) -> None:
    """Break a whole installation at random, and check that nothing was lost or done twice."""
    # One caller waits for its answers, so there are as many as the commands ask for.
    callers = max(2, round(commands / minutes / 60 / _EACH_CALLER_PER_S))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended; all that was started is stopped"))
    size = Size(terminals, messages, commands, minutes, deeds, seed, callers=callers)
    with reachable_folder() as folder:
        report = run(folder, size, Manners(), click.echo, patience)
        failed = bool(report.verdict.findings)
        if keep or failed:
            kept = Path(f"fault-{seed}").resolve()
            shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("postgres"))
            click.echo(f"journals and logs: {kept}")
    for line in report.lines():
        click.echo(line)
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
