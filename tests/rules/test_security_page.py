"""docs/security.md and docs/asvs.md name tests that are there, and the latter has a row for each
requirement of the standard, levels 1 and 2."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from gridserver.base.settings import ROOT

DOCS = ROOT / "docs"
SECURITY, ASVS = ((DOCS / name).read_text("utf-8") for name in ("security.md", "asvs.md"))

#: state → what the last column of a row may begin with.
KINDS = {"met": {"test", "place"}, "n/a": {"reason"}, "open": {"missing"}}
STATES = tuple(KINDS)

_TEST = re.compile(r"`((?:web/)?tests/[\w/.]+?\.(?:py|ts))(?:::(\w+(?:::\w+)?))?`")
_FILE = re.compile(r"`([\w@.-]+(?:/[\w@.-]+)+|[\w-]+\.(?:cfg|toml|txt))")
_LINK = re.compile(r"\]\(([\w./-]*\.md)?(?:#([\w-]+))?\)")
_ROW = re.compile(r"\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| (\w+): ([^|]+) \|")


class Row(NamedTuple):
    """A requirement as the page answers it."""

    number: str
    level: str
    gist: str
    state: str
    kind: str
    by: str


def rows_of(page: str) -> list[Row]:
    """Return the rows of a page's tables. Fails for a line that begins like one and is none."""
    lines = [line for line in page.splitlines() if re.match(r"\|\s*V?\d", line)]
    matched = {line: _ROW.fullmatch(line) for line in lines}
    assert [line for line, match in matched.items() if match is None] == []
    return [Row(*match.groups()) for match in matched.values() if match]


def counted(rows: list[Row]) -> str:
    """Return how many rows are in each state, as the page says it."""
    states = Counter(row.state for row in rows)
    return ", ".join(f"{states[state]} {state}" for state in STATES)


@cache
def functions(file: Path) -> frozenset[str]:
    """Return the functions of a file, those of its classes as ``Class::function``."""
    return frozenset(_named(ast.parse(file.read_text("utf-8")).body))


def _named(body: list[ast.stmt], within: str = "") -> Iterator[str]:
    for each in body:
        if isinstance(each, ast.FunctionDef):
            yield within + each.name
        elif isinstance(each, ast.ClassDef):
            yield from _named(each.body, f"{within}{each.name}::")


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return what a link may name of a page: its headings as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    kept = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings)
    return frozenset(re.sub(r"\s", "-", heading) for heading in kept)


@pytest.mark.parametrize("page", [SECURITY, ASVS], ids=["security", "asvs"])
def test_the_tests_a_page_names_are_there(page: str) -> None:
    named = _TEST.findall(page)
    assert named
    missing = {file for file, _ in named if not (ROOT / file).is_file()}
    missing |= {
        f"{file}::{function}"
        for file, function in named
        if function and file not in missing and function not in functions(ROOT / file)
    }
    assert missing == set()


def test_every_requirement_has_one_row() -> None:
    listed = (Path(__file__).parent / "asvs_5_0_0.txt").read_text("utf-8").splitlines()
    wanted = [tuple(line.split()) for line in listed if not line.startswith("#")]
    assert len(wanted) == 253
    assert [(row.number, row.level) for row in rows_of(ASVS)] == wanted


def test_each_row_says_by_what() -> None:
    for row in rows_of(ASVS):
        assert row.kind in KINDS[row.state], row
        assert row.kind != "test" or _TEST.search(row.by), f"{row.number}: name the test"
        place = _FILE.search(row.by) or _LINK.search(row.by)
        assert row.kind != "place" or place, f"{row.number}: name the file or the page"


def test_the_places_it_names_are_there() -> None:
    by = " ".join(row.by for row in rows_of(ASVS))
    assert {file for file in _FILE.findall(by) if not (ROOT / file).exists()} == set()
    links = {(DOCS / (page or "asvs.md"), anchor) for page, anchor in _LINK.findall(ASVS)}
    assert {page for page, _ in links if not page.is_file()} == set()
    assert {link for link in links if link[1] and link[1] not in anchors(link[0])} == set()


def test_the_counts_are_those_of_the_rows() -> None:
    head, *chapters = re.split(r"^## V", ASVS, flags=re.MULTILINE)
    assert f"{len(rows_of(ASVS))} of them, {counted(rows_of(ASVS))}." in head
    assert [int(chapter.split()[0]) for chapter in chapters] == list(range(1, 18))
    for chapter in chapters:
        rows = rows_of(chapter)
        number, said = chapter.split()[0], chapter.splitlines()[2]
        assert {row.number.split(".")[0] for row in rows} == {number}
        assert said == f"{counted(rows)}.", f"V{number}"


@pytest.mark.parametrize(
    "broken",
    [
        "| 1.1.1 | 2 | words | met | by somebody |",
        "| 1.1 | 2 | words | met | test: `tests/conftest.py` |",
        "| 1.1.1 | 2 | words | met |",
    ],
)
def test_a_broken_row_is_told(broken: str) -> None:
    with pytest.raises(AssertionError):
        rows_of(broken)
