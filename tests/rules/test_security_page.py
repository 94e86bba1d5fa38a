"""docs/security.md names tests that are there, and every chapter of the standard."""

from __future__ import annotations

import re

from gridserver.base.settings import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")


def test_the_tests_it_names_are_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_every_chapter_has_its_rows() -> None:
    said = re.findall(
        r"^\| \*{0,2}V(\d+)(?:\.\d+)? .*?\| (met|open|n/a|see|) *\|", PAGE, re.MULTILINE
    )
    assert {int(chapter) for chapter, _ in said} == set(range(1, 18))
    sections = re.findall(r"^\| V\d+\.\d+ .*", PAGE, re.MULTILINE)
    assert all(len(row.split("|")) == 5 and row.split("|")[3].strip() for row in sections)
    assert len(sections) > 60
