"""`gridserver grid repair` on a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis import testing
from tests.commands import Run, bring, document
from tests.grids import write


@pytest.fixture
def gap(run: Run, tmp_path: Path) -> None:
    """A draft `v1` with a blocking gap of 0.7 ha."""
    bring(run, write(tmp_path / "gap.gpkg", testing.with_gap(0.1)), "v1")


def test_nothing_changes_without_apply(run: Run, gap: None) -> None:
    before = document(run, "grid", "check", "v1", code=1)
    proposed = document(run, "grid", "repair", "v1")
    assert (proposed["version"], proposed["applied"], proposed["faults"]) == ("v1", False, 1)
    (proposal,) = proposed["proposals"]
    (move,) = proposal["moves"]
    assert (proposal["kind"], move["from"], move["to"]) == ("give_to_neighbour", None, "r01c01")
    assert move["area_m2"] == pytest.approx(before["faults"][0]["area_m2"], rel=1e-3)
    assert "nothing changes without --apply" in run("grid", "repair", "v1").stdout
    assert document(run, "grid", "check", "v1", code=1) == before


def test_apply_mends_and_the_draft_can_be_published(run: Run, gap: None) -> None:
    done = document(run, "grid", "repair", "v1", "--apply")
    assert (done["applied"], done["faults"], done["blocking"]) == (True, 0, 0)
    assert [proposal["kind"] for proposal in done["proposals"]] == ["give_to_neighbour"]
    assert document(run, "grid", "list")[0]["state"] == "checked"
    again = document(run, "grid", "repair", "v1", "--apply")
    assert (again["proposals"], again["faults"]) == ([], 0)
    run("grid", "publish", "v1")
    assert document(run, "grid", "repair", "v1")["proposals"] == []


def test_only_under_a_size(run: Run, gap: None) -> None:
    assert document(run, "grid", "repair", "v1", "--under", 100)["proposals"] == []
    left = document(run, "grid", "repair", "v1", "--apply", "--under", 100)
    assert (left["proposals"], left["blocking"]) == ([], 1)
    assert document(run, "grid", "repair", "v1", "--apply", "--under", 10_000)["blocking"] == 0
    run("grid", "repair", "v1", "--under", 0, code=2)


def test_a_version_that_is_not_there(run: Run, gap: None) -> None:
    assert "There is no grid version 'no'" in run("grid", "repair", "no", code=1).stderr
