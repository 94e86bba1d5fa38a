"""docs/security.md says how soon a component with a known weakness is replaced; `make audit`, which
finds one, looks at all that is locked."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gridserver.base.settings import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
#: Folders of what was installed or built.
_NOT_OURS = {"node_modules", "dist", "build", "var"}
_ROW = re.compile(r"^\| (critical|high|medium|low) \([^)]+\) \| (\d+) days \| ([^|]+) \|$", re.M)
_DAYS = re.compile(r"(\d+) days")


def section(page: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its rank."""
    return page.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def locks() -> set[str]:
    """Return the paths of all files that lock components."""
    found: set[str] = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [each for each in folders if each not in _NOT_OURS and each[0] != "."]
        locked = (each for each in files if each.endswith((".lock", "package-lock.json")))
        found |= {(Path(folder) / each).relative_to(ROOT).as_posix() for each in locked}
    return found


def recipe(target: str) -> str:
    """Return the commands of one of the Makefile's targets."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    assert found, f"the Makefile has no target {target}"
    return found[1]


def test_every_lock_is_looked_at() -> None:
    named = set(re.findall(r"[\w./-]+(?:\.lock|package-lock\.json)", recipe("audit")))
    assert named == locks()


def test_the_page_names_every_lock() -> None:
    said = section(PAGE, "Components of others")
    assert {lock for lock in locks() if f"`{lock}`" not in said} == set()
    assert "`make audit`" in said


def test_the_worse_it_is_the_sooner_it_is_gone() -> None:
    rows = _ROW.findall(section(PAGE, "Components of others"))
    assert [severity for severity, *_ in rows] == ["critical", "high", "medium", "low"]
    made = [int(days) for _, days, _ in rows]
    assert made == sorted(set(made)), "of each severity its own"
    installed = [int(days) for *_, then in rows for days in _DAYS.findall(then)]
    assert installed == sorted(installed) and len(installed) == 3


@pytest.mark.parametrize("lock", ["requirements.lock", "web/node.lock"])
def test_what_is_locked_has_its_hash(lock: str) -> None:
    lines = (ROOT / lock).read_text("utf-8").replace("\\\n", "").splitlines()
    packages = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert packages
    assert [line for line in packages if "==" not in line or "--hash=sha256:" not in line] == []
