"""The promises under fire, in short; `make fault` is the long run of the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.fault.handheld import Manners
from tests.fault.installation import Installation
from tests.fault.run import come_to_the_end, run
from tests.fault.scenario import Size, started, wait
from tests.fault.verdict import judge
from tests.folders import reachable_folder

#: Everything happens more often than in the long run, for there is less time.
HASTY = Manners(life_s=5.0, away_s=0.7, patience_s=3.0, silence_s=6.0)


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


def say(line: str) -> None:
    """Keep quiet: pytest shows the report."""


@pytest.mark.timeout(900)
def test_nothing_is_lost_and_nothing_done_twice_under_fire(folder: Path) -> None:
    size = Size(terminals=20, messages=2_000, commands=200, minutes=0.2, deeds=12)
    report = run(folder, size, HASTY, say, patience_s=240)
    told = "\n".join(report.lines())
    assert not report.verdict.findings, told
    assert report.verdict.messages >= size.messages, told
    assert report.verdict.commands >= size.commands, told
    assert all(report.deeds.values()), told


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("skips", {"lost"}),
        ("drops", {"lost"}),
        # An officer whose handheld heard the answer too late asks again and is told another one.
        ("answers_early", {"result_lost", "result_changed"}),
        ("forgets", {"effect_twice"}),
    ],
)
def test_the_checker_finds_a_broken_server(
    fault: str, kinds: set[str], folder: Path, database_url: URL
) -> None:
    """The same handhelds, writers and callers, with no saboteur, against one fault."""
    size = Size(terminals=10, messages=400, commands=60, minutes=0.1, deeds=0, writers=1, callers=1)
    installation = Installation(folder, "127.0.0.1")
    with started(installation, database_url, size, HASTY, broken=fault) as scenario:
        assert wait(lambda: scenario.said().commands >= size.commands, 120)
        scenario.enough()
        assert wait(lambda: not any(each.running for each in scenario.posters), 120)
        scenario.calm_down()
        come_to_the_end(scenario, say, patience_s=5)
        scenario.stop()
        verdict = judge(folder)
    assert not kinds.isdisjoint(verdict.kinds), verdict.kinds
